"""What the pages say while the other application is slow, away, or not told yet."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import anyio.lowlevel
import pytest

from applinks.administration import links
from applinks.administration.actor import Actor
from tests.linking.world import ADMINISTRATOR, B_URL
from tests.web.site import find_hidden
from tests.web.two_applications import Browser, Pages, delay, open_pages

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pages(tmp_path: Path) -> AsyncIterator[Pages]:
    async with open_pages(tmp_path) as pages:
        yield pages


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
