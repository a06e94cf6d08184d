"""Linking on the pages: two administrators, two applications, and what can stand between them."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio.lowlevel
import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from applinks.administration import links
from applinks.administration.actor import Actor
from applinks.records.links import LinkState
from applinks.records.users import User
from applinks.web.pages.application import build_pages
from applinks.web.pages.context import PagesContext
from applinks.web.pages.visit import find_tint
from applinks.wire.http import Request, Response
from applinks.wire.urls import get_origin
from tests.linking.world import (
    A_URL,
    ADMINISTRATOR,
    B_URL,
    NOTIFY,
    Application,
    Network,
    World,
    build_application,
    make_pair,
    open_world,
)
from tests.web.site import find_hidden

pytestmark = pytest.mark.anyio


class Users:
    """The administrator is logged in, everywhere."""

    async def current(self, request: Any) -> User | None:
        return ADMINISTRATOR

    async def find(self, user_id: str) -> User | None:
        return ADMINISTRATOR if user_id == ADMINISTRATOR.id else None

    def login_url(self, return_to: str) -> str:
        return "/login"

    def confirm_url(self, return_to: str) -> str | None:
        return None


@dataclass(kw_only=True)
class Browser:
    """The administrator's browser at one of the applications."""

    application: Application
    client: httpx2.AsyncClient

    @classmethod
    def open(cls, application: Application, **changes: Any) -> "Browser":
        linking = application.linking
        context = PagesContext(
            settings=linking.settings,
            users=Users(),  # type: ignore[arg-type]
            sessions=application.storage.sessions,
            incoming=application.incoming,
            outgoing=linking.outgoing,
            linking=linking,
            administration=application.administration,
            failures=application.storage.failures,
            clock=linking.clock,
            entropy=linking.entropy,
            **changes,
        )
        path = urlsplit(application.url).path
        app = Starlette(routes=[Mount(f"{path}/applinks", app=build_pages(context))])
        origin = get_origin(application.url)
        return cls(
            application=application,
            client=httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=origin),
        )

    async def open_page(self, path: str, **query: str) -> httpx2.Response:
        url = path if path.startswith("http") else f"{self.application.url}/applinks{path}"
        return await self.client.get(url, params=query or None)

    async def press(self, page: httpx2.Response, *, to: str = "", **fields: Any) -> httpx2.Response:
        """Send the form of a page, to its own address unless it is said, with its boxes as they are ticked."""
        ticked = re.findall(r'type="checkbox" name="([^"]+)" value="([^"]+)" checked', page.text)
        sent: dict[str, Any] = {}
        for name, value in ticked:
            sent.setdefault(name, []).append(value)
        headers = {"sec-fetch-site": "same-origin"}
        url = f"{self.application.url}/applinks{to}" if to else str(page.url)
        return await self.client.post(url, data=sent | find_hidden(page) | fields, headers=headers)

    async def look(self, url: str) -> httpx2.Response:
        """Look who lives at an address, and go on to the page that shows it."""
        return await self.follow(await self.press(await self.open_page("/new"), url=url, look="1"))

    async def follow(self, response: httpx2.Response) -> httpx2.Response:
        """Go where a redirect leads, within this application."""
        assert response.status_code == 303, response.text
        return await self.client.get(response.headers["location"])


@dataclass(kw_only=True)
class Pages:
    world: World
    a: Browser
    b: Browser


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def pages(tmp_path: Path) -> AsyncIterator[Pages]:
    async with open_world(tmp_path) as world:
        pages = Pages(world=world, a=Browser.open(world.a), b=Browser.open(world.b))
        yield pages
        for browser in (pages.a, pages.b):
            await browser.client.aclose()


def make_private(application: Application) -> None:
    async def is_private(url: str) -> bool:
        return True

    application.linking.fetcher.is_private = is_private  # type: ignore[method-assign]


@asynccontextmanager
async def delay(network: Network) -> AsyncIterator[asyncio.Event]:
    """Hold every answer of every application back until the end; the event says that one was asked."""
    released, is_asked, answer_quickly = asyncio.Event(), asyncio.Event(), network.answer

    async def answer(request: Request) -> Response:
        is_asked.set()
        await released.wait()
        return await answer_quickly(request)

    network.answer = answer  # type: ignore[method-assign]
    try:
        yield is_asked
    finally:
        released.set()


def find_tile(response: httpx2.Response) -> str:
    """Give the colour of the other application's tile in the picture of the link."""
    found = re.search(r'class="al-tile al-tile--(\d)', response.text.split('<main class="al-main"')[1])
    if found is None:
        found = re.search(r"al-tile--big al-tile--(\d)", response.text)
    assert found is not None
    return found[1]


async def propose(browser: Browser, to: str) -> tuple[httpx2.Response, str]:
    """Look at an address and go on with what is ticked; give the page, and the signed request."""
    page = await browser.look(to)
    answer = await browser.press(page, propose="1")
    assert answer.status_code == 303, answer.text
    return page, parse_qs(urlsplit(answer.headers["location"]).query)["request"][0]


async def test_two_administrators_link_on_pages_alone(pages: Pages) -> None:
    """Handshake §3, both ways, ending on the page of the link."""
    _, request = await propose(pages.a, B_URL)
    shown = await pages.b.open_page("/link", request=request)
    answer = await pages.b.press(shown, approve="1")
    page = await pages.a.follow(await pages.a.follow(answer))
    assert "Tracker" in page.text
    (link,) = await pages.world.a.storage.linking.list_links()
    assert link.state is LinkState.IN_FORCE


async def test_a_tile_has_one_colour_before_and_after(pages: Pages) -> None:
    """Mockups: six tile tints, by a digest of the link id, never by position."""
    looked, request = await propose(pages.a, B_URL)
    (link,) = await pages.world.a.storage.linking.list_links()
    assert find_tile(looked) == str(find_tint(link.id))
    shown = await pages.b.open_page("/link", request=request)
    assert f"al-tile--{find_tint(link.id)}" in shown.text.split("al-pairing")[1].split("</div>\n</div>")[0]
    assert find_tile(await pages.a.open_page(f"/links/{link.id}")) == find_tile(looked)


async def test_going_back_and_proposing_again_takes_another_id(pages: Pages) -> None:
    """House §8: ids are never reused."""
    page = await pages.a.look(B_URL)
    for _ in range(2):
        assert (await pages.a.press(page, propose="1")).status_code == 303
    held = await pages.world.a.storage.linking.list_links(ended=True)
    assert len({link.id for link in held}) == 2


async def test_a_private_address_is_asked_about_before_it_is_called(pages: Pages) -> None:
    """Security N-02, on the page of a new link."""
    make_private(pages.world.a)
    page = await pages.a.look(B_URL)
    assert "This address is in a private network" in page.text
    assert not pages.world.network.seen
    page = await pages.a.follow(await pages.a.press(page, url=B_URL, private="1"))
    assert "Tracker answers, and it has Applinks" in page.text
    answer = await pages.a.press(page, propose="1")
    assert answer.status_code == 303
    (link,) = await pages.world.a.storage.linking.list_links()
    assert link.private_address


async def test_a_proposal_from_a_private_address_is_asked_about_and_then_shown(pages: Pages) -> None:
    """Handshake §3 step 2: before the first fetch; the answer counts for this request in this session."""
    _, request = await propose(pages.a, B_URL)
    make_private(pages.world.b)
    pages.world.network.seen.clear()
    question = await pages.b.open_page("/link", request=request)
    assert "Call an address in a private network?" in question.text
    assert A_URL in question.text
    assert "Tracker may" not in question.text
    assert not pages.world.network.seen
    shown = await pages.b.follow(await pages.b.press(question, private="1"))
    assert "asks to be linked with Tracker" in shown.text
    assert "The address is in a private network" in shown.text
    other = Browser.open(pages.world.b)
    assert "Call an address in a private network?" in (await other.open_page("/link", request=request)).text
    await other.client.aclose()


async def test_whoever_asked_first_is_offered_to_withdraw(pages: Pages) -> None:
    """Handshake §3 step 2: own_proposal_first, offering to withdraw; afterwards the other request can be approved."""
    requests = {}
    for browser, to in ((pages.a, B_URL), (pages.b, A_URL)):
        requests[to] = (await propose(browser, to))[1]
    ((a,), (b,)) = [await each.storage.linking.list_links() for each in (pages.world.a, pages.world.b)]
    first, request = (pages.a, requests[A_URL]) if a.id < b.id else (pages.b, requests[B_URL])
    page = await first.follow(await first.open_page("/link", request=request))
    assert "a request of ours is still open there" in page.text
    assert "Withdraw…" in page.text
    own = min(a, b, key=lambda link: link.id)
    question = await first.open_page(f"/links/{own.id}/delete")
    assert "nothing comes of it" in question.text
    listed = await first.follow(await first.press(question, delete="1"))
    assert "has ended" in listed.text
    assert "asks to be linked with" in (await first.open_page("/link", request=request)).text


async def test_a_proposal_that_crosses_at_the_last_moment_offers_the_same(pages: Pages) -> None:
    """Handshake §3 step 3: looked at again when it is decided."""
    request = (await propose(pages.b, A_URL))[1]
    (asked,) = await pages.world.b.storage.linking.list_links()
    shown = await pages.a.open_page("/link", request=request)
    for _ in range(20):
        await propose(pages.a, B_URL)
        if any(link.id < asked.id for link in await pages.world.a.storage.linking.list_links()):
            break
    page = await pages.a.follow(await pages.a.press(shown, approve="1"))
    assert "a request of ours is still open there" in page.text


@pytest.mark.parametrize(
    ("url", "known"),
    [
        ("https://start.examp1e", "start.example, which is Start page"),
        ("https://xn--strt-moa.example", "start.example, which is Start page"),
        ("https://start.example.evil.example", "start.example, which is Start page"),
        ("https://hafen.exarnple", "hafen.example, which is Tracker"),
        ("https://other.example", ""),
    ],
)
async def test_an_address_that_resembles_a_known_one_is_warned_of(
    pages: Pages, tmp_path: Path, url: str, known: str
) -> None:
    """Handshake §7: another warning if it resembles a linked or our own host."""
    world = pages.world
    await world.link()
    third = await build_application(
        url, name="Start page!", scopes=(NOTIFY,), folder=tmp_path, network=world.network, clock=world.clock
    )
    shown = await pages.b.open_page("/link", request=await third.propose(B_URL))
    assert shown.status_code == 200
    assert ("The address looks like one that you know" in shown.text) == bool(known)
    assert known in shown.text
    assert ("The address has letters of other alphabets" in shown.text) == ("xn--" in url)
    await third.linking.fetcher.aclose()
    await third.storage.close()


async def test_less_than_was_asked_is_shown_and_agreed_to(pages: Pages) -> None:
    """Handshake §3 step 4: the proposer's administrator agrees to less, or not."""
    _, request = await propose(pages.a, B_URL)
    shown = await pages.b.open_page("/link", request=request)
    answer = await pages.b.client.post(
        str(shown.url),
        data=find_hidden(shown) | {"approve": "1", "in": ["issues:read"]},
        headers={"sec-fetch-site": "same-origin"},
    )
    less = await pages.a.follow(await pages.a.follow(answer))
    assert "Tracker approved less than you asked for" in less.text
    page = await pages.a.follow(await pages.a.press(less, approve="1"))
    assert "We call Tracker" in page.text
    assert "This side was left out" in page.text


async def test_the_page_comes_while_the_peer_takes_its_time(pages: Pages) -> None:
    """Issue, Pages: a peer that answers slowly; the page comes all the same and says that it has not heard yet."""
    link_id = await pages.world.link()
    impatient = Browser.open(pages.world.a, patience_seconds=0)
    question = await impatient.open_page(f"/links/{link_id}/pause")
    async with delay(pages.world.network) as is_asked:
        # What goes on after the answer holds this stand-in for a server back, and no browser.
        pressing = asyncio.create_task(impatient.press(question, pause="1", reason="for now"))
        await is_asked.wait()
        page = await impatient.open_page(f"/links/{link_id}")
        assert "Paused" in page.text
        assert "Tracker has not been told yet" in page.text
        assert "paused it just now: “for now”." in (await impatient.open_page("/")).text
    assert (await pressing).status_code == 303
    assert "has not been told" not in (await impatient.open_page(f"/links/{link_id}")).text
    await impatient.client.aclose()


async def test_a_test_that_takes_its_time_is_said_to_be_under_way(pages: Pages) -> None:
    """Issue, Pages: a peer that answers slowly."""
    link_id = await pages.world.link()
    impatient = Browser.open(pages.world.a, patience_seconds=0)
    page = await impatient.open_page(f"/links/{link_id}")
    async with delay(pages.world.network) as is_asked:
        pressing = asyncio.create_task(impatient.press(page, to=f"/links/{link_id}/test"))
        await is_asked.wait()
        for _ in range(50):
            await anyio.lowlevel.checkpoint()
        shown = await impatient.open_page(f"/links/{link_id}")
        assert "The test is under way" in shown.text
        assert "Tracker answers slowly" in shown.text
    assert (await pressing).status_code == 303
    await impatient.client.aclose()


async def test_what_ended_says_whether_the_other_side_has_heard(pages: Pages) -> None:
    """Issue, Pages: not told yet."""
    link_id = await pages.world.link()
    pages.world.network.down.add(B_URL)
    page = await pages.a.follow(await pages.a.press(await pages.a.open_page(f"/links/{link_id}/delete"), delete="1"))
    assert "The link with Tracker has ended here" in page.text
    assert "Tracker does not answer; it is told as soon as it does." in page.text
    assert "Tracker has not been told yet" in (await pages.a.open_page(f"/links/{link_id}")).text
    pages.world.network.down.clear()
    await pages.world.pump(seconds=5)
    assert "has not been told" not in (await pages.a.open_page(f"/links/{link_id}")).text
    assert (await pages.world.b.find(link_id)).ended_at


async def test_a_link_that_both_delete_says_that_both_have_stopped(pages: Pages) -> None:
    """Ours: what is known is said."""
    link_id = await pages.world.link()
    await links.delete(link_id, actor=Actor.for_user(ADMINISTRATOR), side=pages.world.b.administration)
    page = await pages.a.press(await pages.a.open_page(f"/links/{link_id}/delete"), delete="1")
    assert "Both ends have stopped." in (await pages.a.follow(page)).text


async def test_what_was_found_is_shown_again_without_asking(pages: Pages) -> None:
    """Ours: the back button leads to a page, not to a form that is sent again."""
    shown = await pages.a.look(B_URL)
    assert "Tracker answers, and it has Applinks" in shown.text
    pages.world.network.down.add(B_URL)
    again = await pages.a.client.get(str(shown.url))
    assert "Tracker answers, and it has Applinks" in again.text
    pages.world.clock.advance(601)
    late = await pages.a.client.get(str(shown.url))
    assert "Tracker answers" not in late.text
    assert f'value="{B_URL}"' in late.text


async def test_what_was_shown_is_what_is_proposed(pages: Pages) -> None:
    """Ours: whoever answers at the address later is not asked again, and is not pinned unseen."""
    shown = await pages.a.look(B_URL)
    keys = await pages.world.b.keys.list_public_keys()
    pages.world.b.keys.pairs = [make_pair()]
    pages.world.network.seen.clear()
    assert (await pages.a.press(shown, propose="1")).status_code == 303
    (link,) = await pages.world.a.storage.linking.list_links()
    assert [key["kid"] for key in link.peer.keys] == [key["kid"] for key in keys]
    assert not pages.world.network.seen


async def test_what_was_shown_long_ago_is_looked_at_again_first(pages: Pages) -> None:
    """Ours: nothing is proposed to somebody who was never shown, or too long ago."""
    shown = await pages.a.look(B_URL)
    pages.world.clock.advance(601)
    page = await pages.a.press(shown, propose="1")
    assert page.status_code == 400
    assert "It is too long ago that this application was looked at." in page.text
    assert f'value="{B_URL}"' in page.text
    assert not await pages.world.a.storage.linking.list_links()


async def test_step_two_names_the_roles(pages: Pages) -> None:
    """Issue, Pages: in the words administrators know, where the decision is made."""
    shown = await pages.a.look(B_URL)
    assert "Start page is the service provider, Tracker the consumer." in shown.text
    assert "Tracker is the service provider, Start page the consumer." in shown.text


async def test_a_side_without_anything_ticked_is_named(pages: Pages) -> None:
    """Ours: the mistake is said where it was made, and the picture follows what is left out."""
    shown = await pages.a.look(B_URL)
    sent = find_hidden(shown) | {"propose": "1", "in_off": "1"}
    headers = {"sec-fetch-site": "same-origin"}
    page = await pages.a.client.post(f"{A_URL}/applinks/new", data=sent, headers=headers)
    assert page.status_code == 400
    assert "Outgoing: tick at least one thing Start page may do, or leave this side out." in page.text
    assert "Disabled" in page.text.split("al-lane--in")[1].split("</li>")[0]
    assert "OAuth 2" in page.text.split("al-lane--out")[1].split("</li>")[0]


@pytest.mark.parametrize("decision", ["approve", "deny"])
async def test_less_than_was_asked_waits_until_somebody_decides(pages: Pages, decision: str) -> None:
    """Ours: the page of an answer can be left, and is found again from the link."""
    _, request = await propose(pages.a, B_URL)
    shown = await pages.b.open_page("/link", request=request)
    sent = find_hidden(shown) | {"approve": "1", "in": ["issues:read"]}
    answer = await pages.b.client.post(str(shown.url), data=sent, headers={"sec-fetch-site": "same-origin"})
    await pages.a.follow(await pages.a.follow(answer))
    (link,) = await pages.world.a.storage.linking.list_links()
    for page in (await pages.a.open_page("/"), await pages.a.open_page(f"/links/{link.id}")):
        assert "Waiting for you" in page.text
        assert "Tracker approved less than you asked for." in page.text
        assert "Look at what Tracker approved" in page.text
    assert "has to approve" not in page.text
    found = re.search(r'href="([^"]+)">Look at what', page.text)
    assert found is not None
    less = await pages.a.client.get(found[1])
    assert "Agree, or do not link and ask again." in less.text
    assert (await pages.a.press(less, **{decision: "1"})).status_code == 303
    after = await pages.world.a.storage.linking.find_link(link.id)
    assert after is not None
    assert after.state is (LinkState.IN_FORCE if decision == "approve" else LinkState.ENDED)


async def test_a_refused_link_leads_to_asking_again(pages: Pages) -> None:
    """Ours: a dead end has a next step."""
    _, request = await propose(pages.a, B_URL)
    answer = await pages.b.press(await pages.b.open_page("/link", request=request), deny="1")
    page = await pages.a.follow(await pages.a.follow(answer))
    assert "Tracker’s administrator refused the link." in page.text
    assert "Addresses and keys" not in page.text
    found = re.search(r'href="([^"]+)">Ask again', page.text)
    assert found is not None
    assert f'value="{B_URL}"' in (await pages.a.client.get(found[1])).text


async def test_both_sides_say_the_same_time_that_is_left(pages: Pages) -> None:
    """Ours: a proposal of ten minutes is good for ten."""
    _, request = await propose(pages.a, B_URL)
    (link,) = await pages.world.a.storage.linking.list_links()
    for browser, page in (
        (pages.a, await pages.a.open_page(f"/links/{link.id}")),
        (pages.b, await pages.b.open_page("/link", request=request)),
    ):
        assert "The request is good for another 10 minutes." in page.text, browser.application.url


async def test_another_address_that_an_application_has_is_offered(pages: Pages) -> None:
    """Handshake §1: offered, never followed by itself."""
    page = await pages.a.press(await pages.a.open_page("/new"), url="http://tracker.example", look="1")
    assert "Only https addresses can be linked; plain http is for this computer alone." in page.text
    assert "Try the same address with https" in page.text
    assert "Look there" in page.text


@pytest.mark.parametrize("direction", ["incoming", "outgoing"])
async def test_a_switch_that_was_told_is_not_called_untold(pages: Pages, direction: str) -> None:
    """Ours: the next page shows what the other side has heard meanwhile."""
    link_id = await pages.world.link()
    form = await pages.a.open_page(f"/links/{link_id}/{direction}")
    headers = {"sec-fetch-site": "same-origin"}
    for _ in range(2):
        sent = find_hidden(form) | {"save": "1"}
        page = await pages.a.follow(await pages.a.client.post(str(form.url), data=sent, headers=headers))
        assert "has not been told yet" not in page.text
        assert "Disabled" in page.text
        there = await pages.b.open_page(f"/links/{link_id}")
        assert "has not been told yet" not in there.text
