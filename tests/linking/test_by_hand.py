"""A link by hand beside those of the handshake: what touches it, and what passes it by."""

import pytest

from applinks.administration.actor import Actor
from applinks.administration.by_hand import add_link
from applinks.administration.hand_values import NewIncoming, NewLink, NewOutgoing
from applinks.linking.errors import LinkingError
from applinks.linking.events import (
    ApproveKey,
    AskForTest,
    CallTested,
    Delete,
    Event,
    KeysNotRead,
    KeysRead,
    PauseLink,
    RefusedAnswer,
    ResumeLink,
    StatementFailed,
    Switch,
    Tick,
    Withdraw,
)
from applinks.linking.keys import find_peer_key, is_reading_due
from applinks.linking.repeats import is_statement_due, is_test_wanted
from applinks.linking.statements import send_due
from applinks.linking.states import decide
from applinks.records.links import Direction, EndReason, Link, LinkKind, LinkState, Peer
from applinks.wire.http import Request
from applinks.wire.jose import parse_jwt
from applinks.wire.linking.messages import STATEMENT_TYP
from applinks.wire.linking.terms import Level
from tests.linking.every_state import HERE, hear
from tests.linking.records import APPROVE, APPROVED, KEY, NOW, PROPOSE, say, say_ended, say_nothing
from tests.linking.world import A_URL, ADMINISTRATOR, B_URL, World

pytestmark = pytest.mark.anyio

OAUTH = Direction(level=Level.OAUTH, protocols=("oauth2",), user_scopes=("read",), application_scopes=("read",))
LINK = Link(
    id=f"lnk_{7:022d}",
    handle="board",
    name="Board",
    kind=LinkKind.BY_HAND,
    peer=Peer(id="", name="Board", url="https://board.example", manifest={}, keys=(), check="none"),
    incoming=OAUTH,
    outgoing=OAUTH,
    check="none",
    created_at=NOW,
    created_by=HERE,
    in_force_at=NOW,
)

PASS_BY: list[tuple[Event, str]] = [
    (Tick(), ""),
    (PROPOSE, "used"),
    (APPROVE, "used"),
    (APPROVED, "unknown_link"),
    (RefusedAnswer(reason="declined", actor=HERE), "unknown_link"),
    (Withdraw(actor=HERE), "unknown_link"),
    (hear(say()), "unknown_link"),
    (hear(say_nothing()), "unknown_link"),
    (hear(say_ended()), "unknown_link"),
    (StatementFailed(), "unknown_link"),
    (CallTested(result="passed"), "unknown_link"),
    (AskForTest(actor=HERE), "temporarily_unavailable"),
    (Switch(actor=HERE, incoming=Direction()), "unsupported_terms"),
    (KeysRead(found=(KEY,)), "unknown_link"),
    (KeysNotRead(), "unknown_link"),
    (ApproveKey(kid=KEY["kid"], actor=HERE), "unknown_link"),
]


@pytest.mark.parametrize(("event", "refusal"), PASS_BY)
def test_what_happens_between_two_applinks_passes_a_link_by_hand_by(event: Event, refusal: str) -> None:
    """Ours: there is nobody who could have said it."""
    decision = decide(LINK, event, now=NOW + 10**8)
    assert (decision.link, decision.refusal, decision.happened) == (LINK, refusal, ())


def test_a_link_by_hand_is_paused_resumed_and_deleted_and_tells_nobody() -> None:
    """Handshake §5 Pause, Delete, as far as this side goes."""
    paused = decide(LINK, PauseLink(actor=HERE, reason="slow"), now=NOW).link
    assert paused is not None
    assert paused.is_paused
    assert not paused.is_usable
    resumed = decide(paused, ResumeLink(actor=HERE), now=NOW).link
    assert resumed is not None
    assert resumed.is_usable
    ended = decide(resumed, Delete(actor=HERE), now=NOW).link
    assert ended is not None
    assert (ended.state, ended.ended_reason) == (LinkState.ENDED, EndReason.DELETED)
    for version, link in enumerate((paused, resumed, ended), start=2):
        assert (link.version, link.seq, link.check) == (version, 0, "none")
        assert (link.statement, link.test_call) == (LINK.statement, LINK.test_call)
        assert not is_statement_due(link, now=NOW)
        assert not is_test_wanted(link)
    assert decide(ended, ResumeLink(actor=HERE), now=NOW).refusal == "unknown_link"
    assert decide(ended, Delete(actor=HERE), now=NOW).refusal == "unknown_link"


async def link_by_hand(world: World) -> Link:
    """Let B hold A as a link by hand, and A hold B with an agreement."""
    new = NewLink(
        name="Start page",
        url=A_URL,
        incoming=NewIncoming(redirect_uris=(f"{A_URL}/callback",), scopes=("issues:read",)),
        outgoing=NewOutgoing(issuer=A_URL, scopes=("pages:read",)),
    )
    return (await add_link(new, actor=Actor.for_user(ADMINISTRATOR), side=world.b.administration)).link


async def test_a_statement_about_a_link_by_hand_is_answered_as_about_an_unknown_one(world: World) -> None:
    """Security LK-07: nobody ends with a statement what was made by hand."""
    link = await link_by_hand(world)
    theirs = await world.a.storage.linking.find_link(link.id)
    assert theirs is None
    # A writes to B under the very id; whatever it says, nothing is looked up and nothing is written.
    world.clock.advance(1)
    claims = {
        "ver": 1,
        "iss": A_URL,
        "aud": B_URL,
        "iat": world.clock.now(),
        "exp": world.clock.now() + 60,
        "jti": "stm_0000000000000000000000",
        "link": link.id,
    }
    text = await world.a.linking.sign(claims, typ=STATEMENT_TYP)
    request = Request(
        method="POST",
        url=f"{B_URL}/applinks/link/statement",
        headers=(("Content-Type", "application/jwt"),),
        body=text.encode("ascii"),
    )
    response = await world.b.serve("/applinks/link/statement", request)
    assert response.status == 200
    said = parse_jwt(response.body.decode(), limit=9999, typ=frozenset({STATEMENT_TYP})).unverified_claims
    assert (said["state"], said["reason"]) == ("ended", "unknown")
    assert await world.b.find(link.id) == link


async def test_nothing_is_asked_of_the_other_side_of_a_link_by_hand(world: World) -> None:
    """Ours: no statement, no test call, no keys, however long it stands."""
    link = await link_by_hand(world)
    world.clock.advance(40 * 86400)
    assert not is_reading_due(link, now=world.clock.now())
    assert await world.b.storage.linking.list_due_links(world.clock.now()) == []
    assert await send_due(link.id, side=world.b.linking) == link
    jwt = parse_jwt(
        await world.a.linking.sign({"iss": A_URL}, typ=STATEMENT_TYP), limit=9999, typ=frozenset({STATEMENT_TYP})
    )
    assert await find_peer_key(link, jwt, side=world.b.linking) is None
    assert world.network.seen == []


async def test_an_application_that_is_linked_by_hand_cannot_be_approved_beside(world: World) -> None:
    """Security LK-09: one live link per peer."""
    await link_by_hand(world)
    request = await world.a.propose(B_URL)
    with pytest.raises(LinkingError) as refused:
        await world.b.approve(request)
    assert refused.value.code == "duplicate_link"


async def test_the_client_id_of_a_neighbour_is_not_looked_for_in_a_link_by_hand(world: World) -> None:
    """Security LK-05: a link by hand has no manifest in which one could stand."""
    new = NewLink(name="Below", url=f"{B_URL}/applinks", outgoing=NewOutgoing(issuer=B_URL, scopes=("x",)))
    await add_link(new, actor=Actor.for_user(ADMINISTRATOR), side=world.a.administration)
    assert await world.link()
