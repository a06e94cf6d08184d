"""The sessions on SQLite: one is looked up with every page, on the raw connection."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from applinks.bounds import Lifetimes
from applinks.storage.rows import Row, format_json
from applinks.storage.schema import sessions
from applinks.storage.sealing.sealer import Sealer
from applinks.storage.sessions import Session, SessionTable
from applinks.storage.sqlite.connection import SqliteDatabase

_COLUMNS = tuple(column.name for column in sessions.columns)
_FIND = (
    f"SELECT {', '.join(_COLUMNS)} FROM applinks_sessions WHERE id = ? "  # noqa: S608 - the names of our own columns.
    "AND seen_at > ? AND created_at > ? AND (user_id <> '' OR seen_at > ?)"
)
_TOUCH = "UPDATE applinks_sessions SET seen_at = ? WHERE id = ?"
_SAVE_DATA = "UPDATE applinks_sessions SET data = ? WHERE id = ?"


class SqliteSessions(SessionTable):
    """The sessions, with what runs with every page on SQLite."""

    def __init__(self, database: SqliteDatabase, sealer: Sealer, lifetimes: Lifetimes) -> None:
        super().__init__(database, sealer, lifetimes)
        self._hot = database

    async def find(self, id_digest: bytes, *, now: int) -> Session | None:
        """Give the session that the cookie names, while it lasts."""
        values = (id_digest, *self.list_limits(now))

        def unit(raw: sqlite3.Connection) -> Row | None:
            found = raw.execute(_FIND, values).fetchone()
            return dict(zip(_COLUMNS, found, strict=True)) if found else None

        row = await self._hot.read_raw(unit)
        return self.parse(row) if row else None

    async def touch(self, id_digest: bytes, *, now: int) -> None:
        """Note that the browser was here."""
        await self._change(_TOUCH, now, id_digest)

    async def save_data(self, id_digest: bytes, data: Mapping[str, Any]) -> None:
        """Replace what pages keep."""
        await self._change(_SAVE_DATA, format_json(data), id_digest)

    async def _change(self, statement: str, *values: Any) -> None:
        await self._hot.write_raw(lambda raw: raw.execute(statement, values).rowcount)
