"""Applications that make OAuth requests to us."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from applinks.secret import Secret
from applinks.wire.oauth1.methods import SignatureMethod


class ClientAuthentication(StrEnum):
    """
    RFC 7591 ``token_endpoint_auth_method``.

    Two are ours: `CLIENT_SECRET`, by Basic or in the body, as a client likes; `SIGNATURE`, OAuth 1.0a.
    """

    NONE = "none"
    PRIVATE_KEY_JWT = "private_key_jwt"
    CLIENT_SECRET = "client_secret"  # noqa: S105 - a name
    CLIENT_SECRET_BASIC = "client_secret_basic"  # noqa: S105 - a registered value
    CLIENT_SECRET_POST = "client_secret_post"  # noqa: S105 - a registered value
    SIGNATURE = "signature"

    @property
    def is_by_secret(self) -> bool:
        """Whether a client of this method proves itself with a secret."""
        return self in {self.CLIENT_SECRET, self.CLIENT_SECRET_BASIC, self.CLIENT_SECRET_POST}


class GrantType(StrEnum):
    """RFC 7591 ``grant_types``."""

    AUTHORIZATION_CODE = "authorization_code"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - a registered value
    CLIENT_CREDENTIALS = "client_credentials"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSecret:
    """
    One secret of a client; only its digest is stored.

    Attributes:
        row: the number that the secret's text names, unique among all secrets.
        hint: how its text begins, for people who look for it: ``als_7mXq…``.
        expires_at: 0: never.
        last_used_at: written once a minute; 0: never.
    """

    row: int
    digest: bytes = field(repr=False)
    hint: str
    created_at: int
    expires_at: int = 0
    last_used_at: int = 0

    def is_valid(self, now: int) -> bool:
        """Whether it proves its client at this moment."""
        return not self.expires_at or now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth1Client:
    """
    What a client of OAuth 1.0a has besides.

    A peer by handshake that calls for itself (two legs) acts as itself; any other as ``execute_as``.

    Attributes:
        methods: the signature methods that it may use.
        public_keys: PEM; several while it changes its key.
        shared_secret: sealed in the database; None: it signs by key alone, and no secret is ever taken from it.
        three_legged: whether users may give it access.
        two_legged: whether it may call without a token.
        execute_as: id of the user as whom it calls then.
        impersonation: whether it may name the user as whom it calls, within the link's level.
        protected_users, protected_groups: ids and group names that it never reaches by impersonation.
        protects_administrators: whether it never reaches administrators and auditors so.
        dialect_1_0: whether it may leave out callback and verifier, as before RFC 5849.
        out_of_band: whether it may have its users type the verifier.
        description: what administrators noted of it.
    """

    methods: tuple[SignatureMethod, ...]
    public_keys: tuple[str, ...] = ()
    shared_secret: Secret | None = None
    three_legged: bool = True
    two_legged: bool = False
    execute_as: str = ""
    impersonation: bool = False
    protected_users: tuple[str, ...] = ()
    protected_groups: tuple[str, ...] = ()
    protects_administrators: bool = True
    dialect_1_0: bool = False
    out_of_band: bool = True
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """
    A client of ours; it belongs to exactly one link.

    Attributes:
        id: our own ``cli_…`` name of the record.
        client_id: what the client calls itself on the wire; a URL for another Applinks; the consumer key of OAuth 1.0a.
            Unique among the live clients of its protocol.
        version: raised by every change; the compare of compare-and-swap.
        keys: its public JWKs; empty where the link's peer is the client: then the link's pinned ones count.
        is_peer: whether the link's peer itself is this client.
        scopes: what users may give it; ``application_scopes``: what it may have for itself.
            Both are capped by the link's incoming side.
        secrets: at most two, the newest first.
        redirect_uris: of OAuth 1.0a its callbacks.
        oauth1: None: it is a client of OAuth 2.
        resources: identifiers of the resources that it serves: it may introspect what was issued for them.
    """

    id: str
    client_id: str
    version: int = 1
    link_id: str
    name: str
    authentication: ClientAuthentication
    redirect_uris: tuple[str, ...]
    grant_types: tuple[GrantType, ...]
    scopes: tuple[str, ...] = ()
    application_scopes: tuple[str, ...] = ()
    keys: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    secrets: tuple[ClientSecret, ...] = ()
    resources: tuple[str, ...] = ()
    oauth1: OAuth1Client | None = None
    is_peer: bool = False
    paused: bool = False
    created_at: int
    ended_at: int = 0

    @property
    def protocol(self) -> str:
        """The one protocol that it speaks: ``oauth2`` or ``oauth1``."""
        return "oauth2" if self.oauth1 is None else "oauth1"

    @property
    def is_public(self) -> bool:
        """Whether it cannot prove itself."""
        return self.authentication is ClientAuthentication.NONE

    def changed(self, **changes: Any) -> Self:
        """Give the record with these changes and the next ``version``."""
        return replace(self, version=self.version + 1, **changes)
