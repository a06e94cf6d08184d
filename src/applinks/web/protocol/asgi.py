"""ASGI messages ⇄ the request and response of `wire.http`, without a framework between."""

from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from typing import Any, final
from urllib.parse import quote

from applinks.errors import RefusedError
from applinks.settings import Settings
from applinks.wire.http import Headers, Request, Response

AsgiScope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApplication = Callable[[AsgiScope, Receive, Send], Awaitable[None]]
RawHeaders = tuple[tuple[bytes, bytes], ...]

# RFC 3986 §3.3: what stands in a path as itself.
_NEVER_ESCAPED = "/:@!$&'()*+,;=~"
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

    RFC 5849 §3.4.1.2 signs the path as its client wrote it: that is kept beside the one that the host routes.

    ``path`` is what `get_own_path` gave.
    """
    headers = tuple([(str(name, "latin-1").lower(), str(value, "latin-1")) for name, value in asgi_scope["headers"]])
    return Request(
        method=asgi_scope["method"],
        url=build_url(asgi_scope, settings, path),
        headers=headers,
        body=body,
        raw_url=_build_raw_url(asgi_scope, settings, path),
    )


def build_url(asgi_scope: AsgiScope, settings: Settings, path: str) -> str:
    """Give the URL of a request alone, as `build_request` does."""
    return settings.url(path) + _get_ending(asgi_scope)


def _get_ending(asgi_scope: AsgiScope) -> str:
    query = asgi_scope.get("query_string")
    return f"?{query.decode('latin-1')}" if query else ""


def _build_raw_url(asgi_scope: AsgiScope, settings: Settings, path: str) -> str:
    """Give the URL with the path as it was on the wire; empty: that is the one which the host routes."""
    raw_path = asgi_scope.get("raw_path")
    # An escape is all in which the two may differ.
    if (b"%" not in raw_path) if raw_path is not None else (quote(path, safe=_NEVER_ESCAPED) == path):
        return ""
    return settings.url(_get_own_raw_path(asgi_scope, settings, path)) + _get_ending(asgi_scope)


def _get_own_raw_path(asgi_scope: AsgiScope, settings: Settings, path: str) -> str:
    """
    Give the path below the base URL as it was on the wire.

    A server that does not tell it gets the spelling that nearly every client uses.
    """
    raw_path: bytes | None = asgi_scope.get("raw_path")
    if raw_path is None:
        return quote(path, safe=_NEVER_ESCAPED)
    # Some servers leave the query in.
    whole = raw_path.decode("latin-1").partition("?")[0]
    for prefix in (quote(asgi_scope.get("root_path") or "", safe=_NEVER_ESCAPED), settings.path):
        if prefix and (whole == prefix or whole.startswith(prefix + "/")):
            return whole[len(prefix) :] or "/"
    return whole


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


@final
class KeptBody:
    """A ``receive`` whose body can be looked at once, and is still there for whoever reads it afterwards."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._kept: deque[Message] = deque()
        self._is_open = True

    async def __call__(self) -> Message:
        """Give what was looked at, and then what comes."""
        self._is_open = False
        return self._kept.popleft() if self._kept else await self._receive()

    async def look(self, *, limit: int) -> bytes | None:
        """Give the whole body; None: it is longer than ``limit`` bytes, broke off, or somebody began to read it."""
        if not self._is_open:
            return None
        self._is_open = False
        parts: list[bytes] = []
        size = 0
        while size <= limit:
            message = await self._receive()
            self._kept.append(message)
            if message["type"] == "http.disconnect":
                return None
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if not message.get("more_body", False):
                return b"".join(parts) if size <= limit else None
        return None


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
