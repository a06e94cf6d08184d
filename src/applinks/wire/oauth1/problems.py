"""What is wrong with a request, in the words of the problem reporting extension."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from applinks.wire.oauth1.encoding import MalformedEncodingError, decode, encode

# A name begins where none was before: a server that sends one long word would make the search quadratic otherwise.
_PAIR = re.compile(r'(?<![A-Za-z0-9_.~%-])([A-Za-z0-9_.~%-]++)\s*+=\s*+(?:"([^"]*+)"|([^\s,"]*+))')


class Problem(StrEnum):
    """OAuth Problem Reporting, *oauth_problem*; in the words of Atlassian's servers, which are the extension's."""

    VERSION_REJECTED = "version_rejected"
    PARAMETER_ABSENT = "parameter_absent"
    PARAMETER_REJECTED = "parameter_rejected"
    TIMESTAMP_REFUSED = "timestamp_refused"
    NONCE_USED = "nonce_used"
    SIGNATURE_METHOD_REJECTED = "signature_method_rejected"
    SIGNATURE_INVALID = "signature_invalid"
    CONSUMER_KEY_UNKNOWN = "consumer_key_unknown"
    CONSUMER_KEY_REJECTED = "consumer_key_rejected"
    CONSUMER_KEY_REFUSED = "consumer_key_refused"
    TOKEN_USED = "token_used"  # noqa: S105 - a registered value
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - a registered value
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - a registered value
    TOKEN_REJECTED = "token_rejected"  # noqa: S105 - a registered value
    PERMISSION_UNKNOWN = "permission_unknown"
    PERMISSION_DENIED = "permission_denied"
    USER_REFUSED = "user_refused"
    ADDITIONAL_AUTHORIZATION_REQUIRED = "additional_authorization_required"
    VERIFIER_INVALID = "verifier_invalid"

    @property
    def status(self) -> int:
        """400 for what is malformed, out of date or of another version; else 401 (RFC 5849 §3.2)."""
        return 400 if self in _BAD_REQUESTS else 401


_BAD_REQUESTS = frozenset(
    {
        Problem.VERSION_REJECTED,
        Problem.PARAMETER_ABSENT,
        Problem.PARAMETER_REJECTED,
        Problem.TIMESTAMP_REFUSED,
        Problem.SIGNATURE_METHOD_REJECTED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemReport:
    """
    One problem, as it travels in the challenge and in the body.

    Attributes:
        problem: a `Problem`, or another server's own word.
        details: such as ``oauth_parameters_absent``; name and value.
    """

    problem: str
    details: tuple[tuple[str, str], ...] = ()

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Everything that is said, the problem first."""
        return (("oauth_problem", self.problem), *self.details)


def format_names(names: Iterable[str]) -> str:
    """Write the value of ``oauth_parameters_absent`` or ``_rejected``: names, each encoded, joined by ``&``."""
    return "&".join(encode(name) for name in names)


def format_problem_challenge(report: ProblemReport, *, realm: str) -> str:
    """
    Write the ``WWW-Authenticate`` header.

    RFC 5849 §3.5.1.
    """
    said = "".join(f', {name}="{encode(value)}"' for name, value in report.pairs)
    return f'OAuth realm="{realm}"{said}'


def format_problem_body(report: ProblemReport) -> str:
    """Write the form-encoded body, which says the same."""
    return "&".join(f"{encode(name)}={encode(value)}" for name, value in report.pairs)


def parse_problem(challenge: str | None, body: str) -> ProblemReport | None:
    """
    Read what a server says is wrong, from its challenge or else from its body; None: it says nothing of the kind.

    Servers put it into the one, the other or both, and some leave out the quotes.
    """
    for pairs in (_list_challenge_pairs(challenge or ""), _list_body_pairs(body)):
        said = dict(pairs)
        if problem := said.pop("oauth_problem", ""):
            said.pop("realm", None)
            return ProblemReport(problem=problem, details=tuple(said.items()))
    return None


def _list_challenge_pairs(challenge: str) -> list[tuple[str, str]]:
    scheme, _, rest = challenge.strip().partition(" ")
    if scheme.lower() != "oauth":
        return []
    return [(_decode(name), _decode(quoted or bare)) for name, quoted, bare in _PAIR.findall(rest)]


def _list_body_pairs(body: str) -> list[tuple[str, str]]:
    parts = (part.partition("=") for part in body.strip().split("&"))
    return [(_decode(name), _decode(value.replace("+", " "))) for name, _, value in parts if name]


def _decode(text: str) -> str:
    try:
        return decode(text)
    except MalformedEncodingError:
        return text
