"""Requests and answers as the messages of a server, and nothing that a server would put right."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

_REFERENCE = re.compile(rb"AL-[2-9A-Z]{4}-[2-9A-Z]{4}")

Header = tuple[bytes, bytes]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: tuple[Header, ...] = field(repr=False)
    body: bytes = field(repr=False)

    def header(self, name: bytes) -> bytes | None:
        return next((value for key, value in self.headers if key.lower() == name), None)

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def reference(self) -> str | None:
        found = _REFERENCE.search(self.body)
        return found[0].decode() if found else None


@dataclass(frozen=True, kw_only=True)
class Sent:
    """
    One request, as the messages of a server.

    ``breaks_off``: the client goes away where the last part would be.
    """

    method: str = "GET"
    path: str
    query: bytes = b""
    headers: tuple[Header, ...] = ()
    parts: tuple[bytes, ...] = ()
    breaks_off: bool = False


async def send(app: Any, sent: Sent) -> Answer:
    """Give a request to the application; what it raises reaches the test."""
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in sent.parts]
    last = {"type": "http.disconnect"} if sent.breaks_off else {"type": "http.request", "body": b""}
    waiting, came = iter([*messages, last]), []

    async def receive() -> dict[str, Any]:
        # After the request a server says nothing until the client goes away.
        return next(waiting, {"type": "http.disconnect"})

    async def take(message: dict[str, Any]) -> None:
        came.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "https",
        "method": sent.method,
        "path": sent.path,
        "raw_path": quote(sent.path).encode(),
        "root_path": "",
        "query_string": sent.query,
        "headers": [(name.lower(), value) for name, value in sent.headers],
        "client": ("192.0.2.7", 4711),
        "server": ("tracker.example", 443),
    }
    await app(scope, receive, take)
    start = came[0]
    return Answer(start["status"], tuple(start["headers"]), b"".join(each.get("body", b"") for each in came[1:]))
