"""A peer's one place, and what a link is called: when a proposal is replaced, withdrawn, or still waited for."""

import pytest

from applinks.administration import links
from applinks.administration.actor import Actor
from applinks.linking.answerer import open_proposal
from applinks.linking.errors import LinkingError
from applinks.records.links import LinkState
from tests.linking.world import A_URL, ADMINISTRATOR, B_URL, World

pytestmark = pytest.mark.anyio

ADMIN = Actor.for_user(ADMINISTRATOR)


async def test_a_proposal_made_twice_keeps_the_handle(world: World) -> None:
    """House §8 Ids: code names a link by its handle, so that the one in force has it."""
    await world.a.propose(B_URL)
    outcome = await world.a.take(await world.b.approve(await world.a.propose(B_URL)))
    await world.pump(seconds=3)
    assert [link.handle for link in await world.a.storage.linking.list_links()] == ["tracker"]
    assert (await world.a.find(outcome.link.id)).is_usable


@pytest.mark.parametrize("ends", ["withdrawn", "expired"])
async def test_a_proposal_that_came_to_nothing_gives_its_handle_back(world: World, ends: str) -> None:
    """House §8 Ids: unique among links that have not ended."""
    await world.a.propose(B_URL)
    if ends == "withdrawn":
        await links.withdraw("tracker", actor=ADMIN, side=world.a.administration)
    else:
        world.clock.advance(4000)
    await world.a.propose(B_URL)
    assert [link.handle for link in await world.a.storage.linking.list_links()] == ["tracker"]


async def test_an_approval_is_not_named_after_our_own_stale_proposal(world: World) -> None:
    """Handshake §3 step 3: our own open proposals to this peer end in the same write."""
    # Of two that cross the smaller id goes first; time takes that rule away.
    await world.b.propose(A_URL)
    world.clock.advance(4000)
    outcome = await world.a.take(await world.b.approve(await world.a.propose(B_URL)))
    assert (await world.b.find(outcome.link.id)).handle == "start-page"


async def test_after_a_withdrawal_the_two_are_linked_anew_at_once(world: World) -> None:
    """Handshake §4: `approved` falls on hearing ended; a `proposed` end sends none, so that we ask."""
    await world.b.approve(await world.a.propose(B_URL))
    (withdrawn,) = await world.a.storage.linking.list_links()
    await links.withdraw(withdrawn.id, actor=ADMIN, side=world.a.administration)
    outcome = await world.a.take(await world.b.approve(await world.a.propose(B_URL)))
    await world.pump(seconds=3)
    assert (await world.b.find(withdrawn.id)).state is LinkState.ENDED
    assert (await world.b.find(outcome.link.id)).handle == "start-page"
    assert (await world.b.find(outcome.link.id)).is_usable


async def test_who_approved_and_then_proposes_asks_first(world: World) -> None:
    """Handshake §4: the same, from the other end."""
    await world.b.approve(await world.a.propose(B_URL))
    await links.withdraw("tracker", actor=ADMIN, side=world.a.administration)
    await world.b.propose(A_URL)
    assert [link.state for link in await world.b.storage.linking.list_links()] == [LinkState.PROPOSED]


async def test_an_approval_that_is_still_waited_for_says_until_when(world: World) -> None:
    """Handshake §8 duplicate_link."""
    await world.b.approve(await world.a.propose(B_URL))
    (held,) = await world.b.storage.linking.list_links()
    request = await world.a.propose(B_URL)
    world.network.lose_request["/applinks/link/statement"] = 1
    with pytest.raises(LinkingError) as refused:
        await open_proposal(request, user=ADMINISTRATOR, side=world.b.linking)
    assert held.pending is not None
    assert (refused.value.code, refused.value.waits_until) == ("duplicate_link", held.pending.until)
    assert refused.value.link_id == held.id


async def test_a_link_in_force_is_not_asked_about(world: World) -> None:
    """Handshake §3: what stands, stands; nothing is sent on a stranger's word."""
    await world.link()
    with pytest.raises(LinkingError) as refused:
        await world.a.propose(B_URL)
    assert (refused.value.code, refused.value.waits_until) == ("duplicate_link", 0)
    assert not [each for each in world.network.seen if each.url.endswith("/statement")]
