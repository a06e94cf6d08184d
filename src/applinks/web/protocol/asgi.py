"""ASGI messages ⇄ the request and response of `wire.http`, without a framework between."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from applinks.errors import RefusedError
from applinks.settings import Settings
from applinks.wire.http import Request, Response

AsgiScope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApplication = Callable[[AsgiScope, Receive, Send], Awaitable[None]]


def get_own_path(asgi_scope: AsgiScope, settings: Settings) -> str:
    """
    Give the path below the base URL, such as ``/applinks/link``.

    A server or an outer application that mounts us says so in ``root_path``; where a whole
    server lives at the base URL's path, the path itself begins with it.
    """
    path: str = asgi_scope["path"]
    for prefix in (asgi_scope.get("root_path") or "", settings.path):
        if prefix and (path == prefix or path.startswith(prefix + "/")):
            return path[len(prefix) :] or "/"
    return path


def build_request(asgi_scope: AsgiScope, settings: Settings, body: bytes = b"") -> Request:
    """Make the request as a value; its URL has the configured base URL, never the Host header."""
    query = asgi_scope.get("query_string", b"").decode("latin-1")
    url = settings.url(get_own_path(asgi_scope, settings)) + (f"?{query}" if query else "")
    headers = tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in asgi_scope["headers"])
    return Request(method=asgi_scope["method"], url=url, headers=headers, body=body)


async def read_body(receive: Receive, *, limit: int) -> bytes:
    """
    Read the whole body.

    Raises:
        RefusedError: it is longer than ``limit`` bytes (413), or the client went away (400).
    """
    parts = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RefusedError("The request broke off.", detail="the client closed the connection inside the body")
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise RefusedError("The body is too large.", status=413, detail=f"more than {limit} bytes")
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


async def send_response(response: Response, send: Send, *, without_body: bool = False) -> None:
    """Send a whole response; ``without_body`` answers HEAD."""
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if without_body else response.body})
