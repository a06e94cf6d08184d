"""
The incoming side's store on PostgreSQL: what runs with every call, tokens and codes, one prepared round trip each.

What is the same on every database is in `applinks.storage.incoming`. Each look-up here joins all that validity hangs
on, and reads under which version links and clients stand now: a pause or a revocation is seen by the very next
look-up, whichever process made it.
"""

from applinks.incoming.store import FoundAccessToken, FoundClient, FoundCode, FoundRefreshToken
from applinks.records.audit import AuditEvent
from applinks.records.grants import Grant
from applinks.records.tokens import AccessToken, AuthorizationCode, Family, RefreshToken
from applinks.secret import Secret
from applinks.storage.hot import token_rows
from applinks.storage.hot.kept_tokens import KeptTokens
from applinks.storage.incoming import IncomingTables
from applinks.storage.postgresql import statements
from applinks.storage.postgresql.connection import PostgresDatabase
from applinks.storage.postgresql.kept_records import KeptRecords
from applinks.storage.rows import format_words
from applinks.storage.sealing.sealer import Sealer


class PostgresIncoming(IncomingTables):
    """Implements ``incoming.store.IncomingStore``, with its hot statements on PostgreSQL."""

    def __init__(self, database: PostgresDatabase, sealer: Sealer, kept: KeptRecords) -> None:
        super().__init__(database, sealer)
        self._hot = database
        self._kept = kept
        self._tokens: KeptTokens[FoundAccessToken] = KeptTokens()

    async def find_client(self, client_id: str) -> FoundClient | None:
        """Give the live (not ended) client of OAuth 2 with that wire id, with its link."""
        return await self._kept.find_client_called(statements.FIND_CLIENT, client_id)

    async def find_live_grant(self, *, client: str, user_id: str) -> Grant | None:
        """Give the grant in force between a client record and a user, the newest if several."""
        found = await self._hot.fetch(statements.FIND_LIVE_GRANT, client, user_id)
        return token_rows.build_grant(tuple(found.values())) if found else None

    async def save_consent(
        self, grant: Grant, code: AuthorizationCode, event: AuditEvent | None, *, only: bool = False
    ) -> bool:
        """Insert or widen the grant, and insert the code; without an event the grant stood already, as a rule."""
        if event is None:
            used = format_words(grant.scopes), grant.last_used_at, grant.id
            if await self._hot.fetch(statements.USE_GRANT, *used, *token_rows.list_code(code)) is not None:
                return True
        return await super().save_consent(grant, code, event, only=only)

    async def find_code(self, row: int) -> FoundCode | None:
        """Give a code by its row, claimed or not."""
        found, owner = await self._kept.find_owned_row(statements.FIND_CODE, row)
        return token_rows.build_found_code(found, *owner) if owner else None

    async def find_access_token(self, row: int) -> FoundAccessToken | None:
        """Give an access token by its row."""
        kept = self._tokens.find(row)
        if kept is not None:
            now = await self._hot.fetch(statements.FIND_STANDING, row)
            if now is not None and tuple(now.values()) == kept.standing:
                return kept.found
        values, owner = await self._kept.find_owned_row(statements.FIND_ACCESS, row)
        found = token_rows.build_found_access_token(values, *owner) if owner else None
        if found is not None:
            self._tokens.keep(row, token_rows.list_standing(values), found)
        return found

    async def find_refresh_token(self, row: int) -> FoundRefreshToken | None:
        """Give a refresh token by its row, current or superseded."""
        found, owner = await self._kept.find_owned_row(statements.FIND_REFRESH, row)
        return token_rows.build_found_refresh_token(found, *owner, self._sealer) if owner else None

    async def exchange_code(
        self, row: int, *, at: int, family: Family, access_token: AccessToken, refresh_token: RefreshToken | None
    ) -> bool:
        """Claim the code and insert what it yields; False: it was claimed already, and nothing was written."""
        values = (at, family.id, row, *token_rows.list_family(family), *token_rows.list_access_token(access_token))
        if refresh_token is None:
            return await self._hot.fetch(statements.EXCHANGE_CODE_FOR_ACCESS, *values) is not None
        refresh = token_rows.list_refresh_token(refresh_token, self._sealer)
        return await self._hot.fetch(statements.EXCHANGE_CODE, *values, *refresh) is not None

    async def rotate_refresh_token(
        self, row: int, *, at: int, answer: Secret, access_token: AccessToken, refresh_token: RefreshToken
    ) -> bool:
        """Supersede the current token by another, keeping the answer; False: it was superseded, nothing was written."""
        sealed = token_rows.seal_answer(answer, row, self._sealer)
        access = token_rows.list_access_token(access_token)
        refresh = token_rows.list_refresh_token(refresh_token, self._sealer)
        superseded = (at, refresh_token.row, sealed, format_words(access_token.scopes), row)
        return await self._hot.fetch(statements.ROTATE, *superseded, *access, *refresh) is not None

    async def add_access_token(self, access_token: AccessToken) -> None:
        """Insert a token that comes of no code."""
        await self._hot.fetch(statements.ADD_ACCESS, *token_rows.list_access_token(access_token))

    async def claim_assertion(self, *, issuer: str, jti: str, expires_at: int) -> bool:
        """Claim a ``jti``, once and for all processes; False: it was used before."""
        return await self._hot.fetch(statements.CLAIM_ASSERTION, issuer, jti, expires_at) is not None
