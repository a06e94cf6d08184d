"""Links and clients with their secrets, parsed once and kept under their version."""

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from applinks.incoming.store import FoundClient
from applinks.records.clients import Client
from applinks.records.links import Link
from applinks.storage.hot.client_rows import build_query, parse_found_client
from applinks.storage.hot.kept_table import KeptTable
from applinks.storage.rows import parse_link
from applinks.storage.sealing.sealer import Sealer

T = TypeVar("T")

_FIND_LINK = "SELECT * FROM applinks_links WHERE id = ?"
_FIND_CLIENT = build_query(array="json_array", collect="json_group_array", digest="hex(s.digest)") + "?"


class KeptRecords:
    """What one process parsed of a database; whoever asks has just read the version."""

    def __init__(self, sealer: Sealer) -> None:
        self._links = _Table(_FIND_LINK, parse_link)
        self._clients = _Table(_FIND_CLIENT, partial(parse_found_client, sealer=sealer))

    def get_link(self, raw: sqlite3.Connection, link_id: str, version: int) -> Link:
        """Give the link of that id, which stands under that version or a later one."""
        return self._links.get(raw, link_id, version)

    def get_client(self, raw: sqlite3.Connection, record_id: str, version: int) -> Client:
        """Give the client of that record id, which stands under that version or a later one."""
        return self._clients.get(raw, record_id, version)

    def find_client_called(self, raw: sqlite3.Connection, statement: str, name: str) -> FoundClient | None:
        """Give the client that a look-up by its name on the wire finds, with its link."""
        found = raw.execute(statement, (name,)).fetchone()
        if found is None:
            return None
        client, link = self.get_owner(raw, found)
        return FoundClient(client=client, link=link)

    def get_owner(self, raw: sqlite3.Connection, found: Sequence[Any]) -> tuple[Client, Link]:
        """Give whose row a statement found, which began with the ids and versions of both."""
        return self.get_client(raw, found[0], found[1]), self.get_link(raw, found[2], found[3])


class _Table(Generic[T]):
    def __init__(self, query: str, parse: Callable[[dict[str, Any]], T]) -> None:
        self._query = query
        self._parse = parse
        self._kept: KeptTable[T] = KeptTable()

    def get(self, raw: sqlite3.Connection, record_id: str, version: int) -> T:
        kept = self._kept.find(record_id, version)
        if kept is not None:
            return kept
        cursor = raw.execute(self._query, (record_id,))
        row = dict(zip((column[0] for column in cursor.description), cursor.fetchone(), strict=True))
        record = self._parse(row)
        self._kept.keep(record_id, row["version"], record)
        return record
