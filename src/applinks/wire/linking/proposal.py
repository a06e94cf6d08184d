"""The proposal: what the one application asks the other's administrator to approve."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from applinks.wire.linking.messages import (
    COMMON_CLAIMS,
    MalformedMessageError,
    Message,
    build_message,
    get_integer,
    get_text,
    get_thumbprints,
    parse_message,
)
from applinks.wire.linking.terms import Terms, format_terms, parse_terms

KNOWN_CLAIMS = COMMON_CLAIMS | {"revision", "terms", "peer_keys", "base"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal(Message):
    """
    A proposal.

    Attributes:
        terms: by their form alone until `applinks.wire.linking.terms.check_terms` saw the manifests.
        peer_keys: thumbprints of the receiver's keys as the sender saw them.
        base: digest of the answer in force; None for revision 1.
    """

    revision: int
    terms: Terms
    peer_keys: tuple[str, ...]
    base: str | None = None

    def __post_init__(self) -> None:
        if self.revision == 1 and self.jti != self.link:
            raise MalformedMessageError("jti: of a first revision it is the new link id")
        if (self.base is None) != (self.revision == 1):
            raise MalformedMessageError("base: a later revision names the answer in force, the first none")


def build_proposal(proposal: Proposal) -> dict[str, Any]:
    """Give the claims of a proposal."""
    claims = build_message(proposal) | {
        "revision": proposal.revision,
        "terms": format_terms(proposal.terms),
        "peer_keys": list(proposal.peer_keys),
    }
    return claims if proposal.base is None else claims | {"base": proposal.base}


def parse_proposal(claims: Mapping[str, Any]) -> Proposal:
    """
    Read the claims of a proposal; `check_common_claims` judged whose they are and when.

    Raises:
        MalformedMessageError: ``invalid_claims`` or ``unsupported_terms``.
    """
    revision = get_integer(claims, "revision", least=1)
    return Proposal(
        **parse_message(claims, KNOWN_CLAIMS),
        revision=revision,
        terms=parse_terms(claims.get("terms")),
        peer_keys=get_thumbprints(claims, "peer_keys"),
        base=get_text(claims, "base") if revision > 1 else None,
    )
