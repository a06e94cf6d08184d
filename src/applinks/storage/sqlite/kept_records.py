"""Links and clients, parsed once and kept under their version."""

import sqlite3
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from applinks.records.clients import Client
from applinks.records.links import Link
from applinks.storage.rows import parse_client, parse_link

T = TypeVar("T")

# Every link and client of a large installation; a record is a few kilobytes.
_MOST_RECORDS = 2048


class KeptRecords:
    """
    What one process parsed of a database.

    Whoever asks has just read the version from the database, so nothing here can be out of date: what stands there
    under another version is read again.
    """

    def __init__(self) -> None:
        self._links = _Table("applinks_links", parse_link)
        self._clients = _Table("applinks_clients", parse_client)

    def get_link(self, raw: sqlite3.Connection, link_id: str, version: int) -> Link:
        """Give the link of that id, which stands under that version or a later one."""
        return self._links.get(raw, link_id, version)

    def get_client(self, raw: sqlite3.Connection, record_id: str, version: int) -> Client:
        """Give the client of that record id, which stands under that version or a later one."""
        return self._clients.get(raw, record_id, version)


class _Table(Generic[T]):
    def __init__(self, name: str, parse: Callable[[dict[str, Any]], T]) -> None:
        self._query = f"SELECT * FROM {name} WHERE id = ?"  # noqa: S608 - one of our own two tables.
        self._parse = parse
        self._kept: dict[str, tuple[int, T]] = {}

    def get(self, raw: sqlite3.Connection, record_id: str, version: int) -> T:
        kept = self._kept.get(record_id)
        if kept is not None and kept[0] == version:
            return kept[1]
        cursor = raw.execute(self._query, (record_id,))
        row = dict(zip((column[0] for column in cursor.description), cursor.fetchone(), strict=True))
        record = self._parse(row)
        if len(self._kept) >= _MOST_RECORDS:
            self._kept.clear()
        # The row may be newer than the version that was asked for; it is kept under its own.
        self._kept[record_id] = (row["version"], record)
        return record
