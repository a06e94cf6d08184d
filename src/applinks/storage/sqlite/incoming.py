"""
The incoming side's store on SQLite: what runs with every call, tokens and codes, on the raw connection.

What is the same on every database is in `applinks.storage.incoming`. Each look-up here is one statement that joins all
that validity hangs on, and reads under which version links and clients stand now: a pause or a revocation is seen by
the very next look-up.
"""

import sqlite3

from applinks.incoming.store import FoundAccessToken, FoundClient, FoundCode, FoundRefreshToken
from applinks.records.audit import AuditEvent
from applinks.records.grants import Grant
from applinks.records.tokens import AccessToken, AuthorizationCode, Family, RefreshToken
from applinks.secret import Secret
from applinks.storage.hot import token_rows
from applinks.storage.hot.kept_tokens import KeptTokens
from applinks.storage.incoming import IncomingTables
from applinks.storage.rows import format_words
from applinks.storage.sealing.sealer import Sealer
from applinks.storage.sqlite.connection import SqliteDatabase
from applinks.storage.sqlite.kept_records import KeptRecords
from applinks.storage.sqlite.statements import format_marks
from applinks.storage.units import ConflictError

# The names are those of our own tables; values are always bound.
_FIND_ACCESS = f"{token_rows.FIND_ACCESS}?"
_FIND_STANDING = f"{token_rows.FIND_STANDING}?"
_FIND_REFRESH = f"{token_rows.FIND_REFRESH}?"
_FIND_CODE = f"{token_rows.FIND_CODE}?"
_FIND_CLIENT = f"{token_rows.FIND_CLIENT}?"
_ADD_ACCESS = f"INSERT INTO applinks_access_tokens {format_marks(token_rows.ACCESS)}"
_ADD_REFRESH = f"INSERT INTO applinks_refresh_tokens {format_marks(token_rows.REFRESH)}"
_ADD_FAMILY = f"INSERT INTO applinks_families {format_marks(token_rows.FAMILY)}"
_ADD_CODE = f"INSERT INTO applinks_codes {format_marks(token_rows.CODE)}"
_FIND_LIVE_GRANT = token_rows.FIND_LIVE_GRANT.format(client="?", user="?")
_USE_GRANT = "UPDATE applinks_grants SET scopes = ?, last_used_at = ? WHERE id = ? AND ended_at = 0"
_CLAIM_CODE = "UPDATE applinks_codes SET claimed_at = ?, family_id = ? WHERE row = ? AND claimed_at = 0"
_SUPERSEDE = (
    "UPDATE applinks_refresh_tokens SET superseded_at = ?, successor_row = ?, successor = ?, successor_scopes = ? "
    "WHERE row = ? AND superseded_at = 0"
)
_CLAIM_ASSERTION = "INSERT INTO applinks_assertions (issuer, jti, expires_at) VALUES (?, ?, ?)"


class SqliteIncoming(IncomingTables):
    """Implements ``incoming.store.IncomingStore``, with its hot statements on SQLite."""

    def __init__(self, database: SqliteDatabase, sealer: Sealer, kept: KeptRecords) -> None:
        super().__init__(database, sealer)
        self._hot = database
        self._kept = kept
        self._tokens: KeptTokens[FoundAccessToken] = KeptTokens()

    async def find_client(self, client_id: str) -> FoundClient | None:
        """Give the live (not ended) client of OAuth 2 with that wire id, with its link."""
        return await self._hot.read_raw(lambda raw: self._kept.find_client_called(raw, _FIND_CLIENT, client_id))

    async def find_live_grant(self, *, client: str, user_id: str) -> Grant | None:
        """Give the grant in force between a client record and a user, the newest if several."""
        found = await self._hot.read_raw(lambda raw: raw.execute(_FIND_LIVE_GRANT, (client, user_id)).fetchone())
        return token_rows.build_grant(found) if found else None

    async def save_consent(
        self, grant: Grant, code: AuthorizationCode, event: AuditEvent | None, *, only: bool = False
    ) -> bool:
        """Insert or widen the grant, and insert the code; without an event the grant stood already, as a rule."""
        used, added = (format_words(grant.scopes), grant.last_used_at, grant.id), token_rows.list_code(code)

        def unit(raw: sqlite3.Connection) -> bool:
            return raw.execute(_USE_GRANT, used).rowcount == 1 and raw.execute(_ADD_CODE, added).rowcount == 1

        if event is None and await self._hot.write_raw(unit):
            return True
        return await super().save_consent(grant, code, event, only=only)

    async def find_code(self, row: int) -> FoundCode | None:
        """Give a code by its row, claimed or not."""

        def unit(raw: sqlite3.Connection) -> FoundCode | None:
            found = raw.execute(_FIND_CODE, (row,)).fetchone()
            return token_rows.build_found_code(found, *self._kept.get_owner(raw, found)) if found else None

        return await self._hot.read_raw(unit) if row in token_rows.ROWS else None

    async def find_access_token(self, row: int) -> FoundAccessToken | None:
        """Give an access token by its row."""

        def unit(raw: sqlite3.Connection) -> FoundAccessToken | None:
            kept = self._tokens.find(row)
            if kept is not None and raw.execute(_FIND_STANDING, (row,)).fetchone() == kept.standing:
                return kept.found
            values = raw.execute(_FIND_ACCESS, (row,)).fetchone()
            found = token_rows.build_found_access_token(values, *self._kept.get_owner(raw, values)) if values else None
            if found is not None:
                self._tokens.keep(row, token_rows.list_standing(values), found)
            return found

        return await self._hot.read_raw(unit) if row in token_rows.ROWS else None

    async def find_refresh_token(self, row: int) -> FoundRefreshToken | None:
        """Give a refresh token by its row, current or superseded."""

        def unit(raw: sqlite3.Connection) -> FoundRefreshToken | None:
            found = raw.execute(_FIND_REFRESH, (row,)).fetchone()
            if found is None:
                return None
            return token_rows.build_found_refresh_token(found, *self._kept.get_owner(raw, found), self._sealer)

        return await self._hot.read_raw(unit) if row in token_rows.ROWS else None

    async def exchange_code(
        self, row: int, *, at: int, family: Family, access_token: AccessToken, refresh_token: RefreshToken | None
    ) -> bool:
        """Claim the code and insert what it yields; False: it was claimed already, and nothing was written."""

        def unit(raw: sqlite3.Connection) -> bool:
            if raw.execute(_CLAIM_CODE, (at, family.id, row)).rowcount != 1:
                return False
            raw.execute(_ADD_FAMILY, token_rows.list_family(family))
            raw.execute(_ADD_ACCESS, token_rows.list_access_token(access_token))
            if refresh_token is not None:
                raw.execute(_ADD_REFRESH, token_rows.list_refresh_token(refresh_token, self._sealer))
            return True

        return await self._hot.write_raw(unit)

    async def rotate_refresh_token(
        self, row: int, *, at: int, answer: Secret, access_token: AccessToken, refresh_token: RefreshToken
    ) -> bool:
        """Supersede the current token by another, keeping the answer; False: it was superseded, nothing was written."""
        sealed = token_rows.seal_answer(answer, row, self._sealer)
        superseded = (at, refresh_token.row, sealed, format_words(access_token.scopes), row)

        def unit(raw: sqlite3.Connection) -> bool:
            if raw.execute(_SUPERSEDE, superseded).rowcount != 1:
                return False
            raw.execute(_ADD_ACCESS, token_rows.list_access_token(access_token))
            raw.execute(_ADD_REFRESH, token_rows.list_refresh_token(refresh_token, self._sealer))
            return True

        return await self._hot.write_raw(unit)

    async def add_access_token(self, access_token: AccessToken) -> None:
        """Insert a token that comes of no code."""
        values = token_rows.list_access_token(access_token)
        await self._hot.write_raw(lambda raw: raw.execute(_ADD_ACCESS, values).rowcount)

    async def claim_assertion(self, *, issuer: str, jti: str, expires_at: int) -> bool:
        """Claim a ``jti``, once and for all processes; False: it was used before."""
        values = (issuer, jti, expires_at)
        try:
            await self._hot.write_raw(lambda raw: raw.execute(_CLAIM_ASSERTION, values).rowcount)
        except ConflictError:
            return False
        return True
