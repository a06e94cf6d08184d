"""What OAuth 1.0a needs of storage; one method for each read and one for each commit."""

from dataclasses import dataclass
from typing import Protocol

from applinks.incoming.store import FoundClient
from applinks.records.audit import AuditEvent
from applinks.records.clients import Client, OAuth1Client
from applinks.records.grants import Grant
from applinks.records.links import Link
from applinks.records.token_credentials import TemporaryCredentials, TokenCredentials
from applinks.records.tokens import Family


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTemporaryCredentials:
    """Temporary credentials, joined with all that their validity hangs on; no grant before the user's yes."""

    credentials: TemporaryCredentials
    client: Client
    link: Link
    grant: Grant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTokenCredentials:
    """Token credentials, joined with all that their validity hangs on."""

    credentials: TokenCredentials
    client: Client
    link: Link
    grant: Grant
    family: Family


def get_oauth1(client: Client) -> OAuth1Client:
    """Give what a client that this store found has besides as one of OAuth 1.0a."""
    assert client.oauth1 is not None  # noqa: S101 - the store of OAuth 1.0a finds no other clients.
    return client.oauth1


class OAuth1Store(Protocol):
    """Clients of OAuth 1.0a and what they hold. Every method is one transaction."""

    async def find_client(self, consumer_key: str) -> FoundClient | None:
        """Give the live client of OAuth 1.0a with that consumer key, with its link."""
        ...

    async def add_temporary_credentials(self, credentials: TemporaryCredentials) -> None:
        """Insert what a client asked for."""
        ...

    async def find_temporary_credentials(self, row: int) -> FoundTemporaryCredentials | None:
        """Give temporary credentials by their row, decided, claimed or not."""
        ...

    async def approve_temporary_credentials(
        self, row: int, *, at: int, oauth_verifier: bytes, grant: Grant, event: AuditEvent | None
    ) -> bool:
        """
        Note the user's yes, and insert the grant or widen the live one of its id. No event: the grant stood already.

        False, and nothing written: they were decided already, the grant of that id ended meanwhile, or a new grant
        finds another live one of the same client, user and resource.
        """
        ...

    async def deny_temporary_credentials(self, row: int, *, at: int, user_id: str) -> bool:
        """Note the user's no; False: they were decided already."""
        ...

    async def exchange_temporary_credentials(
        self, row: int, *, at: int, family: Family, credentials: TokenCredentials
    ) -> bool:
        """Claim approved ones and insert what they yield; False: they were claimed already, and nothing was written."""
        ...

    async def find_token_credentials(self, row: int) -> FoundTokenCredentials | None:
        """Give token credentials by their row, current or superseded."""
        ...

    async def renew_token_credentials(self, row: int, *, at: int, successor: TokenCredentials) -> bool:
        """Supersede current ones; False: they were superseded, or their family revoked, and nothing was written."""
        ...

    async def claim_nonce(self, digest: bytes, *, expires_at: int) -> bool:
        """
        Claim a nonce, once and for all processes; False: it was used before.

        ``digest`` is of client, token, timestamp and nonce together.
        """
        ...
