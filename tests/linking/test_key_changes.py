"""Keys that a known key announced are taken up; keys that nobody announced let the link rest."""

from dataclasses import replace

import pytest

from applinks.administration import links
from applinks.administration.actor import Actor
from applinks.linking.errors import LinkingError
from applinks.linking.keys import format_fingerprint
from applinks.records.links import Rest
from applinks.upkeep import read_due_keys
from tests.linking.world import ADMINISTRATOR, World, make_pair

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("LK-06")]

ADMIN = Actor.for_user(ADMINISTRATOR)


async def get_kids(world: World, link_id: str) -> set[str]:
    return {key["kid"] for key in (await world.a.find(link_id)).peer.keys}


async def speak(world: World, link_id: str) -> None:
    """Let B say something new to A."""
    for step in (links.pause, links.resume):
        await step(link_id, actor=ADMIN, side=world.b.administration)  # type: ignore[operator]
        world.clock.advance(2)
        await world.pump(seconds=3)


async def test_an_announced_key_that_stands_at_the_pinned_address_is_taken_up(world: World) -> None:
    """Handshake §5 Rotation."""
    link_id = await world.link()
    old, new = await world.b.keys.get_signing_key(), make_pair()
    world.b.keys.pairs = [old, new]
    await speak(world, link_id)
    assert (await world.a.find(link_id)).peer.announced == (new.kid,)
    world.clock.advance(301)
    await read_due_keys(world.a.linking)
    assert await get_kids(world, link_id) == {old.kid, new.kid}
    await world.pump(seconds=3)
    world.b.keys.pairs = [new]
    await speak(world, link_id)
    a = await world.a.find(link_id)
    assert a.rest == frozenset()
    assert await get_kids(world, link_id) == {new.kid}
    assert "link.keys_taken_up" in await world.a.list_actions(link_id)


async def test_an_announced_key_that_is_used_at_once_is_taken_up_by_that_message(world: World) -> None:
    """Handshake §5: the pinned jwks_uri is read again when a statement names a kid that is not pinned."""
    link_id = await world.link()
    old, new = await world.b.keys.get_signing_key(), make_pair()
    world.b.keys.pairs = [old, new]
    await speak(world, link_id)
    world.clock.advance(301)
    world.b.keys.pairs = [new, old]
    await speak(world, link_id)
    assert new.kid in await get_kids(world, link_id)
    assert (await world.a.find(link_id)).rest == frozenset()


@pytest.mark.requirement("handshake-10-16")
@pytest.mark.requirement("LK-06")
async def test_an_announced_key_that_does_not_stand_there_is_not_taken_up(world: World) -> None:
    """Handshake §5: announced and found."""
    link_id = await world.link()
    old, new = await world.b.keys.get_signing_key(), make_pair()
    world.b.keys.pairs = [old, new]
    await speak(world, link_id)
    world.b.keys.pairs = [new]
    world.b.keys.shown = [old]
    world.clock.advance(301)
    await speak(world, link_id)
    a = await world.a.find(link_id)
    assert await get_kids(world, link_id) == {old.kid}
    assert a.rest == frozenset()
    assert "unknown_key" in {code for place, code, _ in world.a.failures.recorded if place.endswith("statement")}


@pytest.mark.requirement("handshake-10-15")
@pytest.mark.requirement("LK-06")
async def test_an_unannounced_key_lets_the_link_rest_until_its_fingerprint_is_approved(world: World) -> None:
    """Handshake §5: the link rests, keys changed without notice."""
    link_id = await world.link()
    new = make_pair()
    world.b.keys.pairs = [new]
    world.clock.advance(301)
    await speak(world, link_id)
    a = await world.a.find(link_id)
    assert a.rest == {Rest.KEYS_CHANGED}
    assert not a.is_usable
    assert new.kid not in await get_kids(world, link_id)
    view = await links.show_link(link_id, actor=ADMIN, side=world.a.administration)
    assert view.new_fingerprints == (format_fingerprint(new.kid),)
    with pytest.raises(LinkingError) as refused:
        await links.approve_keys(link_id, "aaaa bbbb cccc dddd", actor=ADMIN, side=world.a.administration)
    assert refused.value.code == "key_mismatch"
    await links.approve_keys(link_id, view.new_fingerprints[0], actor=ADMIN, side=world.a.administration)
    await speak(world, link_id)
    a = await world.a.find(link_id)
    assert a.is_usable
    assert await get_kids(world, link_id) == {new.kid}
    actions = await world.a.list_actions(link_id)
    assert [each for each in actions if each in {"link.rest_began", "link.keys_approved", "link.rest_ended"}] == [
        "link.rest_began",
        "link.keys_approved",
        "link.rest_ended",
    ]


@pytest.mark.requirement("handshake-10-15")
@pytest.mark.requirement("LK-06")
async def test_keys_that_all_vanished_let_the_link_rest_at_the_daily_reading(world: World) -> None:
    """Handshake §5: or when no pinned key stands there any more; §10 domain or JWKS taken over later."""
    link_id = await world.link()
    world.b.keys.shown = [make_pair()]
    await read_due_keys(world.a.linking)
    assert (await world.a.find(link_id)).rest == frozenset()
    world.clock.advance(86400)
    await read_due_keys(world.a.linking)
    assert (await world.a.find(link_id)).rest == {Rest.KEYS_CHANGED}


@pytest.mark.requirement("LK-06")
async def test_a_key_that_is_only_named_is_unknown_and_changes_nothing(world: World) -> None:
    """Handshake §5: a kid that does not stand there is unknown_key."""
    link_id = await world.link()
    before = await world.a.find(link_id)
    forger, own = make_pair(), await world.b.keys.get_signing_key()
    world.b.keys.pairs, world.b.keys.shown = [forger], [own]
    world.clock.advance(301)
    await links.pause(link_id, actor=ADMIN, side=world.b.administration)
    await world.pump()
    a = await world.a.find(link_id)
    assert (a.rest, a.peer.keys, a.peer.seq, a.peer.paused) == (frozenset(), before.peer.keys, before.peer.seq, False)


async def test_the_pinned_address_is_read_at_most_every_five_minutes(world: World) -> None:
    """Handshake §5: at most every 5 minutes and link."""
    link_id = await world.link()
    forger, own = make_pair(), await world.b.keys.get_signing_key()
    world.b.keys.pairs, world.b.keys.shown = [forger], [own]
    world.clock.advance(301)
    world.network.seen.clear()
    await links.pause(link_id, actor=ADMIN, side=world.b.administration)
    await world.pump(seconds=60)
    assert sum(request.url.endswith("/oauth2/jwks") for request in world.network.seen) == 1


async def test_an_approved_key_is_not_alone_where_the_old_one_still_stands(world: World) -> None:
    """Ours: approving one key does not retire the others."""
    link_id = await world.link()
    old, new = await world.b.keys.get_signing_key(), make_pair()
    world.b.keys.pairs = [new]
    world.b.keys.shown = [old, new]
    world.clock.advance(301)
    await links.pause(link_id, actor=ADMIN, side=world.b.administration)
    await world.pump(seconds=3)
    assert (await world.a.find(link_id)).rest == {Rest.KEYS_CHANGED}
    await links.approve_keys(link_id, format_fingerprint(new.kid), actor=ADMIN, side=world.a.administration)
    await read_due_keys(world.a.linking)
    assert await get_kids(world, link_id) == {old.kid, new.kid}


async def test_a_stranger_who_names_a_key_that_stands_there_changes_nothing(world: World) -> None:
    """Handshake §5: the link rests only when the message verifies with the key that nobody announced."""
    link_id = await world.link()
    own, new, stranger = await world.b.keys.get_signing_key(), make_pair(), make_pair()
    world.b.keys.pairs, world.b.keys.shown = [replace(stranger, kid=new.kid)], [own, new]
    world.clock.advance(301)
    await links.pause(link_id, actor=ADMIN, side=world.b.administration)
    await world.pump()
    a = await world.a.find(link_id)
    assert (a.rest, a.peer.paused) == (frozenset(), False)
    assert new.kid not in await get_kids(world, link_id)
