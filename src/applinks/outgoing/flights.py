"""One piece of work at a time for each connection, however many callers wait for it."""

import asyncio
from collections.abc import Awaitable, Callable

from applinks.errors import ApplinksError
from applinks.records.connections import Connection

FlightKey = tuple[str, str | None, str]
"""Link, user, name: what a connection is keyed by."""


class Flights:
    """
    Renewals under way in this process.

    A flight is a task of its own: a caller that goes away, as a browser does that closes its tab, does not cancel it,
    or the peer's rotated token would be lost between its answer and our database.
    """

    def __init__(self) -> None:
        self._under_way: dict[FlightKey, asyncio.Task[Connection]] = {}

    async def join(self, key: FlightKey, begin: Callable[[], Awaitable[Connection]]) -> Connection:
        """
        Wait for the flight under this key, beginning it where there is none.

        Every caller gets an error of its own, so that each is recorded under its own reference.
        """
        flight = self._under_way.get(key)
        if flight is None:
            flight = self._under_way[key] = asyncio.ensure_future(_run(begin))
            flight.add_done_callback(lambda done: self._land(key, done))
        try:
            return await asyncio.shield(flight)
        except ApplinksError as error:
            raise _copy(error) from error

    async def settle(self) -> None:
        """Wait until none is under way, before the process ends; how each ended is its callers' affair."""
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    def _land(self, key: FlightKey, done: asyncio.Task[Connection]) -> None:
        del self._under_way[key]
        # Looked at once, so that asyncio does not complain where every caller went away.
        if not done.cancelled():
            done.exception()


async def _run(begin: Callable[[], Awaitable[Connection]]) -> Connection:
    return await begin()


def _copy(error: ApplinksError) -> ApplinksError:
    # Without its constructor: each class of error has its own.
    twin = type(error).__new__(type(error), *error.args)
    vars(twin).update(vars(error))
    return twin
