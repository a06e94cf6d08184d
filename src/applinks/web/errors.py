"""The one place that renders an error to HTTP, and records what we refuse."""

import json
from dataclasses import dataclass, replace

from applinks.errors import ApplinksError, PeerError, RefusedError, StoreError
from applinks.incoming.oauth1.problems import OAuth1RefusedError
from applinks.records.failures import FailureLog
from applinks.wire.http import Headers, Response
from applinks.wire.oauth1.problems import format_problem_body, format_problem_challenge
from applinks.words import Sentence, gettext, has_refusal, say_refusal

_UNAVAILABLE = 503
_BAD_GATEWAY = 502
_BROKEN = 500
_PEER_STATUS = {"access_denied": 403, "unknown_link": 404, "link_unusable": _UNAVAILABLE}
_RETRY_SECONDS = "5"
_LONGEST_DESCRIPTION = 300
# The base strings of most requests; with every character escaped it stays below the eight kilobytes of many servers.
_LONGEST_IN_HEADER = 2000
# What a peer says of us, where the same code from us would be about somebody else.
_SAID_BY_PEER = {
    "invalid_client": "client_refused",
    "invalid_request": "peer_refused",
    "server_error": "peer_unavailable",
    "temporarily_unavailable": "peer_unavailable",
    "unauthorized_client": "peer_refused",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """An error as a page shows it."""

    status: int
    sentence: Sentence
    reference: str
    headers: Headers = ()


async def answer_protocol_error(
    error: ApplinksError,
    *,
    place: str,
    failures: FailureLog,
    realm: str = "",
    link_id: str = "",
    client: str = "",
    user_id: str = "",
) -> Response:
    """
    Record an error at an endpoint that programs call, and build the answer.

    RFC 6749 §5.2 for the members; OAuth Problem Reporting for a client of OAuth 1.0a, whose ``realm`` is our base URL.
    ``reference`` is ours. Every answer is ``no-store`` (N-07).
    """
    reference = await _record(error, place, failures, link_id=link_id, client=client, user_id=user_id)
    if isinstance(error, OAuth1RefusedError):
        return _build_problem(error, reference, realm=realm)
    document = {
        "error": error.code,
        "error_description": _clean(error.description or error.code),
        "reference": reference,
    }
    headers = (
        ("Content-Type", "application/json"),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        *_find_headers(error),
    )
    return Response(status=find_status(error), headers=headers, body=json.dumps(document).encode())


def _build_problem(error: OAuth1RefusedError, reference: str, *, realm: str) -> Response:
    """
    Say what is wrong in the challenge and in the body.

    RFC 5849 §3.2, §3.5.1.

    A base string that is long stands in the body alone: servers and clients limit the length of headers.
    """
    report = replace(error.report, details=(*error.report.details, ("reference", reference)))
    short = replace(report, details=tuple(each for each in report.details if len(each[1]) <= _LONGEST_IN_HEADER))
    headers = (
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("WWW-Authenticate", format_problem_challenge(short, realm=realm)),
        *error.headers,
    )
    return Response(status=error.status, headers=headers, body=format_problem_body(report).encode("ascii"))


async def describe_page_error(
    error: ApplinksError,
    *,
    place: str,
    failures: FailureLog,
    us: str,
    peer: str = "",
    link_id: str = "",
    client: str = "",
    user_id: str = "",
) -> Described:
    """Record an error on a page, and say in words what happened and what to do."""
    reference = await _record(error, place, failures, link_id=link_id, client=client, user_id=user_id)
    return Described(
        status=find_status(error),
        sentence=describe_error(error, us=us, peer=peer),
        reference=reference,
        headers=_find_headers(error),
    )


def describe_error(error: ApplinksError, *, us: str, peer: str = "") -> Sentence:
    """Put an error into words; where its code says nothing to a person, its description does."""
    code = error.code
    if isinstance(error, PeerError):
        code = _SAID_BY_PEER.get(code, code)
    if not has_refusal(code):
        code = _find_family(error)
    sentence = say_refusal(code, us=us, peer=peer)
    if code == "invalid_request" and error.description:
        return Sentence(what=gettext(error.description), advice=sentence.advice)
    return sentence


def find_status(error: ApplinksError) -> int:
    """Give the HTTP status of an error: the caller's mistake, the peer's, or ours."""
    match error:
        case RefusedError():
            return error.status
        case StoreError():
            return _UNAVAILABLE
        case PeerError():
            return _PEER_STATUS.get(error.code, _BAD_GATEWAY)
        case _:
            return _BROKEN


def _find_family(error: ApplinksError) -> str:
    match error:
        case RefusedError():
            return "invalid_request"
        case StoreError():
            return "temporarily_unavailable"
        case PeerError():
            return "peer_refused"
        case _:
            return "server_error"


def _find_headers(error: ApplinksError) -> Headers:
    if isinstance(error, RefusedError):
        return error.headers
    return (("Retry-After", _RETRY_SECONDS),) if isinstance(error, StoreError) else ()


async def _record(
    error: ApplinksError, place: str, failures: FailureLog, *, link_id: str = "", client: str = "", user_id: str = ""
) -> str:
    # A call that failed has been recorded by whoever called; its record is the better one.
    if isinstance(error, PeerError) and error.reference:
        return error.reference
    known = error if isinstance(error, RefusedError) else None
    return await failures.record(
        error,
        place=place,
        link_id=link_id or (known.link_id if known else ""),
        client=client or (known.client if known else ""),
        user_id=user_id or (known.user_id if known else ""),
    )


def _clean(text: str) -> str:
    """Keep to the characters that RFC 6749 §5.2 allows in a description."""
    allowed = (each if " " <= each <= "~" and each not in '"\\' else "'" for each in text)
    return "".join(allowed)[:_LONGEST_DESCRIPTION]
