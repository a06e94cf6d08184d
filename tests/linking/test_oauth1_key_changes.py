"""RSA keys of OAuth 1.0a change as the others do: announced by a known key and found where they are looked for."""

import json
from dataclasses import replace

import pytest
from joserfc.jwk import RSAKey

from applinks.administration import links
from applinks.administration.actor import Actor
from applinks.linking.keys import format_fingerprint
from applinks.records.links import Rest
from applinks.secret import Secret
from applinks.upkeep import read_due_keys
from tests.linking.answering import answer_json
from tests.linking.world import ADMINISTRATOR, B_URL, World, make_pair, make_rsa_pair

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("LK-06")]

ADMIN = Actor.for_user(ADMINISTRATOR)
JWKS = f"{B_URL}/applinks/oauth1/jwks"
_DAY = 86400


async def link(world: World) -> str:
    """Link the two as far as both have it in force."""
    link_id = await world.begin()
    await world.pump(seconds=3)
    assert (await world.a.find(link_id)).is_usable
    return link_id


async def list_kids(world: World, link_id: str) -> set[str]:
    return {key["kid"] for key in (await world.a.find(link_id)).peer.oauth1_keys}


async def speak(world: World, link_id: str) -> None:
    """Let B say something new to A."""
    for step in (links.pause, links.resume):
        await step(link_id, actor=ADMIN, side=world.b.administration)  # type: ignore[operator]
        world.clock.advance(2)
        await world.pump(seconds=3)


async def test_both_ends_say_all_their_keys_and_which_of_the_others_they_know(both: World) -> None:
    """Handshake §5: oauth1 keys likewise, listed in the same keys."""
    link_id = await link(both)
    await speak(both, link_id)
    a, b = await both.a.find(link_id), await both.b.find(link_id)
    assert (a.peer.announced, b.peer.announced) == ((), ())
    assert (a.rest, b.rest) == (frozenset(), frozenset())


async def test_an_announced_rsa_key_that_stands_at_its_address_is_taken_up(both: World) -> None:
    """Handshake §5 Rotation."""
    link_id = await link(both)
    old, new = await both.b.keys.get_oauth1_key(), make_rsa_pair()
    both.b.keys.oauth1_pairs = [old, new]
    await speak(both, link_id)
    assert (await both.a.find(link_id)).peer.announced == (new.kid,)
    assert await list_kids(both, link_id) == {old.kid}
    both.clock.advance(301)
    await read_due_keys(both.a.linking)
    assert await list_kids(both, link_id) == {old.kid, new.kid}
    both.b.keys.oauth1_pairs = [new]
    await speak(both, link_id)
    assert await list_kids(both, link_id) == {new.kid}
    a = await both.a.find(link_id)
    assert (a.rest, a.peer.announced) == (frozenset(), ())
    assert {key["kid"] for key in a.peer.keys} == set(await both.b.linking.list_signing_kids())
    assert "link.keys_taken_up" in await both.a.list_actions(link_id)


async def test_an_rsa_key_that_nobody_announced_is_not_taken_up_beside_a_known_one(both: World) -> None:
    """Handshake §5: a key counts only if announced by a known key and found."""
    link_id = await link(both)
    old, new = await both.b.keys.get_oauth1_key(), make_rsa_pair()
    both.b.keys.shown_oauth1 = [old, new]
    both.network.answers[JWKS] = answer_json({"keys": [dict(old.public), dict(new.public)]})
    both.clock.advance(_DAY)
    await read_due_keys(both.a.linking)
    a = await both.a.find(link_id)
    assert await list_kids(both, link_id) == {old.kid}
    assert (a.rest, a.peer.oauth1_unannounced) == (frozenset(), ())


async def test_rsa_keys_that_all_vanished_let_the_link_rest_until_one_is_approved(both: World) -> None:
    """Handshake §5: when no pinned key stands there any more; an administrator compares the fingerprint."""
    link_id = await link(both)
    new = make_rsa_pair()
    both.network.answers[JWKS] = answer_json({"keys": [dict(new.public)]})
    both.clock.advance(_DAY)
    await read_due_keys(both.a.linking)
    a = await both.a.find(link_id)
    assert a.rest == {Rest.KEYS_CHANGED}
    assert (a.peer.unannounced, [key["kid"] for key in a.peer.oauth1_unannounced]) == ((), [new.kid])
    before = a.peer.keys
    view = await links.show_link(link_id, actor=ADMIN, side=both.a.administration)
    assert view.new_fingerprints == (format_fingerprint(new.kid),)
    await links.approve_keys(link_id, view.new_fingerprints[0], actor=ADMIN, side=both.a.administration)
    a = await both.a.find(link_id)
    assert (a.rest, a.peer.keys, a.peer.oauth1_unannounced) == (frozenset(), before, ())
    assert await list_kids(both, link_id) == {new.kid}
    await read_due_keys(both.a.linking)
    assert (await both.a.find(link_id)).rest == frozenset()


async def test_a_link_of_which_all_keys_changed_rests_until_both_kinds_were_compared(both: World) -> None:
    """Ours: as where a peer has lost its sealing key; each key is compared for itself."""
    link_id = await link(both)
    signing, rsa = make_pair(), make_rsa_pair()
    both.b.keys.pairs, both.b.keys.oauth1_pairs = [signing], [rsa]
    both.clock.advance(_DAY)
    await read_due_keys(both.a.linking)
    view = await links.show_link(link_id, actor=ADMIN, side=both.a.administration)
    assert view.new_fingerprints == (format_fingerprint(signing.kid), format_fingerprint(rsa.kid))
    for kid, rest in ((signing.kid, {Rest.KEYS_CHANGED}), (rsa.kid, set[Rest]())):
        await links.approve_keys(link_id, format_fingerprint(kid), actor=ADMIN, side=both.a.administration)
        assert (await both.a.find(link_id)).rest == rest
    a = await both.a.find(link_id)
    assert [key["kid"] for key in a.peer.pinned_keys] == [signing.kid, rsa.kid]


async def test_a_new_key_at_both_addresses_is_taken_up_from_neither(both: World) -> None:
    """Handshake §1: a key never signs for two protocols."""
    link_id = await link(both)
    old, new = await both.b.keys.get_oauth1_key(), make_rsa_pair()
    both.b.keys.oauth1_pairs = [old, new]
    await speak(both, link_id)
    signing = [dict(key) for key in await both.b.keys.list_public_keys()]
    both.network.answers[f"{B_URL}/applinks/oauth2/jwks"] = answer_json({"keys": [*signing, dict(new.public)]})
    both.clock.advance(301)
    await read_due_keys(both.a.linking)
    a = await both.a.find(link_id)
    assert {key["kid"] for key in a.peer.keys} == {key["kid"] for key in signing}
    assert (a.rest, await list_kids(both, link_id)) == (frozenset(), {old.kid})


async def test_a_pinned_key_stays_where_it_is_though_it_stands_at_the_other_address_too(both: World) -> None:
    """Handshake §1: a key never signs for two protocols."""
    link_id = await link(both)
    before = (await both.a.find(link_id)).peer
    signing = [dict(key) for key in await both.b.keys.list_public_keys()]
    rsa = [dict(key) for key in await both.b.keys.list_oauth1_public_keys()]
    both.network.answers[f"{B_URL}/applinks/oauth2/jwks"] = answer_json({"keys": [*signing, *rsa]})
    both.clock.advance(_DAY)
    await read_due_keys(both.a.linking)
    after = await both.a.find(link_id)
    assert (after.rest, after.peer.keys, after.peer.oauth1_keys) == (frozenset(), before.keys, before.oauth1_keys)


async def test_a_message_that_the_rsa_key_signed_is_not_believed(both: World) -> None:
    """Handshake §1: a key never signs for two protocols."""
    link_id = await link(both)
    pair, own = await both.b.keys.get_oauth1_key(), [await both.b.keys.get_signing_key()]
    private = RSAKey.import_key(pair.private.reveal()).as_dict(private=True)
    public = dict(pair.public) | {"alg": "RS256"}
    both.b.keys.shown = own
    both.b.keys.pairs = [replace(pair, algorithm="RS256", public=public, private=Secret(json.dumps(private)))]
    both.clock.advance(301)
    await links.pause(link_id, actor=ADMIN, side=both.b.administration)
    await both.pump()
    a = await both.a.find(link_id)
    assert (a.peer.paused, a.rest, await list_kids(both, link_id)) == (False, frozenset(), {pair.kid})
    assert "unknown_key" in {code for _, code, _ in both.a.failures.recorded}


async def test_rsa_keys_that_cannot_be_read_do_not_keep_the_others_back(both: World) -> None:
    """Ours: a fault at one address is not one at the other."""
    link_id = await link(both)
    old, new = await both.b.keys.get_signing_key(), make_pair()
    before = await list_kids(both, link_id)
    both.b.keys.pairs = [old, new]
    await speak(both, link_id)
    both.network.answers[JWKS] = answer_json({}, status=500)
    both.clock.advance(301)
    await read_due_keys(both.a.linking)
    a = await both.a.find(link_id)
    assert {key["kid"] for key in a.peer.keys} == {old.kid, new.kid}
    assert (a.rest, await list_kids(both, link_id)) == (frozenset(), before)
    assert "keys" in {place for place, _, _ in both.a.failures.recorded}
