import pytest

from applinks.fetching.documents import DocumentError, fetch_json, fetch_keys, is_key_reading_due
from applinks.fetching.transport import Fetcher
from tests.fetching.servers import answering, http, quick_settings, serve

pytestmark = pytest.mark.anyio

JSON = {"Content_Type": "application/json"}


async def read(raw: bytes, *, limit: int = 1000, fetch=fetch_json):
    fetcher = Fetcher(quick_settings())
    try:
        async with serve(answering(raw)) as peer:
            return await fetch(fetcher, peer.url("/doc"), private=False, limit=limit, seconds=5)
    finally:
        await fetcher.aclose()


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "application/jwk-set+json"]
)
async def test_a_json_object_is_read(content_type):
    """Handshake §1: JSON content type."""
    assert await read(http(200, b'{"a": 1}', Content_Type=content_type)) == {"a": 1}


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (http(200, b"<html>", Content_Type="text/html"), "peer_content_type"),
        (http(200, b"{}"), "peer_content_type"),
        (http(200, b"{}", Content_Type="text/json"), "peer_content_type"),
        (http(200, b"[]", **JSON), "peer_json"),
        (http(200, b"{", **JSON), "peer_json"),
        (http(200, b'{"a": 1, "a": 2}', **JSON), "peer_json"),
        (http(404, b"{}", **JSON), "peer_status"),
        (http(500, b"{}", **JSON), "peer_status"),
        (http(204), "peer_status"),
    ],
)
async def test_what_is_no_such_document_is_told_apart(raw, code):
    """Issue: a peer that answers HTML."""
    with pytest.raises(DocumentError) as raised:
        await read(raw)
    assert raised.value.code == code
    assert raised.value.detail


@pytest.mark.parametrize(
    ("location", "offered"),
    [
        ("https://new.example/doc", "https://new.example/doc"),
        ("/elsewhere", "http://127.0.0.1:{port}/elsewhere"),
        ("javascript:alert(1)", ""),
        ("https://[", ""),
        ("https://x.example/" + "y" * 3000, ""),
        (None, ""),
    ],
)
async def test_a_redirect_is_not_followed_and_its_target_can_be_offered(location, offered):
    """Handshake Discovery: peer_redirects, offer the target as a new start."""
    headers = {"Location": location} if location else {}
    fetcher = Fetcher(quick_settings())
    async with serve(answering(http(302, **headers))) as peer:
        with pytest.raises(DocumentError) as raised:
            await fetch_json(fetcher, peer.url("/doc"), private=False, limit=100, seconds=5)
        assert raised.value.code == "peer_redirects"
        assert raised.value.location == offered.format(port=peer.port)
        assert len(peer.requests) == 1
    await fetcher.aclose()


async def test_keys_that_cannot_be_used_are_refused():
    """Handshake §1."""
    with pytest.raises(DocumentError) as raised:
        await read(http(200, b'{"keys": []}', **JSON), fetch=fetch_keys)
    assert raised.value.code == "peer_keys"


def test_keys_are_read_at_most_every_five_minutes():
    """Handshake §5, Rotation."""
    assert is_key_reading_due(0, 1_800_000_000)
    assert not is_key_reading_due(1_800_000_000, 1_800_000_299)
    assert is_key_reading_due(1_800_000_000, 1_800_000_300)
