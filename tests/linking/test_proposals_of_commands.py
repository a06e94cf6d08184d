"""A proposal that is made on the command line: bound to no session, finished by any administrator."""

from typing import Any

import pytest

from applinks.errors import RefusedError
from applinks.linking.discovery.applications import discover
from applinks.linking.errors import LinkingError
from applinks.linking.proposer import Outcome, list_possible_terms, propose
from tests.linking.world import AUDITOR, B_URL, SECOND, World, read_parameter

pytestmark = pytest.mark.anyio


async def propose_by_command(world: World, **values: Any) -> str:
    found = await discover(B_URL, side=world.a.linking)
    terms = await list_possible_terms(found, side=world.a.linking)
    url = await propose(found, terms, **{"actor": "command:root", "side": world.a.linking} | values)
    return read_parameter(url, "request")


@pytest.mark.requirement("LK-04")
async def test_a_proposal_of_a_command_is_finished_by_any_administrator_in_any_session(world: World) -> None:
    """Handshake §3 step 4: the callback asks an administrator of A to log in, as for an invitation."""
    response = await world.b.approve(await propose_by_command(world))
    outcome = await world.a.take(response, user=SECOND, session="a session that knew nothing of it")
    assert outcome.outcome is Outcome.ACCEPTED
    await world.pump(seconds=3)
    link = await world.a.find(outcome.link.id)
    assert link.is_usable
    assert link.created_by == "command:root"
    assert (await world.a.list_actions(link.id))[:2] == ["link.proposed", "link.confirmed"]


async def test_the_answer_to_a_proposal_of_a_command_still_needs_an_administrator(world: World) -> None:
    """Security LK-04: with a logged-in administrator."""
    response = await world.b.approve(await propose_by_command(world))
    with pytest.raises(LinkingError) as refused:
        await world.a.take(response, user=AUDITOR)
    assert refused.value.code == "not_administrator"


async def test_a_command_replaces_a_proposal_and_is_replaced(world: World) -> None:
    """Handshake §3 step 1: a newer proposal to the same peer ends the older."""
    await world.a.propose(B_URL)
    await propose_by_command(world)
    await world.a.propose(B_URL)
    links = await world.a.storage.linking.list_links()
    assert len(links) == 1
    assert links[0].created_by == "user:1"


async def test_proposals_of_a_command_are_counted_like_an_administrators(world: World) -> None:
    """Handshake §9: 20 an hour."""
    for _ in range(20):
        await propose_by_command(world)
    with pytest.raises(RefusedError) as refused:
        await propose_by_command(world)
    assert refused.value.code == "too_many_requests"


@pytest.mark.parametrize("values", [{"actor": ""}, {"session_digest": "a session"}])
async def test_a_proposal_of_nobody_is_not_made(world: World, values: dict[str, str]) -> None:
    """Ours: a session without a user, or a user without a name, is a mistake of ours."""
    with pytest.raises(ValueError, match="a proposal is"):
        await propose_by_command(world, **values)
