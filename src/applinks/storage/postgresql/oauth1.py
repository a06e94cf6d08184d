"""
The store of OAuth 1.0a on PostgreSQL: what runs with every call, credentials and nonces, one prepared round trip each.

What is the same on every database is in `applinks.storage.oauth1`.
"""

from applinks.incoming.oauth1.store import FoundTemporaryCredentials, FoundTokenCredentials
from applinks.incoming.store import FoundClient
from applinks.records.token_credentials import TemporaryCredentials, TokenCredentials
from applinks.records.tokens import Family
from applinks.storage.hot import oauth1_rows, token_rows
from applinks.storage.hot.kept_tokens import KeptTokens
from applinks.storage.oauth1 import OAuth1Tables
from applinks.storage.postgresql.connection import PostgresDatabase
from applinks.storage.postgresql.kept_records import KeptRecords
from applinks.storage.postgresql.statements import format_insert
from applinks.storage.schema import families, temporary_credentials, token_credentials
from applinks.storage.sealing.sealer import Sealer

# The names are those of our own tables; values are always bound.
_FIND_CLIENT = f"{token_rows.FIND_OAUTH1_CLIENT}$1"
_FIND_TEMPORARY = f"{oauth1_rows.FIND_TEMPORARY}$1"
_FIND_CREDENTIALS = f"{oauth1_rows.FIND_CREDENTIALS}$1"
_FIND_STANDING = f"{oauth1_rows.FIND_STANDING}$1"
_ADD_TEMPORARY = format_insert(temporary_credentials, oauth1_rows.TEMPORARY, 1)
_FAMILY_AT = 4
_CREDENTIALS_AT = _FAMILY_AT + len(token_rows.FAMILY)
_EXCHANGE = (
    "WITH claimed AS (UPDATE applinks_temporary_credentials SET claimed_at = $1, family_id = $2 "  # noqa: S608
    "WHERE row = $3 AND claimed_at = 0 AND grant_id <> '' RETURNING 1), "
    f"family AS ({format_insert(families, token_rows.FAMILY, _FAMILY_AT, 'claimed')}), "
    f"credentials AS ({format_insert(token_credentials, oauth1_rows.CREDENTIALS, _CREDENTIALS_AT, 'claimed')}) "
    "SELECT 1 FROM claimed"
)
"""Binds at, family, row; then a family and token credentials."""
_RENEWED_AT = 3
_RENEW = (
    "WITH claimed AS (UPDATE applinks_token_credentials t SET superseded_at = $1 "  # noqa: S608
    "FROM applinks_families f WHERE t.row = $2 AND t.superseded_at = 0 AND f.id = t.family_id AND f.revoked_at = 0 "
    "RETURNING 1), "
    f"credentials AS ({format_insert(token_credentials, oauth1_rows.CREDENTIALS, _RENEWED_AT, 'claimed')}) "
    "SELECT 1 FROM claimed"
)
"""Binds at and row; then the credentials that follow."""
_CLAIM_NONCE = (
    "INSERT INTO applinks_nonces (digest, expires_at) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING RETURNING 1"
)


class PostgresOAuth1(OAuth1Tables):
    """Implements ``incoming.oauth1.store.OAuth1Store``, with its hot statements on PostgreSQL."""

    def __init__(self, database: PostgresDatabase, sealer: Sealer, kept: KeptRecords) -> None:
        super().__init__(database)
        self._hot = database
        self._sealer = sealer
        self._kept = kept
        self._credentials: KeptTokens[FoundTokenCredentials] = KeptTokens()

    async def find_client(self, consumer_key: str) -> FoundClient | None:
        """Give the live client of OAuth 1.0a with that consumer key, with its link."""
        return await self._kept.find_client_called(_FIND_CLIENT, consumer_key)

    async def add_temporary_credentials(self, credentials: TemporaryCredentials) -> None:
        """Insert what a client asked for."""
        await self._hot.fetch(_ADD_TEMPORARY, *oauth1_rows.list_temporary(credentials, self._sealer))

    async def find_temporary_credentials(self, row: int) -> FoundTemporaryCredentials | None:
        """Give temporary credentials by their row, decided, claimed or not."""
        found, owner = await self._kept.find_owned_row(_FIND_TEMPORARY, row)
        return oauth1_rows.build_found_temporary(found, *owner, self._sealer) if owner else None

    async def exchange_temporary_credentials(
        self, row: int, *, at: int, family: Family, credentials: TokenCredentials
    ) -> bool:
        """Claim approved ones and insert what they yield; False: they were claimed already, and nothing was written."""
        yielded = oauth1_rows.list_credentials(credentials, self._sealer)
        values = (at, family.id, row, *token_rows.list_family(family), *yielded)
        return await self._hot.fetch(_EXCHANGE, *values) is not None

    async def find_token_credentials(self, row: int) -> FoundTokenCredentials | None:
        """Give token credentials by their row, current or superseded."""
        kept = self._credentials.find(row)
        if kept is not None:
            now = await self._hot.fetch(_FIND_STANDING, row)
            if now is not None and tuple(now.values()) == kept.standing:
                return kept.found
        values, owner = await self._kept.find_owned_row(_FIND_CREDENTIALS, row)
        if owner is None:
            return None
        found = oauth1_rows.build_found_credentials(values, *owner, self._sealer)
        self._credentials.keep(row, oauth1_rows.list_standing(values), found)
        return found

    async def renew_token_credentials(self, row: int, *, at: int, successor: TokenCredentials) -> bool:
        """Supersede current ones; False: they were superseded, or their family revoked, and nothing was written."""
        values = oauth1_rows.list_credentials(successor, self._sealer)
        return await self._hot.fetch(_RENEW, at, row, *values) is not None

    async def claim_nonce(self, digest: bytes, *, expires_at: int) -> bool:
        """Claim a nonce, once and for all processes; False: it was used before."""
        return await self._hot.fetch(_CLAIM_NONCE, digest, expires_at) is not None
