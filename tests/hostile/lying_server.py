"""A peer on a real socket that answers as it should, save at one address, where it misbehaves."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from applinks.wire.linking.manifest import build_manifest
from tests.hostile.peers import METADATA
from tests.hostile.site import PEER
from tests.wire.linking.samples import make_manifest

Fault = Callable[[asyncio.StreamWriter, bytes], Awaitable[None]]
NEW = "https://new.example"
_MEGABYTE = 1024 * 1024


def raw(content: bytes) -> Fault:
    async def answer(writer: asyncio.StreamWriter, good: bytes) -> None:
        writer.write(content)

    return answer


def http(body: bytes = b"", *, status: int = 200, content_type: str = "application/json", more: str = "") -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def change(make: Callable[[bytes], bytes]) -> Fault:
    """Answer with the good body, changed."""

    async def answer(writer: asyncio.StreamWriter, good: bytes) -> None:
        writer.write(make(good))

    return answer


async def hang(writer: asyncio.StreamWriter, good: bytes) -> None:
    await asyncio.Event().wait()


async def drip(writer: asyncio.StreamWriter, good: bytes) -> None:
    """Give one byte at a time, and never come to an end."""
    writer.write(b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1\r\n \r\n")
        await writer.drain()
        await asyncio.sleep(0.005)  # What a drip is; nobody waits for it.


async def flood(writer: asyncio.StreamWriter, good: bytes) -> None:
    """Give ten megabytes without having said so."""
    writer.write(b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(10):
        writer.write(b"100000\r\n" + b" " * _MEGABYTE + b"\r\n")
        await writer.drain()


async def flood_head(writer: asyncio.StreamWriter, good: bytes) -> None:
    writer.write(b"HTTP/1.1 200 X\r\n")
    for _ in range(10):
        writer.write(b"X: " + b"x" * _MEGABYTE + b"\r\n")
        await writer.drain()


FAULTS: dict[str, Fault] = {
    "html": raw(http(b"<!doctype html><title>Log in</title>", content_type="text/html")),
    "redirect": raw(http(status=302, more="Location: https://evil.example/x\r\n")),
    "redirect with the method": raw(http(status=307, more="Location: http://169.254.169.254/\r\n")),
    "error page": raw(http(b"<h1>no", status=500, content_type="text/html")),
    "not found": raw(http(b"{}", status=404)),
    "nothing": raw(http(b"", status=204)),
    "hang": hang,
    "drip": drip,
    "cut off": change(lambda good: http(good)[:-5] if good else b"HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\n"),
    "closed": raw(b""),
    "another protocol": raw(b"SSH-2.0-OpenSSH_9.9\r\n"),
    "ten megabytes": flood,
    "ten megabytes announced": raw(http(b"{" + b" " * _MEGABYTE).replace(b"1048577", b"10485760")),
    "head of ten megabytes": flood_head,
    "a million levels": raw(http(b"[" * 1_000_000)),
    "thirty thousand levels": raw(http(b'{"a":' * 30_000)),
    "a number of ten thousand digits": raw(http(b'{"issuer":' + b"9" * 10_000 + b"}")),
    "not JSON": raw(http(b"\xff\xfe{")),
    "an array": raw(http(b"[]")),
    "null": raw(http(b"null")),
    "everything empty": raw(http(b"{}")),
    "everything of another type": change(lambda good: http(_change_types(good))),
    "content type": change(lambda good: http(good, content_type="text/plain")),
    "a member twice": change(lambda good: http(good.rstrip()[:-1] + b',"issuer":"https://evil.example","issuer":"x"}')),
    "compressed": change(lambda good: http(good, more="Content-Encoding: gzip\r\n")),
    "another's": change(lambda good: http(good.replace(b"https://start.example", b"https://evil.example"))),
}


def _change_types(good: bytes) -> bytes:
    try:
        document = json.loads(good or b"{}")
    except ValueError:
        document = {}
    return json.dumps({name: [{"x": -1}] for name in document}).encode()


@dataclass
class LyingServer:
    """
    Answers each path with its good body, and ``bad`` with the fault of the moment.

    ``asked``: the paths that were asked for.
    """

    port: int = 0
    good: dict[str, bytes] = field(default_factory=dict)
    bad: str = ""
    fault: Fault = hang
    asked: list[str] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode().partition("?")[0]
            self.asked.append(path)
            good = self.good.get(path)
            if path == self.bad:
                await self.fault(writer, good or b"")
            else:
                writer.write(http(good or b"", status=200 if good is not None else 404))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serve() -> AsyncIterator[LyingServer]:
    lying, tasks = LyingServer(), set()
    lying.good["/.well-known/oauth-authorization-server"] = json.dumps(METADATA).encode()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        tasks.add(task)
        try:
            await lying.answer(reader, writer)
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    lying.port = server.sockets[0].getsockname()[1]
    yield lying
    server.close()
    for task in tuple(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class ToServer(httpx2.AsyncBaseTransport):
    """Every host of a test lives on one port of this machine; all else is as on the way to a real one."""

    def __init__(self, server: LyingServer) -> None:
        self._server = server

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._server.port)
        inner = httpx2.AsyncHTTPTransport()
        sent = httpx2.Request(
            request.method, url, headers=request.headers, stream=request.stream, extensions=request.extensions
        )
        answer = await inner.handle_async_request(sent)
        return httpx2.Response(
            answer.status_code, headers=answer.headers, stream=_Closing(answer, inner), extensions=answer.extensions
        )


class _Closing(httpx2.AsyncByteStream):
    def __init__(self, answer: httpx2.Response, inner: httpx2.AsyncHTTPTransport) -> None:
        self._answer, self._inner = answer, inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._answer.stream:
            yield part

    async def aclose(self) -> None:
        await self._answer.aclose()
        await self._inner.aclose()


def make_new_manifest(keys: tuple[Any, ...]) -> dict[str, bytes]:
    """Give the good documents of an application that could be linked."""
    manifest = build_manifest(make_manifest(NEW))
    return {
        "/.well-known/application-link": json.dumps(manifest).encode(),
        "/applinks/oauth2/jwks": json.dumps({"keys": list(keys)}).encode(),
    }


assert PEER == "https://start.example"
