"""A link in force: pause, own switches, tests, deletion."""

from dataclasses import replace

import anyio
import pytest

from applinks.administration import links
from applinks.administration.actor import Actor
from applinks.administration.links import Wanted
from applinks.linking.discovery.applications import discover
from applinks.linking.proposer import list_possible_terms
from applinks.linking.repeats import get_allows
from applinks.linking.statements import send_due
from applinks.records.links import Direction, LinkState
from applinks.wire.http import Request, Response
from applinks.wire.linking.terms import Allows, Terms
from tests.linking.world import ADMINISTRATOR, B_URL, World

pytestmark = pytest.mark.anyio

ADMIN = Actor.for_user(ADMINISTRATOR)


@pytest.mark.parametrize("at_a", [True, False])
async def test_a_pause_at_either_end_stops_both_and_only_that_end_resumes(world: World, at_a: bool) -> None:
    """Handshake §5 Pause."""
    link_id = await world.link()
    here, there = (world.a, world.b) if at_a else (world.b, world.a)
    await links.pause(link_id, reason="backup", actor=ADMIN, side=here.administration)
    assert not (await here.find(link_id)).is_usable
    await send_due(link_id, side=here.linking)
    heard = await there.find(link_id)
    assert heard.peer.paused
    assert not heard.is_usable
    await links.resume(link_id, actor=ADMIN, side=there.administration)
    assert not (await there.find(link_id)).is_usable
    await links.resume(link_id, actor=ADMIN, side=here.administration)
    await world.pump(seconds=3)
    for application in (here, there):
        link = await application.find(link_id)
        assert link.is_usable
        assert link.check == link.peer.check == "passed"


async def test_a_pause_at_both_ends_needs_both_to_resume(world: World) -> None:
    """Handshake §5 Pause: only the pausing side resumes."""
    link_id = await world.link()
    for application in (world.a, world.b):
        await links.pause(link_id, actor=ADMIN, side=application.administration)
    await world.pump(seconds=3)
    await links.resume(link_id, actor=ADMIN, side=world.a.administration)
    await world.pump(seconds=3)
    assert (await world.a.find(link_id)).is_paused
    assert (await world.b.find(link_id)).is_paused
    await links.resume(link_id, actor=ADMIN, side=world.b.administration)
    await world.pump(seconds=3)
    assert (await world.a.find(link_id)).is_usable


async def test_what_is_served_is_lowered_and_raised_alone_and_told(world: World) -> None:
    """Handshake §5 Own switches."""
    link_id = await world.link()
    wanted = Wanted(enabled=True, user_scopes=["issues:read"], application_scopes=[])
    await links.change_incoming(link_id, wanted, actor=ADMIN, side=world.b.administration)
    await world.pump(seconds=3)
    assert (await world.a.find(link_id)).peer.allows == Allows(user_scopes=("issues:read",))
    raised = Wanted(enabled=True, user_scopes=["issues:read", "issues:write"], application_scopes=["issues:read"])
    await links.change_incoming(link_id, raised, actor=ADMIN, side=world.b.administration)
    await world.pump(seconds=3)
    allows = (await world.a.find(link_id)).peer.allows
    assert allows == Allows(user_scopes=("issues:read", "issues:write"), application_scopes=("issues:read",))


async def test_a_direction_switched_off_and_on_is_as_low_as_it_was(world: World) -> None:
    """Handshake §5 Own switches; house §8: off is the level, and nothing is served meanwhile."""
    link_id = await world.link()
    lowered = Wanted(enabled=True, user_scopes=["issues:read"], application_scopes=[])
    side = world.b.administration
    await links.change_incoming(link_id, lowered, actor=ADMIN, side=side)
    off = await links.change_incoming(link_id, Wanted(enabled=False), actor=ADMIN, side=side)
    assert (off.incoming.is_enabled, off.incoming.in_use, get_allows(off)) == (False, Direction(), Allows())
    view = await links.show_link(link_id, actor=ADMIN, side=side)
    assert view.incoming_choice.user_scopes == ("issues:read",)
    await world.pump(seconds=3)
    assert (await world.a.find(link_id)).peer.allows == Allows()
    on = await links.change_incoming(link_id, Wanted(enabled=True), actor=ADMIN, side=side)
    assert get_allows(on) == Allows(user_scopes=("issues:read",))


async def test_boxes_taken_away_while_a_direction_is_off_stay_away(world: World) -> None:
    """Ours: the form keeps what was ticked in it; none at all is no choice to come back to."""
    link_id = await world.link()
    side = world.a.administration
    await links.change_outgoing(link_id, Wanted(enabled=False), actor=ADMIN, side=side)
    fewer = Wanted(enabled=False, user_scopes=["issues:read"], application_scopes=[])
    await links.change_outgoing(link_id, fewer, actor=ADMIN, side=side)
    nothing = Wanted(enabled=False, user_scopes=[], application_scopes=[])
    off = await links.change_outgoing(link_id, nothing, actor=ADMIN, side=side)
    assert (off.outgoing.user_scopes, off.outgoing.application_scopes) == (("issues:read",), ())
    assert not off.outgoing.is_enabled


async def test_a_direction_switched_off_is_not_tested_and_the_other_goes_on(world: World) -> None:
    """Handshake §6: then check is none."""
    link_id = await world.link()
    await links.change_incoming(link_id, Wanted(enabled=False), actor=ADMIN, side=world.b.administration)
    await world.pump(seconds=3)
    a, b = await world.a.find(link_id), await world.b.find(link_id)
    assert (a.peer.allows, a.check, b.peer.check) == (Allows(), "none", "none")
    assert (b.check, a.peer.check) == ("passed", "passed")
    assert a.is_usable
    await links.change_incoming(link_id, Wanted(enabled=True), actor=ADMIN, side=world.b.administration)
    await world.pump(seconds=3)
    assert (await world.b.find(link_id)).peer.check == "passed"


async def test_a_link_with_one_direction_is_tested_in_that_direction_alone(world: World) -> None:
    """Handshake §2 Terms: a missing direction is Disabled."""

    full = await list_possible_terms(await discover(B_URL, side=world.a.linking), side=world.a.linking)
    one = Terms(access=tuple(each for each in full.access if each.to_url == B_URL))
    outcome = await world.a.take(await world.b.approve(await world.a.propose(B_URL, terms=one)))
    await world.pump(seconds=3)
    a, b = await world.a.find(outcome.link.id), await world.b.find(outcome.link.id)
    assert (a.check, b.check) == ("passed", "none")
    assert (a.incoming.is_enabled, a.outgoing.is_enabled) == (False, True)
    assert b.peer.allows is None
    assert await world.a.storage.incoming.find_client(f"{B_URL}/applinks/oauth2/client.json") is None


async def test_a_failed_test_call_is_told_repeated_and_does_not_unlink(world: World) -> None:
    """Handshake §6."""
    link_id = await world.begin()
    check = f"{B_URL}/applinks/link/check"
    world.network.answers[check] = lambda _: Response(status=403)
    await world.pump(seconds=4)
    a = await world.a.find(link_id)
    assert (a.check, a.state) == ("failed:peer_refused", LinkState.IN_FORCE)
    assert (await world.b.find(link_id)).peer.check == "failed:peer_refused"
    assert ("test_call", "peer_refused") in {(place, code) for place, code, _ in world.a.failures.recorded}
    world.network.answers.clear()
    await world.pump(seconds=10)
    assert (await world.b.find(link_id)).peer.check == "passed"


async def test_a_test_call_taken_for_anothers_fails(world: World) -> None:
    """Handshake §6: the answer names link and client."""
    link_id = await world.begin()
    body = b'{"link": "lnk_0000000000000000000000", "client": "x"}'
    headers = (("Content-Type", "application/json"),)
    world.network.answers[f"{B_URL}/applinks/link/check"] = lambda _: Response(status=200, headers=headers, body=body)
    await world.pump(seconds=2)
    assert (await world.a.find(link_id)).check == "failed:peer_protocol"


async def test_a_test_call_that_hangs_ends_by_its_own_deadline(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Handshake §6; ours: one deadline over metadata, token and check, since somebody waits for it."""
    link_id = await world.link()
    answer = world.network.answer

    async def hang(request: Request) -> Response:
        if not request.url.endswith("/statement"):
            await anyio.sleep_forever()
        return await answer(request)

    monkeypatch.setattr(world.network, "answer", hang)
    side = replace(world.a.linking, test_call_seconds=0)
    await links.test_again(link_id, actor=ADMIN, side=world.a.administration)
    await send_due(link_id, side=side)
    assert (await world.a.find(link_id)).check == "failed:peer_unreachable"
    assert ("test_call", "peer_unreachable") in {each[:2] for each in world.a.failures.recorded}


async def test_test_again_makes_the_call_at_once(world: World) -> None:
    """Handshake §6: at once by Test again."""
    link_id = await world.link()
    await links.test_again(link_id, actor=ADMIN, side=world.a.administration)
    await send_due(link_id, side=world.a.linking)
    assert [request.url for request in world.network.seen][-1] == f"{B_URL}/applinks/link/check"


async def test_a_link_is_looked_after_once_a_day(world: World) -> None:
    """Handshake §4 Repeat, §6: when nothing is due, once a day."""
    link_id = await world.link()
    await world.pump(seconds=60)
    assert world.network.seen == []
    world.clock.advance(86400)
    await world.pump()
    paths = {request.url.removeprefix(B_URL) for request in world.network.seen}
    assert {"/applinks/link/statement", "/applinks/link/check"} <= paths
    assert (await world.a.find(link_id)).is_usable


@pytest.mark.parametrize("at_a", [True, False])
async def test_deleting_ends_both_and_frees_the_place(world: World, at_a: bool) -> None:
    """Handshake §5 Delete."""
    link_id = await world.link()
    here, there = (world.a, world.b) if at_a else (world.b, world.a)
    await links.delete(link_id, actor=ADMIN, side=here.administration)
    await send_due(link_id, side=here.linking)
    assert (await there.find(link_id)).state is LinkState.ENDED
    assert (await here.find(link_id)).statement.next_at == 0
    client = f"{here.url}/applinks/oauth2/client.json"
    assert await there.storage.incoming.find_client(client) is None
    await world.link()
