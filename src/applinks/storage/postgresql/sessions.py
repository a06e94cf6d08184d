"""The sessions on PostgreSQL: one is looked up with every page, in one prepared round trip."""

from collections.abc import Mapping
from typing import Any

from applinks.bounds import Lifetimes
from applinks.storage.postgresql.connection import PostgresDatabase
from applinks.storage.rows import format_json
from applinks.storage.schema import sessions
from applinks.storage.sealing.sealer import Sealer
from applinks.storage.sessions import Session, SessionTable

_FIND = (
    f"SELECT {', '.join(column.name for column in sessions.columns)} FROM applinks_sessions "  # noqa: S608
    "WHERE id = $1 AND seen_at > $2 AND created_at > $3 AND (user_id <> '' OR seen_at > $4)"
)
_TOUCH = "UPDATE applinks_sessions SET seen_at = $1 WHERE id = $2"
_SAVE_DATA = "UPDATE applinks_sessions SET data = $1 WHERE id = $2"


class PostgresSessions(SessionTable):
    """The sessions, with what runs with every page on PostgreSQL."""

    def __init__(self, database: PostgresDatabase, sealer: Sealer, lifetimes: Lifetimes) -> None:
        super().__init__(database, sealer, lifetimes)
        self._hot = database

    async def find(self, id_digest: bytes, *, now: int) -> Session | None:
        """Give the session that the cookie names, while it lasts."""
        row = await self._hot.fetch(_FIND, id_digest, *self.list_limits(now))
        return self.parse(row) if row else None

    async def touch(self, id_digest: bytes, *, now: int) -> None:
        """Note that the browser was here."""
        await self._hot.fetch(_TOUCH, now, id_digest)

    async def save_data(self, id_digest: bytes, data: Mapping[str, Any]) -> None:
        """Replace what pages keep."""
        await self._hot.fetch(_SAVE_DATA, format_json(data), id_digest)
