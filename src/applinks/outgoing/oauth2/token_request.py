"""We ask the peer's token endpoint for tokens."""

from collections.abc import Sequence

from applinks.errors import PeerError, PeerProtocolError, PeerRefusedError
from applinks.fetching.exchange import Exchange
from applinks.outgoing.errors import PASSING_STATUSES, GrantEndedError, build_unavailable
from applinks.wire.forms import Pair, format_form
from applinks.wire.headers import parse_content_type
from applinks.wire.http import Request, Response
from applinks.wire.oauth2.error_codes import ErrorCode
from applinks.wire.oauth2.messages import (
    ErrorAnswer,
    MalformedAnswerError,
    TokenAnswer,
    TokenRequest,
    build_token_request,
    parse_error_answer,
    parse_token_answer,
)


def send_token_request(endpoint: str, request: TokenRequest) -> Exchange[TokenAnswer]:
    """
    Post a token request and read what comes back.

    RFC 6749 §3.2, §5.

    Raises:
        GrantEndedError: ``invalid_grant``.
        PeerRefusedError: another error of the protocol.
        PeerUnreachableError: a passing fault: the peer is overloaded, or being restarted.
        PeerProtocolError: the answer is no token answer: a redirect, HTML, 200 without a token.
    """
    response = yield build_form_request(endpoint, build_token_request(request))
    if response.status != 200:
        raise build_error(response, endpoint=endpoint)
    try:
        return parse_token_answer(_get_json(response))
    except MalformedAnswerError as error:
        raise _build_broken(f"{endpoint} answered 200, but not with tokens: {error}") from error


def build_form_request(endpoint: str, pairs: Sequence[Pair]) -> Request:
    """Make a POST of a form whose answer shall be JSON."""
    return Request(
        method="POST",
        url=endpoint,
        headers=(("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")),
        body=format_form(pairs).encode("ascii"),
    )


def build_error(response: Response, *, endpoint: str) -> PeerError:
    """Tell from an answer that is no success whose fault it is, and whether it may pass."""
    answer = _find_error_answer(response)
    said = f"{endpoint} answered {response.status}"
    if answer is not None:
        said += f": {answer.error}, {answer.description or 'no description'}, reference {answer.reference or 'none'}"
    if response.status in PASSING_STATUSES or (answer and answer.error == ErrorCode.TEMPORARILY_UNAVAILABLE):
        return build_unavailable(said)
    if answer is None:
        return _build_broken(said)
    if answer.error == ErrorCode.INVALID_GRANT:
        return GrantEndedError("The other application says that the authorization has ended.", detail=said)
    code = answer.error if answer.error in set(ErrorCode) else "peer_refused"
    return PeerRefusedError("The other application refused the request.", code=code, detail=said)


def _find_error_answer(response: Response) -> ErrorAnswer | None:
    if not 400 <= response.status < 600:
        return None
    try:
        return parse_error_answer(_get_json(response))
    except MalformedAnswerError:
        return None


def _get_json(response: Response) -> bytes:
    content_type = parse_content_type(response.header("content-type"))
    if content_type != "application/json":
        raise MalformedAnswerError(f"the content type is {content_type or 'missing'}")
    return response.body


def _build_broken(detail: str) -> PeerProtocolError:
    return PeerProtocolError("The other application's token endpoint does not answer as it should.", detail=detail)
