"""Our one cookie."""

import re
import sqlite3
from contextlib import closing

import pytest

from tests.web.site import Site, find_token

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("N-08")
async def test_the_cookie_is_for_this_application_alone(site: Site) -> None:
    """Product §3 Cookies."""
    response = await site.get("/applinks/account", user="1")
    instance = await site.context.linking.keys.get_instance()
    cookie = response.headers["set-cookie"]
    assert cookie.startswith(f"__Host-applinks-{instance.id.removeprefix('urn:uuid:')[:6]}=")
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


async def test_a_session_is_started_once(site: Site) -> None:
    """Ours: the same browser keeps its session."""
    first = await site.get("/applinks/account/revoke-everything", user="1")
    again = await site.get("/applinks/account/revoke-everything", user="1")
    assert "set-cookie" not in again.headers
    assert find_token(first) == find_token(again)


@pytest.mark.requirement("N-08")
async def test_another_users_log_in_begins_a_new_session(site: Site) -> None:
    """Security N-08: session rotation at log-in; the old id opens nothing."""
    await site.get("/applinks/account", user="1")
    (old,) = site.client.cookies.values()
    changed = await site.get("/applinks/account", user="2")
    assert "set-cookie" in changed.headers
    site.client.cookies.clear()
    name = changed.headers["set-cookie"].partition("=")[0]
    again = await site.get("/applinks/account", user="1", cookie=f"{name}={old}")
    assert "set-cookie" in again.headers


@pytest.mark.requirement("N-10")
async def test_who_never_sends_the_cookie_back_fills_no_table(site: Site) -> None:
    """Ours: a user has twenty sessions, the last ones; nobody else's goes for that."""
    await site.get("/applinks/account", user="2")
    others = dict(site.client.cookies)
    for _ in range(25):
        site.client.cookies.clear()
        response = await site.get("/applinks/account", user="1")
        site.world.clock.advance(1)
    with closing(sqlite3.connect(site.context.settings.database.removeprefix("sqlite:///"))) as raw:
        counts = raw.execute("SELECT user_id, count(*) FROM applinks_sessions GROUP BY user_id ORDER BY user_id")
        assert counts.fetchall() == [("1", 20), ("2", 1)]
    assert "set-cookie" in response.headers
    assert "set-cookie" not in (await site.get("/applinks/account", user="1")).headers
    site.client.cookies.clear()
    site.client.cookies.update(others)
    assert "set-cookie" not in (await site.get("/applinks/account", user="2")).headers


async def test_a_session_ends_when_it_is_idle(site: Site) -> None:
    """Product §3: idle 8 hours."""
    await site.get("/applinks/account", user="1")
    site.world.clock.advance(8 * 3600 + 1)
    assert "set-cookie" in (await site.get("/applinks/account", user="1")).headers


async def test_a_session_that_is_used_ends_after_a_week(site: Site) -> None:
    """Product §3: absolute 7 days."""
    for _ in range(24):
        response = await site.get("/applinks/account", user="1")
        site.world.clock.advance(7 * 3600)
    assert "set-cookie" not in response.headers
    site.world.clock.advance(3600)
    assert "set-cookie" in (await site.get("/applinks/account", user="1")).headers


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "OAuth", "DPoP"])
async def test_a_request_with_oauth_credentials_neither_reads_nor_sets_it(site: Site, scheme: str) -> None:
    """Product §3 Cookies."""
    response = await site.get("/applinks/account", user="1", authorization=f"{scheme} x")
    assert response.status_code == 400
    assert "set-cookie" not in response.headers


@pytest.mark.requirement("N-06")
async def test_the_database_holds_no_cookie(site: Site) -> None:
    """Security N-06: a digest alone."""
    response = await site.get("/applinks/account", user="1")
    value = response.headers["set-cookie"].partition("=")[2].partition(";")[0]
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", value)
    path = site.context.settings.database.removeprefix("sqlite:///")
    await site.world.storage.checkpoint()
    with open(path, "rb") as file:  # noqa: ASYNC230, PTH123 - a test.
        assert value.encode() not in file.read()


async def test_a_message_is_shown_once(site: Site) -> None:
    """Ours: flash messages."""
    await site.submit("/applinks/account/revoke-everything", {"revoke": "1"}, user="1")
    assert "Everything is revoked" in (await site.get("/applinks/account", user="1")).text
    assert "Everything is revoked" not in (await site.get("/applinks/account", user="1")).text
