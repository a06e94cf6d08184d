"""
What we issue: authorization codes, access tokens, refresh tokens.

Stored are digests alone; the values are seen once, in the answer that carries them. Each value carries the row that
holds its digest (``wire/token_format.py``), so a look-up never searches a random index. Everything that
comes of one code is one *family*: it ends as one.
"""

from dataclasses import dataclass, field

from applinks.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """All that was issued from one authorization code; ends in one write."""

    id: str
    grant_id: str
    created_at: int
    absolute_expires_at: int
    revoked_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationCode:
    """RFC 6749 §4.1.2, bound to client, redirect URI, resource, user, scopes and PKCE."""

    row: int = 0
    digest: bytes = field(repr=False)
    client: str
    grant_id: str
    user_id: str
    redirect_uri: str
    code_challenge: str = field(repr=False)
    scopes: tuple[str, ...]
    resource: str
    issued_at: int
    expires_at: int
    claimed_at: int = 0
    family_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """
    An opaque bearer token.

    ``family_id`` and ``grant_id`` are empty and ``user_id`` None for client credentials.
    """

    row: int = 0
    digest: bytes = field(repr=False)
    client: str
    grant_id: str = ""
    family_id: str = ""
    user_id: str | None = None
    scopes: tuple[str, ...]
    resource: str
    issued_at: int
    expires_at: int
    revoked_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    """
    One link of a family's chain.

    Attributes:
        successor: the answer that superseded it, kept (sealed in the database) for the rotation window, so that a
            client whose connection broke gets the identical answer again.
        superseded_at: when a successor was issued; 0: it is the current one.
        successor_row: the row of that successor; 0: none.
        scopes: those of the grant as it stood; a refresh may narrow the access token, never this.
    """

    row: int = 0
    digest: bytes = field(repr=False)
    client: str
    grant_id: str
    family_id: str
    user_id: str
    scopes: tuple[str, ...]
    resource: str
    issued_at: int
    idle_expires_at: int
    superseded_at: int = 0
    successor_row: int = 0
    successor: Secret | None = None
    successor_scopes: tuple[str, ...] = ()
