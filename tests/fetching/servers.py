"""A peer on a real socket of this machine, which answers exactly the bytes that a test gives it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from applinks.bounds import Sizes
from applinks.settings import Settings

Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class LocalPeer:
    port: int
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


@asynccontextmanager
async def serve(answer: Answer, host: str = "127.0.0.1") -> AsyncIterator[LocalPeer]:
    peer = LocalPeer(0)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                peer.requests.append(head)
                await answer(head, writer)
                if writer.is_closing():
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(accept, host, 0)
    peer.port = server.sockets[0].getsockname()[1]
    tasks_before = asyncio.all_tasks()
    try:
        yield peer
    finally:
        server.close()
        for task in asyncio.all_tasks() - tasks_before:
            if task is not asyncio.current_task():
                task.cancel()
        await asyncio.gather(*(asyncio.all_tasks() - tasks_before - {asyncio.current_task()}), return_exceptions=True)


def answering(raw: bytes, *, close: bool = False) -> Answer:
    async def answer(_head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        if close:
            writer.close()

    return answer


def http(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def hang(_head: bytes, _writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


def quick_settings(**sizes: float) -> Settings:
    """Settings of a loopback application whose patience is short."""
    return Settings(base_url="http://127.0.0.1:1", sizes=Sizes(**sizes))
