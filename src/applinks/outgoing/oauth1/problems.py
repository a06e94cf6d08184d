"""What the server says is wrong with our request, made into an error that says whose fault it is."""

import re
from collections.abc import Iterable
from dataclasses import replace

from applinks.errors import PeerError, PeerProtocolError, PeerRefusedError
from applinks.outgoing.errors import PASSING_STATUSES, build_unavailable
from applinks.outgoing.oauth1.signed_request import Freshness
from applinks.wire.http import Request, Response
from applinks.wire.oauth1.encoding import encode
from applinks.wire.oauth1.parameters import collect_parameters
from applinks.wire.oauth1.problems import Problem, ProblemReport, parse_problem

TOKEN_PROBLEMS = frozenset({Problem.TOKEN_EXPIRED, Problem.TOKEN_REJECTED, Problem.TOKEN_REVOKED, Problem.TOKEN_USED})
"""What we hold is good for nothing, or not any more."""
USER_PROBLEMS = frozenset(
    {
        *TOKEN_PROBLEMS,
        Problem.PERMISSION_DENIED,
        Problem.PERMISSION_UNKNOWN,
        Problem.USER_REFUSED,
        Problem.ADDITIONAL_AUTHORIZATION_REQUIRED,
    }
)
"""What concerns the user of a call; every other problem concerns how the link is set up."""

_SAID = (
    "oauth_problem_advice",
    "oauth_parameters_absent",
    "oauth_parameters_rejected",
    "oauth_acceptable_timestamps",
    "oauth_acceptable_versions",
    "reference",
)
_NO_SECRETS = frozenset(
    {
        "oauth_consumer_key",
        "oauth_signature_method",
        "oauth_timestamp",
        "oauth_nonce",
        "oauth_version",
        "oauth_callback",
    }
)
# What is shorter hides nothing, and is part of many words.
_SHORTEST_SECRET = 4
_LONGEST_SAID = 200
_LONGEST_BODY = 16 * 1024
_RANGE = re.compile(r"([0-9]{1,12})-([0-9]{1,12})\Z")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


def find_problem(challenges: Iterable[str], body: bytes) -> ProblemReport | None:
    """Read what a server says is wrong, in a challenge or else in the body; None: nothing of the kind."""
    for challenge in challenges:
        if report := parse_problem(challenge, ""):
            return report
    return parse_problem(None, body.decode("utf-8", "replace")) if len(body) <= _LONGEST_BODY else None


def build_error(response: Response, *, asked: Request, freshness: Freshness) -> PeerError:
    """Tell from an answer that is no success whose fault it is, and whether it may pass."""
    challenges = [value for name, value in response.headers if name.lower() == "www-authenticate"]
    report = find_problem(challenges, response.body)
    said = f"{asked.url.partition('?')[0]} answered {response.status}"
    if response.status in PASSING_STATUSES:
        return build_unavailable(said)
    if report is not None:
        return build_problem_error(report, said=said, asked=asked, freshness=freshness)
    if response.status in {400, 401, 403}:
        return PeerRefusedError("The other application refused the request.", detail=f"{said}, and does not say why")
    return PeerProtocolError("The other application does not answer OAuth 1.0a as it should.", detail=said)


def build_problem_error(report: ProblemReport, *, said: str, asked: Request, freshness: Freshness) -> PeerRefusedError:
    """
    Make the error of a problem that the server reported.

    Its base string is left out: it may hold the token.
    """
    details = dict(report.details)
    told = [f"{name} {details[name]}" for name in _SAID if details.get(name)]
    detail = f"{said}: {clean_said(', '.join([report.problem, *told]), asked=asked)}"
    if report.problem == Problem.TIMESTAMP_REFUSED:
        sentence = _explain_clocks(details.get("oauth_acceptable_timestamps", ""), freshness.timestamp)
        return PeerRefusedError(sentence, code=report.problem, detail=f"{detail}, our clock said {freshness.timestamp}")
    code = report.problem if report.problem in set(Problem) else "peer_refused"
    return PeerRefusedError("The other application refused the request.", code=code, detail=detail)


def clean_said(text: str, *, asked: Request) -> str:
    """Make what a server said fit for a log: short, printable, and without what we sent it."""
    for secret in _list_secrets(asked):
        text = text.replace(secret, "…")
    return _UNPRINTABLE.sub(lambda found: found[0] if found[0] == "…" else "?", text)[:_LONGEST_SAID]


def _explain_clocks(acceptable: str, timestamp: int) -> str:
    found = _RANGE.match(acceptable.strip())
    if found is None:
        return "The other application refuses our time: the clocks of the two applications differ too much."
    # The middle of what it accepts is its own time.
    ahead = timestamp - (int(found[1]) + int(found[2])) // 2
    differs = f"{abs(ahead)} seconds {'ahead' if ahead > 0 else 'behind'}"
    return f"The clocks of the two applications differ too much: ours is {differs}."


def _list_secrets(asked: Request) -> tuple[str, ...]:
    """Give what was sent and may not be seen, as it is and as it was written: all but what is known to be no secret."""
    # What we say of ourselves is in the header, whatever stands in an address that an administrator entered.
    sent = collect_parameters(replace(asked, url=asked.url.partition("?")[0], body=b"")).unverified
    # PLAINTEXT signs by showing both secrets.
    values = [part for name, value in sent.items() if name not in _NO_SECRETS for part in (value, *value.split("&"))]
    kept = [value for value in values if len(value) >= _SHORTEST_SECRET]
    return tuple(sorted({*kept, *map(encode, kept)}, key=len, reverse=True))
