"""
The store of OAuth 1.0a on SQLite: what runs with every call, credentials and nonces, on the raw connection.

What is the same on every database is in `applinks.storage.oauth1`.
"""

import sqlite3

from applinks.incoming.oauth1.store import FoundTemporaryCredentials, FoundTokenCredentials
from applinks.incoming.store import FoundClient
from applinks.records.token_credentials import TemporaryCredentials, TokenCredentials
from applinks.records.tokens import Family
from applinks.storage.hot import oauth1_rows, token_rows
from applinks.storage.hot.kept_tokens import KeptTokens
from applinks.storage.oauth1 import OAuth1Tables
from applinks.storage.rows import can_stand
from applinks.storage.sealing.sealer import Sealer
from applinks.storage.sqlite.connection import SqliteDatabase
from applinks.storage.sqlite.kept_records import KeptRecords
from applinks.storage.sqlite.statements import format_marks

# The names are those of our own tables; values are always bound.
_FIND_CLIENT = f"{token_rows.FIND_OAUTH1_CLIENT}?"
_FIND_TEMPORARY = f"{oauth1_rows.FIND_TEMPORARY}?"
_FIND_CREDENTIALS = f"{oauth1_rows.FIND_CREDENTIALS}?"
_FIND_STANDING = f"{oauth1_rows.FIND_STANDING}?"
_ADD_TEMPORARY = f"INSERT INTO applinks_temporary_credentials {format_marks(oauth1_rows.TEMPORARY)}"
_ADD_CREDENTIALS = f"INSERT INTO applinks_token_credentials {format_marks(oauth1_rows.CREDENTIALS)}"
_ADD_FAMILY = f"INSERT INTO applinks_families {format_marks(token_rows.FAMILY)}"
_CLAIM_TEMPORARY = (
    "UPDATE applinks_temporary_credentials SET claimed_at = ?, family_id = ? "
    "WHERE row = ? AND claimed_at = 0 AND grant_id <> ''"
)
_SUPERSEDE = (
    "UPDATE applinks_token_credentials SET superseded_at = ? WHERE row = ? AND superseded_at = 0 "
    "AND EXISTS (SELECT 1 FROM applinks_families f WHERE f.id = family_id AND f.revoked_at = 0)"
)
# A conflict that is no error: the others of its group go on.
_CLAIM_NONCE = "INSERT INTO applinks_nonces (digest, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING"


class SqliteOAuth1(OAuth1Tables):
    """Implements ``incoming.oauth1.store.OAuth1Store``, with its hot statements on SQLite."""

    def __init__(self, database: SqliteDatabase, sealer: Sealer, kept: KeptRecords) -> None:
        super().__init__(database)
        self._hot = database
        self._sealer = sealer
        self._kept = kept
        self._credentials: KeptTokens[FoundTokenCredentials] = KeptTokens()

    async def find_client(self, consumer_key: str) -> FoundClient | None:
        """Give the live client of OAuth 1.0a with that consumer key, with its link."""
        if not can_stand(consumer_key):
            return None
        return await self._hot.read_raw(lambda raw: self._kept.find_client_called(raw, _FIND_CLIENT, consumer_key))

    async def add_temporary_credentials(self, credentials: TemporaryCredentials) -> None:
        """Insert what a client asked for."""
        values = oauth1_rows.list_temporary(credentials, self._sealer)
        await self._hot.write_raw(lambda raw: raw.execute(_ADD_TEMPORARY, values).rowcount)

    async def find_temporary_credentials(self, row: int) -> FoundTemporaryCredentials | None:
        """Give temporary credentials by their row, decided, claimed or not."""

        def unit(raw: sqlite3.Connection) -> FoundTemporaryCredentials | None:
            found = raw.execute(_FIND_TEMPORARY, (row,)).fetchone()
            if found is None:
                return None
            return oauth1_rows.build_found_temporary(found, *self._kept.get_owner(raw, found), self._sealer)

        return await self._hot.read_raw(unit) if row in token_rows.ROWS else None

    async def exchange_temporary_credentials(
        self, row: int, *, at: int, family: Family, credentials: TokenCredentials
    ) -> bool:
        """Claim approved ones and insert what they yield; False: they were claimed already, and nothing was written."""
        values = oauth1_rows.list_credentials(credentials, self._sealer)

        def unit(raw: sqlite3.Connection) -> bool:
            if raw.execute(_CLAIM_TEMPORARY, (at, family.id, row)).rowcount != 1:
                return False
            raw.execute(_ADD_FAMILY, token_rows.list_family(family))
            raw.execute(_ADD_CREDENTIALS, values)
            return True

        return await self._hot.write_raw(unit)

    async def find_token_credentials(self, row: int) -> FoundTokenCredentials | None:
        """Give token credentials by their row, current or superseded."""

        def unit(raw: sqlite3.Connection) -> FoundTokenCredentials | None:
            kept = self._credentials.find(row)
            if kept is not None and raw.execute(_FIND_STANDING, (row,)).fetchone() == kept.standing:
                return kept.found
            values = raw.execute(_FIND_CREDENTIALS, (row,)).fetchone()
            if values is None:
                return None
            found = oauth1_rows.build_found_credentials(values, *self._kept.get_owner(raw, values), self._sealer)
            self._credentials.keep(row, oauth1_rows.list_standing(values), found)
            return found

        return await self._hot.read_raw(unit) if row in token_rows.ROWS else None

    async def renew_token_credentials(self, row: int, *, at: int, successor: TokenCredentials) -> bool:
        """Supersede current ones; False: they were superseded, or their family revoked, and nothing was written."""
        values = oauth1_rows.list_credentials(successor, self._sealer)

        def unit(raw: sqlite3.Connection) -> bool:
            if raw.execute(_SUPERSEDE, (at, row)).rowcount != 1:
                return False
            raw.execute(_ADD_CREDENTIALS, values)
            return True

        return await self._hot.write_raw(unit)

    async def claim_nonce(self, digest: bytes, *, expires_at: int) -> bool:
        """Claim a nonce, once and for all processes; False: it was used before."""
        values = (digest, expires_at)
        return await self._hot.write_raw(lambda raw: raw.execute(_CLAIM_NONCE, values).rowcount == 1)
