"""Links and clients with their secrets, parsed once and kept under the version that the statement before has read."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from applinks.incoming.store import FoundClient
from applinks.records.clients import Client
from applinks.records.links import Link
from applinks.storage.hot import token_rows
from applinks.storage.hot.client_rows import build_query, parse_found_client
from applinks.storage.hot.kept_table import KeptTable
from applinks.storage.postgresql.connection import PostgresDatabase
from applinks.storage.rows import can_stand, parse_link
from applinks.storage.sealing.sealer import Sealer

T = TypeVar("T")

_FIND_LINK = "SELECT * FROM applinks_links WHERE id = $1"
_FIND_CLIENT = build_query(array="json_build_array", collect="json_agg", digest="encode(s.digest, 'hex')") + "$1"


class KeptRecords:
    """What one process parsed of a database; what stands there under another version costs one more round trip."""

    def __init__(self, database: PostgresDatabase, sealer: Sealer) -> None:
        self._database = database
        self._links = _Table(database, _FIND_LINK, parse_link)
        self._clients = _Table(database, _FIND_CLIENT, partial(parse_found_client, sealer=sealer))

    async def find_link(self, link_id: str, version: int) -> Link | None:
        """Give the link of that id, which stands under that version or a later one; None: it is gone."""
        return await self._links.find(link_id, version)

    async def find_client(self, record_id: str, version: int) -> Client | None:
        """Give the client of that record id, which stands under that version or a later one; None: it is gone."""
        return await self._clients.find(record_id, version)

    async def find_client_called(self, statement: str, name: str) -> FoundClient | None:
        """Give the client that a look-up by its name on the wire finds, with its link."""
        # PostgreSQL keeps no other text, and refuses to look for it.
        _, owner = await self.find_owned(statement, name) if can_stand(name) else ((), None)
        return FoundClient(client=owner[0], link=owner[1]) if owner else None

    async def find_owned_row(self, statement: str, row: int) -> tuple[Sequence[Any], tuple[Client, Link] | None]:
        """Run a look-up by row, as `find_owned`; a number that no row can have is not looked for."""
        return await self.find_owned(statement, row) if row in token_rows.ROWS else ((), None)

    async def find_owned(self, statement: str, value: int | str) -> tuple[Sequence[Any], tuple[Client, Link] | None]:
        """Run a look-up, and give with it whose row it is; None: there is nothing, or nothing that it hangs on."""
        record = await self._database.fetch(statement, value)
        if record is None:
            return (), None
        found = tuple(record.values())
        client, link = await self.find_client(found[0], found[1]), await self.find_link(found[2], found[3])
        return found, (client, link) if client and link else None


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
