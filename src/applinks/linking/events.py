"""What can happen to a link, and what a decision about it says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from applinks.records.links import Agreement, Direction, EndReason, Link, Peer
from applinks.wire.linking.statement import Statement
from applinks.wire.linking.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What a new record needs and cannot make of itself: names, and who the peer is."""

    id: str
    handle: str
    name: str
    peer: Peer
    private_address: bool
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Propose:
    """An administrator here proposes a link; ``until`` is two minutes after the proposal's ``exp``."""

    beginning: Beginning
    proposal: str = field(repr=False)
    proposal_digest: str
    terms: Terms
    until: int
    session: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve:
    """An administrator here approves the proposal of a peer; ``until`` is the answer's ``exp``."""

    beginning: Beginning
    proposal: str = field(repr=False)
    proposal_digest: str
    answer: str = field(repr=False)
    answer_digest: str
    terms: Terms
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedAnswer:
    """The peer's administrator approved, and ours accepts; ``seq`` of the answer counts as heard."""

    answer: str = field(repr=False)
    answer_digest: str
    terms: Terms
    seq: int
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedAnswer:
    """The peer's administrator refused."""

    reason: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """Our own open proposal is taken back, or a newer one to the same peer takes its place."""

    actor: str
    reason: EndReason = EndReason.DELETED


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Time passed; nothing else happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hear:
    """
    A verified statement of the peer.

    ``asked``: it is the reply to a statement of ours; else ours goes back in the same exchange, so that telling
    is not due at once. ``jitter`` is between -1 and 1.
    """

    statement: Statement
    asked: bool = False
    jitter: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFailed:
    """A statement was sent and no verified reply came. ``jitter`` is between -1 and 1."""

    jitter: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTested:
    """A test call ended; ``result`` is ``passed`` or ``failed:<code>``. ``jitter`` is between -1 and 1."""

    result: str
    jitter: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AskForTest:
    """An administrator asks for a test call now."""

    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseLink:
    """An administrator here pauses the link."""

    actor: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeLink:
    """An administrator here ends the pause of this side."""

    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """An administrator here deletes the link."""

    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """An administrator here lowers or raises one direction, within what was agreed; None: as it is."""

    actor: str
    incoming: Direction | None = None
    outgoing: Direction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysRead:
    """
    The pinned JWKS URL was read again.

    ``proved_kid``: a key that a message named, that stands there and with which that message verifies.
    ``found_oauth1``: what stands at that of OAuth 1.0a; empty: it was not read.
    """

    found: tuple[Mapping[str, Any], ...] = field(repr=False)
    proved_kid: str = ""
    found_oauth1: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysNotRead:
    """The pinned JWKS URL could not be read; it is not tried again at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveKey:
    """An administrator here compared the fingerprint of an unannounced key and approves it."""

    kid: str
    actor: str


Event = (
    Propose
    | Approve
    | ApprovedAnswer
    | RefusedAnswer
    | Withdraw
    | Tick
    | Hear
    | StatementFailed
    | CallTested
    | AskForTest
    | PauseLink
    | ResumeLink
    | Delete
    | Switch
    | KeysRead
    | KeysNotRead
    | ApproveKey
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What an auditor shall read of a change; becomes an audit event when it is written."""

    actor: str
    action: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """
    What follows.

    Attributes:
        link: the record after, with its version raised where it changed; None: there is none, and none is made.
        happened: for the audit, written with the record.
        registers: the agreement whose client has to be registered with this write.
        refusal: the code with which the event itself is refused; empty: it is not. A deadline that passed
            is written all the same.
    """

    link: Link | None
    happened: tuple[Happened, ...] = ()
    registers: Agreement | None = None
    refusal: str = ""
