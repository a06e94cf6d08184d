"""The state tables and hearing rules of handshake §4, as tables."""

from dataclasses import replace

import pytest

from applinks.linking.events import (
    ApproveKey,
    AskForTest,
    CallTested,
    Delete,
    Event,
    Hear,
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
from applinks.linking.repeats import get_allows, is_statement_due
from applinks.linking.states import decide
from applinks.records.links import Direction, EndReason, Link, LinkState, Rest
from applinks.wire.linking.statement import PendingState, SaidAgreed, Statement
from applinks.wire.linking.terms import Allows, Level, Terms
from tests.linking.records import (
    ANSWER,
    APPROVE,
    APPROVED,
    KEY,
    NEW_KEY,
    NOW,
    OTHER,
    PROPOSE,
    TERMS,
    THIRD_KEY,
    after,
    build_answerer_in_force,
    build_approved,
    build_confirming,
    build_in_force,
    build_proposed,
    say,
    say_ended,
    say_nothing,
    say_pending,
)

HERE = "user:1"
STATES = {
    "proposed": build_proposed,
    "confirming": build_confirming,
    "approved": build_approved,
    "in_force_a": build_in_force,
    "in_force_b": build_answerer_in_force,
    "ended": lambda: after(PROPOSE, APPROVED, Delete(actor=HERE)),
}


def hear(statement: Statement) -> Hear:
    return Hear(statement=statement)


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


@pytest.mark.requirement("handshake-10-22")
@pytest.mark.requirement("LK-01")
def test_a_statement_is_repeated_at_the_handshakes_pace() -> None:
    """Handshake §4 Repeat: 0, 2, 5, 15 s, 1, 5, 15 min, then hourly, ± 20 %."""
    link, now, gaps = build_confirming(), NOW, []
    assert link.statement.next_at == NOW
    for _ in range(9):
        failed = decide(link, StatementFailed(), now=now).link
        assert failed is not None
        link = failed
        gaps.append(link.statement.next_at - now)
        now = link.statement.next_at
    assert gaps == [2, 5, 15, 60, 300, 900, 3600, 3600, 3600]
    for jitter, gap in ((1.0, 4320), (-1.0, 2880)):
        failed = decide(link, StatementFailed(jitter=jitter), now=now).link
        assert failed is not None
        assert failed.statement.next_at - now == gap


def test_an_end_is_told_for_thirty_days() -> None:
    """Handshake §4 Repeat: after ended for 30 days."""
    link = decide(build_in_force(), Delete(actor=HERE), now=NOW).link
    assert link is not None
    assert is_statement_due(link, now=NOW + 30 * 86400 - 1)
    given_up = decide(link, StatementFailed(), now=NOW + 30 * 86400).link
    assert given_up is not None
    assert given_up.statement.next_at == 0


def test_an_end_of_the_peer_counts_as_heard() -> None:
    """Handshake §4 Repeat: an ended of the peer counts as heard."""
    link = decide(build_in_force(), hear(say_ended()), now=NOW).link
    assert link is not None
    assert not is_statement_due(link, now=NOW)
    assert link.statement.next_at == 0


def test_a_proposal_that_nobody_answered_says_nothing() -> None:
    """Handshake §4 Repeat: a proposed end sends none."""
    link = build_proposed()
    assert (link.seq, link.statement.next_at) == (0, 0)
    for event in (Withdraw(actor=HERE), Delete(actor=HERE)):
        ended = decide(link, event, now=NOW).link
        assert ended is not None
        assert (ended.seq, ended.statement.next_at) == (0, 0)


def test_a_switch_stays_below_what_was_agreed() -> None:
    """Handshake §5 Own switches: terms are the ceiling."""
    link = build_in_force()
    more = replace(link.incoming, user_scopes=("pages:read", "pages:write"))
    higher = replace(link.incoming, level=Level.IMPERSONATION)
    other = replace(link.incoming, protocols=("oauth1",))
    for wanted in (more, higher, other):
        assert decide(link, Switch(actor=HERE, incoming=wanted), now=NOW).refusal == "unsupported_terms"
        assert decide(link, Switch(actor=HERE, outgoing=wanted), now=NOW).refusal == "unsupported_terms"
    less = replace(link.incoming, user_scopes=("notify",), application_scopes=())
    lowered = decide(link, Switch(actor=HERE, incoming=less), now=NOW).link
    assert lowered is not None
    assert get_allows(lowered) == Allows(user_scopes=("notify",))
    off = decide(lowered, Switch(actor=HERE, incoming=Direction()), now=NOW).link
    assert off is not None
    assert get_allows(off) == Allows()
    on = decide(off, Switch(actor=HERE, incoming=link.incoming), now=NOW).link
    assert on is not None
    assert get_allows(on) == get_allows(link)


def test_a_missing_direction_serves_nothing_and_cannot_be_switched_on() -> None:
    """Handshake §2: allows is null where the terms give it nothing to serve."""
    outgoing_only = Terms(access=TERMS.access[1:])
    events = (replace(PROPOSE, terms=outgoing_only), replace(APPROVED, terms=outgoing_only), hear(say()))
    link = after(*events)
    assert get_allows(link) is None
    wanted = build_in_force().incoming
    assert decide(link, Switch(actor=HERE, incoming=wanted), now=NOW).refusal == "unsupported_terms"


def test_the_test_call_waits_for_both_and_for_something_to_call() -> None:
    """Handshake §6."""
    b = build_answerer_in_force()
    assert (b.check, b.test_call.next_at) == ("pending", 0)
    both = decide(b, hear(say()), now=NOW).link
    assert both is not None
    assert both.test_call.next_at == NOW
    off = decide(both, hear(say(seq=3, allows=Allows())), now=NOW).link
    assert off is not None
    assert (off.check, off.test_call.next_at) == ("none", 0)
    on = decide(off, hear(say(seq=4)), now=NOW).link
    assert on is not None
    assert (on.check, on.test_call.next_at) == ("pending", NOW)


def test_a_test_call_is_repeated_until_it_passes_then_daily() -> None:
    """Handshake §6: as a statement is repeated until it passes, then once a day."""
    link, now, gaps = build_in_force(), NOW, []
    for _ in range(8):
        failed = decide(link, CallTested(result="failed:peer_unreachable"), now=now).link
        assert failed is not None
        link = failed
        gaps.append(link.test_call.next_at - now)
        now = link.test_call.next_at
    assert gaps == [2, 5, 15, 60, 300, 900, 3600, 3600]
    passed = decide(link, CallTested(result="passed"), now=now).link
    assert passed is not None
    assert passed.test_call.next_at == now + 86400
    again = decide(passed, AskForTest(actor=HERE), now=now).link
    assert again is not None
    assert again.test_call.next_at == now


def test_a_paused_link_is_not_tested() -> None:
    """Handshake §5 Pause, §6."""
    paused = decide(build_in_force(), PauseLink(actor=HERE), now=NOW).link
    assert paused is not None
    assert paused.test_call.next_at == 0
    assert decide(paused, AskForTest(actor=HERE), now=NOW).refusal == "temporarily_unavailable"
    resumed = decide(paused, ResumeLink(actor=HERE), now=NOW).link
    assert resumed is not None
    assert resumed.test_call.next_at == NOW


KEYS = [
    # announced, found, proved; pinned after, resting
    ((), (KEY,), "", (KEY,), False),
    ((), (KEY, NEW_KEY), "", (KEY,), False),
    ((NEW_KEY["kid"],), (KEY, NEW_KEY), "", (KEY, NEW_KEY), False),
    ((NEW_KEY["kid"],), (NEW_KEY,), "", (NEW_KEY,), False),
    ((NEW_KEY["kid"],), (KEY,), "", (KEY,), False),
    ((), (KEY, NEW_KEY), NEW_KEY["kid"], (KEY,), True),
    ((NEW_KEY["kid"],), (KEY, NEW_KEY), NEW_KEY["kid"], (KEY, NEW_KEY), False),
    ((NEW_KEY["kid"],), (KEY, NEW_KEY, THIRD_KEY), THIRD_KEY["kid"], (KEY, NEW_KEY), True),
    ((), (NEW_KEY,), "", (KEY,), True),
    ((), (NEW_KEY, THIRD_KEY), NEW_KEY["kid"], (KEY,), True),
]


@pytest.mark.parametrize(("announced", "found", "proved", "pinned", "rests"), KEYS)
@pytest.mark.requirement("LK-06")
def test_a_key_counts_only_if_announced_and_found(
    announced: tuple[str, ...],
    found: tuple[dict[str, str], ...],
    proved: str,
    pinned: tuple[dict[str, str], ...],
    rests: bool,
) -> None:
    """Handshake §5 Rotation."""
    said = say(keys=(KEY["kid"], *announced), seq=5)
    link = decide(build_in_force(), hear(said), now=NOW).link
    assert link is not None
    read = decide(link, KeysRead(found=found, proved_kid=proved), now=NOW + 400).link
    assert read is not None
    assert read.peer.keys == pinned
    assert (Rest.KEYS_CHANGED in read.rest) is rests
    assert read.peer.keys_read_at == NOW + 400


@pytest.mark.requirement("LK-06")
def test_only_the_key_whose_fingerprint_was_compared_is_approved() -> None:
    """Handshake §4 Rest."""
    link = decide(build_in_force(), KeysRead(found=(NEW_KEY, THIRD_KEY)), now=NOW).link
    assert link is not None
    assert decide(link, ApproveKey(kid=KEY["kid"], actor=HERE), now=NOW).refusal == "key_mismatch"
    approved = decide(link, ApproveKey(kid=NEW_KEY["kid"], actor=HERE), now=NOW).link
    assert approved is not None
    assert approved.peer.keys == (NEW_KEY,)
    assert approved.rest == frozenset()
    assert decide(approved, ApproveKey(kid=THIRD_KEY["kid"], actor=HERE), now=NOW).refusal == "key_mismatch"


def test_a_key_that_the_peer_lists_no_more_is_retired_at_once_but_never_the_last() -> None:
    """Handshake §5 Rotation: retire the old one; statement."""
    link = replace(build_in_force(), peer=replace(build_in_force().peer, keys=(KEY, NEW_KEY)))
    heard = decide(link, hear(say(keys=(NEW_KEY["kid"],), seq=6)), now=NOW).link
    assert heard is not None
    assert heard.peer.keys == (NEW_KEY,)
    heard = decide(heard, hear(say(keys=(THIRD_KEY["kid"],), seq=7)), now=NOW).link
    assert heard is not None
    assert heard.peer.keys == (NEW_KEY,)
    assert heard.peer.announced == (THIRD_KEY["kid"],)


def test_a_decision_raises_the_version_exactly_where_it_changes_the_record() -> None:
    """House §4: compare and swap."""
    link: Link = build_in_force()
    unchanged = decide(link, Tick(), now=NOW).link
    assert unchanged == link
    changed = decide(link, PauseLink(actor=HERE), now=NOW).link
    assert changed is not None
    assert changed.version == link.version + 1
