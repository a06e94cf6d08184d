"""One user's, or the link's own, line to a peer: the stored credentials."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

from applinks.secret import Secret


class ConnectionState(StrEnum):
    """Whether the credentials can be used."""

    ACTIVE = "active"
    ENDED_BY_PEER = "ended_by_peer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """
    Credentials for one peer, keyed by (link, user, name).

    Attributes:
        user_id: None: the *service* connection, the application's own.
        name: tells several accounts of one user apart; empty: the first.
        version: the compare of compare-and-swap, so that an old token never overwrites a new one.
        protocol: ``oauth2`` or ``oauth1``.
        issuer: whom the credentials belong to; they are never used at another.
        expires_at: of the access token; 0: the peer did not say.
        access_token, refresh_token: of OAuth 1.0a the token, and the session handle that renews it.
        token_secret: of OAuth 1.0a alone.
        session_expires_at: until when it can be renewed; 0: the peer did not say.
        account: "connected as …", where the peer says.
    """

    id: str
    link_id: str
    user_id: str | None
    name: str = ""
    protocol: str = "oauth2"
    version: int = 1
    state: ConnectionState = ConnectionState.ACTIVE
    issuer: str
    access_token: Secret
    refresh_token: Secret | None = None
    token_secret: Secret | None = None
    scopes: tuple[str, ...] = ()
    expires_at: int = 0
    session_expires_at: int = 0
    account: str = ""
    created_at: int
    last_used_at: int = 0

    def changed(self, **changes: Any) -> Self:
        """Give the record with these changes and the next ``version``."""
        return replace(self, version=self.version + 1, **changes)
