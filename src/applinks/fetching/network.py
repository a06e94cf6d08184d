"""The network under the HTTP client: connects to judged addresses and to nothing else."""

import ssl
from collections.abc import AsyncIterator, Iterable

import httpcore2
import httpx2
from httpcore2 import SOCKET_OPTION, AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream, ConnectError, ConnectTimeout

from applinks.fetching.addresses import AddressJudge

# A peer that keeps idle connections shorter is the usual case; longer ones bring little.
_KEEPALIVE_SECONDS = 15.0
_CONNECTIONS_PER_LINK = 100
# RFC 9110 §9.2.2: these may be sent again on a new connection where the old one broke before any answer.
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class PinnedBackend(AsyncNetworkBackend):
    """
    Resolves and judges a host once, then connects to the very address that was judged.

    TLS still verifies the name: it is started on the stream that this gives, with the host of the URL.
    """

    def __init__(self, judge: AddressJudge, *, private: bool) -> None:
        self._judge = judge
        self._private = private
        self._network = AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's.
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        addresses = await self._judge.find_addresses(host, port, private=self._private)
        # Each gets its share: one that drops packets must not use up the time of the next.
        share = None if timeout is None else timeout / len(addresses)
        failed: Exception | None = None
        for address in addresses:
            try:
                return await self._network.connect_tcp(
                    address, port, timeout=share, local_address=local_address, socket_options=socket_options
                )
            except (ConnectError, ConnectTimeout) as error:
                failed = error
        assert failed is not None  # noqa: S101 - a judge never gives an empty list.
        raise failed

    async def connect_unix_socket(
        self,
        path: str,  # noqa: ARG002
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - the library's.
        socket_options: Iterable[SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> AsyncNetworkStream:
        raise ConnectError("a peer is never behind a Unix socket")

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


class GuardedTransport(httpx2.AsyncBaseTransport):
    """
    A transport over one pool of connections, all made by the judging backend.

    A kept connection does not pass the judge again: so a pool belongs to one link, and to one answer to
    whether its private address was confirmed.
    """

    def __init__(self, judge: AddressJudge, *, private: bool, tls: ssl.SSLContext) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=_CONNECTIONS_PER_LINK,
            keepalive_expiry=_KEEPALIVE_SECONDS,
            http1=True,
            http2=False,
            network_backend=PinnedBackend(judge, private=private),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            response = await self._send(request)
        except (httpcore2.RemoteProtocolError, httpcore2.ReadError, httpcore2.WriteError):
            # The peer may have closed a kept connection in the moment of its use.
            if request.method not in _SAFE_METHODS:
                raise
            response = await self._send(request)
        return httpx2.Response(
            response.status,
            headers=response.headers,
            stream=_PoolStream(response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()

    async def _send(self, request: httpx2.Request) -> httpcore2.Response:
        url = request.url
        return await self._pool.handle_async_request(
            httpcore2.Request(
                method=request.method,
                url=httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )


class _PoolStream(httpx2.AsyncByteStream):
    def __init__(self, response: httpcore2.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._response.aiter_stream():
            yield part

    async def aclose(self) -> None:
        await self._response.aclose()
