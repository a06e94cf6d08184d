"""ASGI messages, read within bounds."""

from typing import Any

import pytest

from applinks.errors import RefusedError
from applinks.settings import Settings
from applinks.web.protocol.asgi import KeptBody, build_request, get_own_path, read_body, send_response
from applinks.wire.http import Response

pytestmark = pytest.mark.anyio


def sending(*parts: bytes) -> Any:
    """Give an ASGI receive that says how many parts were asked for."""
    asked = [0]

    async def receive() -> dict[str, Any]:
        asked[0] += 1
        body = parts[min(asked[0], len(parts)) - 1]
        return {"type": "http.request", "body": body, "more_body": asked[0] < len(parts)}

    return receive, asked


@pytest.mark.requirement("AS-07")
async def test_a_body_is_read_to_its_limit_and_no_further() -> None:
    """Security AS-07: bodies are limited, also those that announce no length."""
    receive, asked = sending(*[b"x" * 1000] * 100)
    with pytest.raises(RefusedError) as refused:
        await read_body(receive, limit=3500)
    assert refused.value.status == 413
    assert asked == [4]


async def test_a_body_of_several_parts_comes_together() -> None:
    """Ours: exactly the limit is not too much."""
    receive, _ = sending(b"ab", b"", b"c")
    assert await read_body(receive, limit=3) == b"abc"


async def test_a_client_that_goes_away_is_refused() -> None:
    """Ours: half a body is none."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    with pytest.raises(RefusedError) as refused:
        await read_body(receive, limit=3)
    assert refused.value.status == 400


async def test_a_head_is_sent_whole_whether_or_not_it_was_sent_before() -> None:
    """Ours: heads of successes are kept, their length and body are each answer's own."""
    for status in (200, 401, 200):
        for body in (b"a", b"bcd"):
            sent: list[Any] = []

            async def send(message: Any, sent: list[Any] = sent) -> None:
                sent.append(message)

            await send_response(Response(status=status, headers=(("X-Name", "\u00fc"),), body=body), send)
            length = b"%d" % len(body)
            assert sent[0]["status"] == status
            assert sent[0]["headers"] == [(b"x-name", b"\xfc"), (b"content-length", length)]
            assert sent[1]["body"] == body


async def test_a_request_has_the_configured_address_and_its_own_query() -> None:
    """Ours: never the Host header's."""
    settings = Settings(base_url="https://one.example")
    asgi_scope = {
        "method": "GET",
        "path": "/api/x",
        "root_path": "",
        "query_string": b"a=1",
        "headers": [(b"A", b"\xfc")],
    }
    request = build_request(asgi_scope, settings, get_own_path(asgi_scope, settings))
    assert (request.url, request.headers) == ("https://one.example/api/x?a=1", (("a", "\u00fc"),))


@pytest.mark.requirement("O1-01")
@pytest.mark.parametrize(
    ("path", "raw_path", "root_path"),
    [
        ("/tracker/a b", b"/tracker/a%20b", ""),
        ("/tracker/a b", b"/tracker/a%20b", "/tracker"),
        ("/a b", b"/a%20b", ""),
        ("/a b", b"/a%20b?x=1", ""),
        ("/a b", None, ""),
        ("/my app/a b", b"/my%20app/a%20b", "/my app"),
    ],
)
def test_the_path_is_kept_as_it_was_on_the_wire_below_our_base_url(
    path: str, raw_path: bytes | None, root_path: str
) -> None:
    """RFC 5849 §3.4.1.2; ASGI: raw_path, mounted in every way in which we are."""
    settings = Settings(base_url="https://one.example/tracker")
    asgi_scope = {"method": "GET", "path": path, "root_path": root_path, "query_string": b"x=1", "headers": []}
    if raw_path is not None:
        asgi_scope["raw_path"] = raw_path
    request = build_request(asgi_scope, settings, get_own_path(asgi_scope, settings))
    assert request.url == "https://one.example/tracker/a b?x=1"
    assert request.signed_url == "https://one.example/tracker/a%20b?x=1"


def test_a_path_without_escapes_is_kept_once() -> None:
    """Ours: nearly every request's."""
    settings = Settings(base_url="https://one.example")
    asgi_scope = {"method": "GET", "path": "/a", "raw_path": b"/a", "query_string": b"", "headers": []}
    request = build_request(asgi_scope, settings, "/a")
    assert (request.raw_url, request.signed_url) == ("", "https://one.example/a")


async def test_a_body_that_was_looked_at_is_still_there() -> None:
    """Ours: the host reads it after us, part by part."""
    receive, _ = sending(b"ab", b"", b"c")
    kept = KeptBody(receive)
    assert await kept.look(limit=3) == b"abc"
    assert await kept.look(limit=3) is None
    assert await read_body(kept, limit=3) == b"abc"


async def test_a_body_that_is_too_long_is_not_read_further_and_still_there() -> None:
    """Ours: what was looked at comes first."""
    receive, asked = sending(*[b"x" * 1000] * 10)
    kept = KeptBody(receive)
    assert await kept.look(limit=2500) is None
    assert asked == [3]
    assert len(await read_body(kept, limit=10_000)) == 10_000


async def test_a_body_that_somebody_began_to_read_is_left_to_him() -> None:
    """Ours: a middleware of the host's may be first; we would wait for what does not come."""
    receive, _ = sending(b"ab")
    kept = KeptBody(receive)
    assert await read_body(kept, limit=3) == b"ab"
    assert await kept.look(limit=3) is None
