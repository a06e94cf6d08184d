"""Linking on the pages: two administrators, two applications, and what can stand between them."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from applinks.records.links import LinkState
from applinks.web.pages.visit import find_tint
from tests.linking.world import A_URL, B_URL, NOTIFY, build_application, make_pair
from tests.web.site import find_hidden
from tests.web.two_applications import Browser, Pages, find_tile, make_private, open_pages, propose

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pages(tmp_path: Path) -> AsyncIterator[Pages]:
    async with open_pages(tmp_path) as pages:
        yield pages


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
    assert "This address is in a private network: <code>hafen.example</code>" in page.text
    assert not pages.world.network.seen
    page = await pages.a.follow(await pages.a.press(page, url=B_URL, private="hafen.example"))
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
