"""
Two ends, a network that loses, doubles, reorders and replays, administrators who do anything at any moment.

A small cousin of the model of handshake §4: the same `decide` at both ends, statements as values.
"""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from applinks.linking.events import (
    Approve,
    ApprovedAnswer,
    Beginning,
    Delete,
    Event,
    Hear,
    PauseLink,
    Propose,
    ResumeLink,
    StatementFailed,
    Switch,
    Tick,
    Withdraw,
)
from applinks.linking.repeats import get_allows
from applinks.linking.statements import _get_agreed, _get_pending, _get_state
from applinks.linking.states import decide
from applinks.records.links import Direction, Link, LinkState, Peer
from applinks.wire.linking.statement import Statement
from applinks.wire.linking.terms import Access, Level, Terms
from tests.linking.records import LINK, NOW

A, B = "https://a.example", "https://b.example"
KIDS = {A: "A" * 43, B: "B" * 43}
OAUTH1_KIDS = {A: "a" * 43, B: "b" * 43}
BOTH = ("oauth2", "oauth1")


def build_access(from_url: str, to_url: str, protocols: tuple[str, ...]) -> Access:
    return Access(
        from_url=from_url,
        to_url=to_url,
        protocols=protocols,
        level=Level.OAUTH,
        user_scopes=("read",),
        application_scopes=(),
    )


def build_terms(*protocols: str) -> Terms:
    return Terms(access=(build_access(A, B, protocols), build_access(B, A, protocols)))


TERMS = build_terms(*BOTH)


def build_beginning(peer_url: str) -> Beginning:
    manifest = {"client_id": f"{peer_url}/c", "redirect_uri_base": f"{peer_url}/r/"}
    keys, oauth1_keys = ({"kid": KIDS[peer_url]},), ({"kid": OAUTH1_KIDS[peer_url]},)
    peer = Peer(id=peer_url, name="peer", url=peer_url, manifest=manifest, keys=keys, oauth1_keys=oauth1_keys)
    return Beginning(id=LINK, handle="peer", name="peer", peer=peer, private_address=False, actor="user:1")


def say(link: Link, sender: str) -> Statement:
    """What `applinks.linking.statements` says of a record, without the signature."""
    receiver = B if sender == A else A
    return Statement(
        issuer=sender,
        audience=receiver,
        issued_at=0,
        expires_at=120,
        jti="stm_0000000000000000000000",
        link=link.id,
        seq=link.seq,
        peer_seq=link.peer.seq,
        state=_get_state(link),
        agreed=_get_agreed(link),
        pending=_get_pending(link),
        paused=link.pause is not None,
        allows=get_allows(link),
        keys=(KIDS[sender], *([OAUTH1_KIDS[sender]] if link.peer.oauth1_keys else [])),
        peer_keys=(KIDS[receiver],),
        check=link.check,
        reason="deleted" if link.ended_at else "",
    )


@dataclass
class Ends:
    """Both ends, the time, and every statement that was ever said."""

    now: int = NOW
    links: dict[str, Link | None] = field(default_factory=lambda: {A: None, B: None})
    said: list[Statement] = field(default_factory=list)
    answered: bool = False
    approved: Terms | None = None

    def do(self, end: str, event: Event) -> None:
        before = self.links[end]
        decision = decide(before, event, now=self.now)
        self.links[end] = decision.link
        self._check_step(before, decision.link)

    def hear(self, end: str, statement: Statement, *, asked: bool) -> None:
        if self.links[end] is not None:
            self.do(end, Hear(statement=statement, asked=asked))

    def ask(self, end: str, *, lost: str) -> None:
        """One end sends its statement; the other answers, unless something is lost."""
        link, other = self.links[end], B if end == A else A
        if link is None or link.state is LinkState.PROPOSED:
            return
        question = say(link, end)
        self.said.append(question)
        there = self.links[other]
        if lost == "question" or there is None:
            self.do(end, StatementFailed())
            return
        self.hear(other, question, asked=False)
        there = self.links[other]
        assert there is not None
        reply = say(there, other)
        self.said.append(reply)
        if lost == "reply":
            self.do(end, StatementFailed())
        else:
            self.hear(end, reply, asked=True)

    def check(self) -> None:
        """The commit rule: nobody is in force unless the other committed, or ended for good."""
        for end, other in ((A, B), (B, A)):
            link, there = self.links[end], self.links[other]
            if link is not None and link.state is LinkState.IN_FORCE:
                assert there is not None
                assert there.state in {LinkState.CONFIRMING, LinkState.IN_FORCE, LinkState.ENDED}
                assert self.approved is not None
                assert self.answered

    def _check_step(self, before: Link | None, after: Link | None) -> None:
        if before is None or after is None:
            return
        assert after.seq >= before.seq
        assert after.version == before.version + (after != before)
        if before.ended_at:
            assert after.ended_at == before.ended_at
        if before.state is LinkState.CONFIRMING:
            assert after.state is not LinkState.PROPOSED
        if after.state is LinkState.IN_FORCE and before.state is LinkState.IN_FORCE:
            assert after.agreed == before.agreed


def begin() -> Ends:
    ends = Ends()
    ends.do(
        A,
        Propose(
            beginning=build_beginning(B),
            proposal="p",
            proposal_digest="P" * 43,
            terms=TERMS,
            until=NOW + 720,
            session="s",
        ),
    )
    return ends


def approve(ends: Ends, protocols: tuple[str, ...]) -> None:
    if ends.links[B] is None and ends.now < NOW + 600:
        event = Approve(
            beginning=build_beginning(A),
            proposal="p",
            proposal_digest="P" * 43,
            answer="a",
            answer_digest="D" * 43,
            terms=build_terms(*protocols),
            until=ends.now + 600,
        )
        ends.do(B, event)
        ends.approved = event.terms


def take_answer(ends: Ends) -> None:
    if ends.approved is not None:
        before = ends.links[A]
        ends.do(A, ApprovedAnswer(answer="a", answer_digest="D" * 43, terms=ends.approved, seq=1, actor="user:1"))
        after = ends.links[A]
        ends.answered |= before is not None and after is not None and after.state is LinkState.CONFIRMING


STEPS = st.one_of(
    st.tuples(st.just("approve"), st.sampled_from([BOTH, ("oauth2",), ("oauth1",)])),
    st.just(("take",)),
    st.tuples(st.just("ask"), st.sampled_from([A, B]), st.sampled_from(["", "", "question", "reply"])),
    st.tuples(st.just("replay"), st.integers(0, 30), st.booleans()),
    st.tuples(st.just("wait"), st.sampled_from([1, 60, 590, 610, 80_000])),
    st.tuples(st.just("pause"), st.sampled_from([A, B])),
    st.tuples(st.just("resume"), st.sampled_from([A, B])),
    st.tuples(st.just("off"), st.sampled_from([A, B])),
    st.tuples(st.just("delete"), st.sampled_from([A, B])),
    st.just(("withdraw",)),
)


def run(ends: Ends, step: tuple[object, ...], *, may_end: bool = True) -> None:  # noqa: C901
    match step:
        case ("approve", tuple(protocols)):
            approve(ends, protocols)
        case ("take",):
            take_answer(ends)
        case ("ask", str(end), str(lost)):
            ends.ask(end, lost=lost)
        case ("replay", int(which), bool(as_reply)):
            if ends.said:
                statement = ends.said[which % len(ends.said)]
                ends.hear(statement.audience, statement, asked=as_reply)
        case ("wait", int(seconds)):
            ends.now += seconds
            for end in (A, B):
                ends.do(end, Tick())
        case ("pause", str(end)):
            ends.do(end, PauseLink(actor="user:1"))
        case ("resume", str(end)):
            ends.do(end, ResumeLink(actor="user:1"))
        case ("off", str(end)):
            ends.do(end, Switch(actor="user:1", incoming=Direction()))
        case ("delete", str(end)) if may_end:
            ends.do(end, Delete(actor="user:1"))
        case ("withdraw",) if may_end:
            ends.do(A, Withdraw(actor="user:1"))
    ends.check()


def settle(ends: Ends) -> None:
    """Let both repeat until nothing is left to say, with nothing lost any more."""
    for _ in range(40):
        for end in (A, B):
            ends.ask(end, lost="")
        ends.now += 3700
        for end in (A, B):
            ends.do(end, Tick())
        ends.check()


@pytest.mark.requirement("handshake-10-25")
@settings(max_examples=400, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_in_every_order_both_end_in_force_and_equal_or_neither(steps: list[tuple[object, ...]]) -> None:
    """Handshake §4 Model-checked."""
    ends = begin()
    for step in steps:
        run(ends, step)
    settle(ends)
    a, b = ends.links[A], ends.links[B]
    states = {link.state if link is not None else LinkState.ENDED for link in (a, b)}
    assert len(states) == 1, states
    if states == {LinkState.IN_FORCE}:
        assert a is not None
        assert b is not None
        assert a.agreed == b.agreed
        assert not a.rest
        assert not b.rest
        assert a.is_usable == b.is_usable
        assert (a.peer.paused, b.peer.paused) == (b.pause is not None, a.pause is not None)
        assert (a.peer.allows, b.peer.allows) == (get_allows(b), get_allows(a))
        assert (a.peer.heard_seq, b.peer.heard_seq) == (a.seq, b.seq)
        assert ends.approved is not None
        assert a.outgoing.protocols in ((), ends.approved.access[0].protocols)
        runs_oauth1 = "oauth1" in ends.approved.access[0].protocols
        for link in (a, b):
            assert bool(link.peer.oauth1_keys) == runs_oauth1
            assert link.peer.announced == ()


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, max_size=15), st.lists(st.tuples(st.integers(0, 100), st.booleans()), max_size=20))
def test_nothing_that_was_said_changes_an_end_or_revives_it(
    steps: list[tuple[object, ...]], replays: list[tuple[int, bool]]
) -> None:
    """Handshake §4: ended is final, ended wins over everything."""
    ends = begin()
    for step in [("approve", BOTH), ("take",), ("ask", A, ""), ("ask", B, ""), *steps]:
        run(ends, step)
    ends.do(A, Delete(actor="user:1"))
    ends.ask(A, lost="")
    frozen = {end: replace(link, peer=link.peer) for end, link in ends.links.items() if link is not None}
    for which, as_reply in replays:
        run(ends, ("replay", which, as_reply))
    for end, link in ends.links.items():
        assert link is not None
        assert (link.ended_at, link.ended_reason, link.seq) == (
            frozen[end].ended_at,
            frozen[end].ended_reason,
            frozen[end].seq,
        )
        assert link.state is LinkState.ENDED
