"""
The connections of a process to PostgreSQL: two small pools, owned by its event loop.

A unit is the same plain function as on SQLite, run by SQLAlchemy's bridge over asyncpg. The hot statements are one
prepared round trip each, which is a transaction of its own, and have connections of their own.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import Connection, NullPool, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from applinks.errors import StoreError
from applinks.settings import hide_password
from applinks.storage.postgresql.address import parse_address
from applinks.storage.postgresql.faults import (
    FAULTS,
    describe_fault,
    describe_refused_address,
    is_crossed,
    is_fault,
)
from applinks.storage.postgresql.hot_pool import HotPool
from applinks.storage.units import UnitUndone

T = TypeVar("T")

_log = logging.getLogger("applinks.storage")

# For the hot statements, and for units. One process keeps a server of two cores busy with eight; and a hundred, the
# server's usual limit, serve a dozen processes.
_HOT_CONNECTIONS = 5
_UNIT_CONNECTIONS = 3
_PATIENCE_SECONDS = 5.0
# A server that does not answer at all, as behind a network that went away.
_ANSWER_SECONDS = 15.0
# Units that crossed once cross again where they begin again at the same moment.
_LONGEST_PAUSE = 0.01
# A healthy server answers in a millisecond or ten; a quarter of a second is felt by everybody who waits.
_SLOW_SECONDS = 0.25


def connect(url: str) -> AsyncEngine:
    """Give an engine that opens a connection of its own each time, and waits as long as the server does."""
    return create_async_engine("postgresql+asyncpg://", async_creator=_build_opener(url, None), poolclass=NullPool)


class PostgresDatabase:
    """
    Runs units on the pool.

    Units that write are serializable, as on SQLite, where one writes at a time; which of two that cross gives way is
    PostgreSQL's choice, and that one runs again.
    """

    def __init__(
        self,
        url: str,
        *,
        patience: float = _PATIENCE_SECONDS,
        slow: float = _SLOW_SECONDS,
        sizes: tuple[int, int] = (_HOT_CONNECTIONS, _UNIT_CONNECTIONS),
    ) -> None:
        self.place = hide_password(url)
        self._patience = patience
        self._slow = slow
        self._is_closed = False
        opener = _build_opener(url, _ANSWER_SECONDS)
        self._hot = HotPool(opener, size=sizes[0], patience=patience, timed=self._timed)
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=opener,
            pool_size=sizes[1],
            max_overflow=0,
            pool_timeout=patience,
        )
        event.listen(self._engine.sync_engine, "checkout", _refuse_closed)
        self._writing = self._engine.execution_options(isolation_level="SERIALIZABLE")
        self._reading = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    async def write(self, unit: Callable[[Connection], T]) -> T:
        """Run a unit in a serializable transaction, durable before this returns."""
        return await self._retry(lambda: self._transact(self._writing, unit))

    async def read(self, unit: Callable[[Connection], T]) -> T:
        """Run a unit that only reads, on one snapshot."""
        return await self._retry(lambda: self._transact(self._reading, unit))

    async def fetch(self, statement: str, *values: Any) -> asyncpg.Record | None:
        """Run one prepared statement, which is a transaction of its own; gives its first row."""
        return await self._retry(lambda: self._hot.fetch(statement, values))

    async def checkpoint(self) -> None:
        """Nothing: the server moves its log into its files by itself."""

    async def aclose(self) -> None:
        """Close the connections; closing twice does nothing."""
        self._is_closed = True
        await self._hot.close()
        await self._engine.dispose()

    async def _transact(self, engine: AsyncEngine, unit: Callable[[Connection], T]) -> T:
        async with engine.connect() as connection:
            with self._timed():
                try:
                    result = await connection.run_sync(unit)
                    await connection.commit()
                except UnitUndone as undone:
                    return undone.result  # type: ignore[no-any-return]
            return result

    async def _retry(self, run: Callable[[], Awaitable[T]]) -> T:
        deadline = time.monotonic() + self._patience
        while True:
            if self._is_closed:
                raise StoreError("The database is closed.", detail=f"{self.place} was closed by this process")
            try:
                return await run()
            except FAULTS as error:
                if not is_fault(error):
                    raise
                if not is_crossed(error) or time.monotonic() >= deadline:
                    raise self._report(error) from error
            await asyncio.sleep(random.uniform(0, _LONGEST_PAUSE))  # noqa: S311 - spreads units, guards nothing.

    @contextmanager
    def _timed(self) -> Iterator[None]:
        """Say where the server was slow; waiting for one of our own connections does not count."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            if (took := time.perf_counter() - begun) > self._slow:
                _log.warning("database.slow seconds=%.3f database=%s", took, self.place)

    def _report(self, error: BaseException) -> StoreError:
        fault = describe_fault(error, self.place)
        if type(fault) is StoreError:
            _log.error("database.failed %s", fault.detail)
        return fault


def _build_opener(url: str, seconds: float | None) -> Callable[[], Awaitable[asyncpg.Connection]]:
    """
    Give what opens a connection; asyncpg reads the URL, and PostgreSQL's own variables and password file.

    Raises:
        SettingsError: the URL carries what is not understood; opening: what it carries cannot be had.
    """
    address = parse_address(url)

    async def open_connection() -> asyncpg.Connection:
        try:
            return await asyncpg.connect(address.url, timeout=address.connect_seconds, command_timeout=seconds)
        except FAULTS as error:
            if is_fault(error):
                raise
            raise describe_refused_address(error) from error

    return open_connection


def _refuse_closed(raw: Any, _record: Any, _borrowed: Any) -> None:
    """Let the pool open anew what the server closed meanwhile; it costs no round trip to know."""
    if raw.driver_connection.is_closed():
        raise InvalidatePoolError
