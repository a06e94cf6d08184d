"""Links and clients, parsed once and kept under the version that the statement before has read."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from applinks.records.clients import Client
from applinks.records.links import Link
from applinks.storage.hot.kept_table import KeptTable
from applinks.storage.postgresql.connection import PostgresDatabase
from applinks.storage.rows import parse_client, parse_link

T = TypeVar("T")


class KeptRecords:
    """What one process parsed of a database; what stands there under another version costs one more round trip."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._links = _Table(database, "applinks_links", parse_link)
        self._clients = _Table(database, "applinks_clients", parse_client)

    async def find_link(self, link_id: str, version: int) -> Link | None:
        """Give the link of that id, which stands under that version or a later one; None: it is gone."""
        return await self._links.find(link_id, version)

    async def find_client(self, record_id: str, version: int) -> Client | None:
        """Give the client of that record id, which stands under that version or a later one; None: it is gone."""
        return await self._clients.find(record_id, version)


class _Table(Generic[T]):
    def __init__(self, database: PostgresDatabase, name: str, parse: Callable[[dict[str, Any]], T]) -> None:
        self._database = database
        self._query = f"SELECT * FROM {name} WHERE id = $1"  # noqa: S608 - one of our own two tables.
        self._parse = parse
        self._kept: KeptTable[T] = KeptTable()

    async def find(self, record_id: str, version: int) -> T | None:
        kept = self._kept.find(record_id, version)
        if kept is not None:
            return kept
        row = await self._database.fetch(self._query, record_id)
        if row is None:
            return None
        record = self._parse(dict(row))
        self._kept.keep(record_id, row["version"], record)
        return record
