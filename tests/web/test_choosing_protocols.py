"""Which protocols two applications choose, and how far they go, on the pages of both."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from applinks.linking.keys import format_fingerprint
from applinks.records.links import Link, LinkState
from applinks.wire.linking.terms import Level
from tests.linking.world import A_URL, B_URL
from tests.web.two_applications import Pages, open_pages

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pages(tmp_path: Path) -> AsyncIterator[Pages]:
    async with open_pages(tmp_path, protocols=("oauth2", "oauth1")) as pages:
        yield pages


async def link(pages: Pages, asked: dict[str, str], approved: dict[str, str]) -> tuple[Link, Link]:
    """Link the two as both administrators choose; give the link of each."""
    answer = await pages.a.press(await pages.a.look(B_URL), propose="1", **asked)
    assert answer.status_code == 303, answer.text
    shown = await pages.b.open_page(answer.headers["location"])
    answer = await pages.b.press(shown, approve="1", **approved)
    page = await pages.a.follow(answer)
    if "approved less" in page.text or page.status_code == 303:
        page = await pages.a.follow(page) if page.status_code == 303 else page
    if 'name="approve"' in page.text:
        await pages.a.press(page, approve="1")
    (one,) = await pages.world.a.storage.linking.list_links()
    (other,) = await pages.world.b.storage.linking.list_links()
    return one, other


async def test_the_page_offers_what_both_speak(pages: Pages) -> None:
    """Issue 6: two Applinks agree on 1.0a, on 2, or on both."""
    page = await pages.a.look(B_URL)
    select = page.text.split('name="in_way"')[1].split("</select>")[0]
    said = re.findall(r"<option[^>]*>([^<]+)<", select)
    assert said[0] == "OAuth 2 and OAuth 1.0a"
    assert {"OAuth 2", "OAuth 1.0a"} <= set(said)


@pytest.mark.parametrize(
    ("way", "protocols"), [("all", ("oauth2", "oauth1")), ("oauth2", ("oauth2",)), ("oauth1", ("oauth1",))]
)
async def test_a_link_has_the_protocols_that_were_chosen(pages: Pages, way: str, protocols: tuple[str, ...]) -> None:
    """Handshake §3 Terms: protocols lists those that will run."""
    one, other = await link(pages, {"in_way": way, "out_way": way}, {})
    for each in (one, other):
        assert each.state is LinkState.IN_FORCE
        assert each.incoming.protocols == each.outgoing.protocols == protocols
    page = await pages.a.open_page(f"/links/{one.id}")
    assert ("OAuth 1.0a" in page.text) is ("oauth1" in protocols)
    assert ("Keys of OAuth 1.0a" in page.text) is ("oauth1" in protocols)


@pytest.mark.parametrize(
    ("way", "paths"),
    [
        (
            "all",
            ("oauth2/authorize", "oauth2/token", "oauth1/request-token", "oauth1/authorize", "oauth1/access-token"),
        ),
        ("oauth2", ("oauth2/authorize", "oauth2/token")),
        ("oauth1", ("oauth1/request-token", "oauth1/authorize", "oauth1/access-token")),
    ],
)
async def test_the_page_of_a_link_has_the_addresses_that_the_other_side_uses(
    pages: Pages, way: str, paths: tuple[str, ...]
) -> None:
    """Product §5: the page of a link says what holds, and nothing that does not."""
    one, _other = await link(pages, {"in_way": way, "out_way": way}, {})
    text = (await pages.a.open_page(f"/links/{one.id}")).text
    found = re.findall(r"/applinks/(oauth[12]/(?:authorize|token|request-token|access-token))<", text)
    assert tuple(found) == paths


async def test_a_direction_shows_the_key_that_signs_in_it(pages: Pages) -> None:
    """Issue 6: a key never signs for two protocols; over OAuth 1.0a alone it is the RSA one."""
    one, other = await link(pages, {"in_way": "oauth2", "out_way": "oauth1"}, {})
    keys = pages.world.a.storage.keys
    [rsa], signing = await keys.list_oauth1_public_keys(), (await keys.list_public_keys())[0]
    assert other.peer.oauth1_keys[0]["kid"] == rsa["kid"]
    incoming, outgoing = (await pages.a.open_page(f"/links/{one.id}")).text.split('id="out"')
    assert format_fingerprint(str(rsa["kid"])) in outgoing.split("</section>")[0]
    assert format_fingerprint(str(signing["kid"])) not in outgoing.split("</section>")[0]
    assert format_fingerprint(str(one.peer.keys[0]["kid"])) in incoming
    text = (await pages.a.open_page(f"/links/{one.id}/keys")).text
    assert text.count("RSA, for OAuth 1.0a alone") == 2


async def test_impersonation_is_warned_of_and_can_be_lowered_by_whoever_approves(pages: Pages) -> None:
    """Handshake §7: level with a warning for impersonation; boxes to take away, none to add."""
    answer = await pages.a.press(await pages.a.look(B_URL), propose="1", out_way="impersonation", in_way="oauth2")
    shown = await pages.b.open_page(answer.headers["location"])
    assert "It asks to act as any user, without asking that user" in shown.text
    assert "Level: OAuth with impersonation · OAuth 1.0a" in shown.text
    assert "Neither side can do anything for a user who has not said yes." not in shown.text
    assert 'name="out_way"' not in shown.text
    page = await pages.a.follow(await pages.b.press(shown, approve="1", in_way="oauth"))
    if page.status_code == 303:
        page = await pages.a.follow(page)
    await pages.a.press(page, approve="1")
    (one,) = await pages.world.a.storage.linking.list_links()
    assert (one.outgoing.level, one.outgoing.protocols) == (Level.OAUTH, ("oauth1",))
    assert (one.incoming.level, one.incoming.protocols) == (Level.OAUTH, ("oauth2",))


async def test_impersonation_that_both_approved_can_be_lowered_and_raised_again(pages: Pages) -> None:
    """Product §5 Links: below what both approved each side lowers and raises alone."""
    _one, other = await link(pages, {"out_way": "impersonation", "in_way": "oauth2"}, {})
    assert other.incoming.level is Level.IMPERSONATION
    path = f"/links/{other.id}/incoming"
    for level in (Level.OAUTH, Level.IMPERSONATION):
        page = await pages.b.open_page(path)
        assert 'name="level"' in page.text
        answer = await pages.b.press(page, save="1", level=level.value)
        assert answer.status_code == 303, answer.text
        (other,) = await pages.world.b.storage.linking.list_links()
        assert other.incoming.level is level


async def test_a_way_that_was_not_offered_is_the_first_one(pages: Pages) -> None:
    """Ours: nothing can be added by a form that is made up."""
    answer = await pages.a.press(await pages.a.look(B_URL), propose="1", in_way="oauth2", out_way="oauth2")
    shown = await pages.b.open_page(answer.headers["location"])
    await pages.b.press(shown, approve="1", in_way="impersonation", out_way="oauth1")
    (other,) = await pages.world.b.storage.linking.list_links()
    assert other.pending is None or other.pending.terms.find(from_url=A_URL, to_url=B_URL) is not None
    access = other.pending.terms.access if other.pending else other.agreed.terms.access if other.agreed else ()
    assert {(each.protocols, each.level) for each in access} == {(("oauth2",), Level.OAUTH)}
