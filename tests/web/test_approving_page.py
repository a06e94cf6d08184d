"""The page that asks an administrator for a link, over a handshake that is real."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from applinks.demo.browser import _FormReader
from applinks.records.users import Role, User
from applinks.web.pages.application import build_pages
from applinks.web.pages.context import PagesContext
from applinks.wire.forms import format_form
from tests.linking.world import A_URL, B_URL, NOTIFY, PAGES, Application, World, build_application, open_world

pytestmark = pytest.mark.anyio

ROBIN = User(id="9", name="robin", display_name="Robin Berg", role=Role.ADMINISTRATOR)


class Users:
    """Robin is logged in."""

    async def current(self, request: Any) -> User | None:
        return ROBIN

    async def find(self, user_id: str) -> User | None:
        return ROBIN

    def login_url(self, return_to: str) -> str:
        return "/login"

    def confirm_url(self, return_to: str) -> str | None:
        return None


@dataclass
class Asked:
    """The application that is asked, with its pages."""

    world: World
    browser: httpx2.AsyncClient
    folder: Path

    async def add(self, url: str, name: str) -> Application:
        """Put another application onto the network."""
        folder = self.folder / "another"
        folder.mkdir()
        return await build_application(
            url,
            name=name,
            scopes=(PAGES, NOTIFY),
            folder=folder,
            network=self.world.network,
            clock=self.world.clock,
        )

    async def open(self, request: str) -> httpx2.Response:
        return await self.browser.get(f"/applinks/link?request={quote(request)}")

    async def press(self, page: httpx2.Response, button: str) -> httpx2.Response:
        """Send the form as a browser does, with every box as the page drew it."""
        reader = _FormReader()
        reader.feed(page.text)
        form = next(form for form in reader.forms if form.find_button(button))
        pressed = form.find_button(button)
        assert pressed is not None
        headers = {"sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded"}
        return await self.browser.post(str(page.url), content=format_form([*form.fields, pressed]), headers=headers)


@pytest.fixture
async def asked(tmp_path: Path) -> AsyncIterator[Asked]:
    async with open_world(tmp_path) as world:
        b = world.b
        context = PagesContext(
            settings=b.linking.settings,
            users=Users(),  # type: ignore[arg-type]
            sessions=b.storage.sessions,
            incoming=b.incoming,
            outgoing=b.linking.outgoing,
            linking=b.linking,
            administration=b.administration,
            failures=b.storage.failures,
            clock=world.clock,
            entropy=b.linking.entropy,
        )
        app = Starlette(routes=[Mount("/tracker/applinks", app=build_pages(context))])
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url=B_URL) as browser:
            yield Asked(world, browser, tmp_path)
        for url, application in world.network.applications.items():
            if url not in {A_URL, B_URL}:
                await application.linking.fetcher.aclose()
                await application.storage.close()


@pytest.mark.requirement("handshake-10-6")
async def test_the_page_says_who_asks_and_who_is_asked(asked: Asked) -> None:
    """Handshake §7: the address first and large, its own name quoted, who you are here, began just now?"""
    page = await asked.open(await asked.world.a.propose(B_URL))
    assert page.status_code == 200
    text = page.text
    assert f'<h1 class="al-address">{A_URL}</h1>' in text
    assert text.index(f">{A_URL}<") < text.index("“<b>Start page</b>”")
    assert "You are <strong>Robin Berg</strong>, administrator of Tracker." in text
    assert "only if you or somebody you know began this there just now" in text
    assert "The request is good for another 10 minutes" in text


@pytest.mark.requirement("handshake-10-5")
async def test_the_page_cannot_be_framed_kept_or_filled_by_others(asked: Asked) -> None:
    """Handshake §7: frame-ancestors, no-store, no-referrer, nothing third-party, no image of theirs."""
    page = await asked.open(await asked.world.a.propose(B_URL))
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "form-action" not in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert f'src="{A_URL}' not in page.text


@pytest.mark.requirement("handshake-10-23")
async def test_an_address_that_looks_like_our_own_is_shown_as_it_is_on_the_wire(asked: Asked) -> None:
    """Handshake §7: as A-labels, with the Unicode form, and a warning if it resembles our own host."""
    evil = await asked.add("https://xn--hfen-loa.example", "Tracker")
    page = await asked.open(await evil.propose(B_URL))
    assert '<h1 class="al-address">https://xn--hfen-loa.example</h1>' in page.text
    assert "häfen.example" in page.text
    assert "The address has letters of other alphabets" in page.text
    assert "It resembles hafen.example, which is Tracker, and is another one." in page.text


@pytest.mark.requirement("handshake-10-23")
async def test_an_address_that_begins_like_a_linked_one_is_warned_of(asked: Asked) -> None:
    """Handshake §10: start.example.evil.example."""
    await asked.world.link()
    evil = await asked.add("https://start.example.evil.example", "Start page")
    page = await asked.open(await evil.propose(B_URL))
    assert "It resembles start.example, which is Start page, and is another one." in page.text


@pytest.mark.requirement("handshake-10-23")
async def test_a_hostile_name_is_text_and_nothing_else(asked: Asked) -> None:
    """Ours: a name is quoted and escaped."""
    evil = await asked.add("https://evil.example", "<script>alert(1)")
    page = await asked.open(await evil.propose(B_URL))
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text


@pytest.mark.requirement("LK-03")
async def test_what_was_shown_is_what_is_approved(asked: Asked) -> None:
    """Handshake §3 step 2: what changes at the other side after the page was shown changes nothing of the approval."""
    request = await asked.world.a.propose(B_URL)
    page = await asked.open(request)
    shown = (await asked.world.a.keys.list_public_keys())[0]["kid"]
    asked.world.network.seen.clear()
    asked.world.network.down.add(A_URL)
    answer = await asked.press(page, "approve")
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"].startswith(f"{A_URL}/applinks/link/callback?response=")
    (link,) = await asked.world.b.storage.linking.list_links()
    assert [key["kid"] for key in link.peer.keys] == [shown]
    assert not [each for each in asked.world.network.seen if "well-known" in each.url or "jwks" in each.url]


@pytest.mark.requirement("handshake-10-3")
async def test_the_back_button_leads_to_the_same_answer(asked: Asked) -> None:
    """Handshake §10: proposal replayed, double click, back button."""
    page = await asked.open(await asked.world.a.propose(B_URL))
    first = await asked.press(page, "deny")
    again = await asked.press(page, "approve")
    reopened = await asked.browser.get(str(page.url))
    assert first.headers["location"] == again.headers["location"] == reopened.headers["location"]


@pytest.mark.requirement("LK-03")
@pytest.mark.requirement("handshake-10-5")
async def test_an_offer_is_decided_at_the_address_where_it_was_shown(asked: Asked) -> None:
    """Ours: what the address says is what the page showed, or nothing is decided."""
    shown = await asked.open(await asked.world.a.propose(B_URL))
    other = await asked.world.a.propose(B_URL)
    moved = httpx2.Response(
        200, text=shown.text, request=httpx2.Request("GET", f"{B_URL}/applinks/link?request={other}")
    )
    refused = await asked.press(moved, "approve")
    assert refused.status_code == 400
    assert not await asked.world.b.storage.linking.list_links(ended=True)
