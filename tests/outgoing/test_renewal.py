import asyncio
from dataclasses import replace

import httpx2
import pytest

from applinks.errors import AuthorizationNeeded, PeerError, PeerProtocolError, PeerRefusedError, PeerUnreachableError
from applinks.outgoing.connection import PeerConnection
from applinks.outgoing.renewal import get_credentials, renew, request_token_for_application
from applinks.records.connections import ConnectionState
from applinks.secret import Secret
from tests.outgoing.fakes import LINK_ID, World, error

pytestmark = pytest.mark.anyio


async def get(world: World):
    return await get_credentials(world.link, "u1", "", side=world.side)


async def test_a_token_that_is_still_good_is_used():
    """Ours."""
    world = World()
    connection = world.connect()
    assert await get(world) == connection
    assert world.peer.log == []


async def test_a_token_about_to_end_is_renewed_before_it_does():
    """Product §5: refreshes."""
    world = World()
    world.connect(expires_at=world.clock.now() + 20)
    found = await get(world)
    assert found == world.stored
    assert found.expires_at == world.clock.now() + 3600
    assert found.access_token.reveal() in world.peer.access_tokens


async def test_a_token_whose_end_the_peer_did_not_say_is_used_until_it_is_refused():
    """RFC 6749 §5.1: expires_in is recommended, not required."""
    world = World()
    connection = world.connect(expires_at=0)
    assert await get(world) == connection


@pytest.mark.requirement("CL-30")
async def test_the_rotated_refresh_token_is_kept():
    """RFC 6749 §6: the client must discard the old one."""
    world = World()
    await renew(world.connect(), world.link, side=world.side)
    assert world.stored.refresh_token == Secret("alr_2_refresh")
    await renew(world.stored, world.link, side=world.side)
    assert [form["refresh_token"] for form in world.peer.forms] == ["alr_first", "alr_2_refresh"]


@pytest.mark.requirement("CL-30")
async def test_a_missing_refresh_token_keeps_the_old_one():
    """RFC 6749 §6: the server may issue a new one."""
    world = World()
    world.peer.rotates = False
    await renew(world.connect(), world.link, side=world.side)
    assert world.stored.refresh_token == Secret("alr_first")


async def test_the_scope_of_the_answer_counts_and_silence_keeps_the_old():
    """RFC 6749 §5.1."""
    world = World()
    world.peer.next_answers.append(httpx2.Response(200, json=world.peer.issue(scope="issues:write")))
    first = await renew(world.connect(), world.link, side=world.side)
    assert first.scopes == ("issues:write",)
    world.peer.refresh_tokens.add("alr_first")
    assert (await renew(first, world.link, side=world.side)).scopes == ("issues:write",)


@pytest.mark.requirement("CL-30")
@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(200, html="<p>log in</p>"),
        httpx2.Response(200, json={"ok": True}),
        httpx2.Response(200, json={"access_token": "", "token_type": "Bearer"}),
        httpx2.Response(200, json={"access_token": "x", "token_type": "mac"}),
        httpx2.Response(200, content=b'{"access_token": "cut', headers={"Content-Type": "application/json"}),
        httpx2.Response(200, json={"access_token": "x", "token_type": "Bearer", "expires_in": "soon"}),
        httpx2.Response(302, headers={"Location": "https://evil.example/"}),
        httpx2.Response(403, html="<p>firewall</p>"),
        httpx2.Response(404),
    ],
)
async def test_an_answer_that_is_none_changes_nothing(answer):
    """Security CL-30."""
    world = World()
    before = world.connect()
    world.peer.next_answers.append(answer)
    with pytest.raises(PeerProtocolError):
        await renew(before, world.link, side=world.side)
    assert world.stored == before
    assert len(world.peer.forms) == 1


@pytest.mark.requirement("CL-30")
@pytest.mark.parametrize("code", ["invalid_client", "unauthorized_client", "invalid_request", "something_else"])
async def test_a_refusal_that_is_not_the_grants_end_changes_nothing(code):
    """RFC 6749 §5.2: only invalid_grant speaks of the token."""
    world = World()
    before = world.connect()
    world.peer.next_answers.append(error(code, 401))
    with pytest.raises(PeerRefusedError) as raised:
        await renew(before, world.link, side=world.side)
    assert raised.value.code == (code if code != "something_else" else "peer_refused")
    assert "AL-AAAA-BBBB" in raised.value.detail
    assert world.stored == before


@pytest.mark.requirement("CL-30")
@pytest.mark.parametrize(
    "fault",
    [
        httpx2.ConnectError("refused"),
        httpx2.ReadTimeout("slow"),
        httpx2.RemoteProtocolError("peer closed connection without sending complete message body"),
        httpx2.Response(503, html="<p>restarting</p>"),
        httpx2.Response(429, json={"error": "too_many_requests"}),
        error("temporarily_unavailable", 400),
    ],
)
async def test_a_passing_fault_is_tried_again_and_passes(fault):
    """Security CL-30."""
    world = World()
    world.peer.next_answers.extend([fault, fault])
    renewed = await renew(world.connect(), world.link, side=world.side)
    assert renewed == world.stored
    assert world.peer.count("/token") == 3


@pytest.mark.requirement("CL-30")
async def test_a_fault_that_does_not_pass_costs_a_few_tries_and_changes_nothing():
    """Security CL-30: within a budget."""
    world = World()
    before = world.connect()
    world.peer.next_answers.extend([httpx2.ConnectError("refused")] * 10)
    with pytest.raises(PeerUnreachableError):
        await renew(before, world.link, side=world.side)
    assert world.peer.count("/token") == 3
    assert world.stored == before


async def test_tries_stop_where_they_take_long():
    """Ours: somebody waits for the page."""
    world = World()

    def slow(_form: object) -> None:
        world.clock.advance(10)
        raise httpx2.ReadTimeout("slow")

    world.peer._prove = slow
    with pytest.raises(PeerUnreachableError):
        await renew(world.connect(), world.link, side=world.side)
    assert world.peer.count("/token") == 1


async def test_a_renewal_that_fails_early_leaves_the_good_token_in_use():
    """Ours: renewal begins before the end."""
    world = World()
    before = world.connect(expires_at=world.clock.now() + 20)
    world.peer.next_answers.extend([httpx2.ConnectError("refused")] * 10)
    assert await get(world) == before
    world.clock.advance(20)
    with pytest.raises(PeerUnreachableError):
        await get(world)


@pytest.mark.requirement("CL-30")
async def test_the_grants_end_changes_the_state_of_the_connection():
    """RFC 6749 §5.2 invalid_grant."""
    world = World()
    world.peer.next_answers.append(error("invalid_grant"))
    with pytest.raises(AuthorizationNeeded) as raised:
        await renew(world.connect(), world.link, side=world.side)
    assert "invalid_grant" in raised.value.detail
    assert world.stored.state is ConnectionState.ENDED_BY_PEER


async def test_a_token_that_cannot_be_renewed_asks_the_user_again():
    """Ours: no refresh token was given."""
    world = World()
    world.connect(refresh_token=None, expires_at=world.clock.now() + 5)
    with pytest.raises(AuthorizationNeeded):
        await get(world)
    assert world.peer.log == []


@pytest.mark.requirement("CL-30")
async def test_fifty_callers_make_one_renewal():
    """Product §5: once however many callers wait."""
    world = World()
    world.connect(expires_at=world.clock.now() + 1)
    found = await asyncio.gather(*(get(world) for _ in range(50)))
    assert len(set(found)) == 1
    assert world.peer.count("/token") == 1
    assert world.stored.version == 2


async def test_fifty_callers_of_a_peer_that_is_down_cost_one_renewal_and_have_a_reference_each():
    """Ours: a peer that is down is not flooded."""
    world = World()
    world.connect(expires_at=world.clock.now() - 1)
    world.peer.next_answers.extend([httpx2.ConnectError("refused")] * 100)
    calls = (PeerConnection("tracker", user_id="u1", side=world.side).get("/x") for _ in range(50))
    failed = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(each, PeerUnreachableError) for each in failed)
    assert len({each.reference for each in failed}) == 50
    assert world.peer.count("/token") == 3


async def test_a_caller_that_goes_away_does_not_lose_the_rotated_token():
    """Security CL-30: the client keeps the rotated token."""
    world = World()
    gate, reached = asyncio.Event(), asyncio.Event()
    answer = world.peer._answer_token

    async def slowly(request: httpx2.Request) -> httpx2.Response:
        if not request.url.path.endswith("/token"):
            return await type(world.peer).__call__(world.peer, request)
        found = answer(request)
        reached.set()
        await gate.wait()
        return found

    world.side.fetcher._transport.handler = slowly
    before = world.connect()
    caller = asyncio.ensure_future(renew(before, world.link, side=world.side))
    await reached.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    gate.set()
    await world.side.flights.settle()
    assert world.stored.refresh_token == Secret("alr_2_refresh")
    # Whoever held the old one finds it renewed.
    assert await renew(before, world.link, side=world.side) == world.stored
    assert len(world.peer.forms) == 1


@pytest.mark.requirement("CL-30")
async def test_another_processs_renewal_is_used_instead_of_ours():
    """Security CL-30: never restores an old one."""
    world = World()
    stale = world.connect()
    newer = stale.changed(access_token=Secret("theirs"), refresh_token=Secret("alr_theirs"))
    world.store.connections[LINK_ID, "u1", ""] = newer
    assert await renew(stale, world.link, side=world.side) == newer
    assert world.peer.log == []


@pytest.mark.requirement("CL-30")
@pytest.mark.parametrize("ours", ["tokens", "invalid_grant"])
async def test_a_renewal_that_another_process_overtook_uses_what_that_one_stored(ours):
    """Ours: compare and swap."""
    world = World()
    stale = world.connect()
    newer = stale.changed(access_token=Secret("theirs"), refresh_token=Secret("alr_theirs"))
    prove = world.peer._prove

    def overtake(form):
        world.store.connections[LINK_ID, "u1", ""] = newer
        prove(form)

    world.peer._prove = overtake
    if ours == "invalid_grant":
        world.peer.next_answers.append(error("invalid_grant"))
    assert await renew(stale, world.link, side=world.side) == newer
    assert world.stored == newer


async def test_a_connection_deleted_during_its_renewal_stays_deleted():
    """Ours: disconnecting wins."""
    world = World()
    stale = world.connect()
    prove = world.peer._prove

    def disconnect(form):
        world.store.connections.clear()
        prove(form)

    world.peer._prove = disconnect
    with pytest.raises(AuthorizationNeeded):
        await renew(stale, world.link, side=world.side)
    assert world.store.connections == {}


async def test_a_connection_made_anew_during_a_renewal_is_not_overwritten():
    """Ours: the record's id tells them apart though the versions are equal."""
    world = World()
    stale = world.connect()
    again = replace(stale, id="con_2", access_token=Secret("new"))
    prove = world.peer._prove

    def reconnect(form):
        world.store.connections[LINK_ID, "u1", ""] = again
        prove(form)

    world.peer._prove = reconnect
    assert await renew(stale, world.link, side=world.side) == again


async def test_a_token_for_the_test_call_is_not_stored():
    """Handshake §6."""
    world = World()
    answer = await request_token_for_application(world.link, ("applinks:check",), side=world.side)
    assert answer.scopes == ("applinks:check",)
    assert world.store.connections == {}


@pytest.mark.requirement("CL-20")
@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("issuer", "https://evil.example"),
        ("issuer", None),
        ("token_endpoint", "https://evil.example/token"),
        ("token_endpoint", "https://tracker.example/token"),
        ("token_endpoint", "https://tracker.example/app/../token"),
        ("token_endpoint", "http://tracker.example/app/token"),
        ("token_endpoint", None),
        ("authorization_endpoint", "https://tracker.example/apple/authorize"),
        ("revocation_endpoint", "https://evil.example/revoke"),
        ("jwks_uri", "https://tracker.example/app/other-keys"),
    ],
)
@pytest.mark.requirement("CL-21")
async def test_metadata_that_lies_gets_no_credentials(member, value):
    """Security CL-21: issuer equals the URL asked; endpoints are https and the peer's own."""
    world = World()
    world.peer.metadata[member] = value
    with pytest.raises(PeerProtocolError):
        await renew(world.connect(), world.link, side=world.side)
    assert world.peer.forms == []


@pytest.mark.parametrize(
    "answer", [httpx2.Response(200, html="<p>"), httpx2.Response(302, headers={"Location": "/"}), httpx2.Response(404)]
)
async def test_metadata_that_cannot_be_read_is_the_peers_fault_and_changes_nothing(answer):
    """Issue: a peer that answers HTML, redirects."""
    world = World()
    before = world.connect()
    world.peer.__class__ = type("Broken", (type(world.peer),), {"__call__": lambda *_: _answer(answer)})
    with pytest.raises(PeerProtocolError) as raised:
        await renew(before, world.link, side=world.side)
    assert raised.value.detail
    assert world.stored == before


async def _answer(answer: httpx2.Response) -> httpx2.Response:
    return answer


async def test_metadata_is_read_once_in_five_minutes():
    """Ours."""
    world = World()
    world.connect()
    for advance in (0, 100, 250):
        world.clock.advance(advance)
        await renew(world.stored, world.link, side=world.side)
    assert world.peer.count("/oauth-authorization-server") == 2


@pytest.mark.requirement("N-05")
async def test_no_token_is_in_an_error_or_a_repr():
    """Security N-05."""
    world = World()
    world.connect()
    world.peer.next_answers.append(error("invalid_client", 401))
    with pytest.raises(PeerError) as raised:
        await renew(world.stored, world.link, side=world.side)
    shown = repr(world.stored) + repr(raised.value) + raised.value.detail + str(raised.value.__cause__)
    assert "alr_first" not in shown
    assert world.stored.access_token.reveal() not in shown
