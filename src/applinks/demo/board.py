"""Start page's own data: pinned pages and received notices of its users, in its own SQLite file."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS page (
    user_id TEXT NOT NULL, title TEXT NOT NULL, url TEXT NOT NULL, PRIMARY KEY (user_id, url)
);
CREATE TABLE IF NOT EXISTS notice (
    number INTEGER PRIMARY KEY, user_id TEXT NOT NULL, text TEXT NOT NULL, sender TEXT NOT NULL, at INTEGER NOT NULL
);
"""
# What one user keeps; older notices go.
_NOTICES_KEPT = 50


@dataclass(frozen=True, slots=True)
class Page:
    """A page that a user has pinned."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A line that a linked application sent to a user."""

    text: str
    sender: str
    at: int


class Board:
    """The tables of pages and notices; every method looks at one user's alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(_SCHEMA)

    async def pin(self, user_id: str, page: Page) -> None:
        """Pin a page, if it is not yet."""
        query = "INSERT OR IGNORE INTO page (user_id, title, url) VALUES (?, ?, ?)"
        await self._run(lambda db: db.execute(query, (user_id, page.title, page.url)))

    async def list_pages(self, user_id: str) -> list[Page]:
        """Give the pages that a user has pinned."""
        query = "SELECT title, url FROM page WHERE user_id = ? ORDER BY title"
        return await self._run(lambda db: [Page(*row) for row in db.execute(query, (user_id,))])

    async def add_notice(self, user_id: str, text: str, *, sender: str) -> None:
        """Keep a notice for a user."""
        query = "INSERT INTO notice (user_id, text, sender, at) VALUES (?, ?, ?, ?)"
        prune = (
            "DELETE FROM notice WHERE user_id = ?1 AND number NOT IN"
            " (SELECT number FROM notice WHERE user_id = ?1 ORDER BY number DESC LIMIT ?2)"
        )

        def add(db: sqlite3.Connection) -> None:
            db.execute(query, (user_id, text, sender, int(time.time())))
            db.execute(prune, (user_id, _NOTICES_KEPT))

        await self._run(add)

    async def list_notices(self, user_id: str) -> list[Notice]:
        """Give a user's last notices, the newest first."""
        query = "SELECT text, sender, at FROM notice WHERE user_id = ? ORDER BY number DESC LIMIT 5"
        return await self._run(lambda db: [Notice(*row) for row in db.execute(query, (user_id,))])

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.to_thread(self._run_now, work)

    def _run_now(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with closing(sqlite3.connect(self._path)) as connection, connection:
            return work(connection)
