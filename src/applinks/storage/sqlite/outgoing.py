"""
The outgoing side's store on SQLite: what runs with every call to a peer, its link and the stored credentials.

What is the same on every database is in `applinks.storage.outgoing`.
"""

import sqlite3

from applinks.records.connections import Connection
from applinks.records.links import Link
from applinks.storage.outgoing import OutgoingTables
from applinks.storage.rows import Row, is_name
from applinks.storage.schema import connections
from applinks.storage.sealing.sealer import Sealer
from applinks.storage.sqlite.connection import SqliteDatabase
from applinks.storage.sqlite.kept_records import KeptRecords

_COLUMNS = tuple(column.name for column in connections.columns)
_FIND_LINK = "SELECT id, version FROM applinks_links WHERE id = ?1 OR (handle = ?1 AND ended_at = 0)"
_FIND_CONNECTION = (
    f"SELECT {', '.join(_COLUMNS)} FROM applinks_connections "  # noqa: S608 - the names of our own columns.
    "WHERE link_id = ? AND user_id = ? AND name = ?"
)


class SqliteOutgoing(OutgoingTables):
    """Implements ``outgoing.store.OutgoingStore``, with its hot look-ups on SQLite."""

    def __init__(self, database: SqliteDatabase, sealer: Sealer, kept: KeptRecords) -> None:
        super().__init__(database, sealer)
        self._hot = database
        self._kept = kept

    async def find_link(self, id_or_handle: str) -> Link | None:
        """Give a link by id, else a link that has not ended by handle."""

        def unit(raw: sqlite3.Connection) -> Link | None:
            found = raw.execute(_FIND_LINK, (id_or_handle,)).fetchone()
            return self._kept.get_link(raw, *found) if found else None

        return await self._hot.read_raw(unit) if is_name(id_or_handle) else None

    async def find_connection(self, *, link_id: str, user_id: str | None, name: str = "") -> Connection | None:
        """Give the stored credentials; ``user_id`` None: the application's own."""
        key = (link_id, user_id or "", name)

        def unit(raw: sqlite3.Connection) -> Row | None:
            found = raw.execute(_FIND_CONNECTION, key).fetchone()
            return dict(zip(_COLUMNS, found, strict=True)) if found else None

        row = await self._hot.read_raw(unit)
        return self.parse(row) if row else None
