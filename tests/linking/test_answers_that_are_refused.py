"""Which answers are refused, which are asked about, and where an answer goes."""

import pytest

from applinks.linking.answerer import AlreadyDecided, approve, open_proposal, refuse
from applinks.linking.discovery.applications import discover
from applinks.linking.errors import LinkingError
from applinks.linking.proposer import Outcome, accept_answer, list_possible_terms
from applinks.records.links import LinkState
from applinks.wire.jose import parse_jwt
from applinks.wire.linking.messages import ANSWER_TYP
from tests.linking.signed_anew import resign
from tests.linking.world import A_URL, ADMINISTRATOR, B_URL, SESSION, World, make_pair, narrow, read_parameter

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("handshake-10-18")
@pytest.mark.requirement("LK-08")
async def test_less_than_proposed_is_shown_again_before_it_is_accepted(world: World) -> None:
    """Handshake §3 step 4."""
    offer = await world.b.show(await world.a.propose(B_URL))
    less = narrow(offer.terms, to_url=B_URL, user_scopes=("issues:read",))
    response = read_parameter(await approve(offer, less, user=ADMINISTRATOR, side=world.b.linking), "response")
    outcome = await world.a.take(response)
    assert outcome.outcome is Outcome.LESS
    assert outcome.terms == less
    assert (await world.a.find(outcome.link.id)).state is LinkState.PROPOSED
    accepted = await accept_answer(response, user=ADMINISTRATOR, session_digest=SESSION, side=world.a.linking)
    assert accepted.outcome is Outcome.ACCEPTED
    await world.pump(seconds=3)
    assert (await world.a.find(outcome.link.id)).outgoing.user_scopes == ("issues:read",)
    assert (await world.b.find(outcome.link.id)).incoming.user_scopes == ("issues:read",)


@pytest.mark.requirement("handshake-10-18")
@pytest.mark.requirement("LK-08")
async def test_an_answer_that_widens_the_terms_is_refused(world: World) -> None:
    """Handshake §10: answer widens."""
    full = await list_possible_terms(await discover(B_URL, side=world.a.linking), side=world.a.linking)
    request = await world.a.propose(B_URL, terms=narrow(full, to_url=B_URL, user_scopes=()))
    response = await world.b.approve(request)
    terms = parse_jwt(response, limit=10_000, typ=frozenset({ANSWER_TYP})).unverified_claims["terms"]
    for entry in terms["access"]:
        if entry["to"] == B_URL:
            entry["user_scopes"] = ["issues:write"]
    with pytest.raises(LinkingError) as refused:
        await world.a.take(await resign(response, world.b, typ=ANSWER_TYP, terms=terms))
    assert refused.value.code == "unsupported_terms"


@pytest.mark.requirement("handshake-10-2")
@pytest.mark.requirement("handshake-10-7")
@pytest.mark.requirement("handshake-10-17")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"aud": "https://other.example"}, "invalid_claims"),
        ({"iss": "https://evil.example"}, "unknown_offer"),
        ({"iss": A_URL}, "invalid_claims"),
        ({"proposal": "A" * 43}, "invalid_claims"),
        ({"revision": 2}, "invalid_claims"),
        ({"peer_keys": ["A" * 43]}, "key_mismatch"),
        ({"link": "lnk_0000000000000000000000"}, "unknown_offer"),
        ({"exp": 1_800_000_000 + 601}, "invalid_claims"),
        ({"iat": 1_799_999_000, "exp": 1_799_999_500}, "expired"),
        ({"decision": "perhaps"}, "invalid_claims"),
        ({"seq": -1}, "invalid_claims"),
    ],
)
@pytest.mark.requirement("LK-02")
async def test_an_answer_with_a_wrong_claim_is_refused(world: World, changes: dict[str, object], code: str) -> None:
    """Handshake §2, order of verification; §10 mix-up."""
    response = await world.b.approve(await world.a.propose(B_URL))
    with pytest.raises(LinkingError) as refused:
        await world.a.take(await resign(response, world.b, typ=ANSWER_TYP, **changes))
    assert refused.value.code == code
    (link,) = await world.a.storage.linking.list_links()
    assert link.state is LinkState.PROPOSED


@pytest.mark.requirement("LK-06")
@pytest.mark.requirement("handshake-10-14")
@pytest.mark.requirement("LK-02")
async def test_an_answer_by_a_key_that_came_after_the_proposal_is_refused(world: World) -> None:
    """Handshake §10: keys changed between steps, so unknown_key, then expiry."""
    response = await world.b.approve(await world.a.propose(B_URL))
    world.b.keys.pairs = [make_pair()]
    world.clock.advance(301)
    world.network.seen.clear()
    with pytest.raises(LinkingError) as refused:
        await world.a.take(await resign(response, world.b, typ=ANSWER_TYP))
    assert refused.value.code == "unknown_key"
    # Before the link is in force, what was pinned is all that counts: nobody is asked for more.
    assert world.network.seen == []
    (link,) = await world.a.storage.linking.list_links()
    assert link.rest == frozenset()


@pytest.mark.requirement("handshake-10-4")
@pytest.mark.requirement("LK-04")
async def test_an_answer_in_another_session_is_refused_and_uses_nothing_up(world: World) -> None:
    """Handshake §3 step 4: the session that began."""
    response = await world.b.approve(await world.a.propose(B_URL))
    with pytest.raises(LinkingError) as refused:
        await world.a.take(response, session="another")
    assert refused.value.code == "wrong_browser"
    assert (await world.a.take(response)).outcome is Outcome.ACCEPTED


@pytest.mark.requirement("handshake-10-4")
async def test_an_answer_opened_again_shows_the_outcome(world: World) -> None:
    """Handshake §3 step 4: repeating the callback later shows the outcome."""
    response = await world.b.approve(await world.a.propose(B_URL))
    await world.a.take(response)
    await world.pump(seconds=3)
    again = await world.a.take(response, session="another")
    assert again.outcome is Outcome.KNOWN
    assert again.link.is_usable


@pytest.mark.requirement("handshake-10-13")
async def test_an_answer_goes_to_the_callback_of_whoever_signed(world: World) -> None:
    """Handshake §10: open redirect."""
    callback = f"{A_URL}/applinks/link/callback?response="
    refused = await world.b.show(await world.a.propose(B_URL))
    assert (await refuse(refused, user=ADMINISTRATOR, side=world.b.linking)).startswith(callback)
    request = await world.a.propose(B_URL)
    offer = await world.b.show(request)
    assert (await approve(offer, offer.terms, user=ADMINISTRATOR, side=world.b.linking)).startswith(callback)
    again = await open_proposal(request, user=ADMINISTRATOR, side=world.b.linking)
    assert isinstance(again, AlreadyDecided)
    assert again.redirect.startswith(callback)


@pytest.mark.requirement("LK-08")
@pytest.mark.requirement("handshake-10-18")
async def test_an_answer_that_widens_here_and_narrows_there_is_refused_and_not_asked_about(world: World) -> None:
    """Handshake §3 step 4: terms within come before terms less."""
    full = await list_possible_terms(await discover(B_URL, side=world.a.linking), side=world.a.linking)
    asked = narrow(full, to_url=B_URL, user_scopes=("issues:read",))
    response = await world.b.approve(await world.a.propose(B_URL, terms=asked))
    terms = parse_jwt(response, limit=10_000, typ=frozenset({ANSWER_TYP})).unverified_claims["terms"]
    for entry in terms["access"]:
        entry["user_scopes"] = ["issues:write"] if entry["to"] == B_URL else []
    with pytest.raises(LinkingError) as refused:
        await world.a.take(await resign(response, world.b, typ=ANSWER_TYP, terms=terms))
    assert refused.value.code == "unsupported_terms"
