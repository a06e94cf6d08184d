"""Links by hand after they were made: what changes, what goes along, and what stays."""

from dataclasses import replace
from typing import Any

import pytest

from applinks.administration.by_hand import add_incoming, add_outgoing, change_by_hand
from applinks.administration.hand_values import LinkChange
from applinks.administration.links import delete
from applinks.administration.values import InvalidValueError
from applinks.errors import RefusedError
from applinks.linking.errors import LinkingError
from applinks.records.clients import ClientAuthentication
from applinks.records.registrations import ServerEndpoints
from applinks.secret import Secret
from applinks.wire.linking.terms import Level
from tests.administration.hand import (
    ADMIN,
    GIVEN,
    ISSUER,
    URL,
    add_both,
    incoming,
    list_events,
    outgoing,
    read_audit,
)
from tests.linking.world import World

pytestmark = pytest.mark.anyio

BASIC = ClientAuthentication.CLIENT_SECRET_BASIC
ENDPOINTS = ServerEndpoints(authorization="https://login.board.example/a", token="https://login.board.example/t")


async def test_the_missing_direction_is_added_later(world: World) -> None:
    """Product §5 Links: incoming and outgoing, either alone or both."""
    side, link = world.a.administration, (await add_both(world.a, url="", outgoing=None)).link
    with pytest.raises(InvalidValueError) as refused:
        await add_outgoing(link.id, outgoing(), actor=ADMIN, side=side)
    assert refused.value.code == "url_missing"
    added = await add_outgoing(link.id, outgoing(client_id="us"), url=URL, actor=ADMIN, side=side)
    assert (added.link.peer.url, added.link.issuer) == (URL, ISSUER)
    assert added.registration is not None
    assert added.registration.client_id == "us"
    assert await world.a.storage.outgoing.find_registration(link.id) == added.registration
    other = await add_both(world.a, name="Wiki", url="https://wiki.example", incoming=None)
    with_client = await add_incoming(other.link.id, incoming(), actor=ADMIN, side=side)
    assert with_client.client is not None
    assert with_client.secret is not None
    assert with_client.link.incoming.user_scopes == ("pages:read",)
    assert [action for _, action in await list_events(world.a, other.link.id)] == [
        "link.added",
        "link.incoming_changed",
    ]
    for again in (
        add_incoming(other.link.id, incoming(), actor=ADMIN, side=side),
        add_outgoing(other.link.id, outgoing(), actor=ADMIN, side=side),
    ):
        with pytest.raises(InvalidValueError) as refused:
            await again
        assert refused.value.code == "direction_exists"


async def test_a_link_is_renamed_and_its_client_with_it(world: World) -> None:
    """House §8 Ids: a handle can be changed; users read the client's name."""
    side, added = world.a.administration, await add_both(world.a)
    change = LinkChange(name="Whiteboard", handle="white")
    link = await change_by_hand("board", change, actor=ADMIN, side=side)
    assert (link.name, link.handle, link.seq) == ("Whiteboard", "white", 0)
    assert await world.a.storage.linking.find_link("board") is None
    (found,) = await world.a.storage.incoming.list_clients(link_id=link.id)
    assert added.client is not None
    assert (found.client.name, found.client.client_id) == ("Whiteboard", added.client.client_id)
    assert found.client.secrets == added.client.secrets


async def test_a_link_that_both_agreed_to_is_renamed_and_otherwise_left_alone(world: World) -> None:
    """Handshake §5 Change: more than the ceiling only with the other side."""
    side, link_id = world.a.administration, await world.link()
    link = await change_by_hand(link_id, LinkChange(name="Ours", handle="ours"), actor=ADMIN, side=side)
    assert (link.name, link.handle, link.is_usable) == ("Ours", "ours", True)
    await world.pump(seconds=3)
    assert world.network.seen == []
    for change in (LinkChange(incoming_scopes=("pages:read",)), LinkChange(outgoing=False), LinkChange(client_id="x")):
        with pytest.raises(LinkingError) as refused:
            await change_by_hand(link_id, change, actor=ADMIN, side=side)
        assert refused.value.code == "unsupported_terms"
    for attempt in (
        add_incoming(link_id, incoming(), actor=ADMIN, side=side),
        add_outgoing(link_id, outgoing(), actor=ADMIN, side=side),
    ):
        with pytest.raises(LinkingError) as refused:
            await attempt
        assert refused.value.code == "unsupported_terms"


async def test_a_direction_that_is_switched_off_keeps_its_scopes(world: World) -> None:
    """Product §4 JSON: stored is the level alone."""
    side, link_id = world.a.administration, (await add_both(world.a)).link.id
    off = await change_by_hand(link_id, LinkChange(incoming=False, outgoing=False), actor=ADMIN, side=side)
    assert not off.incoming.is_enabled
    assert not off.outgoing.is_enabled
    assert (off.incoming.user_scopes, off.outgoing.user_scopes) == (("pages:read",), ("openid", "boards"))
    on = await change_by_hand(link_id, LinkChange(incoming=True, outgoing=True), actor=ADMIN, side=side)
    assert (on.incoming.level, on.outgoing.level) == (Level.OAUTH, Level.OAUTH)
    actions = [action for _, action in await list_events(world.a, link_id)]
    assert actions[1:] == ["link.incoming_changed", "link.outgoing_changed"] * 2


async def test_a_direction_that_is_not_there_is_not_switched_on(world: World) -> None:
    """Ours: it needs a client, or a server, first."""
    side, link = world.a.administration, (await add_both(world.a, incoming=None)).link
    for change in (LinkChange(incoming=True), LinkChange(incoming_scopes=("pages:read",))):
        with pytest.raises(InvalidValueError) as refused:
            await change_by_hand(link.id, change, actor=ADMIN, side=side)
        assert (refused.value.field, refused.value.code) == ("incoming", "direction_missing")
    other = (await add_both(world.a, url="", outgoing=None)).link
    for each in (LinkChange(outgoing=True), LinkChange(outgoing_scopes=("boards",)), LinkChange(issuer=ISSUER)):
        with pytest.raises(InvalidValueError) as refused:
            await change_by_hand(other.id, each, actor=ADMIN, side=side)
        assert (refused.value.field, refused.value.code) == ("outgoing", "direction_missing")


async def test_the_scopes_of_a_link_and_of_its_one_client_change_together(world: World) -> None:
    """Ours: an administrator ticks a scope once."""
    side, link_id = world.a.administration, (await add_both(world.a)).link.id
    change = LinkChange(incoming_scopes=("pages:read", "notify"))
    link = await change_by_hand(link_id, change, actor=ADMIN, side=side)
    (found,) = await world.a.storage.incoming.list_clients(link_id=link_id)
    assert link.incoming.user_scopes == found.client.scopes == ("pages:read", "notify")
    assert link.incoming.application_scopes == found.client.application_scopes == ("pages:read", "notify")
    with pytest.raises(InvalidValueError) as refused:
        await change_by_hand(link_id, LinkChange(incoming_scopes=()), actor=ADMIN, side=side)
    assert refused.value.field == "incoming_scopes"


async def test_the_values_from_the_other_side_are_entered_later(world: World) -> None:
    """Issue 5: `links add` prints the redirect URI, `links edit` takes client id and secret."""
    side, link_id = world.a.administration, (await add_both(world.a)).link.id
    change = LinkChange(client_id="us", client_secret=GIVEN)
    link = await change_by_hand(link_id, change, actor=ADMIN, side=side)
    kept = await world.a.storage.outgoing.find_registration(link_id)
    assert kept is not None
    assert kept.is_complete
    assert (link.version, kept.client_id, kept.client_secret) == (2, "us", GIVEN)
    assert GIVEN.reveal() not in await read_audit(world.a)
    post = LinkChange(authentication=ClientAuthentication.CLIENT_SECRET_POST, endpoints=ENDPOINTS)
    await change_by_hand(link_id, post, actor=ADMIN, side=side)
    changed = await world.a.storage.outgoing.find_registration(link_id)
    assert changed == replace(kept, authentication=ClientAuthentication.CLIENT_SECRET_POST, endpoints=ENDPOINTS)
    await change_by_hand(link_id, LinkChange(reads_metadata=True), actor=ADMIN, side=side)
    again = await world.a.storage.outgoing.find_registration(link_id)
    assert again is not None
    assert again.endpoints is None
    assert again.client_secret == GIVEN


async def test_a_change_of_nothing_writes_nothing(world: World) -> None:
    """Ours: a form that is saved as it was is no change."""
    added = await add_both(world.a)
    change = LinkChange(name="Board", handle="board", incoming=True, outgoing_scopes=("openid", "boards"))
    link = await change_by_hand(added.link.id, change, actor=ADMIN, side=world.a.administration)
    assert link == added.link
    assert len(await list_events(world.a, link.id)) == 1


async def test_another_issuer_is_told_to_the_audit(world: World) -> None:
    """Security CL-21: credentials belong to an issuer."""
    side, link_id = world.a.administration, (await add_both(world.a)).link.id
    change = LinkChange(issuer="https://id.board.example")
    link = await change_by_hand(link_id, change, actor=ADMIN, side=side)
    assert link.issuer == "https://id.board.example"
    assert (await list_events(world.a, link_id))[-1] == ("user:1", "link.address_changed")
    change = LinkChange(issuer="https://other.example", name="Other", endpoints=ENDPOINTS)
    await change_by_hand(link_id, change, actor=ADMIN, side=side)
    actions = [action for _, action in (await list_events(world.a, link_id))[-3:]]
    assert sorted(actions) == ["link.address_changed", "link.registration_changed", "link.renamed"]
    assert "https://other.example" in (said := await read_audit(world.a))
    assert ENDPOINTS.token in said


@pytest.mark.requirement("CL-21")
async def test_the_token_endpoint_that_was_seen_is_pinned_until_another_is_seen_or_entered(world: World) -> None:
    """Ours: secrets go where an administrator looked; what was entered needs no pin."""
    side, seen = world.a.administration, "https://login.board.example/t"
    link = (await add_both(world.a, outgoing=outgoing(token_endpoint=seen))).link

    async def change(**changes: Any) -> str:
        return (await change_by_hand(link.id, LinkChange(**changes), actor=ADMIN, side=side)).peer.token_endpoint

    assert link.peer.token_endpoint == seen
    assert await change(name="Boards", outgoing_scopes=("openid",), issuer=ISSUER) == seen
    assert await change(token_endpoint="https://tokens.example/t") == "https://tokens.example/t"
    assert (await list_events(world.a, link.id))[-1] == ("user:1", "link.address_changed")
    assert "https://tokens.example/t" in await read_audit(world.a)
    assert await change(issuer="https://id.board.example") == ""
    assert await change(token_endpoint=seen, endpoints=ENDPOINTS) == ""
    assert await change(reads_metadata=True, token_endpoint=seen) == seen
    found = await world.a.storage.linking.find_link(link.id)
    assert found is not None
    assert found.peer.token_endpoint == seen
    entered = outgoing(token_endpoint=seen, endpoints=ENDPOINTS)
    alone = (await add_both(world.a, url="https://two.example", outgoing=None)).link
    added = await add_outgoing(alone.id, entered, url="https://three.example", actor=ADMIN, side=side)
    assert added.link.peer.token_endpoint == ""


@pytest.mark.requirement("N-02")
async def test_private_addresses_are_kept_by_origin_and_stay_where_nothing_is_said(world: World) -> None:
    """Ours: what was confirmed holds for that origin alone."""
    side, origin = world.a.administration, "https://board.example"
    link = (await add_both(world.a, private_origins=(origin,))).link
    assert (link.private_address, link.peer.private_origins) == (True, (origin,))
    assert link.may_be_private(f"{URL}/things")
    assert not link.may_be_private(ISSUER)
    link = await change_by_hand(link.id, LinkChange(name="Boards"), actor=ADMIN, side=side)
    assert link.may_be_private(URL)
    link = await change_by_hand(link.id, LinkChange(private_origins=()), actor=ADMIN, side=side)
    assert not link.private_address
    assert not link.may_be_private(URL)


@pytest.mark.requirement("CL-20")
async def test_another_issuer_is_not_told_the_secret_of_the_first(world: World) -> None:
    """Ours: credentials belong to an issuer and are never used at another."""
    side = world.a.administration
    link_id = (await add_both(world.a, outgoing=outgoing(client_id="us", client_secret=GIVEN))).link.id

    async def find_secret() -> Secret | None:
        registration = await world.a.storage.outgoing.find_registration(link_id)
        assert registration is not None
        assert registration.client_id == "us"
        return registration.client_secret

    await change_by_hand(link_id, LinkChange(issuer=ISSUER, name="Boards"), actor=ADMIN, side=side)
    assert await find_secret() == GIVEN
    await change_by_hand(link_id, LinkChange(issuer="https://id.board.example"), actor=ADMIN, side=side)
    assert await find_secret() is None
    both = LinkChange(issuer=ISSUER, client_secret=Secret("its own"))
    await change_by_hand(link_id, both, actor=ADMIN, side=side)
    assert await find_secret() == Secret("its own")


async def test_the_document_of_a_registration_stays_as_long_as_no_client_id_is_entered(world: World) -> None:
    """Product §3: its address is our client id there."""
    side, added = world.a.administration, await add_both(world.a, outgoing=outgoing(wants_document=True))
    for change in (LinkChange(client_id=""), LinkChange(client_secret=GIVEN, authentication=BASIC)):
        with pytest.raises(InvalidValueError) as refused:
            await change_by_hand(added.link.id, change, actor=ADMIN, side=side)
        assert refused.value.field in {"client_id", "authentication"}
    assert added.registration is not None
    same = LinkChange(client_id=added.registration.client_id)
    assert await change_by_hand(added.link.id, same, actor=ADMIN, side=side) == added.link


@pytest.mark.parametrize(
    ("said", "authentication", "is_complete"),
    [
        ({"client_secret": GIVEN}, BASIC, True),
        ({}, BASIC, False),
        ({"authentication": ClientAuthentication.NONE}, ClientAuthentication.NONE, True),
    ],
)
async def test_a_client_id_from_there_takes_the_place_of_the_document(
    world: World, said: dict[str, Any], authentication: ClientAuthentication, is_complete: bool
) -> None:
    """Ours: a server may say that it reads documents and refuse ours; then whoever is registered goes on."""
    side, added = world.a.administration, await add_both(world.a, outgoing=outgoing(wants_document=True))
    assert added.registration is not None
    await change_by_hand(added.link.id, LinkChange(client_id="us", **said), actor=ADMIN, side=side)
    found = await world.a.storage.outgoing.find_registration(added.link.id)
    assert found is not None
    assert (found.client_id, found.document, found.authentication) == ("us", "", authentication)
    assert found.is_complete is is_complete
    assert await world.a.storage.outgoing.find_document(added.registration.document) is None


async def test_an_ended_link_is_not_changed(world: World) -> None:
    """Handshake §4: ended is final."""
    side, link = world.a.administration, (await add_both(world.a)).link
    await delete(link.id, actor=ADMIN, side=side)
    with pytest.raises(RefusedError) as refused:
        await change_by_hand(link.id, LinkChange(name="Again"), actor=ADMIN, side=side)
    assert refused.value.code == "unknown_link"
