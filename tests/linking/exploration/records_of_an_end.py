"""All that one end of a handshake keeps, as a value without what makes no difference."""

from dataclasses import dataclass, replace
from typing import Any

from applinks.linking.store import DecidedProposal
from applinks.records.links import Link, Schedule
from tests.linking.memory_store import Kept

NOW = 1_800_000_000


class Document(dict[str, Any]):
    """A document that can be part of a hashable record; nobody changes it."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self.items()))


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """
    All that one application keeps, with its clock standing at NOW: what lies ahead moves nearer instead.

    Equal records are the same object (`make_end` sees to it), so that ends are compared without looking inside.
    """

    url: str
    links: tuple[Link, ...] = ()
    decided: tuple[DecidedProposal, ...] = ()

    def get(self, link_id: str) -> Link:
        link = self.find(link_id)
        assert link is not None
        return link

    def __eq__(self, other: object) -> bool:
        return isinstance(other, End) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def with_link(self, before: Link, after: Link) -> "End":
        """Give the end with one record in the place of another."""
        return End(self.url, tuple(after if each is before else each for each in self.links), self.decided)

    def _key(self) -> tuple[object, ...]:
        return (self.url, tuple(map(id, self.links)), self.decided)

    def find(self, link_id: str) -> Link | None:
        return next((link for link in self.links if link.id == link_id), None)


def make_end(url: str, kept: Kept) -> End:
    """Take away what makes no difference: moments long gone, attempts, versions, the order of rows."""
    simple = (_simplify(link) for link in kept.links)
    links = sorted((_LINKS.setdefault(link, link) for link in simple), key=lambda link: link.id)
    return End(url, tuple(links), tuple(sorted(kept.decided, key=lambda each: (each.issuer, each.jti, each.answer))))


_LINKS: dict[Link, Link] = {}


def _simplify(link: Link) -> Link:
    waits = not link.ended_at and link.agreed is not None and link.peer.agreed_digest is None
    pending = link.pending
    if pending is not None and 0 < pending.until < NOW:
        pending = replace(pending, until=NOW)
    return replace(
        link,
        version=1,
        pending=pending,
        statement=Schedule(),
        test_call=Schedule(),
        in_force_at=link.in_force_at if waits else (NOW if link.in_force_at else 0),
        ended_at=NOW if link.ended_at else 0,
        peer=replace(link.peer, heard_at=0, keys_read_at=0),
    )
