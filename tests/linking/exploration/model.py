"""
Two ends and all that may happen between them, state by state, until there is no state that was not looked at.

Statements are said whenever a record changes, and may arrive at any moment from then on: at once, late, in another
order, twice, or never. So a message that a crash kept from being sent is one that never arrives.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from applinks.linking.events import Delete, Event, Tick, Withdraw
from applinks.records.links import Link, LinkState
from applinks.wire.linking.statement import Statement
from tests.linking.exploration.checks import Facts, check_final, check_prompt, check_state
from tests.linking.exploration.ends import (
    ADMINISTRATOR,
    LESS,
    A,
    Answer,
    B,
    E,
    End,
    Ends,
    Rules,
    ViolationError,
    say,
)
from tests.linking.exploration.others import list_lies, say_early, say_unknown
from tests.linking.exploration.settings import Setting
from tests.linking.exploration.settling import Records, Settling
from tests.linking.exploration.values import Numbers


class State(NamedTuple):
    """
    Numbers of both ends, and of what is between them, as bits.

    ``loaded`` is what one step of an end has loaded and not committed yet: which end, and as it was then.
    """

    a: int
    b: int
    said: int
    answers: int
    accepted: int
    is_restored: bool = False
    loaded: tuple[str, int] | None = None


class Move(NamedTuple):
    """
    What an end can do by itself.

    ``needs`` is the number of the proposal, or the bit of the answer, that has to be there; ``gives`` the bit of the
    answer that is given; ``accepts`` the bit of the one whose lesser terms an administrator was shown.
    """

    after: int
    needs_proposal: int = -1
    needs_answer: int = 0
    gives: int = 0
    accepts: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """How much was looked at, and how many records in force were among it."""

    states: int
    transitions: int
    in_force: int


class Exploration:
    """Looks at every state of a setting, breadth first."""

    def __init__(self, setting: Setting, *, rules: Rules | None = None) -> None:
        self.setting = setting
        self.steps = Ends(rules or Rules())
        self.records = Records(self.steps, may_drop=setting.restores)
        self.ends = self.records.ends
        self.statements = self.records.statements
        self.answers: Numbers[Answer] = Numbers()
        self.transitions = self.in_force = 0
        self._settling = Settling(self.records)
        self._to = {A: 0, B: 0}
        self._said_by: dict[int, int] = {}
        self._moves: dict[tuple[int, bool], list[Move]] = {}
        self._openings: dict[tuple[int, int], list[Move]] = {}
        self._hearings: dict[int, tuple[int, list[tuple[int, int]]]] = {}
        self._settled: set[tuple[int, int, bool]] = set()

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
        said = 0
        for statement in list_lies(self.setting) if self.setting.stranger else ():
            said |= self._keep(statement)
        for proposal in self.setting.proposals if self.setting.early else ():
            said |= self._keep(say_early(proposal))
        return State(self.ends.get(End(A)), self.ends.get(End(B)), said, 0, 0)

    def _check(self, state: State) -> None:
        facts = Facts(
            proposals=self.setting.proposals,
            given=self.answers.list_named(state.answers),
            accepted=self.answers.list_named(state.accepted),
            is_restored=state.is_restored,
        )
        self.in_force += check_state(self.ends.values[state.a], self.ends.values[state.b], facts)
        key = (state.a, state.b, state.is_restored)
        if key in self._settled:
            return
        self._settled.add(key)
        try:
            for first in (A, B):
                promptly = self._settling.exchange(state.a, state.b, first)
                if not state.is_restored:
                    check_prompt(*(self.ends.values[number] for number in (state.a, state.b, *promptly)))
                finally_there = self._settling.pass_time(*promptly, first)
                check_final(*(self.ends.values[number] for number in finally_there))
        except RecursionError as error:
            raise ViolationError("two ends never come to rest") from error

    def _follow(self, state: State) -> Iterator[State]:
        for url, number in ((A, state.a), (B, state.b)):
            for move in self._list_moves(number, state.is_restored):
                if self._may(move, state):
                    yield self._step(state, url, move.after, gives=move.gives, accepts=move.accepts)
            for bit, after in self._list_hearings(number, state.said):
                if state.said & bit:
                    yield self._step(state, url, after)
        if self.setting.restores:
            yield from self._ask_who_forgot(state)
            if not state.is_restored:
                yield self._step(state._replace(is_restored=True), B, self.ends.get(End(B)))
        if self.setting.overlaps:
            yield from self._overlap(state)

    def _may(self, move: Move, state: State) -> bool:
        if move.needs_answer and not state.answers & move.needs_answer:
            return False
        if move.needs_proposal < 0:
            return True
        proposal = self.setting.proposals[move.needs_proposal]
        # A proposer keeps a record of its proposal for ever; a hostile one is there from the beginning.
        proposer = self.ends.values[state.a if proposal.issuer == A else state.b]
        return proposal.signed_by == E or proposer.find(proposal.link) is not None

    def _step(self, state: State, url: str, after: int, *, gives: int = 0, accepts: int = 0) -> State:
        """Give the state after; what the changed end says from now on may arrive from now on."""
        if after not in self._said_by:
            bits = 0
            for link in self.ends.values[after].links:
                bits |= self._keep(say(link, url))
            self._said_by[after] = bits
        return State(
            after if url == A else state.a,
            after if url == B else state.b,
            state.said | self._said_by[after],
            state.answers | gives,
            state.accepted | accepts,
            state.is_restored,
            state.loaded,
        )

    def _keep(self, statement: Statement) -> int:
        bit = 1 << self.statements.get(statement)
        if statement.audience in self._to:
            self._to[statement.audience] |= bit
        return bit

    def _list_moves(self, number: int, is_restored: bool) -> list[Move]:
        key = (number, is_restored)
        if key not in self._moves:
            end = self.ends.values[number]
            found = {*self._list_decisions(end, is_restored), *self._list_acts(end)}
            self._moves[key] = [move for move in found if move.after != number or move.gives]
        opened = []
        for index, answer in enumerate(self.answers.values):
            if answer.audience == self.ends.values[number].url:
                opened += self._list_openings(number, index)
        return self._moves[key] + opened if opened else self._moves[key]

    def _list_decisions(self, end: End, is_restored: bool) -> Iterator[Move]:
        for index, proposal in enumerate(self.setting.proposals):
            for says in self.setting.decides if proposal.audience == end.url else ():
                answer = Answer(end.url, proposal.issuer, proposal, says, again=is_restored)
                after = self.steps.decide(end, answer)
                if after != end:
                    yield Move(self.ends.get(after), needs_proposal=index, gives=1 << self.answers.get(answer))

    def _list_openings(self, number: int, index: int) -> list[Move]:
        """Give what opening an answer does, and accepting it where it allows less."""
        key = (number, index)
        if key not in self._openings:
            end, answer, found = self.ends.values[number], self.answers.values[index], []
            for accepts_less in (False, True):
                after = self.steps.open(end, answer, accepts_less=accepts_less)
                if after != end:
                    shown = 1 << index if accepts_less and answer.says == LESS else 0
                    found.append(Move(self.ends.get(after), needs_answer=1 << index, accepts=shown))
            self._openings[key] = found
        return self._openings[key]

    def _list_acts(self, end: End) -> Iterator[Move]:
        for proposal in self.setting.proposals:
            if proposal.signed_by == end.url and end.find(proposal.link) is None:
                yield Move(self.ends.get(self.steps.propose(end, proposal)))
        events: list[Event] = [Tick()]
        events += [Delete(actor=ADMINISTRATOR)] * self.setting.deletes
        events += [Withdraw(actor=ADMINISTRATOR)] * self.setting.withdraws
        for link in end.links:
            for event in events:
                yield Move(self.ends.get(self.records.change(end, link, event)))
        yield Move(self.records.wait(self.ends.get(end)))

    def _list_hearings(self, number: int, said: int) -> list[tuple[int, int]]:
        """Give what each statement that was said makes of this end; those that change nothing are left out."""
        known, effects = self._hearings.get(number, (0, []))
        end = self.ends.values[number]
        new = said & self._to[end.url] & ~known
        if new:
            for index in range(new.bit_length()):
                if new >> index & 1 and (after := self.ends.get(self.records.hear(end, index))) != number:
                    effects = [*effects, (1 << index, after)]
            self._hearings[number] = (known | new, effects)
        return effects

    def _ask_who_forgot(self, state: State) -> Iterator[State]:
        """Ask about a link of which the other end keeps nothing: its reply says so, at once."""
        for url, number, other in ((A, state.a, state.b), (B, state.b, state.a)):
            end, there = self.ends.values[number], self.ends.values[other]
            for link in end.links:
                if link.state is not LinkState.PROPOSED and link.peer.url == there.url and not there.find(link.id):
                    after = self.steps.hear(end, say_unknown(link, url))
                    if after != end:
                        yield self._step(state, url, self.ends.get(after))

    def _overlap(self, state: State) -> Iterator[State]:
        """One step of an end loads its record, others come between, and only then it commits."""
        if state.loaded is None:
            for url, number in ((A, state.a), (B, state.b)):
                if self.ends.values[number].links:
                    yield state._replace(loaded=(url, number))
            return
        url, before = state.loaded
        end, done = self.ends.values[state.a if url == A else state.b], state._replace(loaded=None)
        yield done
        for link in self.ends.values[before].links:
            if end.find(link.id) not in {None, link}:
                for after in self._commit_late(end, link, state):
                    if after != end:
                        yield self._step(done, url, self.ends.get(after))

    def _commit_late(self, end: End, loaded: Link, state: State) -> Iterator[End]:
        for event in (Tick(), Delete(actor=ADMINISTRATOR)):
            yield self.records.change_late(end, loaded, event)
        said = state.said & self._to[end.url]
        for index in range(said.bit_length()):
            if said >> index & 1 and self.statements.values[index].link == loaded.id:
                yield self.records.hear_late(end, loaded, index)
        before = End(end.url, (loaded,))
        for answer in self.answers.list_named(state.answers):
            if answer.audience == end.url and self.steps.open(before, answer, accepts_less=False) != before:
                yield self.steps.take(end, answer, stale=loaded)
