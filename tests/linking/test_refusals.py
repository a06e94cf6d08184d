"""Which proposals and links are refused, and in which words."""

import json
from pathlib import Path

import pytest

from applinks.errors import RefusedError
from applinks.linking.answerer import approve, open_proposal, refuse
from applinks.linking.discovery.applications import discover, read_application
from applinks.linking.errors import LinkingError
from applinks.linking.proposer import Outcome, list_possible_terms, propose
from applinks.records.links import EndReason, LinkState
from applinks.wire.http import Response
from applinks.wire.jose import parse_jwt, sign_jwt
from applinks.wire.linking.messages import ANSWER_TYP, PROPOSAL_TYP
from applinks.wire.linking.terms import Terms
from tests.linking.signed_anew import resign
from tests.linking.world import (
    A_URL,
    ADMINISTRATOR,
    AUDITOR,
    B_URL,
    NOBODY,
    PAGES,
    SECOND,
    SESSION,
    World,
    build_application,
    make_pair,
    narrow,
    read_parameter,
)

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("handshake-10-12")
@pytest.mark.parametrize("user", [NOBODY, AUDITOR])
@pytest.mark.requirement("LK-03")
async def test_only_an_administrator_proposes_shows_and_takes_back(world: World, user: object) -> None:
    """Handshake §3: administrator, before any fetch."""
    found = await discover(B_URL, side=world.a.linking)
    terms = await list_possible_terms(found, side=world.a.linking)
    with pytest.raises(LinkingError) as refused:
        await propose(found, terms, administrator=user, session_digest=SESSION, side=world.a.linking)  # type: ignore[arg-type]
    assert refused.value.code == "not_administrator"
    request = await world.a.propose(B_URL)
    world.network.seen.clear()
    with pytest.raises(LinkingError) as refused:
        await open_proposal(request, user=user, side=world.b.linking)  # type: ignore[arg-type]
    assert refused.value.code == "not_administrator"
    assert world.network.seen == []
    offer = await world.b.show(request)
    for decide in (
        approve(offer, offer.terms, user=user, side=world.b.linking),  # type: ignore[arg-type]
        refuse(offer, user=user, side=world.b.linking),  # type: ignore[arg-type]
    ):
        with pytest.raises(LinkingError) as refused:
            await decide
        assert refused.value.code == "not_administrator"
    assert not await world.b.storage.linking.list_links(ended=True)
    response = await world.b.approve(request)
    with pytest.raises(LinkingError) as refused:
        await world.a.take(response, user=user)  # type: ignore[arg-type]
    assert refused.value.code == "not_administrator"
    (link,) = await world.a.storage.linking.list_links()
    assert link.state is LinkState.PROPOSED


@pytest.mark.requirement("handshake-10-2")
@pytest.mark.requirement("handshake-10-17")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"aud": "https://other.example"}, "invalid_claims"),
        ({"iss": B_URL}, "invalid_claims"),
        ({"iss": "https://start.example/"}, "invalid_claims"),
        ({"iss": "http://start.example"}, "invalid_claims"),
        ({"ver": 2}, "invalid_claims"),
        ({"must_understand": ["stars"]}, "invalid_claims"),
        ({"exp": 1_800_000_000 + 601}, "invalid_claims"),
        ({"iat": 1_800_000_061, "exp": 1_800_000_100}, "invalid_claims"),
        ({"iat": 1_799_999_000, "exp": 1_799_999_100}, "expired"),
        ({"jti": "0123456789012345678901"}, "invalid_claims"),
        ({"link": "lnk_short"}, "invalid_claims"),
        ({"revision": 2}, "unsupported_terms"),
        ({"peer_keys": ["A" * 43]}, "key_mismatch"),
        ({"peer_keys": None}, "invalid_claims"),
        ({"terms": None}, "invalid_claims"),
        ({"terms": {"access": []}}, "unsupported_terms"),
        ({"terms": {"access": [], "gifts": True}}, "unsupported_terms"),
    ],
)
@pytest.mark.requirement("LK-02")
async def test_a_proposal_with_a_wrong_claim_is_refused(world: World, changes: dict[str, object], code: str) -> None:
    """Handshake §2, order of verification; §2 Terms: a closed object (LK-08)."""
    request = await resign(await world.a.propose(B_URL), world.a, typ=PROPOSAL_TYP, **changes)
    with pytest.raises(LinkingError) as refused:
        await open_proposal(request, user=ADMINISTRATOR, side=world.b.linking)
    assert refused.value.code == code
    assert not await world.b.storage.linking.list_links(ended=True)


@pytest.mark.requirement("handshake-10-1")
@pytest.mark.requirement("LK-02")
async def test_a_proposal_signed_by_another_key_is_refused(world: World) -> None:
    """Handshake §10: keys only from the pinned set."""
    request = await world.a.propose(B_URL)
    world.a.keys.pairs = [make_pair()]
    forged = await resign(request, world.a, typ=PROPOSAL_TYP)
    world.a.keys.pairs = []
    with pytest.raises(LinkingError) as refused:
        await open_proposal(forged, user=ADMINISTRATOR, side=world.b.linking)
    assert refused.value.code == "unknown_key"


@pytest.mark.requirement("handshake-10-1")
@pytest.mark.requirement("handshake-10-2")
@pytest.mark.requirement("LK-02")
async def test_a_proposal_with_a_broken_signature_or_another_typ_is_refused(world: World) -> None:
    """RFC 8725 §3.11; handshake §10."""
    request = await world.a.propose(B_URL)
    head, body, signature = request.split(".")
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
    with pytest.raises(LinkingError) as refused:
        await open_proposal(f"{head}.{body}.{flipped}", user=ADMINISTRATOR, side=world.b.linking)
    assert refused.value.code == "invalid_signature"
    answer = await resign(request, world.a, typ=ANSWER_TYP)
    with pytest.raises(LinkingError) as refused:
        await open_proposal(answer, user=ADMINISTRATOR, side=world.b.linking)
    assert refused.value.code == "invalid_request"


@pytest.mark.requirement("LK-08")
async def test_a_proposal_for_more_than_is_declared_is_refused(world: World) -> None:
    """Handshake §2 Terms: scopes are declared by the manifests."""
    request = await world.a.propose(B_URL)
    terms = parse_jwt(request, limit=10_000, typ=frozenset({PROPOSAL_TYP})).unverified_claims["terms"]
    for entry in terms["access"]:
        entry["user_scopes"] = ["everything"]
    with pytest.raises(LinkingError) as refused:
        await open_proposal(
            await resign(request, world.a, typ=PROPOSAL_TYP, terms=terms), user=ADMINISTRATOR, side=world.b.linking
        )
    assert refused.value.code == "unsupported_terms"


@pytest.mark.requirement("handshake-10-3")
@pytest.mark.requirement("LK-04")
async def test_a_proposal_decided_by_another_administrator_is_used(world: World) -> None:
    """Handshake §3 step 2: the same administrator gets the same answer again, anyone else used."""
    request = await world.a.propose(B_URL)
    await world.b.approve(request)
    with pytest.raises(LinkingError) as refused:
        await open_proposal(request, user=SECOND, side=world.b.linking)
    assert refused.value.code == "used"


@pytest.mark.requirement("handshake-10-3")
@pytest.mark.requirement("LK-04")
async def test_a_double_click_gives_the_same_answer(world: World) -> None:
    """Handshake §10: proposal replayed, double click, back button."""
    offer = await world.b.show(await world.a.propose(B_URL))
    first = await approve(offer, offer.terms, user=ADMINISTRATOR, side=world.b.linking)
    assert await approve(offer, offer.terms, user=ADMINISTRATOR, side=world.b.linking) == first
    assert await refuse(offer, user=ADMINISTRATOR, side=world.b.linking) == first
    with pytest.raises(LinkingError) as refused:
        await approve(offer, offer.terms, user=SECOND, side=world.b.linking)
    assert refused.value.code == "used"


async def test_a_refusal_leaves_no_record_and_ends_the_proposal(world: World) -> None:
    """Handshake §3 step 3: a refusal stores the claim alone."""
    request = await world.a.propose(B_URL)
    offer = await world.b.show(request)
    response = read_parameter(await refuse(offer, user=ADMINISTRATOR, side=world.b.linking), "response")
    assert not await world.b.storage.linking.list_links(ended=True)
    outcome = await world.a.take(response)
    assert (outcome.outcome, outcome.reason) == (Outcome.REFUSED, "declined")
    assert outcome.link.ended_reason is EndReason.DECLINED
    assert (await world.a.take(response)).outcome is Outcome.KNOWN
    events = await world.b.storage.audit.list(limit=10)
    assert [event.action for event in events] == ["link.refused"]


@pytest.mark.requirement("handshake-10-5")
async def test_an_offer_that_expired_while_it_was_read_is_refused(world: World) -> None:
    """Handshake §3 step 3: proposal not expired."""
    offer = await world.b.show(await world.a.propose(B_URL))
    world.clock.advance(600)
    with pytest.raises(LinkingError) as refused:
        await approve(offer, offer.terms, user=ADMINISTRATOR, side=world.b.linking)
    assert refused.value.code == "expired"


@pytest.mark.requirement("LK-08")
async def test_an_administrator_cannot_approve_more_than_was_proposed(world: World) -> None:
    """Handshake §3 step 3: terms within those proposed."""
    full = await list_possible_terms(await discover(B_URL, side=world.a.linking), side=world.a.linking)
    offer = await world.b.show(await world.a.propose(B_URL, terms=narrow(full, to_url=B_URL, user_scopes=())))
    for terms in (full, Terms(access=())):
        with pytest.raises(LinkingError) as refused:
            await approve(offer, terms, user=ADMINISTRATOR, side=world.b.linking)
        assert refused.value.code == "unsupported_terms"


@pytest.mark.requirement("LK-09")
async def test_a_second_link_with_the_same_peer_is_refused(world: World) -> None:
    """Handshake §3 step 1."""
    await world.link()
    for application, url in ((world.a, B_URL), (world.b, A_URL)):
        with pytest.raises(LinkingError) as refused:
            await application.propose(url)
        assert refused.value.code == "duplicate_link"


async def test_a_link_that_ended_makes_room_for_a_new_one(world: World) -> None:
    """Handshake §4: ended is final, a new link has a new id."""
    first = await world.begin()
    world.clock.advance(4000)
    await world.pump()
    second = await world.link()
    assert first != second


@pytest.mark.requirement("handshake-10-11")
@pytest.mark.parametrize("url", [B_URL, f"{B_URL}/", f"{B_URL}/applinks/links?x=1#y"])
async def test_a_link_with_oneself_is_refused(world: World, url: str) -> None:
    """Handshake §3 step 1: self_link by URL."""
    with pytest.raises(LinkingError) as refused:
        await discover(url, side=world.b.linking)
    assert refused.value.code == "self_link"


@pytest.mark.requirement("handshake-10-11")
@pytest.mark.parametrize("alias", ["https://alias.example", "https://alias.example/tracker"])
async def test_our_own_manifest_under_another_address_is_ourselves(world: World, alias: str) -> None:
    """Handshake §3 step 1: not an address of its own to begin anew with."""
    manifest = await world.network.answer_well_known(B_URL)
    world.network.answers[f"{alias}/.well-known/application-link"] = lambda _: manifest
    for find in (discover(alias, side=world.b.linking), read_application(alias, private=False, side=world.b.linking)):
        with pytest.raises(LinkingError) as refused:
            await find
        assert (refused.value.code, refused.value.offer) == ("self_link", None)


@pytest.mark.requirement("handshake-10-11")
async def test_an_alias_of_oneself_is_refused_by_id_and_by_key(world: World) -> None:
    """Handshake §10: clone or alias of ourselves."""
    own = await world.b.keys.get_instance()
    answer = world.network.answers

    def change_id(request: object) -> Response:
        return Response(status=200, headers=(("Content-Type", "application/json"),), body=json.dumps(document).encode())

    document = json.loads((await world.network.answer_well_known(A_URL)).body)
    document["id"] = own.id
    answer[f"{A_URL}/.well-known/application-link"] = change_id
    with pytest.raises(LinkingError) as refused:
        await discover(A_URL, side=world.b.linking)
    assert refused.value.code == "self_link"
    answer.clear()
    world.a.keys.pairs = [await world.b.keys.get_signing_key()]
    with pytest.raises(LinkingError) as refused:
        await discover(A_URL, side=world.b.linking)
    assert refused.value.code == "self_link"


@pytest.mark.requirement("handshake-10-24")
@pytest.mark.requirement("N-10")
async def test_proposals_are_limited_before_anything_is_done(world: World) -> None:
    """Handshake §9: proposals 20 an hour and administrator."""
    for _ in range(20):
        await world.a.propose(B_URL)
    with pytest.raises(RefusedError) as refused:
        await world.a.propose(B_URL)
    assert (refused.value.code, refused.value.status) == ("too_many_requests", 429)
    assert len(await world.a.storage.linking.list_links()) == 1


@pytest.mark.requirement("handshake-10-19")
async def test_a_newer_proposal_to_the_same_peer_ends_the_older(world: World) -> None:
    """Handshake §3 step 1."""
    older = await world.a.propose(B_URL)
    await world.a.propose(B_URL)
    ended = [link for link in await world.a.storage.linking.list_links(ended=True) if link.ended_at]
    assert [link.ended_reason for link in ended] == [EndReason.REPLACED]
    outcome = await world.a.take(await world.b.approve(older))
    assert outcome.outcome is Outcome.KNOWN


@pytest.mark.requirement("LK-02")
@pytest.mark.requirement("handshake-10-8")
async def test_a_foreign_link_id_is_never_taken_for_ours(world: World) -> None:
    """Handshake §10: E uses A's link id."""
    link_id = await world.link()
    pair = make_pair()
    claims = {"iss": "https://evil.example", "aud": B_URL, "link": link_id, "jti": link_id}
    forged = sign_jwt(
        claims, typ=PROPOSAL_TYP, private_key=json.loads(pair.private.reveal()), algorithm="ES256", kid=pair.kid
    )
    with pytest.raises(LinkingError):
        await open_proposal(forged, user=ADMINISTRATOR, side=world.b.linking)
    assert (await world.b.find(link_id)).is_usable


@pytest.mark.requirement("handshake-10-8")
@pytest.mark.requirement("LK-02")
async def test_a_link_id_that_we_hold_with_another_peer_is_used(world: World, tmp_path: Path) -> None:
    """Handshake §3 step 2: no record of this link id with another peer, however good the proposal is."""
    link_id = await world.link()
    evil = await build_application(
        "https://evil.example", name="Evil", scopes=(PAGES,), folder=tmp_path, network=world.network, clock=world.clock
    )
    request = await resign(await evil.propose(B_URL), evil, typ=PROPOSAL_TYP, jti=link_id, link=link_id)
    with pytest.raises(LinkingError) as refused:
        await open_proposal(request, user=ADMINISTRATOR, side=world.b.linking)
    assert refused.value.code == "used"
    assert (await world.b.find(link_id)).peer.url == A_URL
    await evil.linking.fetcher.aclose()
    await evil.storage.close()
