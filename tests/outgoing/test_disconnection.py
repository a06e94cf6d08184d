import httpx2
import pytest

from applinks.outgoing.disconnection import disconnect
from applinks.records.connections import ConnectionState
from applinks.secret import Secret
from tests.outgoing.fakes import LINK_ID, World

pytestmark = pytest.mark.anyio


async def end(world: World, connection) -> bool:
    return await disconnect(connection, actor="user:u1", side=world.side)


async def test_disconnecting_revokes_at_the_peer_and_says_so():
    """Product §5: disconnect also revokes at the peer and says whether that worked."""
    world = World()
    assert await end(world, world.connect()) is True
    assert world.peer.revoked == ["alr_first"]
    assert world.store.connections == {}
    [event] = world.store.events
    assert (event.action, event.actor, event.link_id) == ("connection.deleted", "user:u1", LINK_ID)
    assert event.detail == {"user": "u1", "revoked_at_peer": True}


@pytest.mark.parametrize("answer", [httpx2.Response(503), httpx2.Response(401, json={"error": "invalid_client"})])
async def test_a_peer_that_does_not_confirm_does_not_keep_the_connection_here(answer):
    """Product §5."""
    world = World()
    world.peer.next_answers.append(answer)
    assert await end(world, world.connect()) is False
    assert world.store.connections == {}


async def test_a_peer_without_a_revocation_endpoint_cannot_confirm():
    """RFC 8414 §2: revocation_endpoint is optional."""
    world = World()
    del world.peer.metadata["revocation_endpoint"]
    assert await end(world, world.connect()) is False
    assert world.store.connections == {}


async def test_what_was_renewed_meanwhile_is_what_is_revoked():
    """Ours: the caller may have read an older token."""
    world = World()
    old = world.connect()
    world.store.connections[LINK_ID, "u1", ""] = old.changed(refresh_token=Secret("alr_newer"))
    assert await end(world, old)
    assert world.peer.revoked == ["alr_newer"]


async def test_what_the_peer_ended_itself_needs_no_telling():
    """Ours."""
    world = World()
    assert await end(world, world.connect(state=ConnectionState.ENDED_BY_PEER))
    assert world.peer.log == []


@pytest.mark.requirement("CL-20")
async def test_credentials_of_another_issuer_are_not_shown_to_this_one():
    """Security CL-20."""
    world = World()
    assert not await end(world, world.connect(issuer="https://old.example"))
    assert world.peer.log == []
    assert world.store.connections == {}


async def test_an_access_token_alone_is_revoked():
    """RFC 7009 §2.1."""
    world = World()
    connection = world.connect(refresh_token=None)
    assert await end(world, connection)
    assert world.peer.revoked == [connection.access_token.reveal()]
