"""The state tables and hearing rules of handshake §4, as tables."""

from dataclasses import replace

import pytest

from applinks.linking.events import (
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
from applinks.linking.hearing import is_in_step
from applinks.linking.repeats import is_statement_due
from applinks.linking.states import decide
from applinks.records.links import Direction, EndReason, Link, LinkState, Rest
from applinks.wire.linking.statement import PendingState, SaidAgreed, Statement
from applinks.wire.linking.terms import Terms
from tests.linking.every_state import HERE, STATES, hear
from tests.linking.records import (
    ANSWER,
    APPROVE,
    APPROVED,
    KEY,
    NOW,
    OTHER,
    PROPOSE,
    TERMS,
    after,
    build_answerer_in_force,
    build_confirming,
    build_in_force,
    say,
    say_ended,
    say_nothing,
    say_pending,
)

# The two tables of handshake §4, whole: state, event, the state after; "=" where nothing changes.
TABLE: list[tuple[str, str, Event, int, str]] = [
    ("proposed", "approved_answer", APPROVED, 0, "confirming"),
    ("proposed", "refused_answer", RefusedAnswer(reason="declined", actor=HERE), 0, "ended"),
    ("proposed", "expire", Tick(), 720, "ended"),
    ("proposed", "not yet expired", Tick(), 719, "proposed"),
    ("proposed", "withdraw", Withdraw(actor=HERE), 0, "ended"),
    ("proposed", "hear_ended", hear(say_ended()), 0, "ended"),
    ("proposed", "delete", Delete(actor=HERE), 0, "ended"),
    ("proposed", "hear_approved", hear(say_pending(PendingState.APPROVED)), 0, "proposed"),
    ("confirming", "hear_agreed_same", hear(say()), 0, "in_force"),
    ("confirming", "hear_approved_same", hear(say_pending(PendingState.APPROVED)), 0, "confirming"),
    ("confirming", "hear_neither", hear(say_nothing()), 0, "ended"),
    ("confirming", "hear_approved_other", hear(say_pending(PendingState.APPROVED, OTHER)), 0, "ended"),
    ("confirming", "hear_agreed_other", hear(say(agreed=SaidAgreed(revision=1, answer=OTHER))), 0, "ended"),
    ("confirming", "hear_confirming", hear(say_pending(PendingState.CONFIRMING)), 0, "ended"),
    ("confirming", "hear_ended", hear(say_ended()), 0, "ended"),
    ("confirming", "delete", Delete(actor=HERE), 0, "ended"),
    ("confirming", "no deadline", Tick(), 10**8, "confirming"),
    ("confirming", "withdraw", Withdraw(actor=HERE), 0, "="),
    ("approved", "hear_confirming_same", hear(say_pending(PendingState.CONFIRMING)), 0, "in_force"),
    ("approved", "hear_agreed_same", hear(say()), 0, "in_force"),
    ("approved", "hear_confirming_other", hear(say_pending(PendingState.CONFIRMING, OTHER)), 0, "approved"),
    ("approved", "hear_approved_same", hear(say_pending(PendingState.APPROVED)), 0, "approved"),
    ("approved", "hear_nothing", hear(say_nothing()), 0, "approved"),
    ("approved", "until", Tick(), 600, "ended"),
    ("approved", "until passed as it hears", hear(say_pending(PendingState.CONFIRMING)), 600, "ended"),
    ("approved", "just before until", hear(say_pending(PendingState.CONFIRMING)), 599, "in_force"),
    ("approved", "hear_ended", hear(say_ended()), 0, "ended"),
    ("approved", "delete", Delete(actor=HERE), 0, "ended"),
    ("in_force_a", "hear_ended", hear(say_ended(seq=0)), 0, "ended"),
    ("in_force_a", "delete", Delete(actor=HERE), 0, "ended"),
    ("in_force_a", "no deadline", Tick(), 10**8, "in_force"),
    ("in_force_b", "hear_ended", hear(say_ended("unknown", seq=0)), 0, "ended"),
    ("in_force_b", "not_heard_in_force_24h", Tick(), 86400, "ended"),
    ("in_force_b", "within 24h", Tick(), 86399, "in_force"),
    ("in_force_b", "heard in time", hear(say()), 86399, "in_force"),
    ("in_force_b", "delete", Delete(actor=HERE), 0, "ended"),
    ("ended", "hear_agreed", hear(say()), 0, "ended"),
    ("ended", "answer", APPROVED, 0, "="),
    ("ended", "delete", Delete(actor=HERE), 0, "="),
]


@pytest.mark.requirement("LK-01")
@pytest.mark.parametrize(
    ("state", "what", "event", "later", "then"), TABLE, ids=[f"{row[0]}-{row[1]}" for row in TABLE]
)
def test_the_state_tables_hold(state: str, what: str, event: Event, later: int, then: str) -> None:
    """Handshake §4: both state tables."""
    link = STATES[state]()
    decision = decide(link, event, now=NOW + later)
    assert decision.link is not None
    if then == "=":
        assert decision.link == link
        assert decision.refusal
    else:
        assert decision.link.state == then


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("event", [PROPOSE, APPROVE], ids=["propose", "approve"])
def test_a_link_id_is_never_used_twice(state: str, event: Event) -> None:
    """Handshake §3 step 2: no record of this link id."""
    link = STATES[state]()
    decision = decide(link, event, now=NOW)
    assert (decision.link, decision.refusal) == (link, "used")


def test_an_event_without_a_record_makes_none() -> None:
    """Ours: decide is total."""
    for event in (
        Tick(),
        hear(say()),
        Delete(actor=HERE),
        PauseLink(actor=HERE),
        KeysNotRead(),
        CallTested(result="passed"),
    ):
        decision = decide(None, event, now=NOW)
        assert (decision.link, decision.refusal) == (None, "unknown_link")


@pytest.mark.parametrize(
    ("state", "event", "later", "reason"),
    [
        ("proposed", Tick(), 720, EndReason.EXPIRED),
        ("proposed", RefusedAnswer(reason="declined", actor=HERE), 0, EndReason.DECLINED),
        ("proposed", Withdraw(actor=HERE, reason=EndReason.REPLACED), 0, EndReason.REPLACED),
        ("approved", Tick(), 600, EndReason.EXPIRED),
        ("confirming", hear(say_nothing()), 0, EndReason.EXPIRED),
        ("in_force_b", Tick(), 86400, EndReason.NOT_HEARD),
        ("in_force_a", hear(say_ended("unknown", seq=0)), 0, EndReason.UNKNOWN),
        ("in_force_a", hear(say_ended("deleted")), 0, EndReason.DELETED),
        ("in_force_a", hear(say_ended("not_heard")), 0, EndReason.NOT_HEARD),
        ("in_force_a", Delete(actor=HERE), 0, EndReason.DELETED),
    ],
)
def test_an_end_keeps_its_reason(state: str, event: Event, later: int, reason: EndReason) -> None:
    """Handshake §2: reason of an ended statement."""
    decision = decide(STATES[state](), event, now=NOW + later)
    assert decision.link is not None
    assert decision.link.ended_reason is reason
    assert decision.link.pending is None
    assert decision.happened


def test_both_directions_come_into_force_as_they_were_agreed_and_the_peer_is_registered() -> None:
    """Handshake §3 Registration; product §5."""
    decision = decide(build_confirming(), hear(say()), now=NOW)
    link = decision.link
    assert link is not None
    assert link.incoming.user_scopes == ("pages:read", "notify")
    assert link.incoming.application_scopes == ("pages:read",)
    assert link.outgoing.user_scopes == ("issues:read",)
    assert decision.registers == link.agreed
    assert link.in_force_at == NOW


@pytest.mark.requirement("LK-08")
def test_an_answer_that_widens_is_refused_by_the_decision_itself() -> None:
    """Security LK-08."""
    narrow = Terms(access=TERMS.access[:1])
    link = after(replace(PROPOSE, terms=narrow))
    decision = decide(link, APPROVED, now=NOW)
    assert (decision.link, decision.refusal) == (link, "unsupported_terms")


@pytest.mark.requirement("LK-01")
def test_the_answers_seq_counts_as_heard() -> None:
    """Handshake §4, §10: late, doubled, reordered statements."""
    link = after(PROPOSE, replace(APPROVED, seq=3))
    stale = decide(link, hear(say_nothing(seq=2)), now=NOW).link
    assert stale is not None
    assert stale.state is LinkState.CONFIRMING
    assert stale.peer == link.peer


@pytest.mark.requirement("handshake-10-25")
def test_a_stale_statement_has_no_effect() -> None:
    """Handshake §4 rule 3."""
    link = build_in_force()
    stale = decide(link, hear(say(seq=1, paused=True, peer_seq=9)), now=NOW).link
    assert stale is not None
    assert stale.peer == link.peer


def test_an_end_counts_whatever_its_seq() -> None:
    """Handshake §4 rule 2."""
    link = decide(build_in_force(), hear(say_ended(seq=0)), now=NOW).link
    assert link is not None
    assert link.state is LinkState.ENDED
    assert link.peer.ended


IN_STEP = [
    ("in_force_a", say(), True),
    ("in_force_b", say_pending(PendingState.CONFIRMING), True),
    ("in_force_b", say_pending(PendingState.CONFIRMING, OTHER), False),
    ("in_force_b", say_pending(PendingState.APPROVED), False),
    ("in_force_a", say_nothing(), False),
    ("in_force_a", say(agreed=SaidAgreed(revision=1, answer=OTHER)), False),
    ("in_force_a", say(agreed=SaidAgreed(revision=2, answer=ANSWER)), False),
    ("approved", say_nothing(), True),
    ("approved", say(), True),
    ("approved", say(agreed=SaidAgreed(revision=1, answer=OTHER)), False),
    ("proposed", say_pending(PendingState.APPROVED), True),
    ("proposed", say(), False),
]


@pytest.mark.requirement("LK-07")
@pytest.mark.parametrize(("state", "statement", "in_step"), IN_STEP)
def test_in_step_is_what_rule_six_says(state: str, statement: Statement, in_step: bool) -> None:
    """Handshake §4 rule 6."""
    assert is_in_step(STATES[state](), statement) is in_step


def test_a_link_out_of_step_rests_until_it_hears_one_that_is_in_step() -> None:
    """Handshake §4 Rest."""
    decision = decide(build_in_force(), hear(say_nothing(seq=5)), now=NOW)
    assert decision.link is not None
    assert decision.link.rest == {Rest.OUT_OF_STEP}
    assert not decision.link.is_usable
    assert [each.action for each in decision.happened] == ["link.rest_began"]
    decision = decide(decision.link, hear(say(seq=6)), now=NOW)
    assert decision.link is not None
    assert decision.link.is_usable
    assert [each.action for each in decision.happened] == ["link.rest_ended"]


def test_hearing_in_step_does_not_end_a_rest_for_keys() -> None:
    """Handshake §4 Rest: a set of reasons, and the link rests while one is left."""
    link = replace(build_in_force(), rest=frozenset({Rest.KEYS_CHANGED, Rest.OUT_OF_STEP}))
    heard = decide(link, hear(say(seq=6)), now=NOW).link
    assert heard is not None
    assert heard.rest == {Rest.KEYS_CHANGED}


def test_an_answerer_that_heard_the_agreement_has_no_deadline() -> None:
    """Handshake §4: B ends after 24 hours without hearing A's agreed."""
    link = decide(build_answerer_in_force(), hear(say()), now=NOW).link
    assert link is not None
    later = decide(link, Tick(), now=NOW + 10**8).link
    assert later is not None
    assert later.state is LinkState.IN_FORCE


SEQ = [
    ("in_force_a", PauseLink(actor=HERE), True),
    ("in_force_a", Delete(actor=HERE), True),
    ("in_force_a", Switch(actor=HERE, incoming=Direction()), True),
    ("in_force_a", CallTested(result="passed"), True),
    ("in_force_a", CallTested(result="failed:peer_unreachable"), True),
    ("in_force_a", KeysRead(found=(KEY,)), False),
    ("in_force_a", hear(say(paused=True)), False),
    ("in_force_a", StatementFailed(), False),
    ("in_force_a", Tick(), False),
    ("in_force_a", AskForTest(actor=HERE), False),
    ("in_force_a", ResumeLink(actor=HERE), False),
    ("confirming", hear(say()), True),
    ("approved", hear(say_pending(PendingState.CONFIRMING)), True),
    ("confirming", hear(say_nothing()), True),
    ("proposed", APPROVED, True),
    ("proposed", Withdraw(actor=HERE), False),
    ("proposed", Tick(), False),
]


@pytest.mark.parametrize(("state", "event", "raised"), SEQ)
def test_seq_is_raised_by_every_change_that_the_peer_should_know_and_no_other(
    state: str, event: Event, raised: bool
) -> None:
    """Handshake §2: seq."""
    link = STATES[state]()
    changed = decide(link, event, now=NOW).link
    assert changed is not None
    assert changed.seq == link.seq + (1 if raised else 0)
    if raised:
        assert is_statement_due(changed, now=NOW) or changed.peer.ended
        assert 0 < changed.statement.next_at <= NOW + 2


def test_a_decision_raises_the_version_exactly_where_it_changes_the_record() -> None:
    """House §4: compare and swap."""
    link: Link = build_in_force()
    unchanged = decide(link, Tick(), now=NOW).link
    assert unchanged == link
    changed = decide(link, PauseLink(actor=HERE), now=NOW).link
    assert changed is not None
    assert changed.version == link.version + 1
