"""What a client of OAuth 1.0a is told of a request that is refused."""

from collections.abc import Iterable
from dataclasses import replace

from applinks.errors import RefusedError
from applinks.wire.http import Request
from applinks.wire.oauth1.parameters import MalformedSignedRequestError
from applinks.wire.oauth1.problems import Problem, ProblemReport, format_names
from applinks.wire.oauth1.signed_request import VERSION

WINDOW_SECONDS = 300
"""RFC 5849 §3.3: how far the clocks of client and server may differ, either way."""

_DESCRIPTIONS = {
    Problem.VERSION_REJECTED: "The version of OAuth is another.",
    Problem.PARAMETER_ABSENT: "A parameter is missing.",
    Problem.PARAMETER_REJECTED: "A parameter is not as it has to be.",
    Problem.TIMESTAMP_REFUSED: "The timestamp is too old, or from the future.",
    Problem.NONCE_USED: "The nonce was used before.",
    Problem.SIGNATURE_METHOD_REJECTED: "The signature method is not one of this client.",
    Problem.SIGNATURE_INVALID: "The signature is not the one of this request.",
    Problem.CONSUMER_KEY_UNKNOWN: "The application that asks is not known here.",
    Problem.TOKEN_USED: "The temporary credentials were used before.",
    Problem.TOKEN_EXPIRED: "The token expired.",
    Problem.TOKEN_REVOKED: "The access was taken back.",
    Problem.TOKEN_REJECTED: "The token is not valid here, or not any more.",
    Problem.PERMISSION_UNKNOWN: "The user has not decided yet.",
    Problem.PERMISSION_DENIED: "This is not allowed.",
}


class OAuth1RefusedError(RefusedError):
    """
    A request with the credentials of OAuth 1.0a is refused.

    OAuth Problem Reporting.

    Attributes:
        report: what goes back in the challenge and in the body.
    """

    def __init__(self, problem: Problem, *, detail: str = "", details: Iterable[tuple[str, str]] = ()) -> None:
        description = _DESCRIPTIONS.get(problem, "The request is refused.")
        super().__init__(description, code=problem.value, status=problem.status, detail=detail)
        self.report = ProblemReport(problem=problem.value, details=tuple(details))


def get_as_sent(request: Request) -> Request:
    """Give a request that came with its path as its client wrote it, which is what was signed."""
    return replace(request, url=request.raw_url, raw_url="") if request.raw_url else request


def refuse_malformed(error: MalformedSignedRequestError, *, now: int) -> OAuth1RefusedError:
    """Refuse a request that does not say once and readably what OAuth needs."""
    details: tuple[tuple[str, str], ...] = ()
    match error.problem:
        case Problem.PARAMETER_ABSENT:
            details = (("oauth_parameters_absent", format_names(error.names)),)
        case Problem.PARAMETER_REJECTED:
            details = (("oauth_parameters_rejected", format_names(error.names)),)
        case Problem.VERSION_REJECTED:
            details = (("oauth_acceptable_versions", f"{VERSION}-{VERSION}"),)
        case Problem.TIMESTAMP_REFUSED:
            details = (_list_acceptable(now),)
    return OAuth1RefusedError(error.problem, detail=str(error), details=details)


def refuse_absent(*names: str, detail: str = "") -> OAuth1RefusedError:
    """Refuse a request that leaves out what it needs."""
    details = (("oauth_parameters_absent", format_names(names)),)
    return OAuth1RefusedError(
        Problem.PARAMETER_ABSENT, detail=detail or f"missing: {', '.join(names)}", details=details
    )


def refuse_parameter(*names: str, detail: str) -> OAuth1RefusedError:
    """Refuse a request for the value of a parameter."""
    details = (("oauth_parameters_rejected", format_names(names)),)
    return OAuth1RefusedError(Problem.PARAMETER_REJECTED, detail=detail, details=details)


def refuse_timestamp(timestamp: int, *, now: int) -> OAuth1RefusedError:
    """Refuse a request that is too old, or from the future, and say which would not be."""
    detail = f"oauth_timestamp is {timestamp - now:+d} seconds off our clock"
    return OAuth1RefusedError(Problem.TIMESTAMP_REFUSED, detail=detail, details=(_list_acceptable(now),))


def _list_acceptable(now: int) -> tuple[str, str]:
    return "oauth_acceptable_timestamps", f"{now - WINDOW_SECONDS}-{now + WINDOW_SECONDS}"
