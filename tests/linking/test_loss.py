"""Whatever is lost, both ends come into force with equal agreements, or neither: the second table of handshake §4."""

import pytest

from applinks.administration import links
from applinks.administration.actor import Actor
from applinks.linking.answerer import AlreadyDecided, open_proposal
from applinks.linking.proposer import Outcome
from applinks.linking.statements import send_due, send_statement
from applinks.records.links import EndReason, LinkState
from tests.linking.world import A_URL, ADMINISTRATOR, B_URL, World, read_parameter

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("LK-01")]

STATEMENT = "/applinks/link/statement"


async def test_before_the_answerers_write_the_proposal_expires(world: World) -> None:
    """Handshake §4, row 1."""
    await world.a.propose(B_URL)
    world.clock.advance(600 + 120)
    await world.pump()
    (a,) = await world.a.storage.linking.list_links(ended=True)
    assert a.ended_reason is EndReason.EXPIRED
    assert not await world.b.storage.linking.list_links(ended=True)
    assert not any(request.url.endswith(STATEMENT) for request in world.network.seen)


async def test_a_browser_lost_after_the_answer_gets_the_same_answer_again(world: World) -> None:
    """Handshake §4, row 2."""
    request = await world.a.propose(B_URL)
    response = await world.b.approve(request)
    again = await open_proposal(request, user=ADMINISTRATOR, side=world.b.linking)
    assert isinstance(again, AlreadyDecided)
    assert read_parameter(again.redirect, "response") == response
    assert again.redirect.startswith(f"{A_URL}/applinks/link/callback?")
    assert (await world.a.take(response)).outcome is Outcome.ACCEPTED


async def test_a_browser_lost_for_good_ends_both(world: World) -> None:
    """Handshake §4, row 2: else both expire."""
    await world.b.approve(await world.a.propose(B_URL))
    world.clock.advance(720)
    await world.pump()
    for application in (world.a, world.b):
        (link,) = await application.storage.linking.list_links(ended=True)
        assert link.ended_reason is EndReason.EXPIRED


@pytest.mark.requirement("handshake-10-22")
@pytest.mark.requirement("LK-01")
async def test_a_lost_statement_of_the_proposer_is_repeated(world: World) -> None:
    """Handshake §4, row 3."""
    link_id = await world.begin()
    world.network.lose_request[STATEMENT] = 4
    await world.pump(seconds=30)
    assert (await world.a.find(link_id)).is_usable
    assert (await world.b.find(link_id)).is_usable


@pytest.mark.requirement("LK-01")
async def test_a_proposer_silent_until_the_answer_expires_ends_both(world: World) -> None:
    """Handshake §4, row 3: B's until passed."""
    link_id = await world.begin()
    world.network.down = {A_URL, B_URL}
    world.clock.advance(601)
    await world.pump()
    assert (await world.b.find(link_id)).ended_reason is EndReason.EXPIRED
    world.network.down.clear()
    world.clock.advance(3600)
    await world.pump()
    a = await world.a.find(link_id)
    assert a.state is LinkState.ENDED
    assert not any(link.is_usable for link in (a, await world.b.find(link_id)))


@pytest.mark.requirement("LK-01")
async def test_a_lost_reply_of_the_answerer_is_made_good(world: World) -> None:
    """Handshake §4, row 4: the answerer is in force, the proposer confirming."""
    link_id = await world.begin()
    world.network.lose_reply[STATEMENT] = 1
    a = await world.a.find(link_id)

    await send_statement(a, side=world.a.linking)
    assert (await world.a.find(link_id)).state is LinkState.CONFIRMING
    assert (await world.b.find(link_id)).state is LinkState.IN_FORCE
    await world.pump(seconds=10)
    assert (await world.a.find(link_id)).is_usable


@pytest.mark.requirement("LK-01")
async def test_the_answerer_alone_carries_the_handshake_where_the_proposer_cannot_reach_it(world: World) -> None:
    """Handshake §3 step 5: B's polling carries the same."""
    link_id = await world.begin()
    world.network.down = {B_URL}
    await world.pump(seconds=30)
    assert (await world.b.find(link_id)).state is LinkState.IN_FORCE
    assert (await world.a.find(link_id)).state is LinkState.IN_FORCE
    assert (await world.b.find(link_id)).peer.agreed_digest is not None


@pytest.mark.requirement("LK-01")
@pytest.mark.requirement("handshake-10-22")
async def test_an_answerer_not_told_within_a_day_ends(world: World) -> None:
    """Handshake §4: B (revision 1 only) ends after 24 hours without hearing A's agreed."""
    link_id = await world.begin()

    world.network.lose_reply[STATEMENT] = 1
    await send_statement(await world.a.find(link_id), side=world.a.linking)
    world.network.down = {A_URL, B_URL}
    assert (await world.b.find(link_id)).state is LinkState.IN_FORCE
    world.clock.advance(86400)
    await world.pump()
    assert (await world.b.find(link_id)).ended_reason is EndReason.NOT_HEARD
    world.network.down.clear()
    world.clock.advance(4000)
    await world.pump()
    assert (await world.a.find(link_id)).ended_reason is EndReason.NOT_HEARD


async def test_an_answerer_told_within_the_day_stays(world: World) -> None:
    """Handshake §4, row 5."""
    link_id = await world.link()
    world.network.down = {A_URL, B_URL}
    world.clock.advance(3 * 86400)
    await world.pump()
    assert (await world.b.find(link_id)).state is LinkState.IN_FORCE


@pytest.mark.requirement("handshake-10-22")
async def test_a_destroyed_proposer_leaves_nothing_behind(world: World) -> None:
    """Handshake §4, row 7."""
    link_id = await world.begin()

    world.network.lose_reply[STATEMENT] = 1
    await send_statement(await world.a.find(link_id), side=world.a.linking)
    world.network.down = {A_URL}
    for _ in range(24):
        world.clock.advance(3700)
        await send_due(link_id, side=world.b.linking)
    assert (await world.b.find(link_id)).ended_reason is EndReason.NOT_HEARD


async def test_a_link_deleted_while_the_other_is_down_is_told_on_its_return(world: World) -> None:
    """Handshake §4, row 8."""

    link_id = await world.link()
    world.network.down = {B_URL}
    actor = Actor.for_user(ADMINISTRATOR)
    await links.delete(link_id, actor=actor, side=world.a.administration)
    await world.pump()
    a = await world.a.find(link_id)
    assert a.state is LinkState.ENDED
    view = await links.show_link(link_id, actor=actor, side=world.a.administration)
    assert not view.is_told
    assert (await world.b.find(link_id)).is_usable
    world.network.down.clear()
    world.clock.advance(3)
    await world.pump()
    assert (await world.b.find(link_id)).ended_reason is EndReason.DELETED
    assert (await links.show_link(link_id, actor=actor, side=world.a.administration)).is_told
    assert (await world.a.find(link_id)).statement.next_at == 0


async def test_a_record_that_is_gone_at_the_peer_ends_the_link(world: World) -> None:
    """Handshake §3: none → a signed ended, reason unknown; §4: an ended of the peer ends ours."""
    link_id = await world.link()

    async def lost(_: str) -> None:
        return None

    world.b.linking.store.find_link = lost  # type: ignore[method-assign, assignment]
    await links_pause(world, link_id)
    await world.pump()
    assert (await world.a.find(link_id)).ended_reason is EndReason.UNKNOWN


async def links_pause(world: World, link_id: str) -> None:

    await links.pause(link_id, actor=Actor.for_user(ADMINISTRATOR), side=world.a.administration)


@pytest.mark.requirement("LK-01")
@pytest.mark.requirement("handshake-10-22")
@pytest.mark.parametrize("lost_requests", range(4))
@pytest.mark.parametrize("lost_replies", range(4))
async def test_any_loss_of_statements_leaves_both_in_force(world: World, lost_requests: int, lost_replies: int) -> None:
    """Handshake §4 Model-checked: in every order of retries both end in force with equal agreements."""
    link_id = await world.begin()
    world.network.lose_request[STATEMENT] = lost_requests
    world.network.lose_reply[STATEMENT] = lost_replies
    await world.pump(seconds=120)
    a, b = await world.a.find(link_id), await world.b.find(link_id)
    assert a.agreed == b.agreed
    assert a.is_usable
    assert b.is_usable
    assert a.check == b.check == "passed"
