"""Tracker's own data: issues, each of one user, in Tracker's own SQLite file."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

STATES = ("open", "done")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS issue (
    number INTEGER PRIMARY KEY AUTOINCREMENT, user_id TEXT NOT NULL, title TEXT NOT NULL,
    state TEXT NOT NULL, created_at INTEGER NOT NULL, changed_at INTEGER NOT NULL
);
"""
_COLUMNS = "number, title, state, created_at, changed_at"


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue."""

    number: int
    title: str
    state: str
    created_at: int
    changed_at: int

    @property
    def key(self) -> str:
        """What people call it."""
        return f"TRK-{self.number}"


class Issues:
    """The table of issues; every method looks at one user's alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(_SCHEMA)

    async def list(self, user_id: str) -> list[Issue]:
        """Give a user's issues, the last changed first."""
        query = f"SELECT {_COLUMNS} FROM issue WHERE user_id = ? ORDER BY changed_at DESC, number DESC LIMIT 200"  # noqa: S608 - a constant
        return await self._run(lambda db: [Issue(*row) for row in db.execute(query, (user_id,))])

    async def find(self, user_id: str, key: str) -> Issue | None:
        """Give one of her issues."""
        query = f"SELECT {_COLUMNS} FROM issue WHERE user_id = ? AND number = ?"  # noqa: S608 - a constant
        row = await self._run(lambda db: db.execute(query, (user_id, _parse_key(key))).fetchone())
        return row and Issue(*row)

    async def add(self, user_id: str, title: str, *, changed_at: int | None = None) -> Issue:
        """Create an issue."""
        now = changed_at or int(time.time())
        query = "INSERT INTO issue (user_id, title, state, created_at, changed_at) VALUES (?, ?, 'open', ?, ?)"
        number = await self._run(lambda db: db.execute(query, (user_id, title, now, now)).lastrowid)
        return Issue(number or 0, title, "open", now, now)

    async def change(self, user_id: str, key: str, *, title: str, state: str) -> Issue | None:
        """Change one of her issues; None: there is none of that key."""
        query = "UPDATE issue SET title = ?, state = ?, changed_at = ? WHERE user_id = ? AND number = ?"
        values = (title, state, int(time.time()), user_id, _parse_key(key))
        await self._run(lambda db: db.execute(query, values))
        return await self.find(user_id, key)

    async def count(self) -> int:
        """Count everybody's issues."""
        return int(await self._run(lambda db: db.execute("SELECT count(*) FROM issue").fetchone()[0]))

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.to_thread(self._run_now, work)

    def _run_now(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with closing(sqlite3.connect(self._path)) as connection, connection:
            return work(connection)


def _parse_key(key: str) -> int:
    digits = key.removeprefix("TRK-")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 10 else 0
