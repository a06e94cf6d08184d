"""What the incoming side needs of storage; one method for each read and one for each commit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from applinks.records.audit import AuditEvent
from applinks.records.clients import Client
from applinks.records.grants import Grant, GrantEnd
from applinks.records.links import Link
from applinks.records.tokens import AccessToken, AuthorizationCode, Family, RefreshToken
from applinks.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundClient:
    """A live client, with the link that it belongs to."""

    client: Client
    link: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCode:
    """A code, joined with all that its validity hangs on."""

    code: AuthorizationCode
    client: Client
    link: Link
    grant: Grant


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRefreshToken:
    """A refresh token, joined with all that its validity hangs on."""

    token: RefreshToken
    family: Family
    client: Client
    link: Link
    grant: Grant


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAccessToken:
    """An access token, joined with all that its validity hangs on; no grant and family for client credentials."""

    token: AccessToken
    client: Client
    link: Link
    grant: Grant | None
    family: Family | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundGrant:
    """A grant, with its client and link, as the account page lists it."""

    grant: Grant
    client: Client
    link: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFamily:
    """
    What a client holds for a user since one consent, for an administrator to see; dead ones are not listed.

    Attributes:
        last_used_at: of the grant.
        expires_at: when the refresh token, or without one the access token, ends if nobody uses it; of OAuth 1.0a
            when the session does.
    """

    family: Family
    grant: Grant
    client: Client
    link: Link
    expires_at: int


class IncomingStore(Protocol):
    """Clients, grants and the tokens of OAuth 2. Every method is one transaction."""

    async def list_clients(self, *, link_id: str | None = None) -> Sequence[FoundClient]:
        """Give the live clients, by name; of one link where it is named. Secrets come with their last use."""
        ...

    async def add_client(self, client: Client, *, event: AuditEvent) -> bool:
        """Insert a client of a link that has not ended; False: its client id is taken, or the link ended."""
        ...

    async def swap_client(self, client: Client, *, expected_version: int, event: AuditEvent) -> bool:
        """
        Replace a live client, its secrets with it, while it is that version; False: it was changed meanwhile.

        One that has ``ended_at`` ends with its live grants, in the same transaction.
        """
        ...

    async def list_families(
        self, *, link_id: str | None = None, client: str | None = None, user_id: str | None = None, now: int
    ) -> Sequence[FoundFamily]:
        """Give the live families of both protocols, newest first, narrowed by link, client record and user."""
        ...

    async def list_application_tokens(
        self, *, link_id: str | None = None, client: str | None = None, now: int
    ) -> Sequence[FoundAccessToken]:
        """Give the live access tokens that clients hold for themselves, newest first."""
        ...

    async def find_client(self, client_id: str) -> FoundClient | None:
        """Give the live (not ended) client of OAuth 2 with that wire id, with its link."""
        ...

    async def find_live_grant(self, *, client: str, user_id: str) -> Grant | None:
        """Give the grant in force between a client record and a user, the newest if several."""
        ...

    async def list_grants_of_user(self, user_id: str) -> Sequence[FoundGrant]:
        """Give the user's live grants whose client and link are not ended, newest first."""
        ...

    async def count_grants_of_link(self, link_id: str) -> int:
        """Count the users with a live grant to a link."""
        ...

    async def save_consent(
        self, grant: Grant, code: AuthorizationCode, event: AuditEvent | None, *, only: bool = False
    ) -> bool:
        """
        Insert the grant, or widen the live one of its id, and insert the code. No event: the grant stood already.

        False, and nothing written: the grant of that id ended meanwhile (it is never revived); or, with ``only``,
        a new grant finds another live one of the same client, user and resource.
        """
        ...

    async def end_grant(self, grant_id: str, *, at: int, by: GrantEnd, event: AuditEvent) -> bool:
        """End a live grant and write the event; False: it had ended already, and nothing was written."""
        ...

    async def find_code(self, row: int) -> FoundCode | None:
        """Give a code by its row, claimed or not."""
        ...

    async def exchange_code(
        self, row: int, *, at: int, family: Family, access_token: AccessToken, refresh_token: RefreshToken | None
    ) -> bool:
        """Claim the code and insert what it yields; False: it was claimed already, and nothing was written."""
        ...

    async def find_refresh_token(self, row: int) -> FoundRefreshToken | None:
        """Give a refresh token by its row, current or superseded."""
        ...

    async def rotate_refresh_token(
        self, row: int, *, at: int, answer: Secret, access_token: AccessToken, refresh_token: RefreshToken
    ) -> bool:
        """Supersede the current token by another, keeping the answer; False: it was superseded, nothing was written."""
        ...

    async def revoke_family(self, family_id: str, *, at: int, event: AuditEvent | None = None) -> None:
        """End all that came of one code."""
        ...

    async def add_access_token(self, access_token: AccessToken) -> None:
        """Insert a token that comes of no code."""
        ...

    async def find_access_token(self, row: int) -> FoundAccessToken | None:
        """Give an access token by its row."""
        ...

    async def revoke_access_token(self, row: int, *, at: int, event: AuditEvent | None = None) -> None:
        """End one access token."""
        ...

    async def claim_assertion(self, *, issuer: str, jti: str, expires_at: int) -> bool:
        """Claim a ``jti``, once and for all processes; False: it was used before."""
        ...
