"""Each rule of the handshake, left out once: how the product would be without it, and where that has to show."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from unittest.mock import patch

from applinks.linking import hearing, states
from applinks.linking.events import ApprovedAnswer, Decision, Event, Tick
from applinks.linking.hearing import end, hear
from applinks.linking.states import decide
from applinks.records.links import Agreement, EndReason, Link, LinkState, Pending
from applinks.wire.linking.statement import PendingState, Statement
from tests.linking.exploration.ends import Rules

Decide = Callable[..., Decision]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """
    A rule, and what is in its place without it.

    ``patched``: names of functions with their replacements; ``rules``: those around `decide`; ``setting``: what has
    to happen for the lack to be felt.
    """

    rule: str
    setting: str
    patched: tuple[tuple[str, object], ...] = ()
    rules: Rules = field(default_factory=Rules)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Leave the rule out while the block runs."""
        patches = [patch(name, value) for name, value in self.patched]
        for each in patches:
            each.start()
        try:
            yield
        finally:
            for each in patches:
                each.stop()


def _decide_everywhere(without: Decide) -> tuple[tuple[str, object], ...]:
    return (
        ("applinks.linking.changes.decide", without),
        ("tests.linking.exploration.ends.decide", without),
    )


def _answerer_needs_no_proof(link: Link, said: Statement, now: int) -> Decision:
    pending = link.pending
    if pending is not None and pending.state is LinkState.APPROVED:
        return hearing._agree(link, pending, now)
    return _AGREE_OR_DROP(link, said, now)


def _proposer_needs_no_proof(link: Link | None, event: Event, *, now: int) -> Decision:
    decision = decide(link, event, now=now)
    after = decision.link
    if isinstance(event, ApprovedAnswer) and after is not None and after.state is LinkState.CONFIRMING:
        assert after.pending is not None
        agreed = Agreement(revision=1, digest=after.pending.answer_digest, terms=after.pending.terms)
        return replace(decision, link=replace(after, agreed=agreed, pending=None, in_force_at=now))
    return decision


def _confirming_expires(link: Link | None, event: Event, *, now: int) -> Decision:
    decision = decide(link, event, now=now)
    after = decision.link
    if not isinstance(event, Tick) or after is None or after.state is not LinkState.CONFIRMING:
        return decision
    return end(replace(after, seq=after.seq + 1, version=after.version + 1), EndReason.EXPIRED, actor="upkeep", now=now)


def _nothing_is_stale(link: Link, said: Statement, *, now: int) -> Decision:
    return hear(link, replace(said, seq=max(said.seq, link.peer.seq)), now=now)


def _answer_is_not_heard(link: Link | None, event: Event, *, now: int) -> Decision:
    return decide(link, replace(event, seq=0) if isinstance(event, ApprovedAnswer) else event, now=now)


def _end_is_not_final(link: Link, said: Statement, *, now: int) -> Decision:
    return hear(replace(link, ended_at=0, ended_reason=None) if link.ended_at and link.agreed else link, said, now=now)


def _names_any(said: Statement, revision: int, digest: str) -> bool:
    return bool(digest) and said.agreed is not None and said.agreed.revision == revision


def _holds_any(said: Statement, pending: Pending, state: PendingState) -> bool:
    there = said.pending
    return there is not None and there.state is state and there.revision == pending.revision


_AGREE_OR_DROP = hearing._agree_or_drop

assert states.decide is decide

LEFT_OUT = (
    LeftOut(
        "the answerer is in force only after proof",
        "one proposal",
        (("applinks.linking.hearing._agree_or_drop", _answerer_needs_no_proof),),
    ),
    LeftOut("the proposer is in force only after proof", "one proposal", _decide_everywhere(_proposer_needs_no_proof)),
    LeftOut("confirming has no way back", "one proposal", _decide_everywhere(_confirming_expires)),
    LeftOut(
        "seq: what is stale changes nothing", "one proposal", (("applinks.linking.states.hear", _nothing_is_stale),)
    ),
    LeftOut("the answer's seq counts as heard", "an early word", _decide_everywhere(_answer_is_not_heard)),
    LeftOut("ended is final", "one proposal", (("applinks.linking.states.hear", _end_is_not_final),)),
    LeftOut(
        "a statement names the answer's digest",
        "restored",
        (("applinks.linking.hearing._names", _names_any), ("applinks.linking.hearing._holds", _holds_any)),
    ),
    LeftOut("an answer names the proposal's digest", "a man between", rules=Rules(checks_answered_proposal=False)),
    LeftOut("a record is found by peer and link", "a stranger", rules=Rules(finds_by_peer=False)),
    LeftOut("one live link for each peer", "two proposals", rules=Rules(has_one_live_link=False)),
    LeftOut("a proposal is claimed", "one proposal", rules=Rules(has_claims=False)),
    LeftOut("a write names the version that it read", "overlapping steps", rules=Rules(has_versions=False)),
)
