"""
The connections of the hot statements, taken and given back without a detour.

SQLAlchemy's pool and its bridge cost as much again as the whole round trip (45 of 115 µs in one trial); a statement
that is a transaction of its own needs neither.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Any

import asyncpg
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

# A server that is gone says no farewell.
_FAREWELL_SECONDS = 2.0


class HotPool:
    """At most so many connections, opened when they are needed, each used by one statement at a time, on the clock."""

    def __init__(
        self,
        opener: Callable[[], Awaitable[asyncpg.Connection]],
        *,
        size: int,
        patience: float,
        timed: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._open = opener
        self._patience = patience
        self._timed = timed
        self._turns = asyncio.Semaphore(size)
        self._idle: list[asyncpg.Connection] = []
        self._is_closed = False

    async def fetch(self, statement: str, values: tuple[Any, ...]) -> asyncpg.Record | None:
        """
        Run a statement that the connection prepares once; gives its first row.

        Raises:
            sqlalchemy.exc.TimeoutError: all connections were in use as long as we wait.
            asyncpg.PostgresError, asyncpg.InterfaceError, OSError: what the driver says.
        """
        await self._wait_for_turn()
        connection = None
        try:
            connection = self._take() or await self._open()
            with self._timed():
                return await connection.fetchrow(statement, *values)
        finally:
            self._turns.release()
            if connection is not None:
                self._give_back(connection)

    async def close(self) -> None:
        """Close what is idle at once, and the others when they are given back."""
        self._is_closed = True
        idle, self._idle = self._idle, []
        for connection in idle:
            # It ends itself where it cannot say farewell.
            with contextlib.suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await connection.close(timeout=_FAREWELL_SECONDS)

    async def _wait_for_turn(self) -> None:
        if not self._turns.locked():
            await self._turns.acquire()
            return
        try:
            async with asyncio.timeout(self._patience):
                await self._turns.acquire()
        except TimeoutError:
            raise PoolTimeoutError("all connections are in use") from None

    def _take(self) -> asyncpg.Connection | None:
        """Take one that the server did not close meanwhile; it costs no round trip to know."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return None

    def _give_back(self, connection: asyncpg.Connection) -> None:
        if self._is_closed:
            connection.terminate()
        elif not connection.is_closed():
            self._idle.append(connection)
