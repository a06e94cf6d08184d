"""How large and how slow the head of a request may be."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from uvicorn.server import ServerState

from applinks import Settings
from applinks.hosts.server.connection import HEAD_SECONDS, BoundedConnection
from applinks.hosts.server.run import build_config
from tests.hosts.server.site import ORIGIN

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("N-10")]

ASKS = b"GET / HTTP/1.1\r\nHost: tracker.example\r\n"
POSTS = b"POST / HTTP/1.1\r\nHost: tracker.example\r\nTransfer-Encoding: chunked\r\n\r\n"


class Wire(asyncio.Transport):
    """What was written to a connection, and whether it was closed."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.7", 40000), "sockname": ("127.0.0.1", 8000)})
        self.written = b""
        self.is_closed = False

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Timers:
    """A loop whose timers a test lets run out."""

    def __init__(self) -> None:
        self.running: list[Timer] = []

    def call_later(self, seconds: float, done: Callable[[], None]) -> "Timer":
        self.running.append(Timer(self, seconds, done))
        return self.running[-1]

    def create_task(self, work: Any) -> asyncio.Task[Any]:
        return asyncio.get_running_loop().create_task(work)

    def run_out(self) -> None:
        (timer,) = self.running
        timer.cancel()
        timer.done()


class Timer:
    def __init__(self, timers: Timers, seconds: float, done: Callable[[], None]) -> None:
        self.timers, self.seconds, self.done = timers, seconds, done

    def cancel(self) -> None:
        self.timers.running.remove(self)


async def answer(scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


class Caller:
    """One connection, from the side of whoever calls."""

    def __init__(self) -> None:
        self.wire, self.timers, self.state = Wire(), Timers(), ServerState()
        config = build_config(answer, Settings(base_url=ORIGIN))
        config.load()
        self.connection = BoundedConnection(config, self.state, {}, _loop=self.timers)  # type: ignore[arg-type]
        self.connection.connection_made(self.wire)

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            if not self.wire.is_closed:
                self.connection.data_received(piece)

    async def settle(self) -> None:
        if self.wire.is_closed:
            self.connection.connection_lost(None)
        await asyncio.gather(*self.state.tasks)

    @property
    def is_refused(self) -> bool:
        return self.wire.written.startswith(b"HTTP/1.1 431 ") and self.wire.is_closed

    @property
    def seconds(self) -> list[float]:
        return [timer.seconds for timer in self.timers.running]


def cut(whole: bytes, piece: int) -> Iterator[bytes]:
    return (whole[start : start + piece] for start in range(0, len(whole), piece))


@contextmanager
def check_nothing_goes_on(caller: Caller) -> Iterator[None]:
    yield
    assert not caller.state.tasks
    assert caller.is_refused
    assert b"\r\n\r\nThe head of the request is too large." in caller.wire.written


@pytest.mark.parametrize("piece", [1024, 65536, 1 << 20])
@pytest.mark.parametrize("head", [ASKS + b"X-Long: ", b"GET /", b""], ids=["header", "address", "nothing"])
async def test_a_head_without_an_end_is_refused(head: bytes, piece: int) -> None:
    """RFC 6585 §5: 431, and the connection ends."""
    caller = Caller()
    endless = head + (b"x" if head else b"\n") * (1 << 19)
    with check_nothing_goes_on(caller):
        caller.send(*cut(endless, piece))


@pytest.mark.parametrize("piece", [1024, 1 << 20])
@pytest.mark.parametrize("pieces", [(70_000,), (30_000, 30_000, 30_000), (2,) * 25_000])
async def test_a_head_that_is_complete_and_too_large_is_refused(piece: int, pieces: tuple[int, ...]) -> None:
    """RFC 6585 §5: one header or all of them together; however it comes, the application never hears of it."""
    whole = b"".join([ASKS, *(b"X-Long: " + b"x" * size + b"\r\n" for size in pieces), b"\r\n"])
    caller = Caller()
    with check_nothing_goes_on(caller):
        caller.send(*cut(whole, piece))


@pytest.mark.parametrize("piece", [1000, 1 << 20])
async def test_a_large_head_with_a_larger_body_is_answered_again_and_again(piece: int) -> None:
    """Ours: how large a body may be is not for the connection to say."""
    caller = Caller()
    for count in range(3):
        head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 400000\r\nX-Long: " + b"x" * 60_000
        whole = head + b"\r\n\r\n" + b"x" * 400_000
        caller.send(*cut(whole, piece))
        await caller.settle()
        assert caller.wire.written.count(b"HTTP/1.1 204 ") == count + 1
    assert not caller.wire.is_closed


@pytest.mark.parametrize("rest", [b"0\r\n" + b"X-Trailer: ", b"1;"], ids=["trailer", "extension"])
async def test_what_follows_a_body_without_an_end_is_refused(rest: bytes) -> None:
    """RFC 9112 §7.1: trailers and extensions of chunks are no way around; nothing is written into an answer."""
    caller = Caller()
    caller.send(POSTS, *[b"400\r\n" + b"x" * 1024 + b"\r\n"] * 200)
    assert not caller.wire.is_closed
    caller.send(rest, *[b"x" * 1024] * 70)
    assert caller.wire.is_closed
    assert caller.wire.written == b""
    await caller.settle()


async def test_a_head_has_its_time_from_the_connection_on() -> None:
    """Ours: a byte now and then does not prolong it."""
    caller = Caller()
    for piece in (b"", b"GET", b" / HTTP/1.1\r\n", b"X-Slow: 1\r\n"):
        caller.send(piece)
        assert caller.seconds == [HEAD_SECONDS]
    caller.timers.run_out()
    assert caller.wire.is_closed
    assert caller.wire.written == b""


@pytest.mark.parametrize("piece", [b"GET / HT", b"\r\n"])
async def test_the_next_head_has_its_time_from_its_first_byte_on(piece: bytes) -> None:
    """Ours: before it uvicorn's own timer runs, which is shorter."""
    caller = Caller()
    caller.send(ASKS + b"\r\n")
    assert caller.seconds == []
    await caller.settle()
    assert len(caller.seconds) == 1
    assert caller.seconds != [HEAD_SECONDS]
    caller.send(piece, piece)
    assert caller.seconds == [HEAD_SECONDS]
    caller.timers.run_out()
    assert caller.wire.is_closed


async def test_a_request_that_is_complete_has_no_deadline() -> None:
    """Ours: how long an answer takes is for whoever answers."""
    caller = Caller()
    caller.send(b"GET / HTTP/1.1\r\n", b"Host: x\r\n\r\n")
    assert caller.seconds == []
    await caller.settle()
    assert caller.wire.written.startswith(b"HTTP/1.1 204 ")


async def test_a_connection_that_ends_leaves_no_timer() -> None:
    """Ours."""
    caller = Caller()
    caller.send(b"GET / HT")
    caller.connection.connection_lost(None)
    assert caller.seconds == []


async def test_what_is_no_request_is_refused_as_before() -> None:
    """RFC 9112 §3: 400."""
    caller = Caller()
    caller.send(b"nonsense\r\n\r\n")
    assert caller.wire.written.startswith(b"HTTP/1.1 400 ")
    assert caller.wire.is_closed
