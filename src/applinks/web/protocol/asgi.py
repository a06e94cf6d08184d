"""ASGI messages ⇄ the request and response of `wire.http`, without a framework between."""

from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from typing import Any

from applinks.errors import RefusedError
from applinks.settings import Settings
from applinks.wire.http import Headers, Request, Response

AsgiScope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApplication = Callable[[AsgiScope, Receive, Send], Awaitable[None]]
RawHeaders = tuple[tuple[bytes, bytes], ...]

# The heads of our answers are a handful; challenges and cookies differ, and pass through.
_KEPT_HEADS = 64


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


def build_request(asgi_scope: AsgiScope, settings: Settings, path: str, body: bytes = b"") -> Request:
    """
    Make the request as a value; its URL has the configured base URL, never the Host header.

    ``path`` is what `get_own_path` gave.
    """
    query = asgi_scope.get("query_string")
    url = f"{settings.url(path)}?{query.decode('latin-1')}" if query else settings.url(path)
    headers = tuple([(str(name, "latin-1").lower(), str(value, "latin-1")) for name, value in asgi_scope["headers"]])
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
    body = response.body
    # A success has one of few heads, made once; a refusal's may hold what a stranger sent.
    encode = _encode_kept if response.status == 200 else _encode_headers
    headers = [*encode(response.headers), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if without_body else body})


def _encode_headers(headers: Headers) -> RawHeaders:
    return tuple([(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers])


_encode_kept = lru_cache(_KEPT_HEADS)(_encode_headers)
