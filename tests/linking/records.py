"""Records and statements for the tests of decisions, which need no application."""

from dataclasses import replace
from typing import Any

from applinks.linking.events import (
    Approve,
    ApprovedAnswer,
    Beginning,
    Event,
    Hear,
    Propose,
)
from applinks.linking.states import decide
from applinks.records.links import Link, Peer
from applinks.wire.linking.statement import PendingState, SaidAgreed, SaidPending, Statement, StatementState
from applinks.wire.linking.terms import Access, Allows, Level, Terms

NOW = 1_800_000_000
OURS = "https://start.example"
THEIRS = "https://tracker.example"
LINK = "lnk_0000000000000000000001"
ANSWER = "A" * 43
OTHER = "B" * 43
KEY = {"kty": "EC", "kid": "K" * 43}
NEW_KEY = {"kty": "EC", "kid": "N" * 43}
THIRD_KEY = {"kty": "EC", "kid": "T" * 43}

TERMS = Terms(
    access=(
        Access(
            from_url=THEIRS,
            to_url=OURS,
            protocols=("oauth2",),
            level=Level.OAUTH,
            user_scopes=("pages:read", "notify"),
            application_scopes=("pages:read",),
        ),
        Access(
            from_url=OURS,
            to_url=THEIRS,
            protocols=("oauth2",),
            level=Level.OAUTH,
            user_scopes=("issues:read",),
            application_scopes=(),
        ),
    )
)
SERVED = Allows(user_scopes=("issues:read",))


def build_peer(**changes: Any) -> Peer:
    manifest = {"client_id": f"{THEIRS}/client.json", "redirect_uri_base": f"{THEIRS}/callback/"}
    peer = Peer(id="urn:uuid:1", name="Tracker", url=THEIRS, manifest=manifest, keys=(KEY,), keys_read_at=NOW)
    return replace(peer, **changes)


BEGINNING = Beginning(
    id=LINK, handle="tracker", name="Tracker", peer=build_peer(), private_address=False, actor="user:1"
)
PROPOSE = Propose(
    beginning=BEGINNING, proposal="p", proposal_digest="P" * 43, terms=TERMS, until=NOW + 720, session="s"
)
APPROVE = Approve(
    beginning=BEGINNING,
    proposal="p",
    proposal_digest="P" * 43,
    answer="a",
    answer_digest=ANSWER,
    terms=TERMS,
    until=NOW + 600,
)
APPROVED = ApprovedAnswer(answer="a", answer_digest=ANSWER, terms=TERMS, seq=1, actor="user:1")


def say(**changes: Any) -> Statement:
    """Make a statement of the peer: by default that it has the agreement in force."""
    said = Statement(
        issuer=THEIRS,
        audience=OURS,
        issued_at=NOW,
        expires_at=NOW + 120,
        jti="stm_0000000000000000000000",
        link=LINK,
        seq=2,
        peer_seq=1,
        state=StatementState.IN_FORCE,
        agreed=SaidAgreed(revision=1, answer=ANSWER),
        pending=None,
        paused=False,
        allows=SERVED,
        keys=(KEY["kid"],),
        peer_keys=("O" * 43,),
        check="pending",
    )
    return replace(said, **changes)


def say_pending(state: PendingState, answer: str = ANSWER, **changes: Any) -> Statement:
    pending = SaidPending(revision=1, state=state, answer=answer)
    return say(state=StatementState.LINKING, agreed=None, pending=pending, allows=None, **changes)


def say_nothing(**changes: Any) -> Statement:
    return say(state=StatementState.LINKING, agreed=None, allows=None, **changes)


def say_ended(reason: str = "deleted", **changes: Any) -> Statement:
    ended = {"state": StatementState.ENDED, "agreed": None, "allows": None, "reason": reason}
    if reason == "unknown":
        ended |= {"seq": 0, "peer_seq": 0, "check": "none", "peer_keys": ()}
    return say(**(ended | changes))


def after(*events: Event, now: int = NOW) -> Link:
    """Give the record after these events, all now."""
    link: Link | None = None
    for event in events:
        decision = decide(link, event, now=now)
        assert decision.refusal == ""
        link = decision.link
    assert link is not None
    return link


def build_proposed() -> Link:
    return after(PROPOSE)


def build_confirming() -> Link:
    return after(PROPOSE, APPROVED)


def build_approved() -> Link:
    return after(APPROVE)


def build_in_force() -> Link:
    """The proposer's record after the answerer said that it is in force, and heard that we are."""
    return after(PROPOSE, APPROVED, Hear(statement=say()), Hear(statement=say(peer_seq=2)))


def build_answerer_in_force() -> Link:
    """The answerer's record before it heard the proposer's agreement."""
    return after(APPROVE, Hear(statement=say_pending(PendingState.CONFIRMING, seq=1)))
