"""Links and clients with their secrets, parsed once and kept under their version."""

import sqlite3
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from applinks.records.clients import Client
from applinks.records.links import Link
from applinks.storage.hot.client_rows import build_query, parse_found_client
from applinks.storage.hot.kept_table import KeptTable
from applinks.storage.rows import parse_link

T = TypeVar("T")

_FIND_LINK = "SELECT * FROM applinks_links WHERE id = ?"
_FIND_CLIENT = build_query(array="json_array", collect="json_group_array", digest="hex(s.digest)") + "?"


class KeptRecords:
    """What one process parsed of a database; whoever asks has just read the version."""

    def __init__(self) -> None:
        self._links = _Table(_FIND_LINK, parse_link)
        self._clients = _Table(_FIND_CLIENT, parse_found_client)

    def get_link(self, raw: sqlite3.Connection, link_id: str, version: int) -> Link:
        """Give the link of that id, which stands under that version or a later one."""
        return self._links.get(raw, link_id, version)

    def get_client(self, raw: sqlite3.Connection, record_id: str, version: int) -> Client:
        """Give the client of that record id, which stands under that version or a later one."""
        return self._clients.get(raw, record_id, version)


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
