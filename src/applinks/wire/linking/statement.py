"""The statement: one end's whole state of a link, told to the other."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from applinks.wire.linking.messages import (
    COMMON_CLAIMS,
    MalformedMessageError,
    Message,
    build_message,
    get_boolean,
    get_integer,
    get_object,
    get_reason,
    get_text,
    get_thumbprints,
    parse_message,
)
from applinks.wire.linking.terms import Allows, format_allows, parse_allows

KNOWN_CLAIMS = COMMON_CLAIMS | {
    *("seq", "peer_seq", "state", "agreed", "pending", "paused", "allows", "keys", "peer_keys"),
    *("in_reply_to", "reason", "check"),
}

UNKNOWN = "unknown"
"""The reason of an ``ended`` about a link that the sender does not know."""

_END_REASONS = frozenset({UNKNOWN, "deleted", "expired", "not_heard"})
_CHECK = re.compile(r"(?:passed|pending|none|failed:[a-z_]{1,40})\Z")


Member = TypeVar("Member", bound=StrEnum)


class StatementState(StrEnum):
    """How a link stands at the sender; ``linking``: nothing is agreed yet."""

    LINKING = "linking"
    IN_FORCE = "in_force"
    ENDED = "ended"


class PendingState(StrEnum):
    """How a revision stands that is not agreed yet."""

    CONFIRMING = "confirming"
    APPROVED = "approved"


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidAgreed:
    """The agreement that the sender holds; ``answer`` is the digest of its answer."""

    revision: int
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidPending:
    """The revision that the sender has under way; ``answer`` is the digest of its answer."""

    revision: int
    state: PendingState
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement(Message):
    """
    A statement.

    Attributes:
        seq: version of the sender's record; ``peer_seq``: the highest that it heard of ours.
        allows: what the sender serves now to the receiver; None where the terms give it nothing to serve.
        keys: thumbprints of all the sender's keys; ``peer_keys``: of ours as it knows them.
        check: ``passed``, ``pending``, ``none`` or ``failed:<code>``.
        in_reply_to: the ``jti`` of the statement that it answers; empty where it answers none.
        reason: why the link ended; empty while it has not.
    """

    seq: int
    peer_seq: int
    state: StatementState
    agreed: SaidAgreed | None
    pending: SaidPending | None
    paused: bool
    allows: Allows | None
    keys: tuple[str, ...]
    peer_keys: tuple[str, ...]
    check: str
    in_reply_to: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        if bool(self.reason) != (self.state is StatementState.ENDED):
            raise MalformedMessageError("reason: an end says why, nothing else does")
        if self.state is StatementState.LINKING and self.agreed is not None:
            raise MalformedMessageError("agreed: linking means that nothing is agreed yet")
        if self.state is StatementState.IN_FORCE and self.agreed is None:
            raise MalformedMessageError("agreed: what is in force is named")
        if self.is_about_unknown and not self._says_nothing_else():
            raise MalformedMessageError("reason: of a link that is not known there is nothing to say")
        if not self.peer_keys and not self.is_about_unknown:
            raise MalformedMessageError("peer_keys: empty")

    @property
    def is_about_unknown(self) -> bool:
        """Whether the sender does not know the link at all."""
        return self.reason == UNKNOWN

    def _says_nothing_else(self) -> bool:
        nothing = (0, 0, None, None, False, None, "none", ())
        said = (self.seq, self.peer_seq, self.agreed, self.pending, self.paused, self.allows, self.check)
        return (*said, self.peer_keys) == nothing


def build_statement(statement: Statement) -> dict[str, Any]:
    """Give the claims of a statement."""
    agreed, pending = statement.agreed, statement.pending
    claims: dict[str, Any] = build_message(statement) | {
        "seq": statement.seq,
        "peer_seq": statement.peer_seq,
        "state": statement.state.value,
        "agreed": agreed and {"revision": agreed.revision, "answer": agreed.answer},
        "pending": pending and {"revision": pending.revision, "state": pending.state.value, "answer": pending.answer},
        "paused": statement.paused,
        "allows": statement.allows and format_allows(statement.allows),
        "keys": list(statement.keys),
        "peer_keys": list(statement.peer_keys),
        "check": statement.check,
    }
    optional = {"in_reply_to": statement.in_reply_to, "reason": statement.reason}
    return claims | {name: value for name, value in optional.items() if value}


def parse_statement(claims: Mapping[str, Any]) -> Statement:
    """
    Read the claims of a statement; `check_common_claims` judged whose they are and when.

    A ``reason`` that is not known counts as ``deleted``.

    Raises:
        MalformedMessageError: ``invalid_claims``.
    """
    state = _parse_member(StatementState, claims, "state")
    reason = get_reason(claims) if state is StatementState.ENDED else ""
    if reason and reason not in _END_REASONS:
        reason = "deleted"
    check = get_text(claims, "check")
    if not _CHECK.match(check):
        raise MalformedMessageError("check: not passed, pending, none or failed: and a code")
    allows = get_object(claims, "allows")
    return Statement(
        **parse_message(claims, KNOWN_CLAIMS),
        seq=get_integer(claims, "seq"),
        peer_seq=get_integer(claims, "peer_seq"),
        state=state,
        agreed=_parse_agreed(get_object(claims, "agreed")),
        pending=_parse_pending(get_object(claims, "pending")),
        paused=get_boolean(claims, "paused"),
        allows=None if allows is None else parse_allows(allows),
        keys=get_thumbprints(claims, "keys"),
        peer_keys=get_thumbprints(claims, "peer_keys", least=0),
        check=check,
        in_reply_to=get_text(claims, "in_reply_to") if "in_reply_to" in claims else "",
        reason=reason,
    )


def _parse_member(kind: type[Member], claims: Mapping[str, Any], name: str) -> Member:
    try:
        return kind(get_text(claims, name))
    except ValueError:
        raise MalformedMessageError(f"{name}: not {' or '.join(kind)}") from None


def _parse_agreed(value: Mapping[str, Any] | None) -> SaidAgreed | None:
    if value is None:
        return None
    return SaidAgreed(revision=get_integer(value, "revision", least=1), answer=get_text(value, "answer"))


def _parse_pending(value: Mapping[str, Any] | None) -> SaidPending | None:
    if value is None:
        return None
    return SaidPending(
        revision=get_integer(value, "revision", least=1),
        state=_parse_member(PendingState, value, "state"),
        answer=get_text(value, "answer"),
    )
