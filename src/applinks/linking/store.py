"""What linking needs of storage."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from applinks.records.audit import AuditEvent
from applinks.records.clients import Client
from applinks.records.links import Link
from applinks.records.registrations import Registration


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedProposal:
    """
    The claim of a proposal that was decided here, kept as long as tombstones are.

    Attributes:
        answer: the signed answer, given again to the same administrator.
        return_url: where it goes.
    """

    issuer: str
    jti: str
    decided_by: str
    decided_at: int
    answer: str = field(repr=False)
    return_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkWrite:
    """
    One record's part of a commit: inserted where ``expected_version`` is None, else replaced while it is that version.

    ``clients`` are stored with the link; one that is the peer itself replaces the one of its protocol that it had, and
    a former one of a protocol that is not among them ends. ``registration`` is stored with a link made by hand,
    replacing the one before. When ``link`` has ended, the store also ends its clients, grants (joins do the rest) and
    deletes its connections and registration in the same transaction.
    """

    link: Link
    expected_version: int | None
    clients: tuple[Client, ...] = ()
    registration: Registration | None = None


class CommitResult(Enum):
    """What became of a commit; only the first wrote anything."""

    WRITTEN = "written"
    LOST = "lost"  # a record was changed meanwhile: load and decide again, once
    TAKEN = "taken"  # another live link with this peer, another record of this id, or the proposal is decided


class LinkingStore(Protocol):
    """Links and decided proposals. Every method is one transaction."""

    async def find_link(self, id_or_handle: str) -> Link | None:
        """Give a link by id (ended or not), else a link that has not ended by handle."""
        ...

    async def find_live_link(self, *, url: str, peer_id: str) -> Link | None:
        """Give the live link with a peer of that base URL or of that manifest id."""
        ...

    async def list_open_proposals(self, *, url: str) -> Sequence[Link]:
        """Give our own links in state PROPOSED with a peer of that base URL."""
        ...

    async def list_links(self, *, ended: bool = False) -> Sequence[Link]:
        """Give the links, by name; with ``ended`` also the tombstones."""
        ...

    async def list_due_links(self, now: int) -> Sequence[Link]:
        """
        Give the links with something due, ended ones too.

        Due is a link whose ``statement.next_at`` or ``test_call.next_at`` is not 0 and not after ``now``, or whose
        ``pending`` is PROPOSED or APPROVED and ``pending.until`` not after ``now`` while it has not ended.
        """
        ...

    async def list_handles(self) -> frozenset[str]:
        """Give every handle of links that have not ended."""
        ...

    async def find_decided_proposal(self, *, issuer: str, jti: str) -> DecidedProposal | None:
        """Give the claim of a proposal, if it was decided here."""
        ...

    async def commit(
        self, *writes: LinkWrite, events: Sequence[AuditEvent] = (), decided: DecidedProposal | None = None
    ) -> CommitResult:
        """Write all of it or nothing, in one transaction."""
        ...
