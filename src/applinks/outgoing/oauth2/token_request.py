"""We ask the peer's token endpoint for tokens."""

from collections.abc import Sequence

from applinks.errors import PeerError, PeerProtocolError, PeerRefusedError
from applinks.fetching.exchange import Exchange
from applinks.outgoing.errors import PASSING_STATUSES, GrantEndedError, build_unavailable
from applinks.wire.forms import Pair, decode_form_text, format_form, parse_form
from applinks.wire.headers import parse_basic_credentials, parse_content_type
from applinks.wire.http import Request, Response
from applinks.wire.oauth2.error_codes import ErrorCode
from applinks.wire.oauth2.messages import (
    ErrorAnswer,
    MalformedAnswerError,
    PresentedClient,
    TokenAnswer,
    TokenRequest,
    build_client_authorization,
    build_token_request,
    parse_error_answer,
    parse_token_answer,
)

_NO_SECRETS = frozenset({"grant_type", "redirect_uri", "scope", "resource", "client_id", "client_assertion_type"})
# What is shorter hides nothing, and is part of many words.
_SHORTEST_SECRET = 4


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
    asked = build_form_request(endpoint, build_token_request(request), client=request.client)
    response = yield asked
    if response.status != 200:
        raise build_error(response, asked=asked)
    try:
        return parse_token_answer(_get_json(response))
    except MalformedAnswerError as error:
        raise _build_broken(f"{endpoint} answered 200, but not with tokens: {error}") from error


def build_form_request(endpoint: str, pairs: Sequence[Pair], *, client: PresentedClient) -> Request:
    """Make a POST of a form whose answer shall be JSON, with the client's secret where that goes into the header."""
    headers = (("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json"))
    authorization = build_client_authorization(client)
    return Request(
        method="POST",
        url=endpoint,
        headers=(*headers, ("Authorization", authorization)) if authorization else headers,
        body=format_form(pairs).encode("ascii"),
    )


def build_error(response: Response, *, asked: Request) -> PeerError:
    """Tell from an answer that is no success whose fault it is, and whether it may pass."""
    answer = _find_error_answer(response, _list_secrets(asked))
    said = f"{asked.url} answered {response.status}"
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


def _list_secrets(asked: Request) -> tuple[str, ...]:
    """Give what was sent and may not be seen: all but what is known to be no secret."""
    sent = [value for name, value in parse_form(asked.body) if name not in _NO_SECRETS]
    authorization = asked.header("authorization")
    if authorization is not None:
        sent.append(authorization.removeprefix("Basic "))
        _, secret = parse_basic_credentials(authorization) or ("", "")
        # In form encoding here, which is not how everybody writes it.
        sent += [secret, decode_form_text(secret) or ""]
    return tuple(value for value in sent if len(value) >= _SHORTEST_SECRET)


def _find_error_answer(response: Response, secrets: Sequence[str]) -> ErrorAnswer | None:
    if not 400 <= response.status < 600:
        return None
    try:
        return parse_error_answer(_get_json(response), hidden=secrets)
    except MalformedAnswerError:
        return None


def _get_json(response: Response) -> bytes:
    content_type = parse_content_type(response.header("content-type"))
    if content_type != "application/json":
        raise MalformedAnswerError(f"the content type is {content_type or 'missing'}")
    return response.body


def _build_broken(detail: str) -> PeerProtocolError:
    return PeerProtocolError("The other application's token endpoint does not answer as it should.", detail=detail)
