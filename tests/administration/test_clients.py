"""Clients that are added by hand: their links, their secrets, and their end."""

from dataclasses import replace
from typing import Any

import pytest

from applinks.administration.by_hand import add_link
from applinks.administration.clients import (
    AddedClient,
    ClientChange,
    NewClient,
    add_client,
    change_client,
    delete_client,
    end_secret,
    list_clients,
    rotate_secret,
    show_client,
)
from applinks.administration.hand_values import NewLink
from applinks.administration.values import InvalidValueError
from applinks.errors import RefusedError
from applinks.linking.errors import LinkingError
from applinks.records.clients import ClientAuthentication, GrantType
from applinks.records.links import Direction, LinkState
from applinks.records.usage import LastUsed
from applinks.wire.token_format import parse_token
from tests.administration.hand import ADMIN, AUDIT, CALLBACK, STRANGER, add_both, incoming, list_events, read_audit
from tests.linking.world import A_URL, Application, World

pytestmark = pytest.mark.anyio

WEEK = 7 * 86400


async def add(application: Application, **values: Any) -> AddedClient:
    new = NewClient(**{"name": "Probe", "redirect_uris": (CALLBACK,), "scopes": ("pages:read",)} | values)
    return await add_client(new, actor=ADMIN, side=application.administration)


async def test_a_client_gets_a_link_of_its_name_and_a_name_of_its_own(world: World) -> None:
    """House §5: `clients add` without a link makes an incoming-only one."""
    first, second = await add(world.a), await add(world.a)
    assert (first.link.name, first.link.handle, first.link.outgoing) == ("Probe", "probe", Direction())
    assert first.link.is_usable
    assert (second.link.handle, second.client.link_id) == ("probe-2", second.link.id)
    assert first.client.client_id.startswith("probe-")
    assert first.client.client_id != second.client.client_id
    assert first.secret is not None
    assert first.secret != second.secret


@pytest.mark.parametrize(
    ("values", "grant_types", "authentication"),
    [
        ({}, tuple(GrantType), ClientAuthentication.CLIENT_SECRET),
        (
            {"public": True},
            (GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN),
            ClientAuthentication.NONE,
        ),
        ({"redirect_uris": ()}, (GrantType.CLIENT_CREDENTIALS,), ClientAuthentication.CLIENT_SECRET),
        (
            {"grant_types": (GrantType.AUTHORIZATION_CODE,)},
            (GrantType.AUTHORIZATION_CODE,),
            ClientAuthentication.CLIENT_SECRET,
        ),
        (
            {"redirect_uris": (), "scopes": (), "resources": (f"{A_URL}/api",)},
            (),
            ClientAuthentication.CLIENT_SECRET,
        ),
    ],
)
async def test_a_client_may_use_the_grant_types_that_fit_it(
    world: World, values: dict[str, Any], grant_types: tuple[GrantType, ...], authentication: ClientAuthentication
) -> None:
    """Product §4 Defaults."""
    client = (await add(world.a, **values)).client
    assert (client.grant_types, client.authentication) == (grant_types, authentication)
    assert bool(client.application_scopes) is (GrantType.CLIENT_CREDENTIALS in grant_types)
    assert bool(client.secrets) is not client.is_public


async def test_offline_access_is_taken_and_changes_nothing(world: World) -> None:
    """Product §4 Defaults: every code grant gets a refresh token."""
    client = (await add(world.a, scopes=("pages:read", "offline_access", "pages:read"))).client
    assert client.scopes == ("pages:read",)


async def test_a_name_without_letters_of_ours_still_gives_a_client_id(world: World) -> None:
    """Ours: client ids are plain ASCII."""
    added = await add(world.a, name="看板")
    assert added.client.client_id.startswith("client-")
    assert added.client.client_id.isascii()


@pytest.mark.parametrize("resource", [f"{A_URL}/api#x", "https://api.example/", f"{A_URL}.example", "/api"])
async def test_a_resource_lies_below_our_address_and_has_no_fragment(world: World, resource: str) -> None:
    """RFC 8707 §2 MUST NOT; product §3."""
    with pytest.raises(InvalidValueError) as refused:
        await add(world.a, resources=(resource,))
    assert (refused.value.field, refused.value.code) == ("resources", "invalid_resource")


async def test_a_second_client_belongs_to_a_link_and_stays_within_it(world: World) -> None:
    """House §5: a link may have several clients, and policy stands on its incoming side."""
    first = await add(world.a, scopes=("pages:read", "notify"))
    second = await add(world.a, name="Mobile", link="probe", scopes=("notify",), public=True)
    assert second.link.id == second.client.link_id == first.link.id
    assert second.client.scopes == ("notify",)
    everything = await add(world.a, name="Robot", link=first.link.id, scopes=())
    assert everything.client.scopes == ("pages:read", "notify")
    with pytest.raises(InvalidValueError) as refused:
        await add(world.a, link="probe", scopes=("pages:write",))
    assert (refused.value.field, refused.value.code) == ("scopes", "scope_not_of_link")
    found = await list_clients("probe", actor=ADMIN, side=world.a.administration)
    assert [each.client.name for each in found] == ["Mobile", "Probe", "Robot"]


async def test_a_client_of_a_linked_application_has_what_was_agreed(world: World) -> None:
    """House §5; handshake §5: terms are the ceiling."""
    link_id = await world.link()
    added = await add(world.a, name="Mobile", link=link_id, redirect_uris=(), scopes=())
    assert added.client.scopes == ("pages:read", "notify")
    assert added.client.application_scopes == ("pages:read",)
    assert (await world.a.find(link_id)).is_usable


async def test_a_client_opens_the_incoming_side_of_a_link_that_had_none(world: World) -> None:
    """Ours: adding it says what it may do."""
    link = (await add_both(world.a, incoming=None)).link
    added = await add(world.a, name="Mobile", link="board")
    assert (added.client.name, added.client.link_id) == ("Mobile", link.id)
    assert (await world.a.find(link.id)).incoming.user_scopes == ("pages:read",)


async def test_a_client_of_an_unknown_link_is_not_added(world: World) -> None:
    """Handshake §8 unknown_link."""
    with pytest.raises(LinkingError) as refused:
        await add(world.a, link="nothing")
    assert refused.value.code == "unknown_link"


async def test_a_client_is_shown_by_its_client_id_with_the_last_use_of_its_secrets(world: World) -> None:
    """Issue 5: secrets with expiry and last use."""
    added = await add(world.a)
    row, now = added.client.secrets[0].row, world.clock.now()
    await world.a.storage.usage.write(LastUsed(grants={}, connections={}, secrets={row: now}))
    for name in (added.client.client_id, added.client.id):
        found = await show_client(name, actor=AUDIT, side=world.a.administration)
        assert found.client.secrets[0].last_used_at == now
    with pytest.raises(RefusedError) as refused:
        await show_client("nobody", actor=ADMIN, side=world.a.administration)
    assert (refused.value.code, refused.value.status) == ("unknown_client", 404)


async def test_two_secrets_overlap_for_a_week(world: World) -> None:
    """Product §5 Incoming: two overlapping client secrets; issue 5: shown once."""
    side, first = world.a.administration, await add(world.a)
    world.clock.advance(100)
    second = await rotate_secret(first.client.client_id, actor=ADMIN, side=side)
    now = world.clock.now()
    new, old = second.client.secrets
    assert (new.created_at, new.expires_at) == (now, 0)
    assert (old.digest, old.expires_at) == (first.client.secrets[0].digest, now + WEEK)
    assert old.is_valid(now + WEEK - 1)
    assert not old.is_valid(now + WEEK)
    assert second.secret is not None
    parsed = parse_token(second.secret.reveal())
    assert parsed is not None
    assert parsed.digest == new.digest
    assert second.secret.reveal() not in await read_audit(world.a)
    found = await world.a.storage.incoming.find_client(first.client.client_id)
    assert found is not None
    assert found.client.secrets == second.client.secrets


async def test_a_third_secret_ends_the_first(world: World) -> None:
    """Product §5 Incoming: two, not three; the shorter of two deadlines counts."""
    side, name = world.a.administration, (await add(world.a)).client.client_id
    second = await rotate_secret(name, actor=ADMIN, side=side)
    world.clock.advance(100)
    third = await rotate_secret(name, keep_seconds=60, actor=ADMIN, side=side)
    assert len(third.client.secrets) == 2
    kept = third.client.secrets[1]
    assert (kept.digest, kept.expires_at) == (second.client.secrets[0].digest, world.clock.now() + 60)
    fourth = await rotate_secret(name, keep_seconds=0, actor=ADMIN, side=side)
    assert len(fourth.client.secrets) == 1


async def test_an_expired_secret_is_not_kept_on(world: World) -> None:
    """Security AS-33: what has expired stays so."""
    side, name = world.a.administration, (await add(world.a)).client.client_id
    await rotate_secret(name, keep_seconds=60, actor=ADMIN, side=side)
    newest = await rotate_secret(name, keep_seconds=60, actor=ADMIN, side=side)
    world.clock.advance(61)
    left = await end_secret(name, newest.client.secrets[0].hint, actor=ADMIN, side=side)
    assert left.client.secrets == newest.client.secrets[1:]
    last = await rotate_secret(name, actor=ADMIN, side=side)
    assert len(last.client.secrets) == 1


async def test_the_deadline_of_a_secret_is_never_put_off(world: World) -> None:
    """Ours: who was told to change it by then was told so once."""
    side, name = world.a.administration, (await add(world.a)).client.client_id
    newest = await rotate_secret(name, keep_seconds=60, actor=ADMIN, side=side)
    await end_secret(name, newest.client.secrets[0].hint, actor=ADMIN, side=side)
    last = await rotate_secret(name, actor=ADMIN, side=side)
    assert [each.expires_at for each in last.client.secrets] == [0, world.clock.now() + 60]


async def test_a_secret_that_leaked_is_ended_at_once(world: World) -> None:
    """Ours: also the last one; the client proves nothing then until it has another."""
    side, added = world.a.administration, await add(world.a)
    hint = added.client.secrets[0].hint
    found = await end_secret(added.client.client_id, hint, actor=ADMIN, side=side)
    assert found.client.secrets == ()
    with pytest.raises(RefusedError) as refused:
        await end_secret(added.client.client_id, hint, actor=ADMIN, side=side)
    assert refused.value.code == "unknown_secret"
    assert [action for _, action in await list_events(world.a, added.link.id)] == ["link.added", "client.secret_ended"]


async def test_a_public_client_gets_no_secret(world: World) -> None:
    """Product §5 Incoming; RFC 6749 §2.1."""
    added = await add(world.a, public=True)
    with pytest.raises(InvalidValueError) as refused:
        await rotate_secret(added.client.client_id, actor=ADMIN, side=world.a.administration)
    assert refused.value.code == "no_secret"


async def test_a_client_and_the_link_of_its_own_change_together(world: World) -> None:
    """Ours: who has one client thinks of one thing."""
    side, added = world.a.administration, await add(world.a)
    change = ClientChange(name="Robe", redirect_uris=("https://board.example/other",), scopes=("pages:read", "notify"))
    found = await change_client(added.client.client_id, change, actor=ADMIN, side=side)
    assert (found.client.name, found.client.redirect_uris) == ("Robe", ("https://board.example/other",))
    assert found.client.scopes == ("pages:read", "notify")
    assert found.client.secrets == added.client.secrets
    link = await world.a.find(added.link.id)
    assert link.incoming.user_scopes == link.incoming.application_scopes == ("pages:read", "notify")
    less = await change_client(added.client.client_id, ClientChange(scopes=("notify",)), actor=ADMIN, side=side)
    assert less.link.incoming.user_scopes == ("notify",)


async def test_one_client_of_several_stays_within_its_link(world: World) -> None:
    """House §5: policy stands on the link's incoming side, once."""
    side, first = world.a.administration, await add(world.a)
    await add(world.a, name="Mobile", link="probe")
    with pytest.raises(InvalidValueError) as refused:
        await change_client(first.client.client_id, ClientChange(scopes=("notify",)), actor=ADMIN, side=side)
    assert refused.value.code == "scope_not_of_link"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (ClientChange(name=""), "invalid_name"),
        (ClientChange(redirect_uris=()), "redirect_uri_missing"),
        (ClientChange(redirect_uris=("http://board.example/",)), "invalid_redirect_uri"),
        (ClientChange(scopes=()), "scope_missing"),
        (ClientChange(scopes=("a b",)), "invalid_scope"),
    ],
)
async def test_a_client_is_not_changed_into_one_that_could_not_be_added(
    world: World, change: ClientChange, code: str
) -> None:
    """House §2: redirect URI grammar and scopes are checked in one place."""
    added = await add(world.a)
    with pytest.raises(InvalidValueError) as refused:
        await change_client(added.client.client_id, change, actor=ADMIN, side=world.a.administration)
    assert refused.value.code == code
    found = await world.a.storage.incoming.find_client(added.client.client_id)
    assert found is not None
    assert found.client == added.client


async def test_a_link_that_was_made_for_a_client_ends_with_it(world: World) -> None:
    """Ours: nobody is left with a link to nothing."""
    added = await add(world.a)
    gone = await delete_client(added.client.client_id, actor=ADMIN, side=world.a.administration)
    assert gone.client.ended_at == world.clock.now()
    assert (await world.a.find(added.link.id)).state is LinkState.ENDED
    assert await world.a.storage.incoming.find_client(added.client.client_id) is None


async def test_a_link_with_another_client_or_direction_stays(world: World) -> None:
    """House §5: a link may have several clients."""
    side, first = world.a.administration, await add(world.a)
    await add(world.a, name="Mobile", link="probe")
    await delete_client(first.client.client_id, actor=ADMIN, side=side)
    assert (await world.a.find(first.link.id)).incoming.is_enabled
    both = await add_both(world.a)
    assert both.client is not None
    left = await delete_client(both.client.client_id, actor=ADMIN, side=side)
    link = await world.a.find(both.link.id)
    assert (link.state, link.incoming) == (LinkState.IN_FORCE, Direction())
    assert left.link == link
    # The direction can be opened again.
    await add(world.a, name="Again", link="board")


async def test_the_linked_application_itself_is_no_client_to_change(world: World) -> None:
    """Handshake §3 Registration: it follows from the agreement."""
    side, link_id = world.a.administration, await world.link()
    (peer,) = await list_clients(link_id, actor=ADMIN, side=side)
    name = peer.client.client_id
    for attempt in (
        change_client(name, ClientChange(name="Mine"), actor=ADMIN, side=side),
        delete_client(name, actor=ADMIN, side=side),
        rotate_secret(name, actor=ADMIN, side=side),
    ):
        with pytest.raises(InvalidValueError) as refused:
            await attempt
        assert refused.value.code == "client_of_link"


async def test_a_change_that_was_overtaken_is_made_again(world: World) -> None:
    """House §4: load and decide once more; nothing of the other change is lost."""
    side, added = world.a.administration, await add(world.a)
    store, swap = side.incoming, side.incoming.swap_client
    overtaken: list[Any] = []

    async def swap_late(client: Any, **rest: Any) -> bool:
        if not overtaken:
            overtaken.append(client)
            mine = added.client.changed(redirect_uris=("https://board.example/other",))
            assert await swap(mine, expected_version=added.client.version, event=rest["event"])
            event = replace(rest["event"], id="aud_2")
            return await swap(client, expected_version=rest["expected_version"], event=event)
        return await swap(client, **rest)

    store.swap_client = swap_late  # type: ignore[method-assign]
    found = await change_client(added.client.client_id, ClientChange(name="Robe"), actor=ADMIN, side=side)
    assert (found.client.name, found.client.redirect_uris) == ("Robe", ("https://board.example/other",))


@pytest.mark.requirement("N-08")
async def test_only_an_administrator_has_to_do_with_clients(world: World) -> None:
    """Product §1; security N-08."""
    side, added = world.a.administration, await add(world.a)
    name, hint = added.client.client_id, added.client.secrets[0].hint
    for actor in (AUDIT, STRANGER):
        for attempt in (
            add_client(NewClient(name="Mine", redirect_uris=(CALLBACK,), scopes=("x",)), actor=actor, side=side),
            change_client(name, ClientChange(name="Mine"), actor=actor, side=side),
            rotate_secret(name, actor=actor, side=side),
            end_secret(name, hint, actor=actor, side=side),
            delete_client(name, actor=actor, side=side),
        ):
            with pytest.raises(LinkingError) as refused:
                await attempt
            assert refused.value.code == "not_administrator"
    for look in (list_clients(actor=STRANGER, side=side), show_client(name, actor=STRANGER, side=side)):
        with pytest.raises(LinkingError) as refused:
            await look
        assert refused.value.code == "not_administrator"
    assert (await show_client(name, actor=AUDIT, side=side)).client == added.client


async def test_a_link_by_hand_and_its_client_are_one_write(world: World) -> None:
    """Product §5 Nothing lost: where the link cannot be, there is no client either."""
    side = world.a.administration
    await add_link(NewLink(name="Board", url="https://board.example", incoming=incoming()), actor=ADMIN, side=side)
    with pytest.raises(LinkingError):
        await add_link(NewLink(name="Board", url="https://board.example", incoming=incoming()), actor=ADMIN, side=side)
    assert len(await list_clients(actor=ADMIN, side=side)) == 1
