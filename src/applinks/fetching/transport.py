"""The one way out: every request to a peer passes here, judged, pinned, verified, bounded in time and size."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any

import httpcore2
import httpx2

from applinks.errors import PeerProtocolError, PeerUnreachableError
from applinks.fetching.addresses import AddressJudge, Resolve, SystemResolver, build_refusal
from applinks.fetching.network import GuardedTransport
from applinks.settings import Settings
from applinks.wire.http import Request, Response

HttpRequest = httpx2.Request
HttpResponse = httpx2.Response

# No compression: a few bytes that unfold to gigabytes would pass a limit on what was read.
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "applinks"}
_TIMEOUTS = (httpcore2.TimeoutException, httpx2.TimeoutException)
_NETWORK = (httpcore2.NetworkError, httpx2.NetworkError, OSError)
_CUT_OFF = ("closed connection", "disconnected")


class Fetcher:
    """
    Sends requests to peers.

    Redirects are given back, never followed; cookies are not kept; proxies and credentials of the environment are
    not looked at. ``transport`` replaces the network (addresses are then not judged, as nothing is resolved);
    ``resolve`` replaces the resolver alone.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        resolve: Resolve | None = None,
    ) -> None:
        self._sizes = settings.sizes
        self._resolver = SystemResolver()
        self._judge = AddressJudge(resolve or self._resolver, loopback=bool(settings.allow_http_for_loopback))
        self._transport = transport
        self._kept: dict[tuple[str, bool], GuardedTransport] = {}
        self._tls: ssl.SSLContext | None = None

    def build_request(self, method: str, url: str, *, headers: Any = None, **content: Any) -> HttpRequest:
        """
        Build a request as the HTTP library does, with ``params``, ``content``, ``data``, ``files`` or ``json``.

        Raises:
            AddressNotAllowedError: the URL is no https URL, nor an http one of a loopback host in development.
        """
        named: Any = _HEADERS
        if headers is not None:
            named = httpx2.Headers(headers)
            for name, value in _HEADERS.items():
                named.setdefault(name, value)
        try:
            request = HttpRequest(method, url, headers=named, **content)
        except httpx2.InvalidURL as error:
            raise build_refusal(f"{url!r} is no URL: {error}") from error
        self._check_url(request.url)
        return request

    async def fetch(
        self, request: Request, *, private: bool, key: str = "", limit: int | None = None, seconds: float | None = None
    ) -> Response:
        """
        Send one request and give the whole answer, whatever its status.

        Args:
            request: what to send.
            private: whether an administrator of this application confirmed a private address for this peer.
            key: the link's id, under which connections are kept; empty: none is.
            limit: most bytes of the answer's body; by default that of peers' answers.
            seconds: the deadline over the whole; by default that of calls.

        Raises:
            PeerUnreachableError, AddressNotAllowedError, PeerProtocolError: there is no such answer.
        """
        sent = self.build_request(
            request.method, request.url, headers=list(request.headers), content=request.body or None
        )
        answer = await self.send(sent, private=private, key=key, limit=limit, seconds=seconds)
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw)
        return Response(status=answer.status_code, headers=headers, body=answer.content)

    async def send(
        self,
        request: HttpRequest,
        *,
        private: bool,
        key: str = "",
        limit: int | None = None,
        seconds: float | None = None,
        is_left: Callable[[HttpResponse], bool] | None = None,
    ) -> HttpResponse:
        """
        Send a request that `build_request` made and give the whole answer; as `fetch`.

        ``is_left`` tells by its head an answer whose body nobody wants: it is not read.
        """
        kept = self._find_kept(key, private=private)
        if kept is None:
            async with self.open_stream(request, private=private, limit=limit, seconds=seconds) as streamed:
                return await _read(streamed, is_left)
        # What every call to a peer costs: as `open_stream`, without its managers.
        deadline = self._sizes.call_seconds if seconds is None else seconds
        try:
            async with asyncio.timeout(deadline) as whole:
                answer = await self._begin(kept, request, deadline, limit)
                try:
                    return await _read(answer, is_left)
                finally:
                    await answer.aclose()
        except TimeoutError as error:
            if not whole.expired():
                raise
            raise _build_late(request, deadline) from error

    @asynccontextmanager
    async def open_stream(
        self,
        request: HttpRequest,
        *,
        private: bool,
        key: str = "",
        limit: int | None = None,
        seconds: float | None = None,
    ) -> AsyncGenerator[HttpResponse]:
        """Send a request that `build_request` made and give the answer with its body yet to be read; as `fetch`."""
        deadline = self._sizes.call_seconds if seconds is None else seconds
        try:
            async with asyncio.timeout(deadline) as whole, self._find_transport(key, private=private) as transport:
                answer = await self._begin(transport, request, deadline, limit)
                try:
                    yield answer
                finally:
                    await answer.aclose()
        except TimeoutError as error:
            # The reader of a stream may have timeouts of its own, which are not the peer's.
            if not whole.expired():
                raise
            raise _build_late(request, deadline) from error

    async def is_private(self, url: str) -> bool:
        """
        Whether an administrator has to confirm this address before anything is fetched from it; it resolves the name.

        Raises:
            AddressNotAllowedError: no confirmation would open it.
            PeerUnreachableError: the name has no address.
        """
        target = self.build_request("GET", url).url
        if self._transport is not None:
            return False
        port = target.port or (443 if target.scheme == "https" else 80)
        try:
            async with asyncio.timeout(self._sizes.connect_seconds):
                return await self._judge.is_private(target.host, port)
        except TimeoutError as error:
            raise _build_unreachable(f"{target.host} is not resolved in time") from error

    async def close_connections(self, key: str) -> None:
        """Close what is kept for a link that ended."""
        for private in (False, True):
            if kept := self._kept.pop((key, private), None):
                await kept.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        for kept in tuple(self._kept.values()):
            await kept.aclose()
        self._kept.clear()
        self._resolver.close()

    async def _begin(
        self, transport: httpx2.AsyncBaseTransport, request: HttpRequest, deadline: float, limit: int | None
    ) -> HttpResponse:
        """Send, and give the answer with its body, bounded, yet to be read."""
        self._set_timeouts(request, deadline)
        started = asyncio.get_running_loop().time()
        with _failures_mapped(request.url.host):
            answer = await transport.handle_async_request(request)
        try:
            return _bound(request, answer, started, self._sizes.peer_answer if limit is None else limit)
        except BaseException:
            await answer.aclose()
            raise

    def _find_kept(self, key: str, *, private: bool) -> httpx2.AsyncBaseTransport | None:
        """Give the transport that is kept for a link; None: there is no link."""
        if self._transport is not None or not key:
            return self._transport
        kept = self._kept.get((key, private))
        if kept is None:
            kept = self._kept[key, private] = self._build_transport(private=private)
        return kept

    @asynccontextmanager
    async def _find_transport(self, key: str, *, private: bool) -> AsyncGenerator[httpx2.AsyncBaseTransport]:
        kept = self._find_kept(key, private=private)
        if kept is not None:
            yield kept
        else:
            passing = self._build_transport(private=private)
            try:
                yield passing
            finally:
                await passing.aclose()

    def _build_transport(self, *, private: bool) -> GuardedTransport:
        if self._tls is None:
            self._tls = httpcore2.default_ssl_context()
        return GuardedTransport(self._judge, private=private, tls=self._tls)

    def _check_url(self, url: httpx2.URL) -> None:
        if url.userinfo:
            raise build_refusal("the URL carries credentials")
        if url.port is not None and not 0 < url.port < 65536:
            raise build_refusal(f"{url.port} is no port")
        if url.scheme == "https" and url.host:
            return
        if url.scheme != "http" or not self._judge.is_loopback_allowed(url.host):
            raise build_refusal(f"{url.scheme}://{url.host} is not https")

    def _set_timeouts(self, request: HttpRequest, deadline: float) -> None:
        read = min(self._sizes.read_seconds, deadline)
        connect = min(self._sizes.connect_seconds, deadline)
        request.extensions["timeout"] = {"connect": connect, "read": read, "write": read, "pool": connect}


def is_replayable(request: HttpRequest) -> bool:
    """Whether the body is at hand as a whole, so that the request can be sent again."""
    return isinstance(request.stream, httpx2.ByteStream)


class _BoundedStream(httpx2.AsyncByteStream):
    """The body of an answer, which fails as soon as it is longer than agreed."""

    def __init__(self, stream: httpx2.AsyncByteStream, *, host: str, limit: int) -> None:
        self._stream = stream
        self._host = host
        self._limit = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        with _failures_mapped(self._host):
            async for part in self._stream:
                read += len(part)
                if read > self._limit:
                    raise _build_too_large(self._limit)
                yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _read(answer: HttpResponse, is_left: Callable[[HttpResponse], bool] | None) -> HttpResponse:
    # The parts pass the limit as they come, so that a large answer is never held.
    if is_left is None or not is_left(answer):
        await answer.aread()
    return answer


def _bound(request: HttpRequest, answer: HttpResponse, started: float, limit: int) -> HttpResponse:
    if request.method != "HEAD":
        if answer.headers.get("content-encoding", "identity").lower() != "identity":
            raise PeerProtocolError(
                "The other application compressed its answer, which it was asked not to.",
                detail=f"{request.url.host}: Content-Encoding: {answer.headers['content-encoding'][:40]}",
            )
        announced = answer.headers.get("content-length", "0")
        if announced.isdecimal() and int(announced[:20]) > limit:
            raise _build_too_large(limit)
    # What is not compressed has no other bytes than those of its stream.
    assert isinstance(answer.stream, httpx2.AsyncByteStream)  # noqa: S101 - an asynchronous transport gives no other.
    bounded = HttpResponse(
        answer.status_code,
        headers=answer.headers,
        stream=_BoundedStream(answer.stream, host=request.url.host, limit=limit),
        request=request,
        extensions=answer.extensions,
    )
    bounded.elapsed = timedelta(seconds=asyncio.get_running_loop().time() - started)
    return bounded


def _build_late(request: HttpRequest, deadline: float) -> PeerUnreachableError:
    return _build_unreachable(f"{request.url.host} did not end its answer within {deadline:g} seconds")


def _build_too_large(limit: int) -> PeerProtocolError:
    return PeerProtocolError(
        "The answer of the other application is too large.",
        code="peer_too_large",
        detail=f"the answer has more than {limit} bytes",
    )


@contextmanager
def _failures_mapped(host: str) -> Iterator[None]:
    try:
        yield
    except _TIMEOUTS as error:
        raise _build_unreachable(f"{host} did not answer in time ({type(error).__name__})") from error
    except _NETWORK as error:
        raise _build_unreachable(f"{host}: {error}") from error
    except (httpcore2.LocalProtocolError, httpx2.LocalProtocolError) as error:
        # Not the peer's mistake: a header or a length that the caller gave.
        raise ValueError(f"the request cannot be sent: {error}") from error
    except (httpcore2.ProtocolError, httpx2.ProtocolError, httpx2.DecodingError) as error:
        if any(sign in str(error) for sign in _CUT_OFF):
            raise _build_unreachable(f"{host} broke its answer off: {error}") from error
        raise PeerProtocolError(
            "The other application does not speak HTTP as it should.", detail=f"{host}: {error}"
        ) from error


def _build_unreachable(detail: str) -> PeerUnreachableError:
    return PeerUnreachableError("The other application does not answer.", detail=detail)
