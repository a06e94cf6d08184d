"""The handshake between two whole applications."""

from dataclasses import replace

import pytest

from applinks.linking.store import CommitResult, LinkWrite
from applinks.records.links import LinkState, Rest
from applinks.settings import Protocol
from applinks.wire.linking.terms import Level
from tests.linking.world import A_URL, B_URL, World, make_rsa_pair

pytestmark = pytest.mark.anyio


async def test_two_applications_are_linked_and_tested_from_both_ends(each: tuple[World, tuple[Protocol, ...]]) -> None:
    """Handshake §3, §6: proposal, answer, statements, test calls; over either protocol, and over both."""
    world, protocols = each
    link_id = await world.link()
    a, b = await world.a.find(link_id), await world.b.find(link_id)
    assert a.agreed == b.agreed
    assert a.agreed is not None
    assert a.incoming.user_scopes == ("pages:read", "notify")
    assert a.incoming.application_scopes == ("pages:read",)
    assert a.outgoing == b.incoming
    assert b.outgoing == a.incoming
    assert a.incoming.level is Level.OAUTH
    assert a.incoming.protocols == a.outgoing.protocols == protocols
    assert (a.name, b.name) == ("Tracker", "Start page")
    assert (a.handle, b.handle) == ("tracker", "start-page")
    assert a.peer.heard_seq == a.seq
    assert b.peer.heard_seq == b.seq


@pytest.mark.requirement("LK-01")
async def test_neither_is_in_force_before_it_heard_that_the_other_committed(world: World) -> None:
    """Handshake, the commit rule."""
    response = await world.b.approve(await world.a.propose(B_URL))
    (b,) = await world.b.storage.linking.list_links()
    assert b.state is LinkState.APPROVED
    outcome = await world.a.take(response)
    assert outcome.link.state is LinkState.CONFIRMING
    assert (await world.b.find(b.id)).state is LinkState.APPROVED
    assert not outcome.link.is_usable
    assert not b.is_usable


async def test_each_end_holds_the_other_as_a_client_without_a_secret(world: World) -> None:
    """Handshake §3 Registration."""
    link_id = await world.link()
    found = await world.b.storage.incoming.find_client(f"{A_URL}/applinks/oauth2/client.json")
    assert found is not None
    assert found.client.is_peer
    assert found.client.redirect_uris == (f"{A_URL}/applinks/callback/{link_id}",)
    assert found.client.authentication == "private_key_jwt"
    assert found.client.scopes == ("issues:read", "issues:write")
    assert found.client.application_scopes == ("issues:read",)


async def test_the_audit_of_both_ends_tells_the_story(world: World) -> None:
    """House §2: whoever decides a change makes its audit event."""
    link_id = await world.link()
    assert await world.a.list_actions(link_id) == ["link.proposed", "link.confirmed", "link.agreed"]
    assert await world.b.list_actions(link_id) == ["link.approved", "link.agreed"]


async def test_nothing_rests_after_an_ordinary_handshake(world: World) -> None:
    """Handshake §4 rule 6: every statement on the way is in step."""
    link_id = await world.link()
    assert (await world.a.find(link_id)).rest == (await world.b.find(link_id)).rest == frozenset[Rest]()


async def test_nothing_rests_where_both_protocols_were_agreed(both: World) -> None:
    """Handshake §4 rule 6, §5: the keys of both protocols are named and known."""
    link_id = await both.link()
    both.clock.advance(86400)
    await both.pump(seconds=3)
    for application in (both.a, both.b):
        link = await application.find(link_id)
        assert (link.rest, link.peer.announced, link.peer.surprising_keys) == (frozenset(), (), ())
        assert link.check == link.peer.check == "passed"


async def test_a_test_call_that_fails_over_one_protocol_needs_attention(both: World) -> None:
    """Handshake §6: connected when all have passed."""
    link_id = await both.link()
    record = await both.b.storage.oauth1.find_client(await both.a.linking.outgoing.get_consumer_key())
    assert record is not None
    link = await both.b.find(link_id)
    elsewhere = replace(link.peer, oauth1_keys=(dict(make_rsa_pair().public),))
    write = LinkWrite(link=link.changed(peer=elsewhere), expected_version=link.version)
    assert await both.b.storage.linking.commit(write) is CommitResult.WRITTEN
    both.clock.advance(86400)
    await both.pump(seconds=3)
    assert (await both.a.find(link_id)).check.startswith("failed:")
    assert (await both.b.find(link_id)).check == "passed"
