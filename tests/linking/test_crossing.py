"""Both ask at once: one link comes of it, or none."""

import asyncio

import pytest

from applinks.administration import links
from applinks.administration.actor import Actor
from applinks.linking.answerer import approve, open_proposal
from applinks.linking.errors import LinkingError
from applinks.linking.proposer import Outcome
from applinks.records.links import EndReason, LinkState
from tests.linking.world import A_URL, ADMINISTRATOR, B_URL, World

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("LK-09")]


@pytest.mark.requirement("handshake-10-19")
async def test_of_two_crossing_proposals_the_smaller_id_goes_first(world: World) -> None:
    """Handshake §3 step 2, §10: own_proposal_first."""
    from_a, from_b = await world.a.propose(B_URL), await world.b.propose(A_URL)
    ((a,), (b,)) = [await each.storage.linking.list_links() for each in (world.a, world.b)]
    first, second = (world.a, world.b) if a.id < b.id else (world.b, world.a)
    first_request, second_request = (from_a, from_b) if a.id < b.id else (from_b, from_a)
    with pytest.raises(LinkingError) as refused:
        await open_proposal(second_request, user=ADMINISTRATOR, side=first.linking)
    assert refused.value.code == "own_proposal_first"
    outcome = await first.take(await second.approve(first_request))
    assert outcome.outcome is Outcome.ACCEPTED
    await world.pump(seconds=3)
    for application in (world.a, world.b):
        held = await application.storage.linking.list_links()
        assert [link.state for link in held] == [LinkState.IN_FORCE]
    ended = [link for link in await second.storage.linking.list_links(ended=True) if link.ended_at]
    assert [link.ended_reason for link in ended] == [EndReason.REPLACED]


@pytest.mark.requirement("handshake-10-5")
@pytest.mark.requirement("handshake-10-19")
@pytest.mark.requirement("LK-09")
async def test_two_offers_shown_before_either_was_decided_leave_one_link_at_most(world: World) -> None:
    """Handshake §3 step 3: standing again, in one write with the claim."""
    first, second = await world.a.propose(B_URL), await world.a.propose(B_URL)
    offers = [await world.b.show(request) for request in (first, second)]

    done = await asyncio.gather(
        *(approve(offer, offer.terms, user=ADMINISTRATOR, side=world.b.linking) for offer in offers),
        return_exceptions=True,
    )
    assert sum(isinstance(each, str) for each in done) == 1
    (refused,) = [each for each in done if isinstance(each, LinkingError)]
    assert refused.code == "duplicate_link"
    assert len(await world.b.storage.linking.list_links(ended=True)) == 1


@pytest.mark.requirement("handshake-10-19")
@pytest.mark.requirement("LK-09")
async def test_an_answer_that_meets_a_live_link_is_refused(world: World) -> None:
    """Handshake §3 step 4: no live link meanwhile."""
    request = await world.a.propose(B_URL)
    response = await world.b.approve(request)
    (held,) = await world.b.storage.linking.list_links()
    # B's approval falls, B's own proposal comes first, and only then does the old answer arrive.
    world.clock.advance(590)

    await links.delete(held.id, actor=Actor.for_user(ADMINISTRATOR), side=world.b.administration)
    # A's own open proposal goes first unless B's has the smaller id: so B asks until it has.
    for _ in range(15):
        newer = await world.b.propose(A_URL)
        (own,) = [link for link in await world.b.storage.linking.list_links() if link.state is LinkState.PROPOSED]
        if own.id < held.id:
            break
    await world.b.take(await world.a.approve(newer))
    outcome = await world.a.take(response)
    assert outcome.outcome is Outcome.KNOWN
    assert outcome.link.ended_reason is EndReason.REPLACED
    await world.pump(seconds=3)
    (a,), (b,) = [await each.storage.linking.list_links() for each in (world.a, world.b)]
    assert a.id == b.id
    assert a.is_usable


@pytest.mark.requirement("handshake-10-3")
@pytest.mark.requirement("LK-04")
async def test_fifty_parallel_approvals_decide_once(world: World) -> None:
    """House §4: claimed by one conditional write."""

    offer = await world.b.show(await world.a.propose(B_URL))
    done = await asyncio.gather(
        *(approve(offer, offer.terms, user=ADMINISTRATOR, side=world.b.linking) for _ in range(50))
    )
    assert len(set(done)) == 1


@pytest.mark.requirement("handshake-10-4")
async def test_fifty_parallel_callbacks_confirm_once(world: World) -> None:
    """Handshake §4: proposed is left once."""
    response = await world.b.approve(await world.a.propose(B_URL))
    done = await asyncio.gather(*(world.a.take(response) for _ in range(50)), return_exceptions=True)
    accepted = [each for each in done if not isinstance(each, BaseException) and each.outcome is Outcome.ACCEPTED]
    assert len(accepted) == 1
    assert all(isinstance(each, LinkingError) or each.outcome is not Outcome.REFUSED for each in done)
    (link,) = await world.a.storage.linking.list_links()
    assert (link.state, link.seq) == (LinkState.CONFIRMING, 1)
