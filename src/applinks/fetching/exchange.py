"""Runs an exchange: a generator that yields requests, receives responses and returns what came of it."""

from collections.abc import Awaitable, Callable, Generator
from typing import TypeVar

from applinks.errors import PeerError
from applinks.wire.http import Request, Response

T = TypeVar("T")

Exchange = Generator[Request, Response, T]
"""What an exchange is: it does no I/O itself, so that a test can answer it from a list."""

Send = Callable[[Request], Awaitable[Response]]


async def run_exchange(exchange: Exchange[T], send: Send) -> T:
    """
    Send what an exchange asks for until it returns, and give its result.

    A request that failed is raised inside the exchange, at the yield that asked for it.
    """
    try:
        request = next(exchange)
        while True:
            try:
                response = await send(request)
            except PeerError as error:
                request = exchange.throw(error)
            else:
                request = exchange.send(response)
    except StopIteration as finished:
        result: T = finished.value
        return result
    finally:
        exchange.close()
