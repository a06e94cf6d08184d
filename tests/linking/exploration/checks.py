"""What has to be so in every state, and at the end of it all."""

from collections.abc import Sequence
from dataclasses import dataclass

from applinks.records.links import Link, LinkState, Rest
from tests.linking.exploration.ends import DAY, LESS, NOW, REFUSED, TERMS, Answer, E, End, Proposal, ViolationError

_WAITS = {LinkState.APPROVED, LinkState.CONFIRMING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is so beside both ends: answers given, and lesser terms that a proposer's administrator accepted."""

    proposals: tuple[Proposal, ...]
    given: Sequence[Answer]
    accepted: Sequence[Answer]
    is_restored: bool


def check_state(a: End, b: End, facts: Facts) -> int:
    """Check all that may never be otherwise; gives how many records are in force."""
    _check_answers(facts.given)
    in_force = 0
    for end, there in ((a, b), (b, a)):
        peers = [link.peer.url for link in end.links if link.is_live]
        if len(peers) != len(set(peers)):
            raise ViolationError(f"{end.url} has two live links with one peer")
        for link in end.links:
            if link.peer.url != there.url:
                continue
            own = [each for each in facts.proposals if each.link == link.id and each.signed_by == end.url]
            _check_confirming(link, own, facts)
            if link.state is LinkState.IN_FORCE:
                in_force += 1
                _check_terms(link, facts)
                _check_other_half(link, there.find(link.id), facts, is_proposer=bool(own))
    return in_force


def _check_answers(given: Sequence[Answer]) -> None:
    decided: dict[tuple[Proposal, bool], set[str]] = {}
    for answer in given:
        decided.setdefault((answer.proposal, answer.again), set()).add(answer.says)
    if any(len(says) > 1 for says in decided.values()):
        raise ViolationError("a proposal was decided twice")


def _check_confirming(link: Link, own: Sequence[Proposal], facts: Facts) -> None:
    if link.state is not LinkState.CONFIRMING or link.pending is None:
        return
    answer = next(each for each in facts.given if each.digest == link.pending.answer_digest)
    if answer.proposal not in own:
        raise ViolationError("an end confirms an answer to what it never proposed")


def _check_terms(link: Link, facts: Facts) -> None:
    assert link.agreed is not None
    answer = next((each for each in facts.given if each.digest == link.agreed.digest), None)
    if answer is None or answer.says == REFUSED or link.agreed.terms != TERMS[answer.says]:
        raise ViolationError("terms are in force that the answerer's administrator did not approve")
    if answer.says == LESS and answer not in facts.accepted:
        raise ViolationError("terms are in force that the proposer's administrator did not see")


def _check_other_half(link: Link, other: Link | None, facts: Facts, *, is_proposer: bool) -> None:
    assert link.agreed is not None
    if facts.is_restored:
        # What was lost may be missed by the other for a while; but never two agreements at once.
        if other is not None and other.state is LinkState.IN_FORCE and other.agreed != link.agreed:
            raise ViolationError("both are in force, with different agreements")
        return
    if Rest.OUT_OF_STEP in link.rest:
        raise ViolationError("a link rests though nothing was restored")
    if other is None:
        raise ViolationError("in force with an end that keeps nothing")
    is_held = other.agreed == link.agreed
    if not is_proposer:
        # The answerer is in force first, by the proposer's word that it has committed; an end is final.
        confirms = other.state is LinkState.CONFIRMING and other.pending is not None
        is_same = confirms and other.pending is not None and other.pending.answer_digest == link.agreed.digest
        is_held = is_held or is_same or bool(other.ended_at)
    if not is_held:
        raise ViolationError(f"in force here, and there {other.state} and not committed to the same")


def check_prompt(a: End, b: End, a_after: End, b_after: End) -> None:
    """Where both have committed and nobody ended anything, deliveries alone bring both into force."""
    for end, there, end_after, there_after in ((a, b, a_after, b_after), (b, a, b_after, a_after)):
        for link in end.links:
            other = there.find(link.id)
            if link.state is not LinkState.CONFIRMING or other is None or not _still_holds(other, end.url):
                continue
            after = (end_after.find(link.id), there_after.find(link.id))
            if any(each is None or each.state is not LinkState.IN_FORCE for each in after):
                raise ViolationError("both committed, nobody ended it, and it did not come into force")


def _still_holds(link: Link, url: str) -> bool:
    """Whether the answerer's approval has not fallen, and will not before it is next spoken to."""
    if link.peer.url != url:
        return False
    if link.state is LinkState.APPROVED:
        return link.pending is not None and link.pending.until > NOW
    return link.state is LinkState.IN_FORCE and link.in_force_at + DAY > NOW


def check_final(a: End, b: End) -> None:
    """When nothing is left to say: both in force with equal agreements, or neither; or what is left alone rests."""
    for end, there in ((a, b), (b, a)):
        for link in end.links:
            other = there.find(link.id)
            if link.state is LinkState.IN_FORCE and link.peer.url == there.url and not link.rest:
                is_same = other is not None and other.state is LinkState.IN_FORCE and other.agreed == link.agreed
                if not is_same:
                    raise ViolationError("one end stays in force, and the other is not with it")
            if link.state in _WAITS and link.peer.url != E:
                raise ViolationError("an end waits for ever")
