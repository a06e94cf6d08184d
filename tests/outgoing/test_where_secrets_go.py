"""Where a link with a server that is no Applinks may lead: the pinned token endpoint, and private addresses."""

from dataclasses import replace

import pytest

from applinks.errors import (
    PeerProtocolError,
)
from applinks.outgoing.connection import PeerConnection
from applinks.outgoing.disconnection import disconnect
from applinks.outgoing.peers import get_server_metadata
from applinks.outgoing.registrations import may_be_private
from applinks.outgoing.round_trip import finish
from applinks.records.links import Link
from applinks.records.registrations import ServerEndpoints
from tests.outgoing.fakes import ALICIA, LINK_ID
from tests.outgoing.foreign import APP, BROWSER, ELSEWHERE, ISSUER, HandWorld, make_hand_link

pytestmark = pytest.mark.anyio

ENDPOINTS = ServerEndpoints(authorization=f"{ISSUER}/auth", token=f"{ISSUER}/token", revocation=f"{ISSUER}/revoke")


def hold(world: HandWorld, user_id: str | None = "u1") -> PeerConnection:
    return PeerConnection("app", user_id=user_id, side=world.side)


def make_private_link(*origins: str) -> Link:
    link = make_hand_link(private_address=True)
    return replace(link, peer=replace(link.peer, private_origins=origins))


def pin(world: HandWorld, token_endpoint: str) -> None:
    world.store.links[LINK_ID] = replace(world.link, peer=replace(world.link.peer, token_endpoint=token_endpoint))


@pytest.mark.requirement("CL-21")
async def test_a_token_endpoint_that_moves_to_another_host_is_flagged(caplog):
    """Ours: it gets our secret."""
    world = HandWorld()
    await get_server_metadata(world.link, side=world.side)
    world.server.metadata["token_endpoint"] = f"{ELSEWHERE}/token"
    world.clock.advance(300)
    await get_server_metadata(world.link, side=world.side)
    assert f"token_endpoint_moved link={LINK_ID} from={ISSUER}/token to={ELSEWHERE}/token" in caplog.text


@pytest.mark.requirement("CL-21")
async def test_no_credential_goes_to_a_token_endpoint_on_another_host_than_the_pinned_one():
    """Ours: it gets our secret, every code and every refresh token; an administrator looks first."""
    world = HandWorld()
    pin(world, f"{ISSUER}/token")
    await world.connect()
    query = world.server.approve(await world.start())
    world.server.metadata["token_endpoint"] = f"{ELSEWHERE}/token"
    world.clock.advance(400)
    sent = len(world.server.forms)
    with pytest.raises(PeerProtocolError) as refused:
        await finish(LINK_ID, query, BROWSER, ALICIA, side=world.side)
    assert refused.value.code == "token_endpoint_moved"
    world.clock.advance(200)
    attempts = (
        world.start(),
        hold(world).get("/things"),
        hold(world, None).get("/things"),
    )
    for attempt in attempts:
        with pytest.raises(PeerProtocolError) as refused:
            await attempt
        assert refused.value.code == "token_endpoint_moved"
        assert ELSEWHERE in refused.value.detail
    assert not await disconnect(world.stored, actor="user:u1", side=world.side)
    assert len(world.server.forms) == sent
    assert not [request for request in world.server.log if str(request.url).startswith(ELSEWHERE)]


@pytest.mark.requirement("CL-21")
async def test_a_pin_that_is_set_anew_counts_at_once_and_another_path_is_no_move():
    """Ours: what was read before the administrator looked is read again, not refused for minutes."""
    world = HandWorld()
    pin(world, f"{ISSUER}/token/v1")
    await get_server_metadata(world.link, side=world.side)
    world.server.metadata["token_endpoint"] = f"{ELSEWHERE}/token"
    pin(world, f"{ELSEWHERE}/token")
    assert (await get_server_metadata(world.link, side=world.side)).token_endpoint == f"{ELSEWHERE}/token"


@pytest.mark.requirement("N-02")
async def test_a_private_address_that_no_administrator_named_is_not_called():
    """Ours: metadata could name any machine behind our wall."""
    world = HandWorld(link=make_private_link("https://app.example", "https://id.example"), endpoints=ENDPOINTS)
    entered = replace(ENDPOINTS, token=f"{ELSEWHERE}/token")
    assert await may_be_private(world.link, f"{APP}/things", side=world.side)
    assert await may_be_private(world.link, f"{ISSUER}/keys", side=world.side)
    assert not await may_be_private(world.link, f"{ELSEWHERE}/token", side=world.side)
    world.store.registrations[LINK_ID] = replace(world.registration, endpoints=entered)
    assert await may_be_private(world.link, f"{ELSEWHERE}/token", side=world.side)
    world.store.registrations[LINK_ID] = replace(world.registration, endpoints=None)
    assert not await may_be_private(world.link, f"{ELSEWHERE}/token", side=world.side)
    assert not await may_be_private(make_hand_link(), f"{APP}/things", side=world.side)


@pytest.mark.requirement("N-02")
async def test_a_confirmed_private_address_opens_its_own_origin_alone():
    """Ours: another port is another machine's door, and a confirmed issuer says nothing of the address of calls."""
    world = HandWorld(link=make_private_link("https://id.example"), endpoints=ENDPOINTS)
    for url in (f"{APP}/things", "https://id.example:8443/keys", "http://id.example/keys"):
        assert not await may_be_private(world.link, url, side=world.side)
    assert await may_be_private(world.link, "https://id.example:443/keys", side=world.side)


@pytest.mark.requirement("N-02")
@pytest.mark.parametrize(("confirmed", "private"), [("https://app.example", True), ("https://id.example", False)])
async def test_calls_go_to_a_private_address_only_where_that_of_calls_was_confirmed(confirmed, private):
    """Ours: that of the issuer alone does not open it."""
    world, asked = HandWorld(link=make_private_link(confirmed)), []
    await world.connect()
    open_stream = world.side.fetcher.open_stream

    def note(request, **options):
        asked.append((request.url.host, options["private"]))
        return open_stream(request, **options)

    world.side.fetcher.open_stream = note
    send = world.side.fetcher.send

    def note_send(request, **options):
        asked.append((request.url.host, options["private"]))
        return send(request, **options)

    world.side.fetcher.send = note_send
    await hold(world).get("/things")
    async with hold(world).stream("GET", "/things"):
        pass
    assert asked == [("app.example", private)] * 2
