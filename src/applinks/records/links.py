"""An application link: our record that two applications trust each other."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from applinks.wire.linking.terms import Allows, Level, Terms
from applinks.wire.urls import get_origin

_LINK_ID = re.compile(r"lnk_[0-9A-Za-z]{22}\Z")
_HANDLE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?\Z")
RESERVED_HANDLES = frozenset({"new"})


def is_link_id(text: str) -> bool:
    """Whether the text has the form of a link id, the one name that both ends share."""
    return _LINK_ID.match(text) is not None


def is_handle(text: str) -> bool:
    """Whether the text may name a link on this side."""
    return _HANDLE.match(text) is not None and text not in RESERVED_HANDLES


class LinkKind(StrEnum):
    """How the two applications were linked."""

    HANDSHAKE = "handshake"  # between two Applinks, whose administrators both approved
    BY_HAND = "by_hand"  # with anything else: the administrators of each side entered the other's values


class LinkState(StrEnum):
    """What people decided; see the state tables of the handshake."""

    PROPOSED = "proposed"
    CONFIRMING = "confirming"
    APPROVED = "approved"
    IN_FORCE = "in_force"
    ENDED = "ended"


class Rest(StrEnum):
    """Why a link rests: what the two ends found about each other."""

    OUT_OF_STEP = "out_of_step"
    KEYS_CHANGED = "keys_changed"
    RESTORED = "restored"
    CLONED = "cloned"


class EndReason(StrEnum):
    """Why a link ended."""

    DELETED = "deleted"
    EXPIRED = "expired"
    NOT_HEARD = "not_heard"
    UNKNOWN = "unknown"
    DECLINED = "declined"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """
    One side of a link, as it is in force here now.

    ``level`` *Disabled* is off: no switch is stored beside it. The scopes are those in use
    now, within what was agreed; while it is off, those that come back when it is switched on.
    """

    level: Level = Level.DISABLED
    protocols: tuple[str, ...] = ()
    user_scopes: tuple[str, ...] = ()
    application_scopes: tuple[str, ...] = ()

    @property
    def is_enabled(self) -> bool:
        """Whether calls pass in this direction at all."""
        return self.level is not Level.DISABLED

    @property
    def in_use(self) -> Self:
        """The direction with what counts now: nothing at all while it is off."""
        return self if self.is_enabled else type(self)()


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Terms that both administrators approved, numbered by revision; ``digest`` is the answer's."""

    revision: int
    digest: str
    terms: Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """
    A revision that is not agreed yet; at most one a link.

    Attributes:
        state: PROPOSED, CONFIRMING or APPROVED.
        proposal: the signed proposal, exactly as sent or received.
        proposal_digest: its digest.
        answer: the signed answer, exactly; empty while proposed.
        answer_digest: its digest; empty while proposed.
        terms: those proposed, or those answered once there is an answer.
        until: the moment, by our clock, at which PROPOSED or APPROVED falls.
        session: digest of the log-in session that began (proposer); empty: any administrator.
    """

    revision: int
    state: LinkState
    proposal: str = field(repr=False)
    proposal_digest: str
    answer: str = field(default="", repr=False)
    answer_digest: str = ""
    terms: Terms
    until: int
    session: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """
    What we pinned of the other application, and what we last heard from it.

    Of one that was linked by hand there is its name and, where we call it, where it lives and who its issuer is.

    Attributes:
        url: its base URL; empty: it only calls us.
        issuer: its authorization server, where that is not the base URL; `Link.issuer` gives what counts.
        manifest: its link manifest, as parsed JSON.
        keys: its pinned public keys, as JWKs.
        announced: thumbprints of keys that a known key announced, and that are not pinned yet.
        unannounced: keys found at its JWKS URL that nobody announced; an administrator decides.
        oauth1_unannounced: such keys of OAuth 1.0a.
        seq: the highest ``seq`` that we heard.
        heard_seq: the highest ``seq`` of ours that it says it heard (its ``peer_seq``).
        agreed_digest: the answer's digest that it says is in force; None before.
        paused: whether it says that it paused the link.
        allows: what it says it serves us now; None: nothing by the terms.
        check: what it says of its own test call.
        ended: whether it said that the link ended.
        heard_at: when it last said anything; 0: never.
        keys_read_at: when its JWKS URL was last read.
        token_endpoint: where an administrator saw that it gives tokens, by its metadata; empty: that is not pinned.
        oauth1_keys: its pinned public RSA keys of OAuth 1.0a, as JWKs; empty: it does not speak it with us.
        kind: the type that it says it is of, such as ``jira``; empty: it does not say.
        display_url: where browsers go, of one that was linked by hand, if elsewhere than ``url``.
        is_primary: whether it is the first of its type here.
        description: what administrators noted of it, of one that was linked by hand and is called.
        private_origins: of one linked by hand, the origins for which an administrator confirmed a private address.
    """

    id: str
    name: str
    url: str
    manifest: Mapping[str, Any] = field(repr=False)
    keys: tuple[Mapping[str, Any], ...] = field(repr=False)
    announced: tuple[str, ...] = ()
    unannounced: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    seq: int = 0
    heard_seq: int = 0
    agreed_digest: str | None = None
    paused: bool = False
    allows: Allows | None = None
    check: str = "pending"
    ended: bool = False
    heard_at: int = 0
    keys_read_at: int = 0
    issuer: str = ""
    token_endpoint: str = ""
    private_origins: tuple[str, ...] = ()
    oauth1_keys: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    oauth1_unannounced: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    kind: str = ""
    display_url: str = ""
    is_primary: bool = False
    description: str = ""

    @property
    def pinned_keys(self) -> tuple[Mapping[str, Any], ...]:
        """All keys by which we know it, of both protocols."""
        return (*self.keys, *self.oauth1_keys)

    @property
    def surprising_keys(self) -> tuple[Mapping[str, Any], ...]:
        """All keys that stand at its addresses and that nobody announced."""
        return (*self.unannounced, *self.oauth1_unannounced)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Who paused the link on this side, when and why."""

    by: str
    at: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When something that repeats is tried again, and how often it was."""

    attempts: int = 0
    next_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """
    One application link, with its incoming and its outgoing side.

    Attributes:
        id: shared with the peer.
        handle: unique here, changeable.
        name: what this side calls the peer.
        version: raised by every write of this record; the compare of compare-and-swap.
        seq: raised by every durable change that the peer should know.
        agreed: the agreement in force, None before the first.
        pending: the revision under way, if any.
        pause: ours; the peer's is ``peer.paused``. Only the pausing side resumes.
        rest: why the link rests; empty: it does not.
        kind: one by hand is in force from the start; it has no agreement, and says and hears no statements.
        check: the result of our own test call: ``passed``, ``pending``, ``none`` or ``failed:<code>``.
        statement: when the next statement is tried; ``test_call``: when the next test call is.
        private_address: whether an administrator here confirmed a private address for this peer.
        in_force_at: when the first agreement came into force here; 0: not yet.
    """

    id: str
    handle: str
    name: str
    kind: LinkKind = LinkKind.HANDSHAKE
    version: int = 1
    peer: Peer
    incoming: Direction = Direction()
    outgoing: Direction = Direction()
    agreed: Agreement | None = None
    pending: Pending | None = None
    seq: int = 0
    pause: Pause | None = None
    rest: frozenset[Rest] = frozenset()
    check: str = "pending"
    statement: Schedule = Schedule()
    test_call: Schedule = Schedule()
    private_address: bool = False
    created_at: int
    created_by: str
    in_force_at: int = 0
    ended_at: int = 0
    ended_reason: EndReason | None = None

    def __post_init__(self) -> None:
        if not is_link_id(self.id):
            raise ValueError(f"{self.id!r} is no link id")
        if not is_handle(self.handle):
            raise ValueError(f"{self.handle!r} is no handle")

    @property
    def state(self) -> LinkState:
        """Where the link stands, by its agreement, its pending revision and its end."""
        if self.ended_at:
            return LinkState.ENDED
        if self.agreed is not None or self.is_by_hand:
            return LinkState.IN_FORCE
        # Any other link that is neither ended nor agreed always has its first revision pending.
        assert self.pending is not None  # noqa: S101
        return self.pending.state

    @property
    def is_by_hand(self) -> bool:
        """Whether the other application is none with Applinks: nothing is agreed with it and nothing is said to it."""
        return self.kind is LinkKind.BY_HAND

    @property
    def issuer(self) -> str:
        """The peer's authorization server: whom the credentials for this link belong to."""
        return self.peer.issuer or self.peer.url

    @property
    def is_live(self) -> bool:
        """Whether it takes the one place that a peer has: in force, approved or confirming."""
        return self.state in {LinkState.IN_FORCE, LinkState.APPROVED, LinkState.CONFIRMING}

    @property
    def is_paused(self) -> bool:
        """Whether either side paused it."""
        return self.pause is not None or self.peer.paused

    @property
    def is_usable(self) -> bool:
        """Whether calls may pass now; the one place that combines state, pause and rest."""
        return self.state is LinkState.IN_FORCE and not self.is_paused and not self.rest

    def may_be_private(self, url: str) -> bool:
        """Whether an administrator typed or confirmed a private address for the origin of this URL."""
        if not self.private_address:
            return False
        return get_origin(url) in (self.peer.private_origins if self.is_by_hand else {get_origin(self.peer.url)})

    def changed(self, **changes: Any) -> Self:
        """Give the record with these changes and the next ``version``."""
        return replace(self, version=self.version + 1, **changes)
