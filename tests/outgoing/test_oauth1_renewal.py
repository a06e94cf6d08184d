import asyncio
from dataclasses import replace

import httpx2
import pytest

from applinks.errors import AuthorizationNeeded, PeerRefusedError, PeerUnreachableError
from applinks.outgoing.flights import Flights
from applinks.outgoing.renewal import renew
from applinks.records.connections import ConnectionState
from applinks.secret import Secret
from tests.outgoing.fakes import LINK_ID
from tests.outgoing.oauth1_peer import OAuth1World, register

pytestmark = pytest.mark.anyio


async def about_to_end(*, left: int = 20, **changes) -> OAuth1World:
    world = OAuth1World(registration=register())
    await world.connect()
    stored = replace(world.stored, expires_at=world.clock.now() + left, **changes)
    world.store.connections[LINK_ID, "u1", ""] = stored
    return world


async def test_credentials_that_are_about_to_end_are_renewed_before_the_call():
    """The session extension, before expiry."""
    world = await about_to_end()
    assert (await world.hold().get("/x")).json()["oauth_token"] == "token/2"
    said = world.peer.seen[-2]
    assert (said["oauth_token"], said["oauth_session_handle"]) == ("token/1", "handle+1")
    assert "oauth_verifier" not in said
    stored, now = world.stored, world.clock.now()
    assert (stored.access_token, stored.token_secret) == (Secret("token/2"), Secret("s&cret 2"))
    assert (stored.refresh_token, stored.version) == (Secret("handle+2"), 2)
    assert (stored.expires_at, stored.session_expires_at) == (now + 3600, now + 86400)


async def test_what_a_renewal_does_not_say_stays_as_it_was():
    """The session extension: a server may give the same handle for the whole session."""
    world = await about_to_end(session_expires_at=7)
    world.peer.handles = False
    await world.hold().get("/x")
    assert (world.stored.refresh_token, world.stored.session_expires_at) == (Secret("handle+1"), 7)
    assert world.stored.expires_at == 0


async def test_one_renewal_serves_all_who_wait():
    """CL-30."""
    world = await about_to_end()
    answers = await asyncio.gather(*(world.hold().get("/x") for _ in range(20)))
    assert {answer.json()["oauth_token"] for answer in answers} == {"token/2"}
    assert world.peer.count("/access-token") == 2


@pytest.mark.parametrize("problem", ["token_rejected", "token_expired", "permission_denied", "permission_unknown"])
async def test_a_session_that_is_over_asks_the_user_again(problem):
    """Atlassian's wire: wrong handle ``token_rejected``, session over ``permission_denied``."""
    world = await about_to_end()
    world.peer.next_answers.append(world.peer.refuse(problem))
    with pytest.raises(AuthorizationNeeded) as raised:
        await world.hold().get("/x")
    assert problem in raised.value.detail
    assert world.stored.state is ConnectionState.ENDED_BY_PEER


async def test_a_token_without_a_handle_ends_when_it_ends():
    """RFC 5849 knows no renewal."""
    world = await about_to_end(refresh_token=None)
    with pytest.raises(AuthorizationNeeded):
        await world.hold().get("/x")
    assert world.stored.state is ConnectionState.ENDED_BY_PEER


@pytest.mark.parametrize("problem", ["signature_invalid", "consumer_key_unknown", "timestamp_refused"])
async def test_a_server_that_refuses_us_ends_nothing(problem):
    """Ours: an administrator mends the link, and the user need not know."""
    world = await about_to_end(left=-5)
    world.peer.next_answers.append(world.peer.refuse(problem))
    with pytest.raises(PeerRefusedError) as raised:
        await world.hold().get("/x")
    assert raised.value.code == problem
    assert (world.stored.state, world.stored.version) == (ConnectionState.ACTIVE, 1)
    assert (await world.hold().get("/x")).status_code == 200


async def test_what_is_still_good_serves_while_it_cannot_be_renewed():
    """Ours: renewal begins early."""
    world = await about_to_end()
    world.peer.next_answers.extend(httpx2.Response(503) for _ in range(3))
    assert (await world.hold().get("/x")).json()["oauth_token"] == "token/1"


async def test_a_passing_fault_is_tried_again_with_a_fresh_signature():
    """RFC 5849 §3.3: a nonce is used once."""
    world = await about_to_end(left=-5)
    world.peer.next_answers.extend([httpx2.ConnectError("no"), httpx2.Response(502)])
    assert (await world.hold().get("/x")).json()["oauth_token"] == "token/2"
    asked = [said for said in world.peer.seen if "oauth_session_handle" in said]
    assert len({said["oauth_nonce"] for said in asked}) == 3


async def test_a_server_that_stays_down_loses_nothing():
    """Ours: the next call tries again."""
    world = await about_to_end(left=-5)
    world.peer.next_answers.extend(httpx2.Response(503) for _ in range(3))
    with pytest.raises(PeerUnreachableError):
        await world.hold().get("/x")
    assert (await world.hold().get("/x")).json()["oauth_token"] == "token/2"


@pytest.mark.requirement("CL-30")
async def test_the_end_that_a_slower_process_saw_does_not_cost_what_a_faster_one_got():
    """Ours: the old token ends with the renewal, so that a second process is refused; the first one's is good."""
    world = await about_to_end()
    before = world.stored
    slower = replace(world.side, flights=Flights())
    swap = world.store.swap_connection

    async def be_late(connection, *, expected_version):
        # Between the peer's answer and our write, the other process asks and is refused.
        world.store.swap_connection = swap
        with pytest.raises(AuthorizationNeeded):
            await renew(before, world.link, side=slower)
        assert world.stored.state is ConnectionState.ENDED_BY_PEER
        return await swap(connection, expected_version=expected_version)

    world.store.swap_connection = be_late
    renewed = await renew(before, world.link, side=world.side)
    assert world.stored == renewed
    assert (renewed.access_token, renewed.version) == (Secret("token/2"), 3)
    assert (await world.hold().get("/x")).json()["oauth_token"] == "token/2"


async def test_a_connection_that_was_made_anew_meanwhile_is_not_overwritten():
    """CL-30: an old token never overwrites a new one."""
    world = await about_to_end()
    before, swap = world.stored, world.store.swap_connection

    async def be_late(connection, *, expected_version):
        newer = replace(before, id="con_2", state=ConnectionState.ACTIVE, access_token=Secret("token/9"))
        world.store.connections[LINK_ID, "u1", ""] = newer
        return await swap(connection, expected_version=expected_version)

    world.store.swap_connection = be_late
    assert (await renew(before, world.link, side=world.side)).access_token == Secret("token/9")
