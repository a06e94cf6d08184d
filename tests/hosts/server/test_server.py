"""The server form as one ASGI application."""

from pathlib import Path
from typing import Any

import pytest

from applinks.hosts.server.server import request_id
from applinks.storage.sessions import Session
from tests.hosts.server.site import ORIGIN, ServerSite, build_site

pytestmark = pytest.mark.anyio


async def test_the_front_page_leads_on(site: ServerSite) -> None:
    """Ours: strangers to the log-in, users to their account, administrators to the links."""
    await site.add_account()
    await site.add_account("robin", is_administrator=True)
    browser = site.open_browser()

    async def open_front() -> str:
        answer = await browser.get("/")
        assert answer.status_code == 303
        return answer.headers["location"]

    assert await open_front() == "/applinks/login?next=%2F"
    await browser.log_in()
    assert await open_front() == f"{ORIGIN}/applinks/account"
    await browser.log_in("robin")
    assert await open_front() == f"{ORIGIN}/applinks/"
    assert (await browser.get("/applinks/")).status_code == 200


async def test_the_menu_of_every_page_logs_out(site: ServerSite) -> None:
    """Ours: the log-in is ours, so the log-out is."""
    await site.add_account("robin", is_administrator=True)
    browser = site.open_browser()
    await browser.log_in("robin")
    for path in ("/applinks/", "/applinks/new", "/applinks/account"):
        assert 'action="/applinks/logout"' in (await browser.get(path)).text


async def test_a_page_looks_for_its_session_once(site: ServerSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours: what says who is logged in is the session that the page opens; each page looks anew."""
    await site.add_account()
    browser = site.open_browser()
    await browser.log_in()
    sessions = (await site.server.applinks._run()).storage.sessions
    asked = []

    async def find(id_digest: bytes, *, now: int) -> Session | None:
        asked.append(id_digest)
        return await type(sessions).find(sessions, id_digest, now=now)

    monkeypatch.setattr(sessions, "find", find)
    for number in (1, 2):
        assert (await browser.get("/applinks/account")).status_code == 200
        assert len(asked) == number
    await sessions.delete(asked[0])
    assert (await browser.get("/applinks/account")).status_code == 303


@pytest.mark.parametrize("path", ["/nowhere", "/account", "/login", "/applinks/nowhere", "/applinksx", "//"])
async def test_what_is_nowhere_gets_the_one_error_page(site: ServerSite, path: str) -> None:
    """House §8: one error page; and no page has a second address."""
    answer = await site.open_browser().get(f"{ORIGIN}{path}")
    assert answer.status_code == 404
    assert "<h1>There is no such page</h1>" in answer.text


async def test_the_icon_that_every_browser_asks_for_is_no_failure(site: ServerSite) -> None:
    """Ours: or the failures that matter would drown."""
    assert (await site.open_browser().get("/favicon.ico")).status_code == 404
    assert await (await site.administration()).failures.list() == []


async def test_the_root_of_the_pages_is_mended_with_our_own_address(site: ServerSite) -> None:
    """House: URLs come from the base URL, never from the Host header."""
    answer = await site.open_browser().get("/applinks", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{ORIGIN}/applinks/")


async def test_a_stock_clients_documents_and_endpoints_are_there(site: ServerSite) -> None:
    """Product §3: found by metadata."""
    browser = site.open_browser()
    for path in ("/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource"):
        document = (await browser.get(path)).json()
        assert set(document["scopes_supported"]) >= {"profile", "email"}
    assert (await browser.get("/applinks/health")).json() == {"status": "ok"}


async def test_below_a_prefix_it_answers_with_and_without_it(tmp_path: Path) -> None:
    """Product §3: a proxy in front may take the prefix away."""
    site = build_site(tmp_path, base="/tracker")
    browser = site.open_browser()
    for begin in ("/tracker", ""):
        assert (await browser.get(f"{begin}/")).headers["location"] == "/tracker/applinks/login?next=%2Ftracker%2F"
        assert (await browser.get(f"{begin}/applinks/health")).status_code == 200
        assert (await browser.get(f"{begin}/applinks/login")).status_code == 200
        assert (await browser.get(f"{begin}/applinks/api/v1/me")).status_code == 401
    await site.aclose()


async def test_it_starts_and_stops_with_its_server(tmp_path: Path) -> None:
    """ASGI lifespan: the database is open in between, and closed afterwards."""
    site = build_site(tmp_path)
    assert await live(site) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    await site.aclose()


async def test_a_start_that_fails_is_one_sentence(tmp_path: Path) -> None:
    """House §8: start says why and what to do."""
    (tmp_path / "x.db").write_text("no database")
    site = build_site(tmp_path)
    (failed,) = await live(site)
    assert failed.startswith("lifespan.startup.failed Applinks: ")


async def live(site: ServerSite) -> list[str]:
    """Run the life of the application without a request."""
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    sent: list[str] = []

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(" ".join(filter(None, [message["type"], message.get("message", "")])))

    await site.server({"type": "lifespan"}, receive, send)
    return sent


async def test_each_request_has_a_name_in_the_log_alone(site: ServerSite) -> None:
    """House §8 Logging: request id."""
    browser = site.open_browser()
    seen = set()
    for _ in range(3):
        answer = await browser.get("/applinks/health")
        seen.add(request_id.get())
        assert request_id.get() not in str(answer.headers) + answer.text
    assert len(seen) == 3
