"""Applications that make OAuth requests to us."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class ClientAuthentication(StrEnum):
    """RFC 7591 ``token_endpoint_auth_method``."""

    NONE = "none"
    PRIVATE_KEY_JWT = "private_key_jwt"


class GrantType(StrEnum):
    """RFC 7591 ``grant_types``."""

    AUTHORIZATION_CODE = "authorization_code"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - a registered value
    CLIENT_CREDENTIALS = "client_credentials"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """
    A client of ours; it belongs to exactly one link.

    Attributes:
        id: our own ``cli_…`` name of the record.
        client_id: what the client calls itself on the wire; a URL for another Applinks.
        keys: its public JWKs; empty where the link's peer is the client: then the link's pinned ones count.
        is_peer: whether the link's peer itself is this client.
        scopes: what users may give it; ``application_scopes``: what it may have for itself.
            Both are capped by the link's incoming side.
    """

    id: str
    client_id: str
    link_id: str
    name: str
    authentication: ClientAuthentication
    redirect_uris: tuple[str, ...]
    grant_types: tuple[GrantType, ...]
    scopes: tuple[str, ...] = ()
    application_scopes: tuple[str, ...] = ()
    keys: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    is_peer: bool = False
    paused: bool = False
    created_at: int
    ended_at: int = 0

    @property
    def is_public(self) -> bool:
        """Whether it cannot prove itself."""
        return self.authentication is ClientAuthentication.NONE
