"""Applications that make OAuth requests to us."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self


class ClientAuthentication(StrEnum):
    """RFC 7591 ``token_endpoint_auth_method``; `CLIENT_SECRET` is ours: by Basic or in the body, as a client likes."""

    NONE = "none"
    PRIVATE_KEY_JWT = "private_key_jwt"
    CLIENT_SECRET = "client_secret"  # noqa: S105 - a name
    CLIENT_SECRET_BASIC = "client_secret_basic"  # noqa: S105 - a registered value
    CLIENT_SECRET_POST = "client_secret_post"  # noqa: S105 - a registered value

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
class Client:
    """
    A client of ours; it belongs to exactly one link.

    Attributes:
        id: our own ``cli_…`` name of the record.
        client_id: what the client calls itself on the wire; a URL for another Applinks.
        version: raised by every change; the compare of compare-and-swap.
        keys: its public JWKs; empty where the link's peer is the client: then the link's pinned ones count.
        is_peer: whether the link's peer itself is this client.
        scopes: what users may give it; ``application_scopes``: what it may have for itself.
            Both are capped by the link's incoming side.
        secrets: at most two, the newest first.
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
    is_peer: bool = False
    paused: bool = False
    created_at: int
    ended_at: int = 0

    @property
    def is_public(self) -> bool:
        """Whether it cannot prove itself."""
        return self.authentication is ClientAuthentication.NONE

    def changed(self, **changes: Any) -> Self:
        """Give the record with these changes and the next ``version``."""
        return replace(self, version=self.version + 1, **changes)
