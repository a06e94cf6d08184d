"""What the guard passes on: as little touched as can be."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from applinks.web.guard import CALLER_KEY, Guard, check_request, find_caller
from tests.hostile.site import ALICE, BASE, Site, open_site

pytestmark = pytest.mark.anyio

FORM = (b"Content-Type", b"application/x-www-form-urlencoded; charset=utf-8")


@pytest.fixture
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    site = await open_site(tmp_path, monkeypatch)
    yield site
    await site.applinks.shutdown()


async def receive() -> Any:
    pytest.fail("the guard read a body")


async def send(_message: Any) -> None:
    pass


class Host:
    """A host that notes with what it was called."""

    def __init__(self) -> None:
        self.called: list[tuple[Any, Any, Any]] = []

    async def __call__(self, *given: Any) -> None:
        self.called.append(given)


async def pass_on(site: Site, *headers: tuple[bytes, bytes], query: bytes = b"") -> tuple[Any, Any, Any] | None:
    """Send a request through the guard; what the host was called with."""
    host = Host()
    asgi_scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/issues",
        "query_string": query,
        "headers": [*headers],
        "client": ("192.0.2.1", 1),
    }
    await Guard(host, site.applinks.get_guard_context)(asgi_scope, receive, send)
    return host.called[0] if host.called else None


async def bear(site: Site) -> tuple[bytes, bytes]:
    tokens = json.loads((await site.exchange(await site.authorize())).body)
    return b"Authorization", b"Bearer " + tokens["access_token"].encode()


async def test_a_request_without_credentials_passes_as_it_came(site: Site) -> None:
    """Ours: it is most of what a host is asked."""
    called = await pass_on(site, (b"Host", b"x"), (b"Cookie", b"session=1"), query=b"a=1")
    assert called is not None
    assert (called[1], called[2], CALLER_KEY in called[0]) == (receive, send, False)


async def test_a_form_of_a_stranger_can_be_looked_at(site: Site) -> None:
    """RFC 5849 §3.5.2: a route that needs a caller finds the credentials there."""
    called = await pass_on(site, FORM)
    assert called is not None
    assert receive not in called
    assert send not in called


@pytest.mark.parametrize("headers", [(), (FORM,)])
async def test_nothing_is_held_back_from_a_bearer_of_a_token(site: Site, headers: tuple[Any, ...]) -> None:
    """Ours: who calls is known, and no form can change it."""
    called = await pass_on(site, await bear(site), *headers)
    assert called is not None
    assert called[2] is send
    caller = find_caller(called[0])
    assert caller is not None
    assert (caller.user, caller.protocol) == (ALICE, "oauth2")


async def test_a_header_has_its_name_in_any_case(site: Site) -> None:
    """RFC 9110 §5.1; ASGI asks servers for lower case, and not every one obeys."""
    _, value = await bear(site)
    for name in (b"authorization", b"AUTHORIZATION"):
        called = await pass_on(site, (name, value))
        assert called is not None
        assert find_caller(called[0])


async def test_a_token_beside_another_one_passes_nowhere(site: Site) -> None:
    """RFC 6750 §2: one way a request."""
    assert await pass_on(site, await bear(site), (b"Authorization", b"Basic eDp5")) is None


@pytest.mark.parametrize("changes", [{"path": "/notes/1"}, {"root_path": "/api"}, {"query_string": b"access_token=x"}])
async def test_a_route_is_asked_about_the_request_that_came(site: Site, changes: dict[str, Any]) -> None:
    """Ours: what mounts a part of the host changes the ASGI scope."""
    context = await site.applinks.get_guard_context()
    for headers in ((await bear(site),), ()):
        called = await pass_on(site, *headers)
        assert called is not None
        asgi_scope = called[0]
        asgi_scope["headers"].append((b"authorization", b"Bearer x"))
        refusal = await check_request({**asgi_scope, **changes}, "issues:read", user_needed=True, context=context)
        assert (refusal is None) == bool(headers)
        if refusal is not None:
            assert b"authentication_required" in refusal.body
            assert f'resource_metadata="{BASE}/.well-known/' in (refusal.header("www-authenticate") or "")
