"""What becomes of two ends when nothing is lost any more: deliveries, retries, and the time that passes."""

from applinks.linking.events import Event, Tick
from applinks.records.links import Link, LinkState
from applinks.wire.linking.statement import Statement, StatementState
from tests.linking.exploration.ends import A, E, End, Ends, ViolationError, is_due, say, wait
from tests.linking.exploration.others import say_unknown
from tests.linking.exploration.values import Numbers


class Records:
    """Steps of single records, each taken once: such a step looks at no other record."""

    def __init__(self, steps: Ends, *, may_drop: bool) -> None:
        self.steps = steps
        self.ends: Numbers[End] = Numbers()
        self.statements: Numbers[Statement] = Numbers()
        self._may_drop = may_drop
        self._after: dict[tuple[int, object], Link] = {}
        self._late: dict[tuple[int, int, object], Link] = {}
        self._later: dict[int, int] = {}

    def hear(self, end: End, index: int) -> End:
        """Hear a statement by its number."""
        said = self.statements.values[index]
        link = end.find(said.link)
        if link is None:
            return end
        key = (id(link), index)
        if key not in self._after:
            heard = self._after[key] = self.steps.hear(End(end.url, (link,)), said).links[0]
            self._check(link, heard, said)
        return end.with_link(link, self._after[key])

    def change(self, end: End, link: Link, event: Event) -> End:
        """Let something happen to one record; of each kind of event there is one."""
        key = (id(link), type(event))
        if key not in self._after:
            self._after[key] = self.steps.change(End(end.url, (link,)), link.id, event).links[0]
        return end.with_link(link, self._after[key])

    def change_late(self, end: End, loaded: Link, event: Event) -> End:
        """Let something happen to a record that was loaded before others changed it."""
        link = end.get(loaded.id)
        key = (id(link), id(loaded), type(event))
        if key not in self._late:
            alone = End(end.url, (link,))
            self._late[key] = self.steps.change(alone, link.id, event, stale=loaded).links[0]
        return end.with_link(link, self._late[key])

    def hear_late(self, end: End, loaded: Link, index: int) -> End:
        """Hear a statement with a record that was loaded before others changed it."""
        link = end.get(loaded.id)
        key = (id(link), id(loaded), index)
        if key not in self._late:
            alone = End(end.url, (link,))
            self._late[key] = self.steps.hear(alone, self.statements.values[index], stale=loaded).links[0]
        return end.with_link(link, self._late[key])

    def wait(self, number: int) -> int:
        """Let an end's clock pass its next deadline."""
        if number not in self._later:
            self._later[number] = self.ends.get(wait(self.ends.values[number]))
        return self._later[number]

    def _check(self, link: Link, heard: Link, said: Statement) -> None:
        if said.issuer == E and link.peer.url != E and heard is not link:
            raise ViolationError(f"a stranger changed a record: {link.state} became {heard.state}")
        is_dropped = link.state is LinkState.CONFIRMING and heard.state is LinkState.ENDED
        if is_dropped and said.state is not StatementState.ENDED and not self._may_drop:
            raise ViolationError("a word from before the answer ended what the answerer holds approved")


class Settling:
    """Brings two ends to rest; every way that was gone once is known."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._exchanged: dict[tuple[int, int, str], tuple[int, int]] = {}
        self._afterwards: dict[tuple[int, int, str], tuple[int, int]] = {}
        self._told: dict[tuple[int, int, bool, bool], tuple[int, int]] = {}

    def exchange(self, a: int, b: int, first: str) -> tuple[int, int]:
        """Let both look at the time and ask each other, one of them first, while something is due at either."""
        key = (a, b, first)
        if key not in self._exchanged:
            if first == A:
                after = self._tell(*self._tell(a, b), turned=True)
            else:
                after = self._tell(*self._tell(a, b, turned=True))
            self._exchanged[key] = after if after == (a, b) else self.exchange(*after, first)
        return self._exchanged[key]

    def pass_time(self, a: int, b: int, first: str) -> tuple[int, int]:
        """Let the clocks pass every deadline, one after the other, with deliveries in between."""
        key = (a, b, first)
        if key not in self._afterwards:
            later = self.exchange(self._records.wait(a), self._records.wait(b), first)
            if later == (a, b):
                # Nothing is due and nothing falls: there is still the statement of once a day.
                told = self._tell(*self._tell(a, b, is_daily=True), turned=True, is_daily=True)
                later = self.exchange(*told, first)
            self._afterwards[key] = later if later == (a, b) else self.pass_time(*later, first)
        return self._afterwards[key]

    def _tell(self, a: int, b: int, *, turned: bool = False, is_daily: bool = False) -> tuple[int, int]:
        """Let A, or with ``turned`` B, look at its deadlines and tell the other what is due; give both."""
        key = (a, b, turned, is_daily)
        if key not in self._told:
            ends = self._records.ends
            end, there = (ends.values[number] for number in ((b, a) if turned else (a, b)))
            end, there = self._tell_all(end, there, is_daily=is_daily)
            numbers = ends.get(end), ends.get(there)
            self._told[key] = (numbers[1], numbers[0]) if turned else numbers
        return self._told[key]

    def _tell_all(self, end: End, there: End, *, is_daily: bool) -> tuple[End, End]:
        for link_id in [link.id for link in end.links if link.peer.url == there.url]:
            end = self._records.change(end, end.get(link_id), Tick())
            link = end.get(link_id)
            if not is_due(link) and not (is_daily and link.state is LinkState.IN_FORCE):
                continue
            if there.find(link_id) is None:
                end = self._records.steps.hear(end, say_unknown(link, end.url))
                continue
            there = self._hear(there, say(link, end.url))
            answered = there.get(link_id)
            if answered.peer.url == end.url:
                end = self._hear(end, say(answered, there.url))
        return end, there

    def _hear(self, end: End, said: Statement) -> End:
        return self._records.hear(end, self._records.statements.get(said))
