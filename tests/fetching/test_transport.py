import asyncio

import httpx2
import pytest

from applinks.errors import PeerProtocolError, PeerUnreachableError
from applinks.fetching.transport import Fetcher
from applinks.settings import Settings
from applinks.wire.http import Request
from tests.fetching.fetches import fetch_from, get
from tests.fetching.servers import LocalPeer, answering, hang, http, quick_settings, serve

pytestmark = pytest.mark.anyio


async def test_an_answer_comes_back_whole():
    """Ours."""
    response = await fetch_from(answering(http(201, b"hello", X_More="1")))
    assert (response.status, response.body, response.header("x-more")) == (201, b"hello", "1")


@pytest.mark.requirement("N-04")
async def test_a_peer_that_hangs_is_unreachable():
    """Product §3: a deadline over the whole."""
    with pytest.raises(PeerUnreachableError, match="does not answer"):
        await fetch_from(hang, read_seconds=0.05)


@pytest.mark.requirement("N-04")
async def test_a_peer_that_drips_does_not_outlive_the_deadline():
    """Product §3: timeouts are per read, so there is a deadline over the whole."""

    async def drip(_head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.005)

    with pytest.raises(PeerUnreachableError) as raised:
        await fetch_from(drip, read_seconds=5, call_seconds=0.5)
    assert "within 0.5 seconds" in raised.value.detail


@pytest.mark.requirement("N-04")
async def test_an_answer_of_ten_megabytes_is_refused_at_its_announcement():
    """Issue: a peer that sends 10 MB."""
    with pytest.raises(PeerProtocolError) as raised:
        await fetch_from(answering(http(200, b"x" * 10_000_000)))
    assert raised.value.code == "peer_too_large"


@pytest.mark.requirement("N-04")
async def test_an_endless_answer_without_a_length_is_cut_at_the_limit():
    """Ours: the limit is enforced while reading."""
    sent = 0

    async def flood(_head: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            sent += 65536
            await writer.drain()

    with pytest.raises(PeerProtocolError) as raised:
        await fetch_from(flood, peer_answer=200_000)
    assert raised.value.code == "peer_too_large"
    assert sent < 20_000_000


async def test_a_compressed_answer_is_refused_unread():
    """Ours: a few bytes that unfold to gigabytes would pass the limit."""
    with pytest.raises(PeerProtocolError, match="compressed"):
        await fetch_from(answering(http(200, b"\x1f\x8b", Content_Encoding="gzip")))


@pytest.mark.requirement("N-02")
@pytest.mark.requirement("handshake-10-12")
@pytest.mark.requirement("RS-20")
async def test_a_redirect_is_given_back_and_not_followed():
    """Product §3: no redirect followed."""
    async with serve(answering(http(200, b"secret"))) as other:
        response = await fetch_from(answering(http(302, Location=other.url())))
        assert response.status == 302
        assert other.requests == []


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
)
async def test_an_answer_that_is_cut_off_is_an_unreachable_peer(raw):
    """Issue: bad input."""
    with pytest.raises(PeerUnreachableError):
        await fetch_from(answering(raw, close=True))


@pytest.mark.parametrize("raw", [b"SSH-2.0-OpenSSH_9\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"])
async def test_what_is_no_http_breaks_the_protocol(raw):
    """Issue: bad input."""
    with pytest.raises(PeerProtocolError, match="HTTP"):
        await fetch_from(answering(raw, close=True))


async def test_a_stream_is_read_in_parts_within_its_own_limits():
    """Ours: a host that expects much says so."""
    fetcher = Fetcher(quick_settings(peer_answer=10))
    async with serve(answering(http(200, b"x" * 5000))) as peer:
        request = fetcher.build_request("GET", peer.url())
        async with fetcher.open_stream(request, private=False, key="a", limit=10_000) as response:
            parts = [part async for part in response.aiter_bytes()]
        assert sum(map(len, parts)) == 5000
        with pytest.raises(PeerProtocolError):
            await fetcher.send(fetcher.build_request("GET", peer.url()), private=False, key="a")
    await fetcher.aclose()


@pytest.mark.requirement("N-04")
async def test_an_answer_over_a_kept_connection_has_the_same_deadline_and_limit():
    """Product §3: a deadline over the whole, and a size; with a link as without one."""
    fetcher = Fetcher(quick_settings(peer_answer=10, call_seconds=0.3, read_seconds=5))
    async with serve(hang) as peer:
        with pytest.raises(PeerUnreachableError) as late:
            await fetcher.send(fetcher.build_request("GET", peer.url()), private=False, key="a")
    assert "within 0.3 seconds" in late.value.detail
    async with serve(answering(http(200, b"x" * 11))) as peer:
        with pytest.raises(PeerProtocolError) as large:
            await fetcher.send(fetcher.build_request("GET", peer.url()), private=False, key="a")
    assert large.value.code == "peer_too_large"
    await fetcher.aclose()


async def test_an_answer_that_nobody_wants_is_not_read():
    """Ours: its head says enough, and its body may be longer than any limit."""
    fetcher = Fetcher(quick_settings(peer_answer=10))
    answer = b"HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n" + b"14\r\n" + b"x" * 20 + b"\r\n"
    async with serve(answering(answer)) as peer:
        request = fetcher.build_request("GET", peer.url())
        left = await fetcher.send(request, private=False, key="a", is_left=lambda head: head.status_code == 401)
        assert (left.status_code, left.is_closed) == (401, True)
        with pytest.raises(PeerProtocolError):
            await fetcher.send(fetcher.build_request("GET", peer.url()), private=False, key="a")
    await fetcher.aclose()


async def test_a_timeout_of_the_reader_of_a_stream_stays_the_readers_own():
    """Ours: what fails in the host's own code is not the peer's failure."""
    fetcher = Fetcher(quick_settings())
    for own in (TimeoutError, OSError):
        async with serve(answering(http(200, b"x"))) as peer:
            request = fetcher.build_request("GET", peer.url())
            with pytest.raises(own, match="mine"):
                async with fetcher.open_stream(request, private=False, key="a"):
                    raise own("mine")
    await fetcher.aclose()


async def test_a_request_that_cannot_be_written_is_the_callers_mistake():
    """Ours: the peer is not blamed for it."""
    fetcher = Fetcher(quick_settings())
    async with serve(hang) as peer:
        with pytest.raises(ValueError, match="cannot be sent"):
            await fetcher.fetch(Request(method="GET", url=peer.url(), headers=(("X", "a\nb"),)), private=False)
    await fetcher.aclose()


async def test_a_seam_replaces_the_network():
    """Ours: httpx2's own transports are the fakes."""
    mock = httpx2.MockTransport(lambda request: httpx2.Response(200, text=str(request.url)))
    fetcher = Fetcher(Settings(base_url="https://start.example"), transport=mock)
    response = await fetcher.fetch(get("https://peer.example/x"), private=False)
    assert response.body == b"https://peer.example/x"
    assert not await fetcher.is_private("https://peer.example")


async def test_errors_of_a_replaced_network_are_ours_too():
    """Ours."""

    def fail(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectTimeout("no", request=request)

    fetcher = Fetcher(Settings(base_url="https://start.example"), transport=httpx2.MockTransport(fail))
    with pytest.raises(PeerUnreachableError):
        await fetcher.fetch(get("https://peer.example/x"), private=False)


def test_a_local_peer_knows_its_address():
    """Ours."""
    assert LocalPeer(80).url("/x") == "http://127.0.0.1:80/x"


@pytest.mark.requirement("N-04")
async def test_a_length_that_is_announced_is_enough_to_refuse():
    """Ours: nothing of an answer that would be too large is waited for."""

    async def announce(_head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000001\r\n\r\n")
        await asyncio.Event().wait()

    with pytest.raises(PeerProtocolError) as raised:
        await fetch_from(announce, peer_answer=10_000_000, read_seconds=0.5)
    assert raised.value.code == "peer_too_large"


@pytest.mark.requirement("N-04")
async def test_each_read_has_its_own_time():
    """Product §3: read 15 s, of a call's 30."""
    with pytest.raises(PeerUnreachableError) as raised:
        await fetch_from(hang, read_seconds=0.05, call_seconds=5)
    assert "did not answer in time" in raised.value.detail
