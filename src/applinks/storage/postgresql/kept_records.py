"""Links and clients with their secrets, parsed once and kept under the version that the statement before has read."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from applinks.records.clients import Client
from applinks.records.links import Link
from applinks.storage.hot.client_rows import build_query, parse_found_client
from applinks.storage.hot.kept_table import KeptTable
from applinks.storage.postgresql.connection import PostgresDatabase
from applinks.storage.rows import parse_link

T = TypeVar("T")

_FIND_LINK = "SELECT * FROM applinks_links WHERE id = $1"
_FIND_CLIENT = build_query(array="json_build_array", collect="json_agg", digest="encode(s.digest, 'hex')") + "$1"


class KeptRecords:
    """What one process parsed of a database; what stands there under another version costs one more round trip."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._links = _Table(database, _FIND_LINK, parse_link)
        self._clients = _Table(database, _FIND_CLIENT, parse_found_client)

    async def find_link(self, link_id: str, version: int) -> Link | None:
        """Give the link of that id, which stands under that version or a later one; None: it is gone."""
        return await self._links.find(link_id, version)

    async def find_client(self, record_id: str, version: int) -> Client | None:
        """Give the client of that record id, which stands under that version or a later one; None: it is gone."""
        return await self._clients.find(record_id, version)


class _Table(Generic[T]):
    def __init__(self, database: PostgresDatabase, query: str, parse: Callable[[dict[str, Any]], T]) -> None:
        self._database = database
        self._query = query
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
