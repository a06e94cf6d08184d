"""
Two ends and all that may happen between them, state by state, until there is no state that was not looked at.

Statements are said whenever a record changes, and may arrive at any moment from then on: at once, late, in another
order, twice, or never. So a message that a crash kept from being sent is one that never arrives.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from applinks.linking.events import Delete, Tick, Withdraw
from applinks.records.links import LinkState, Rest
from applinks.wire.linking.statement import PendingState, SaidAgreed, SaidPending, Statement, StatementState
from applinks.wire.linking.terms import Allows
from tests.linking.exploration.ends import (
    FULL,
    LESS,
    NOW,
    REFUSED,
    TERMS,
    A,
    Answer,
    B,
    E,
    End,
    Ends,
    Proposal,
    Rules,
    ViolationError,
    is_due,
    list_deadlines,
    make_proposal,
    say,
    wait,
)

COMMITTED = {LinkState.APPROVED, LinkState.CONFIRMING, LinkState.IN_FORCE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """
    What is there to happen.

    Attributes:
        proposals: those that the ends may make; hostile ones are there from the beginning.
        decides: what an administrator may say to a proposal.
        deletes: whether administrators delete at any moment; ``withdraws``: or take their proposal back.
        stranger: whether E says all that it can about the links of A and B.
        early: whether the answerer says something before it decides, as another implementation may.
        restores: whether B may once be set back to where it kept nothing yet.
        overlaps: whether one step of each end may have loaded its record before others changed it.
        most_states: a bound that fails rather than hangs.
    """

    name: str
    proposals: tuple[Proposal, ...]
    decides: tuple[str, ...] = (FULL, LESS, REFUSED)
    deletes: bool = True
    withdraws: bool = True
    stranger: bool = False
    early: bool = False
    restores: bool = False
    overlaps: bool = False
    most_states: int = 3_000_000


class State(NamedTuple):
    """Numbers of values that are kept once: both ends, statements said, answers given, what is under way."""

    a: int
    b: int
    said: int
    answers: int
    accepted: int
    restored: bool = False
    loaded: tuple[int, int, int] = ()  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Result:
    """How much was looked at."""

    states: int
    transitions: int
    in_force: int


@dataclass(slots=True)
class _Numbers:
    """Values and their numbers, both ways."""

    values: list = field(default_factory=list)
    numbers: dict = field(default_factory=dict)

    def get(self, value: object) -> int:
        number = self.numbers.get(value)
        if number is None:
            number = self.numbers[value] = len(self.values)
            self.values.append(value)
        return number


class Exploration:
    """Looks at every state of a setting, breadth first."""

    def __init__(self, setting: Setting, *, rules: Rules | None = None) -> None:
        self.setting = setting
        self.steps = Ends(rules or Rules())
        self.ends, self.statements, self.answers = _Numbers(), _Numbers(), _Numbers()
        self._said_by: dict[int, int] = {}
        self._moves: dict[tuple[int, bool], list[tuple[int, int, int, int, int]]] = {}
        self._heard: dict[int, tuple[int, list[tuple[int, int]]]] = {}
        self._addressed = {A: 0, B: 0}
        self._heard_records: dict[tuple[object, int], object] = {}
        self._settled: dict[tuple[int, int], tuple[int, int]] = {}
        self._proposed = {p: i for i, p in enumerate(setting.proposals)}
        self.transitions = 0
        self.in_force = 0

    def run(self) -> Result:
        """
        Look at all of it.

        Raises:
            ViolationError: some state is as none may be.
        """
        first = self._begin()
        seen, queue = {first}, deque([first])
        while queue:
            state = queue.popleft()
            self._check(state)
            for after in self._follow(state):
                self.transitions += 1
                if after not in seen:
                    seen.add(after)
                    queue.append(after)
            if len(seen) > self.setting.most_states:
                raise AssertionError(f"{self.setting.name}: more than {self.setting.most_states} states")
        return Result(len(seen), self.transitions, self.in_force)

    def _begin(self) -> State:
        a, b = self.ends.get(End(A)), self.ends.get(End(B))
        said = 0
        if self.setting.stranger:
            for statement in _list_lies(self.setting):
                said |= self._keep(statement)
        if self.setting.early:
            for proposal in self.setting.proposals:
                said |= self._keep(_say_early(proposal))
        return State(a, b, said, 0, 0)

    def _keep(self, statement: Statement) -> int:
        bit = 1 << self.statements.get(statement)
        if statement.audience in self._addressed:
            self._addressed[statement.audience] |= bit
        return bit

    def _follow(self, state: State) -> Iterator[State]:
        for url in (A, B):
            number = state.a if url == A else state.b
            for after, needs_proposal, needs_answer, gives_answer, accepts in self._list_moves(number, state.restored):
                if needs_answer and not state.answers & needs_answer:
                    continue
                if needs_proposal and not self._is_there(needs_proposal - 1, state):
                    continue
                yield self._step(state, url, after, gives_answer, accepts)
            for bit, after in self._list_heard(number, state.said):
                if state.said & bit:
                    yield self._step(state, url, after)
        yield from self._ask(state)
        if self.setting.restores and not state.restored:
            yield self._step(state._replace(restored=True), B, self.ends.get(End(B)))
        if self.setting.overlaps:
            yield from self._overlap(state)

    def _step(self, state: State, url: str, after: int, gives_answer: int = 0, accepts: int = 0) -> State:
        said = state.said | self._say_all(after)
        answers, accepted = state.answers | gives_answer, state.accepted | accepts
        if url == A:
            return state._replace(a=after, said=said, answers=answers, accepted=accepted)
        return state._replace(b=after, said=said, answers=answers, accepted=accepted)

    def _say_all(self, number: int) -> int:
        if number not in self._said_by:
            end: End = self.ends.values[number]
            bits = 0
            for link in end.links:
                bits |= self._keep(say(link, end.url))
            self._said_by[number] = bits
        return self._said_by[number]

    def _is_there(self, index: int, state: State) -> bool:
        """Whether a proposal was made: its proposer keeps a record of it for ever."""
        proposal = self.setting.proposals[index]
        if proposal.signed_by == E:
            return True
        end: End = self.ends.values[state.a if proposal.issuer == A else state.b]
        return end.find(proposal.link) is not None

    def _list_moves(self, number: int, restored: bool) -> list[tuple[int, int, int, int, int]]:
        """
        Give what this end can do by itself.

        Each is the end after, the number of the proposal that it needs, the answer that it needs, the one that it
        gives, and the answer whose lesser terms an administrator was shown and accepted.
        """
        key = (number, restored)
        if key not in self._moves:
            end: End = self.ends.values[number]
            found = set(self._decide_all(end, restored)) | set(self._open_all(end)) | set(self._act(end))
            self._moves[key] = [move for move in found if move[0] != number or move[3]]
        moves = self._moves[key]
        # Answers that were given since this end was looked at first.
        opened = [move for move in self._open_new(number) if move not in moves]
        return moves + opened

    def _decide_all(self, end: End, restored: bool) -> Iterator[tuple[int, int, int, int, int]]:
        for proposal in self.setting.proposals:
            if proposal.audience != end.url:
                continue
            for says in self.setting.decides:
                answer = Answer(end.url, proposal.issuer, proposal, says, again=restored)
                after = self.steps.decide(end, answer)
                if after != end:
                    bit = 1 << self.answers.get(answer)
                    yield self.ends.get(after), self._proposed[proposal] + 1, 0, bit, 0

    def _open_all(self, end: End) -> Iterator[tuple[int, int, int, int, int]]:
        return iter(())

    def _open_new(self, number: int) -> list[tuple[int, int, int, int, int]]:
        end: End = self.ends.values[number]
        found = []
        for index, answer in enumerate(self.answers.values):
            if answer.audience == end.url:
                found += self._open(number, index)
        return found

    def _open(self, number: int, index: int) -> list[tuple[int, int, int, int, int]]:
        key = (number, ~index)
        if key not in self._heard_records:
            end: End = self.ends.values[number]
            answer: Answer = self.answers.values[index]
            found = []
            for accepts_less in (False, True):
                after = self.steps.open(end, answer, accepts_less=accepts_less)
                if after != end:
                    shown = 1 << index if accepts_less and answer.says == LESS else 0
                    found.append((self.ends.get(after), 0, 1 << index, 0, shown))
            self._heard_records[key] = found
        return self._heard_records[key]  # type: ignore[return-value]

    def _act(self, end: End) -> Iterator[tuple[int, int, int, int, int]]:
        for proposal in self.setting.proposals:
            if proposal.signed_by == end.url and end.find(proposal.link) is None:
                yield self.ends.get(self.steps.propose(end, proposal)), 0, 0, 0, 0
        for link in end.links:
            events: list = [Tick()]
            if self.setting.deletes:
                events.append(Delete(actor="user:1"))
            if self.setting.withdraws:
                events.append(Withdraw(actor="user:1"))
            for event in events:
                yield self.ends.get(self.steps.change(end, link.id, event)), 0, 0, 0, 0
        yield self.ends.get(wait(end)), 0, 0, 0, 0

    def _list_heard(self, number: int, said: int) -> list[tuple[int, int]]:
        """Give what each statement that was said makes of this end; those that change nothing are left out."""
        known, effects = self._heard.get(number, (0, []))
        end: End = self.ends.values[number]
        new = said & self._addressed[end.url] & ~known
        if new:
            known |= new
            index = 0
            while new:
                if new & 1 and (after := self._hear(end, index)) != number:
                    effects = [*effects, (1 << index, after)]
                new >>= 1
                index += 1
            self._heard[number] = (known, effects)
        return effects

    def _hear(self, end: End, index: int) -> int:
        """Hear a statement; only the record that it is about can change, so that is looked up by itself."""
        said: Statement = self.statements.values[index]
        link = end.find(said.link)
        if link is None:
            return self.ends.get(end)
        key = (link, index)
        if key not in self._heard_records:
            after = self.steps.hear(End(end.url, (link,)), said)
            self._heard_records[key] = after.links[0]
            if said.issuer == E and link.peer.url != E and after.links[0] != link:
                raise ViolationError(f"a stranger changed a record: {link.state} became {after.links[0].state}")
        heard = self._heard_records[key]
        if heard == link:
            return self.ends.get(end)
        links = tuple(heard if each is link else each for each in end.links)
        return self.ends.get(End(end.url, links, end.decided))  # type: ignore[arg-type]

    def _ask(self, state: State) -> Iterator[State]:
        """Ask about a link of which the other end keeps nothing: the reply says so at once."""
        if not self.setting.restores:
            return
        for url, number, other in ((A, state.a, state.b), (B, state.b, state.a)):
            end, there = self.ends.values[number], self.ends.values[other]
            for link in end.links:
                if link.state is not LinkState.PROPOSED and link.peer.url == there.url and not there.find(link.id):
                    after = self.steps.hear(end, _say_unknown(link, url))
                    if after != end:
                        yield self._step(state, url, self.ends.get(after))

    def _overlap(self, state: State) -> Iterator[State]:
        """One step of an end loads its record, others come between, and then it commits."""
        if not state.loaded:
            for which, number in ((0, state.a), (1, state.b)):
                if self.ends.values[number].links:
                    yield state._replace(loaded=(which, number, 0))
            return
        which, before, _ = state.loaded
        number = state.b if which else state.a
        end: End = self.ends.values[number]
        done = state._replace(loaded=())
        yield done
        for link in self.ends.values[before].links:
            now = end.find(link.id)
            if now is None or now == link:
                continue
            afters = [self.steps.change(end, link.id, Tick(), stale=link)]
            afters.append(self.steps.change(end, link.id, Delete(actor="user:1"), stale=link))
            for index, said in enumerate(self.statements.values):
                if said.link == link.id and said.audience == end.url and state.said >> index & 1:
                    afters.append(self.steps.hear(end, said, stale=link))
            for index, answer in enumerate(self.answers.values):
                if answer.audience == end.url and state.answers >> index & 1 and answer.says != LESS:
                    loaded = End(end.url, (link,), end.decided)
                    if self.steps.open(loaded, answer, accepts_less=False) != loaded:
                        afters.append(self._open_late(end, answer, link))
            for after in afters:
                if after != end:
                    yield self._step(done, end.url, self.ends.get(after))

    def _open_late(self, end: End, answer: Answer, stale: object) -> End:
        """An answer whose proposal was still open when it was looked at."""
        steps = self.steps
        return steps.take(end, answer, stale=stale)

    def _check(self, state: State) -> None:
        a, b = self.ends.values[state.a], self.ends.values[state.b]
        for end in (a, b):
            peers = [link.peer.url for link in end.links if link.is_live]
            if len(peers) != len(set(peers)):
                raise ViolationError(f"{end.url} has two live links with one peer")
        given = [answer for i, answer in enumerate(self.answers.values) if state.answers >> i & 1]
        accepted = [answer for i, answer in enumerate(self.answers.values) if state.accepted >> i & 1]
        self._check_answers(given)
        for end, there in ((a, b), (b, a)):
            for link in end.links:
                if link.peer.url == there.url:
                    self._check_link(end, there, link, given, accepted, state)
        self._check_settled(state, a, b)

    def _check_answers(self, given: list[Answer]) -> None:
        by_proposal: dict[object, set[str]] = {}
        for answer in given:
            by_proposal.setdefault((answer.proposal, answer.again), set()).add(answer.says)
        if any(len(says) > 1 for says in by_proposal.values()):
            raise ViolationError("a proposal was decided twice")

    def _check_link(self, end, there, link, given, accepted, state) -> None:  # noqa: ANN001, C901
        own = [p for p in self.setting.proposals if p.link == link.id and p.signed_by == end.url]
        if link.state is LinkState.CONFIRMING:
            answer = next(each for each in self.answers.values if each.digest == link.pending.answer_digest)
            if answer.proposal not in own:
                raise ViolationError("an end confirms an answer to what it never proposed")
            if link.peer.seq < 1:
                raise ViolationError("the answer's seq does not count as heard")
        if link.state is not LinkState.IN_FORCE:
            return
        self.in_force += 1
        digest = link.agreed.digest
        answer = next((each for each in given if each.digest == digest), None)
        if answer is None or answer.says == REFUSED or link.agreed.terms != TERMS[answer.says]:
            raise ViolationError("terms are in force that the answerer's administrator did not approve")
        if answer.says == LESS and answer not in accepted:
            raise ViolationError("terms are in force that the proposer's administrator did not see")
        other = there.find(link.id)
        if state.restored:
            return
        if Rest.OUT_OF_STEP in link.rest:
            raise ViolationError("a link rests though nothing was restored")
        if other is None:
            raise ViolationError("in force with an end that keeps nothing")
        if own:
            # The proposer is in force last: the answerer is, or was.
            is_held = other.agreed is not None and other.agreed.digest == digest
        else:
            waits = other.state is LinkState.CONFIRMING and other.pending.answer_digest == digest
            agrees = other.agreed is not None and other.agreed.digest == digest
            is_held = waits or agrees or bool(other.ended_at)
        if not is_held:
            raise ViolationError(f"in force here, and there {other.state} and not committed to the same")

    def _check_settled(self, state: State, a: End, b: End) -> None:
        """From here, with deliveries and retries, both are in force with equal agreements, or neither."""
        key = (state.a, state.b)
        if key in self._settled:
            return
        self._settled[key] = key
        for first in (A, B):
            promptly = self._exchange(a, b, first)
            if not state.restored:
                _check_prompt(a, b, *promptly)
            self._check_final(*self._pass_time(*promptly, first))

    def _pass_time(self, a: End, b: End, first: str) -> tuple[End, End]:
        for _ in range(20):
            before = (a, b)
            a, b = self._exchange(wait(a), wait(b), first)
            if (a, b) == before and not any(list(list_deadlines(link)) for end in (a, b) for link in end.links):
                return a, b
        raise ViolationError("two ends never settle")

    def _exchange(self, a: End, b: End, first: str) -> tuple[End, End]:
        """Let both look at the time and ask each other, while something is due at either."""
        for _ in range(20):
            before = (a, b)
            for url in (first, B if first == A else A):
                if url == A:
                    a, b = self._tell(a, b)
                else:
                    b, a = self._tell(b, a)
            if (a, b) == before:
                return a, b
        raise ViolationError("two ends talk for ever")

    def _tell(self, end: End, there: End) -> tuple[End, End]:
        for link_id in [link.id for link in end.links if link.peer.url == there.url]:
            end = self.steps.change(end, link_id, Tick())
            link = end.find(link_id)
            if link is None or not is_due(link):
                continue
            if there.find(link_id) is None:
                end = self.steps.hear(end, _say_unknown(link, end.url))
                continue
            there = self._hear_now(there, say(link, end.url))
            answered = there.find(link_id)
            if answered is not None and answered.peer.url == end.url:
                end = self._hear_now(end, say(answered, there.url))
        return end, there

    def _hear_now(self, end: End, said: Statement) -> End:
        return self.ends.values[self._hear(end, self.statements.get(said))]

    def _check_final(self, a: End, b: End) -> None:
        for end, there in ((a, b), (b, a)):
            for link in end.links:
                if link.peer.url != there.url or link.state is not LinkState.IN_FORCE:
                    continue
                other = there.find(link.id)
                is_same = other is not None and other.state is LinkState.IN_FORCE and other.agreed == link.agreed
                if not is_same and not link.rest:
                    raise ViolationError("one end stays in force, and the other is not with it")
            if any(link.state in {LinkState.APPROVED, LinkState.CONFIRMING} for link in end.links if link.peer.url != E):
                raise ViolationError("an end waits for ever")


def _check_prompt(a: End, b: End, a_after: End, b_after: End) -> None:
    """Where both have committed and nobody ended anything, deliveries alone bring both into force."""
    for end, there in ((a, b), (b, a)):
        for link in end.links:
            other = there.find(link.id)
            if link.state is not LinkState.CONFIRMING or other is None or other.peer.url != end.url:
                continue
            holds = other.state is LinkState.IN_FORCE or (
                other.state is LinkState.APPROVED and other.pending is not None and other.pending.until > NOW
            )
            if not holds:
                continue
            waits_too_long = other.agreed is not None and other.in_force_at + 86400 <= NOW
            ours, theirs = (a_after, b_after) if end is a else (b_after, a_after)
            states = {ours.find(link.id).state, theirs.find(link.id).state}  # type: ignore[union-attr]
            if states != {LinkState.IN_FORCE} and not waits_too_long:
                raise ViolationError("both committed, nobody ended it, and it did not come into force")


def _list_lies(setting: Setting) -> Iterator[Statement]:
    """All that a stranger can say in its own name about the links of others."""
    for link in sorted({proposal.link for proposal in setting.proposals}):
        for to in (A, B):
            yield _say(E, to, link, StatementState.ENDED)
            for proposal in setting.proposals:
                for says in (FULL, LESS):
                    digest = Answer(proposal.audience, proposal.issuer, proposal, says).digest
                    yield _say(E, to, link, StatementState.IN_FORCE, agreed=digest)
                    yield _say(E, to, link, StatementState.LINKING, confirming=digest)


def _say(
    sender: str, to: str, link: str, state: StatementState, *, agreed: str = "", confirming: str = "", seq: int = 9
) -> Statement:
    return Statement(
        issuer=sender,
        audience=to,
        issued_at=NOW,
        expires_at=NOW + 120,
        jti="stm_0000000000000000000000",
        link=link,
        seq=seq,
        peer_seq=seq,
        state=state,
        agreed=SaidAgreed(revision=1, answer=agreed) if agreed else None,
        pending=SaidPending(revision=1, state=PendingState.CONFIRMING, answer=confirming) if confirming else None,
        paused=False,
        allows=Allows(user_scopes=("read",)) if agreed else None,
        keys=(sender,),
        peer_keys=(to,),
        check="pending",
        reason="deleted" if state is StatementState.ENDED else "",
    )


def _say_unknown(link, asker: str) -> Statement:  # noqa: ANN001
    said = _say(link.peer.url, asker, link.id, StatementState.ENDED, seq=0)
    return said


def _say_early(proposal: Proposal) -> Statement:
    """What an answerer that keeps a record before it decides may say of it."""
    return _say(proposal.audience, proposal.issuer, proposal.link, StatementState.LINKING, seq=0)


# A asks B, twice; B asks A with a smaller and with a greater id; E asks with A's id, and in A's name.
ASKS, ASKS_AGAIN = make_proposal(A, B, 2), make_proposal(A, B, 4)
CROSSES_BEFORE, CROSSES_AFTER = make_proposal(B, A, 1), make_proposal(B, A, 3)
STEALS_ID = make_proposal(E, B, 2)
STANDS_BETWEEN = make_proposal(A, B, 2, signed_by=E)

SETTINGS = {
    each.name: each
    for each in (
        Setting(name="one proposal", proposals=(ASKS,)),
        Setting(name="an early word", proposals=(ASKS,), early=True),
        Setting(name="two proposals", proposals=(ASKS, ASKS_AGAIN), decides=(FULL, REFUSED), withdraws=False),
        Setting(name="crossing, theirs first", proposals=(ASKS, CROSSES_BEFORE), decides=(FULL,), withdraws=False),
        Setting(name="crossing, ours first", proposals=(ASKS, CROSSES_AFTER), decides=(FULL,), withdraws=False),
        Setting(name="a stranger", proposals=(ASKS, STEALS_ID), decides=(FULL, REFUSED), stranger=True),
        Setting(name="a man between", proposals=(ASKS, STANDS_BETWEEN), decides=(FULL,)),
        Setting(name="restored", proposals=(ASKS,), decides=(FULL, LESS), restores=True, withdraws=False),
        Setting(name="overlapping steps", proposals=(ASKS,), decides=(FULL,), overlaps=True),
    )
}
