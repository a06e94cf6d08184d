"""
The outgoing side's store on PostgreSQL: what runs with every call to a peer, one prepared round trip each.

What is the same on every database is in `applinks.storage.outgoing`.
"""

from applinks.records.connections import Connection
from applinks.records.links import Link
from applinks.storage.outgoing import OutgoingTables
from applinks.storage.postgresql.connection import PostgresDatabase
from applinks.storage.postgresql.kept_records import KeptRecords
from applinks.storage.rows import is_name
from applinks.storage.schema import connections
from applinks.storage.sealing.sealer import Sealer

_FIND_LINK = "SELECT id, version FROM applinks_links WHERE id = $1 OR (handle = $1 AND ended_at = 0)"
_FIND_CONNECTION = (
    f"SELECT {', '.join(column.name for column in connections.columns)} FROM applinks_connections "  # noqa: S608
    "WHERE link_id = $1 AND user_id = $2 AND name = $3"
)


class PostgresOutgoing(OutgoingTables):
    """Implements ``outgoing.store.OutgoingStore``, with its hot look-ups on PostgreSQL."""

    def __init__(self, database: PostgresDatabase, sealer: Sealer, kept: KeptRecords) -> None:
        super().__init__(database, sealer)
        self._hot = database
        self._kept = kept

    async def find_link(self, id_or_handle: str) -> Link | None:
        """Give a link by id, else a link that has not ended by handle."""
        found = await self._hot.fetch(_FIND_LINK, id_or_handle) if is_name(id_or_handle) else None
        return await self._kept.find_link(found["id"], found["version"]) if found else None

    async def find_connection(self, *, link_id: str, user_id: str | None, name: str = "") -> Connection | None:
        """Give the stored credentials; ``user_id`` None: the application's own."""
        row = await self._hot.fetch(_FIND_CONNECTION, link_id, user_id or "", name)
        return self.parse(row) if row else None
