import asyncio
import datetime as dt
import ssl

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from applinks.errors import AddressNotAllowedError, PeerUnreachableError
from applinks.fetching.transport import Fetcher
from applinks.settings import Settings
from applinks.wire.http import Request
from tests.fetching.fetches import fetch_from, get
from tests.fetching.servers import answering, hang, http, quick_settings, serve

pytestmark = pytest.mark.anyio


async def test_a_closed_port_is_unreachable():
    """Issue: no answer."""
    async with serve(hang) as peer:
        pass
    fetcher = Fetcher(quick_settings())
    with pytest.raises(PeerUnreachableError) as raised:
        await fetcher.fetch(get(peer.url()), private=False)
    assert not isinstance(raised.value, AddressNotAllowedError)
    await fetcher.aclose()


@pytest.mark.requirement("N-02")
async def test_the_address_that_was_judged_is_the_one_connected_to():
    """Ours: a resolver that answers differently the second time reaches nothing by it."""
    asked = []

    async def rebind(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.2" if len(asked) > 1 else "127.0.0.1"]

    fetcher = Fetcher(quick_settings(), resolve=rebind)
    async with serve(answering(http(200, b"first"))) as peer:
        response = await fetcher.fetch(get(peer.url(host="localhost")), private=False, key="lnk")
    assert response.body == b"first"
    assert asked == ["localhost"]
    await fetcher.aclose()


@pytest.mark.requirement("handshake-10-12")
@pytest.mark.requirement("N-02")
async def test_a_name_that_rebinds_to_this_machine_is_refused_on_the_next_connection():
    """Ours: every connection is judged."""
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])

    async def rebind(_host: str, _port: int) -> list[str]:
        return next(answers)

    fetcher = Fetcher(quick_settings(), resolve=rebind)
    async with serve(answering(http(200, b"first"))) as peer:
        await fetcher.fetch(get(peer.url(host="localhost")), private=False)
        with pytest.raises(AddressNotAllowedError):
            await fetcher.fetch(get(peer.url(host="localhost")), private=False)
        assert peer.connections == 1
    await fetcher.aclose()


@pytest.mark.requirement("N-02")
async def test_nothing_is_connected_to_before_a_private_address_is_confirmed():
    """Ours: not even a connection tells the peer, or us, that something is there."""
    settings = Settings(base_url="https://start.example")
    for url in ("https://127.0.0.1:{}/", "https://localhost:{}/"):
        fetcher = Fetcher(settings)
        async with serve(answering(http())) as peer:
            with pytest.raises(AddressNotAllowedError):
                await fetcher.fetch(get(url.format(peer.port)), private=False)
            assert peer.connections == 0
        await fetcher.aclose()


@pytest.mark.requirement("N-01")
@pytest.mark.parametrize(
    "url",
    [
        "http://peer.example/",
        "http://10.0.0.1/",
        "http://127.0.0.2/",
        "http://localhost.example/",
        "http://localhost@peer.example/",
        "https://user:secret@peer.example/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "//peer.example/",
        "https:///path",
        "https://peer.example:99999/",
        "",
        "https://[::1",
    ],
)
@pytest.mark.parametrize("private", [False, True])
async def test_a_url_that_is_not_https_is_refused_unless_it_is_a_loopback_host_in_development(url, private):
    """Product §4: http for three hosts only."""
    fetcher = Fetcher(quick_settings(), transport=httpx2.MockTransport(lambda _: httpx2.Response(200)))
    with pytest.raises(AddressNotAllowedError):
        await fetcher.fetch(get(url), private=private)


@pytest.mark.requirement("N-01")
async def test_http_on_loopback_is_refused_outside_development():
    """Product §4: allow_http_for_loopback."""
    fetcher = Fetcher(Settings(base_url="https://start.example"))
    with pytest.raises(AddressNotAllowedError):
        await fetcher.fetch(get("http://127.0.0.1/"), private=True)
    await fetcher.aclose()


async def test_connections_are_kept_under_one_link_and_never_shared_with_another():
    """Ours: a kept connection does not pass the judge again."""
    fetcher = Fetcher(quick_settings())
    async with serve(answering(http(200, b"1"))) as peer:
        for key, private in [("a", False), ("a", False), ("b", False), ("a", True), ("", False), ("", False)]:
            await fetcher.fetch(get(peer.url()), private=private, key=key)
        assert peer.connections == 5
        await fetcher.close_connections("a")
        await fetcher.fetch(get(peer.url()), private=False, key="a")
        assert peer.connections == 6
    await fetcher.aclose()


async def test_a_kept_connection_that_the_peer_closed_is_replaced_for_a_safe_method():
    """RFC 9110 §9.2.2: an idempotent request may be sent again when the connection broke."""
    served = 0

    async def once(_head: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        served += 1
        if served == 2:
            writer.close()
            return
        writer.write(http(200, b"1"))

    fetcher = Fetcher(quick_settings())
    async with serve(once) as peer:
        await fetcher.fetch(get(peer.url()), private=False, key="a")
        response = await fetcher.fetch(get(peer.url()), private=False, key="a")
        assert response.status == 200
        assert peer.connections == 2
    await fetcher.aclose()


async def test_a_post_whose_connection_broke_is_not_sent_again():
    """RFC 9110 §9.2.2: it may have been executed."""

    async def close(_head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.close()

    fetcher = Fetcher(quick_settings())
    async with serve(close) as peer:
        with pytest.raises(PeerUnreachableError):
            await fetcher.fetch(Request(method="POST", url=peer.url(), body=b"x"), private=False, key="a")
        assert len(peer.requests) == 1
    await fetcher.aclose()


async def test_no_cookie_is_kept():
    """Ours."""
    fetcher = Fetcher(quick_settings())
    async with serve(answering(http(200, Set_Cookie="a=b"))) as peer:
        await fetcher.fetch(get(peer.url()), private=False, key="a")
        await fetcher.fetch(get(peer.url()), private=False, key="a")
        assert not any(b"cookie" in request.lower() for request in peer.requests)
    await fetcher.aclose()


async def test_the_proxy_of_the_environment_is_not_used(monkeypatch):
    """Ours: a proxy would resolve the name itself."""
    async with serve(hang) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        assert (await fetch_from(answering(http(204)))).status == 204
        assert proxy.connections == 0


async def test_the_first_address_that_does_not_answer_leaves_the_second_its_turn():
    """Ours: localhost is two addresses, and an application often listens on one."""

    async def both(_host: str, _port: int) -> list[str]:
        return ["127.0.0.9", "127.0.0.1"]

    fetcher = Fetcher(quick_settings(), resolve=both)
    async with serve(answering(http(200, b"1"))) as peer:
        assert (await fetcher.fetch(get(peer.url(host="localhost")), private=False)).status == 200
    await fetcher.aclose()


@pytest.mark.requirement("N-01")
async def test_a_certificate_that_nobody_trusts_is_refused(tmp_path):
    """Ours: TLS is always verified, for a confirmed private address too."""
    fetcher = Fetcher(Settings(base_url="https://start.example"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_write_self_signed(tmp_path))
    seen: list[bytes] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(PeerUnreachableError) as raised:
        await fetcher.fetch(get(f"https://localhost:{port}/"), private=True)
    server.close()
    await server.wait_closed()
    await fetcher.aclose()
    assert "certificate" in raised.value.detail.lower()
    assert not any(seen)


def _write_self_signed(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
