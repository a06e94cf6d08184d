"""Two applications agree on OAuth 1.0a, on OAuth 2, or on both."""

from dataclasses import replace
from typing import Any

import pytest

from applinks.linking.answerer import approve
from applinks.linking.discovery.applications import discover
from applinks.linking.errors import LinkingError
from applinks.linking.proposer import accept_answer, impersonate, list_possible_terms, may_impersonate, propose
from applinks.linking.standing import check_place_is_free
from applinks.linking.store import CommitResult, LinkWrite
from applinks.records.clients import Client, ClientAuthentication, OAuth1Client
from applinks.records.links import LinkState
from applinks.secret import Secret
from applinks.wire.linking.terms import Level, Terms
from applinks.wire.oauth1.signature import SignatureMethod
from tests.linking.answering import answer_json
from tests.linking.world import A_URL, ADMINISTRATOR, B_URL, SESSION, World, make_rsa_pair, read_parameter
from tests.outgoing.foreign import make_hand_link

pytestmark = pytest.mark.anyio

OAUTH1_JWKS = f"{B_URL}/applinks/oauth1/jwks"


async def link_with(world: World, terms: Terms | None = None) -> str:
    """Link the two as far as both have it in force; give the link id."""
    response = await world.b.approve(await world.a.propose(B_URL, terms=terms))
    link_id = (await world.a.take(response)).link.id
    await world.pump(seconds=3)
    for application in (world.a, world.b):
        assert (await application.find(link_id)).is_usable
    return link_id


async def list_possible(world: World) -> Terms:
    return await list_possible_terms(await discover(B_URL, side=world.a.linking), side=world.a.linking)


def change_each(terms: Terms, **changes: Any) -> Terms:
    return Terms(access=tuple(replace(access, **changes) for access in terms.access))


async def find_oauth1_client(world: World) -> Client | None:
    """Give the record that B has of A."""
    found = await world.b.storage.oauth1.find_client(await world.a.linking.outgoing.get_consumer_key())
    return found.client if found else None


async def find_oauth2_client(world: World) -> Client | None:
    found = await world.b.storage.incoming.find_client(f"{A_URL}/applinks/oauth2/client.json")
    return found.client if found else None


async def test_both_protocols_are_proposed_in_the_order_in_which_we_prefer_them(both: World) -> None:
    """Handshake §2 Terms: the preferred one first."""
    found = await list_possible(both)
    assert {access.protocols for access in found.access} == {("oauth2", "oauth1")}
    assert {access.level for access in found.access} == {Level.OAUTH}
    side = replace(both.a.linking, settings=replace(both.a.linking.settings, protocols=("oauth1", "oauth2")))
    found = await list_possible_terms(await discover(B_URL, side=side), side=side)
    assert {access.protocols for access in found.access} == {("oauth1", "oauth2")}


async def test_only_what_both_speak_is_proposed(both: World) -> None:
    """Handshake §8: no_common_protocol, where there is none."""
    both.b.linking = replace(both.b.linking, settings=replace(both.b.linking.settings, protocols=("oauth1",)))
    found = await list_possible(both)
    assert {access.protocols for access in found.access} == {("oauth1",)}
    side = replace(both.a.linking, settings=replace(both.a.linking.settings, protocols=("oauth2",)))
    with pytest.raises(LinkingError) as refused:
        await discover(B_URL, side=side)
    assert refused.value.code == "no_common_protocol"


async def test_a_peer_becomes_one_client_for_each_protocol(both: World) -> None:
    """Handshake §3 Registration: for oauth1 as RSA consumer, the same redirect URI as callback; no secret exists."""
    link_id = await link_with(both)
    oauth1, oauth2 = await find_oauth1_client(both), await find_oauth2_client(both)
    assert oauth1 is not None
    assert oauth2 is not None
    assert oauth1.id != oauth2.id
    assert oauth1.is_peer
    assert oauth1.authentication is ClientAuthentication.SIGNATURE
    assert oauth1.redirect_uris == oauth2.redirect_uris == (f"{A_URL}/applinks/callback/{link_id}",)
    assert (oauth1.scopes, oauth1.application_scopes) == (oauth2.scopes, oauth2.application_scopes)
    assert oauth1.oauth1 is not None
    assert set(oauth1.oauth1.methods) == {
        SignatureMethod.RSA_SHA1,
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA512,
    }
    assert (oauth1.oauth1.shared_secret, oauth1.oauth1.execute_as) == (None, "")
    assert oauth1.oauth1.two_legged
    assert not oauth1.oauth1.impersonation
    link = await both.b.find(link_id)
    assert link.incoming.protocols == link.outgoing.protocols == ("oauth2", "oauth1")
    own = await both.a.keys.list_oauth1_public_keys()
    assert [key["kid"] for key in link.peer.oauth1_keys] == [key["kid"] for key in own]


@pytest.mark.parametrize(("protocol", "other"), [("oauth1", "oauth2"), ("oauth2", "oauth1")])
async def test_whoever_is_asked_may_take_a_protocol_away(both: World, protocol: str, other: str) -> None:
    """Handshake §3 step 3: terms within those proposed."""
    offer = await both.b.show(await both.a.propose(B_URL))
    narrow = change_each(offer.terms, protocols=(protocol,))
    response = read_parameter(await approve(offer, narrow, user=ADMINISTRATOR, side=both.b.linking), "response")
    asked = await both.a.take(response)
    assert asked.terms == narrow
    taken = await accept_answer(response, user=ADMINISTRATOR, session_digest=SESSION, side=both.a.linking)
    await both.pump(seconds=3)
    link = await both.b.find(taken.link.id)
    assert link.incoming.protocols == link.outgoing.protocols == (protocol,)
    clients = {"oauth1": await find_oauth1_client(both), "oauth2": await find_oauth2_client(both)}
    assert clients[protocol] is not None
    assert clients[other] is None
    # Keys of a protocol that nobody agreed to are forgotten, here and there.
    for application in (both.a, both.b):
        found = await application.find(taken.link.id)
        assert bool(found.peer.oauth1_keys) == (protocol == "oauth1")
        assert found.peer.announced == ()


async def test_the_two_directions_may_run_over_different_protocols(both: World) -> None:
    """Handshake §2 Terms: protocols stand in each direction."""
    possible = await list_possible(both)
    to_b = possible.find(from_url=A_URL, to_url=B_URL)
    to_a = possible.find(from_url=B_URL, to_url=A_URL)
    assert to_a is not None
    assert to_b is not None
    terms = Terms(access=(replace(to_b, protocols=("oauth1",)), replace(to_a, protocols=("oauth2",))))
    link_id = await link_with(both, terms)
    assert await find_oauth1_client(both) is not None
    assert await find_oauth2_client(both) is None
    link = await both.b.find(link_id)
    assert (link.incoming.protocols, link.outgoing.protocols) == (("oauth1",), ("oauth2",))


async def test_impersonation_is_agreed_over_oauth_1_alone(both: World) -> None:
    """Handshake §2 Terms: with ["oauth1"] alone, as long as our OAuth 2 cannot impersonate."""
    found = await discover(B_URL, side=both.a.linking)
    possible = await list_possible_terms(found, side=both.a.linking)
    assert all(may_impersonate(access, found.manifest) for access in possible.access)
    too_much = change_each(possible, level=Level.IMPERSONATION)
    with pytest.raises(LinkingError) as refused:
        await propose(found, too_much, administrator=ADMINISTRATOR, session_digest=SESSION, side=both.a.linking)
    assert refused.value.code == "unsupported_terms"
    link_id = await link_with(both, Terms(access=tuple(impersonate(access) for access in possible.access)))
    link, client = await both.b.find(link_id), await find_oauth1_client(both)
    assert link.incoming.level is link.outgoing.level is Level.IMPERSONATION
    assert link.incoming.protocols == ("oauth1",)
    assert client is not None
    assert client.oauth1 is not None
    assert client.oauth1.impersonation
    assert client.oauth1.protects_administrators


async def test_impersonation_that_is_taken_away_is_taken_from_the_client_too(both: World) -> None:
    """Handshake §3 step 3: terms within those proposed; §3 Registration: capped by the terms."""
    possible = await list_possible(both)
    proposed = Terms(access=tuple(impersonate(access) for access in possible.access))
    offer = await both.b.show(await both.a.propose(B_URL, terms=proposed))
    narrow = change_each(offer.terms, level=Level.OAUTH)
    await approve(offer, narrow, user=ADMINISTRATOR, side=both.b.linking)
    with pytest.raises(LinkingError) as refused:
        await approve(offer, change_each(offer.terms, protocols=("oauth2",)), user=ADMINISTRATOR, side=both.b.linking)
    assert refused.value.code == "unsupported_terms"


async def test_an_application_with_oauth_2_alone_offers_no_impersonation(world: World) -> None:
    """Handshake §1: levels are those that an application can keep."""
    found = await discover(B_URL, side=world.a.linking)
    possible = await list_possible_terms(found, side=world.a.linking)
    assert not any(may_impersonate(access, found.manifest) for access in possible.access)
    assert found.manifest.levels == ("oauth",)
    assert found.oauth1_keys == ()


async def test_keys_of_oauth_1_are_not_read_where_we_do_not_speak_it(both: World) -> None:
    """Ours: nothing is fetched that nobody needs."""
    side = replace(both.a.linking, settings=replace(both.a.linking.settings, protocols=("oauth2",)))
    found = await discover(B_URL, side=side)
    assert found.oauth1_keys == ()
    assert not any(request.url == OAUTH1_JWKS for request in both.network.seen)


async def test_without_its_rsa_keys_nothing_is_agreed_over_oauth_1(both: World) -> None:
    """Ours: a peer whose keys are not pinned could prove nothing."""
    found = await discover(B_URL, side=both.a.linking)
    terms = await list_possible_terms(found, side=both.a.linking)
    without = replace(found, oauth1_keys=())
    with pytest.raises(LinkingError) as refused:
        await propose(without, terms, administrator=ADMINISTRATOR, session_digest=SESSION, side=both.a.linking)
    assert refused.value.code == "unsupported_terms"
    offer = await both.b.show(await both.a.propose(B_URL))
    offer = replace(offer, discovery=replace(offer.discovery, oauth1_keys=()))
    with pytest.raises(LinkingError) as refused:
        await approve(offer, offer.terms, user=ADMINISTRATOR, side=both.b.linking)
    assert refused.value.code == "unsupported_terms"


@pytest.mark.requirement("LK-05")
async def test_a_key_that_would_sign_for_two_protocols_is_refused(both: World) -> None:
    """Handshake §1: the OAuth 1.0a key pair is another one: a key never signs for two protocols."""
    keys = [dict(key) for key in await both.b.keys.list_oauth1_public_keys()]
    signing = [dict(key) for key in await both.b.keys.list_public_keys()]
    both.network.answers[f"{B_URL}/applinks/oauth2/jwks"] = answer_json({"keys": [*signing, *keys]})
    await refuse_discovery(both)


@pytest.mark.parametrize("answer", [{"keys": []}, {}, [], {"keys": [{"kty": "RSA"}]}])
async def test_rsa_keys_that_cannot_be_used_are_a_wrong_manifest(both: World, answer: Any) -> None:
    """Handshake §1: 1 to 16 RSA keys of 2048 bits or more."""
    both.network.answers[OAUTH1_JWKS] = answer_json(answer)
    await refuse_discovery(both)


async def test_a_key_of_oauth_1_is_rsa(both: World) -> None:
    """Handshake §1: RSA, 2048 bits or more."""
    signing = [dict(key) for key in await both.b.keys.list_public_keys()]
    both.network.answers[OAUTH1_JWKS] = answer_json({"keys": signing})
    await refuse_discovery(both)


async def test_an_application_that_shows_our_rsa_key_is_ourselves(both: World) -> None:
    """Handshake §10: clone or alias of ourselves: any own key is self_link."""
    own = [dict(key) for key in await both.a.keys.list_oauth1_public_keys()]
    both.network.answers[OAUTH1_JWKS] = answer_json({"keys": own})
    await refuse_discovery(both, "self_link")


async def test_a_peer_that_says_it_saw_other_rsa_keys_is_refused(both: World) -> None:
    """Handshake §2: every one of peer_keys must be the receiver's."""
    request = await both.a.propose(B_URL)
    both.b.keys.shown_oauth1 = [make_rsa_pair()]
    with pytest.raises(LinkingError) as refused:
        await both.b.show(request)
    assert refused.value.code == "key_mismatch"


async def test_the_consumer_key_of_a_linked_application_is_nobody_elses(both: World) -> None:
    """Ours: as with client ids, a second application cannot take the name of the first."""
    await link_with(both)
    (link,) = await both.a.storage.linking.list_links()
    other = "https://other.example"
    manifest = {
        "id": "urn:uuid:00000000-0000-0000-0000-000000000001",
        "url": other,
        "client_id": f"{other}/client.json",
        "oauth1": link.peer.manifest["oauth1"],
    }
    with pytest.raises(LinkingError) as refused:
        await check_place_is_free(manifest, side=both.a.linking)
    assert refused.value.code == "invalid_manifest"


async def test_a_consumer_key_that_a_client_by_hand_has_is_found_before_anything_is_approved(both: World) -> None:
    """Ours: client ids are unique among the live clients of their protocol; handshake §3 Standing."""
    client = await add_client_by_hand(both)
    request = await both.a.propose(B_URL)
    with pytest.raises(LinkingError) as refused:
        await both.b.show(request)
    assert refused.value.code == "duplicate_link"
    assert client.client_id in refused.value.detail


async def test_a_consumer_key_that_was_taken_meanwhile_leaves_neither_end_half_linked(both: World) -> None:
    """Handshake, the commit rule: neither is in force until both committed."""
    link_id = await both.begin()
    client = await add_client_by_hand(both)
    await both.pump(seconds=3)
    assert "duplicate_link" in {code for _, code, _ in both.b.failures.recorded}
    both.clock.advance(601)
    await both.pump(seconds=60)
    assert (await both.a.find(link_id)).state is (await both.b.find(link_id)).state is LinkState.ENDED
    assert await find_oauth1_client(both) == client


async def add_client_by_hand(both: World) -> Client:
    """Let an administrator of B enter a client that has A's consumer key."""
    hand, key = make_hand_link(), await both.a.linking.outgoing.get_consumer_key()
    client = Client(
        id="cli_0000000000000000000009",
        client_id=key,
        link_id=hand.id,
        name="Widget",
        authentication=ClientAuthentication.SIGNATURE,
        redirect_uris=(),
        grant_types=(),
        oauth1=OAuth1Client(methods=(SignatureMethod.HMAC_SHA1,), shared_secret=Secret("of the two")),
        created_at=both.clock.now(),
    )
    write = LinkWrite(link=hand, expected_version=None, clients=(client,))
    assert await both.b.storage.linking.commit(write) is CommitResult.WRITTEN
    return client


async def test_a_link_that_was_agreed_before_stays_as_it_is(world: World) -> None:
    """Handshake §5: more protocols are a change, which both approve; nothing changes by itself."""
    link_id = await world.link()
    before = await world.a.find(link_id)
    for application in (world.a, world.b):
        settings = replace(application.linking.settings, protocols=("oauth2", "oauth1"))
        application.linking = replace(application.linking, settings=settings)
    world.clock.advance(86400)
    await world.pump(seconds=5)
    after = await world.a.find(link_id)
    assert after.is_usable
    assert (after.incoming, after.outgoing, after.peer.keys) == (before.incoming, before.outgoing, before.peer.keys)
    assert (after.peer.oauth1_keys, after.peer.announced) == ((), ())


async def refuse_discovery(world: World, code: str = "invalid_manifest") -> None:
    with pytest.raises(LinkingError) as refused:
        await discover(B_URL, side=world.a.linking)
    assert refused.value.code == code
