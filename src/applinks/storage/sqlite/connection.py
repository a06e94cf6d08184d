"""
The one writing connection of a process, owned by its event loop.

SQLite is called in the loop: a look-up takes microseconds, a hop to a thread ten times that. A unit is a plain
function, so nothing is held across an ``await``; where another process holds the file the unit waits outside.
"""

import asyncio
import logging
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, StaticPool, create_engine
from sqlalchemy.exc import DBAPIError

from applinks.errors import StoreError
from applinks.storage.sqlite.faults import describe_fault, get_cause, is_busy, is_fault
from applinks.storage.sqlite.grouping import LONGEST_PAUSE, Group
from applinks.storage.units import UnitUndone

T = TypeVar("T")

_log = logging.getLogger("applinks.storage")

# While opening, SQLite itself waits: with 0, most of many parallel first openings failed.
_OPENING_MILLISECONDS = 5000
_PATIENCE_SECONDS = 5.0
# A healthy disk answers in a millisecond or ten; a quarter of a second is felt by everybody who waits.
_SLOW_SECONDS = 0.25


def connect(path: Path, *, synchronous: str = "FULL", mode: str = "rw") -> sqlite3.Connection:
    """
    Open the file as every connection of ours is opened; it has to exist.

    Raises:
        StoreError: it cannot be opened.
    """
    try:
        # The event loop may move to another thread (a test's portal, a WSGI host's loop); a lock keeps units apart.
        raw = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise describe_fault(error, str(path)) from error
    try:
        raw.execute(f"PRAGMA busy_timeout = {_OPENING_MILLISECONDS}")
        raw.execute(f"PRAGMA synchronous = {synchronous}")
        raw.execute("PRAGMA foreign_keys = ON")
    except sqlite3.Error as error:
        raw.close()
        raise describe_fault(error, str(path)) from error
    return raw


def wrap_connection(raw: sqlite3.Connection) -> Engine:
    """Give an engine whose one connection is this."""
    return create_engine("sqlite+pysqlite://", creator=lambda: raw, poolclass=StaticPool)


class SqliteDatabase:
    """
    Runs units on the one connection: SQLAlchemy's, or the raw one where every microsecond counts.

    Two units never mix: each has the connection for itself from its BEGIN to its COMMIT. Only hot ones share a
    transaction, one after the other, and never across a turn of the event loop.
    """

    def __init__(
        self, path: Path, *, synchronous: str = "FULL", patience: float = _PATIENCE_SECONDS, slow: float = _SLOW_SECONDS
    ) -> None:
        self.path = path
        self._synchronous = synchronous
        self._patience = patience
        self._slow = slow
        self._lock = threading.Lock()
        self._is_closed = False
        self._group: Group | None = None
        self._open()

    async def write(self, unit: Callable[[Connection], T]) -> T:
        """Run a unit in a write transaction, durable before this returns."""
        return await self._retry(lambda: self._transact("BEGIN IMMEDIATE", self._on_alchemy(unit)))

    async def read(self, unit: Callable[[Connection], T]) -> T:
        """Run a unit that only reads, on one snapshot."""
        return await self._retry(lambda: self._transact("BEGIN", self._on_alchemy(unit)))

    async def write_raw(self, unit: Callable[[sqlite3.Connection], T]) -> T:
        """Run a unit of prepared statements in a write transaction that others may share, durable before it returns."""
        loop, group = asyncio.get_running_loop(), self._group
        if group is None or group.loop is not loop:
            group = self._group = Group(self, loop)
        return await group.add(unit, patience=self._patience)

    async def read_raw(self, unit: Callable[[sqlite3.Connection], T]) -> T:
        """Run a unit that only reads by prepared statements, each on a snapshot of its own."""
        return await self._retry(lambda: unit(self._raw))

    async def checkpoint(self) -> None:
        """Move what the write-ahead log holds into the file, as far as no reader stands in the way."""
        await self.read_raw(lambda raw: raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall())

    async def aclose(self) -> None:
        """Close the connection; closing twice does nothing."""
        self.close()

    def close(self) -> None:
        """Close the connection; closing twice does nothing."""
        with self._lock:
            self._is_closed = True
            self._alchemy.close()
            self._engine.dispose()
            self._raw.close()

    def transact(self, unit: Callable[[sqlite3.Connection], T]) -> T:
        """Run a unit of prepared statements in a write transaction, durable before this returns; once."""
        return self._time(lambda: self._transact("BEGIN IMMEDIATE", lambda: unit(self._raw)))

    def judge(self, error: Exception, *, deadline: float) -> Exception | None:
        """Give what the caller gets; None: another process held the database, and trying again may help."""
        if not isinstance(error, sqlite3.Error | DBAPIError):
            return error
        cause = get_cause(error)
        if not is_fault(cause):
            return error
        if is_busy(cause) and time.monotonic() < deadline:
            return None
        told = self._report(cause)
        told.__cause__ = error
        return told

    def _open(self) -> None:
        self._raw = connect(self.path, synchronous=self._synchronous)
        self._engine = wrap_connection(self._raw)
        self._alchemy = self._engine.connect()
        # From here on waiting is done by the loop, which serves others meanwhile.
        self._raw.execute("PRAGMA busy_timeout = 0")

    def _on_alchemy(self, unit: Callable[[Connection], T]) -> Callable[[], T]:
        def run() -> T:
            result = unit(self._alchemy)
            self._alchemy.commit()
            return result

        return run

    def _transact(self, begin: str, run: Callable[[], T]) -> T:
        self._raw.execute(begin)
        try:
            result = run()
            if self._raw.in_transaction:
                self._raw.execute("COMMIT")
        except UnitUndone as undone:
            self._roll_back()
            return undone.result  # type: ignore[no-any-return]
        except BaseException:
            self._roll_back()
            raise
        return result

    def _roll_back(self) -> None:
        """Leave no transaction open, whatever state a failing disk left the connection in."""
        try:
            self._alchemy.rollback()
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")
        except (sqlite3.Error, DBAPIError):
            _log.warning("database.reopened path=%s", self.path)
            self._raw.close()
            self._engine.dispose()
            self._open()

    async def _retry(self, run: Callable[[], T]) -> T:
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return self._time(run)
            except (sqlite3.Error, DBAPIError) as error:
                if (told := self.judge(error, deadline=deadline)) is not None:
                    raise told  # noqa: B904 - its cause is set.
            await asyncio.sleep(random.uniform(0, LONGEST_PAUSE))  # noqa: S311 - spreads writers, guards nothing.

    def _time(self, run: Callable[[], T]) -> T:
        begun = time.perf_counter()
        try:
            with self._lock:
                if self._is_closed:
                    raise StoreError("The database is closed.", detail=f"{self.path} was closed by this process")
                return run()
        finally:
            if (took := time.perf_counter() - begun) > self._slow:
                _log.warning("database.slow seconds=%.3f path=%s", took, self.path)

    def _report(self, cause: BaseException) -> StoreError:
        fault = describe_fault(cause, str(self.path))
        if type(fault) is StoreError:
            _log.error("database.failed %s", fault.detail)
        return fault
