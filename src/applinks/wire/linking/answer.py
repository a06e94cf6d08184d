"""The answer: what the other application's administrator decided about a proposal."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from applinks.wire.linking.messages import (
    COMMON_CLAIMS,
    MalformedMessageError,
    Message,
    build_message,
    get_integer,
    get_reason,
    get_text,
    get_thumbprints,
    parse_message,
)
from applinks.wire.linking.terms import Terms, format_terms, parse_terms

KNOWN_CLAIMS = COMMON_CLAIMS | {"revision", "proposal", "decision", "terms", "peer_keys", "seq", "reason"}


class Decision(StrEnum):
    """What an administrator decided."""

    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Message):
    """
    An answer.

    Attributes:
        proposal: the digest of the proposal that it answers.
        terms: of an approval, by their form alone; None of a refusal.
        seq: of the answerer's link record, in an approval.
        reason: of a refusal; empty in an approval.
    """

    revision: int
    proposal: str
    decision: Decision
    terms: Terms | None = None
    peer_keys: tuple[str, ...] = ()
    seq: int = 0
    reason: str = ""

    def __post_init__(self) -> None:
        if (self.terms is not None) != (self.decision is Decision.APPROVED):
            raise MalformedMessageError("terms: an approval carries terms, a refusal none")
        if bool(self.reason) != (self.decision is Decision.REFUSED):
            raise MalformedMessageError("reason: a refusal says why, an approval does not")


def build_answer(answer: Answer) -> dict[str, Any]:
    """Give the claims of an answer."""
    claims = build_message(answer) | {
        "revision": answer.revision,
        "proposal": answer.proposal,
        "decision": answer.decision.value,
    }
    if answer.terms is None:
        return claims | {"reason": answer.reason}
    return claims | {"terms": format_terms(answer.terms), "peer_keys": list(answer.peer_keys), "seq": answer.seq}


def parse_answer(claims: Mapping[str, Any]) -> Answer:
    """
    Read the claims of an answer; `check_common_claims` judged whose they are and when.

    Raises:
        MalformedMessageError: ``invalid_claims`` or ``unsupported_terms``.
    """
    common = parse_message(claims, KNOWN_CLAIMS)
    about: dict[str, Any] = {
        "revision": get_integer(claims, "revision", least=1),
        "proposal": get_text(claims, "proposal"),
    }
    match get_text(claims, "decision"):
        case Decision.APPROVED:
            return Answer(
                **common,
                **about,
                decision=Decision.APPROVED,
                terms=parse_terms(claims.get("terms")),
                peer_keys=get_thumbprints(claims, "peer_keys"),
                seq=get_integer(claims, "seq"),
            )
        case Decision.REFUSED:
            return Answer(**common, **about, decision=Decision.REFUSED, reason=get_reason(claims))
        case _:
            raise MalformedMessageError("decision: neither approved nor refused")
