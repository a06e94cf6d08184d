"""The token endpoint: parse, load, prove, decide, commit."""

from collections.abc import Callable
from typing import TypeVar, assert_never

from applinks.entropy import new_id
from applinks.errors import RefusedError
from applinks.incoming.oauth2.client_authentication import authenticate_client, list_challenges
from applinks.incoming.oauth2.grant_types.authorization_code import decide_code_exchange, load_code
from applinks.incoming.oauth2.grant_types.client_credentials import decide_client_credentials
from applinks.incoming.oauth2.grant_types.refresh_token import decide_refresh, load_refresh_token
from applinks.incoming.oauth2.issuance import issue_tokens
from applinks.incoming.oauth2.token_decisions import Decision, Issue, Refuse, Repeat, Revoke
from applinks.incoming.policy import note_early_call
from applinks.incoming.side import IncomingSide
from applinks.incoming.store import FoundClient
from applinks.records.audit import AuditEvent
from applinks.secret import Secret
from applinks.wire.headers import parse_content_type
from applinks.wire.http import Request, Response
from applinks.wire.oauth2.error_codes import ErrorCode
from applinks.wire.oauth2.messages import (
    ClientCredentials,
    CodeExchange,
    MalformedRequestError,
    Refresh,
    TokenRequest,
    parse_token_request,
)
from applinks.wire.token_format import parse_token

FORM = "application/x-www-form-urlencoded"
ANSWER_HEADERS = (("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("Pragma", "no-cache"))

T = TypeVar("T")
Asked = CodeExchange | Refresh | ClientCredentials


async def answer_token_request(request: Request, *, source: str, side: IncomingSide) -> Response:
    """
    Answer a request to the token endpoint.

    RFC 6749 §3.2, §5.

    ``source`` is the address that it came from, for the limits.

    Raises:
        RefusedError: with the registered code; whoever answers the request renders and records it.
    """
    asked = read_form(request, parse_token_request, side=side)
    client = await authenticate_client(asked.client, source=source, side=side)
    for _ in range(2):
        decision = await _load_and_decide(asked, client, side)
        answer = await _commit(decision, asked.asked, client, side)
        if answer is not None:
            return Response(status=200, headers=ANSWER_HEADERS, body=answer.reveal().encode())
    # What was lost is decided again once, and then it is seen as used: a second loss has no explanation.
    raise RefusedError(
        "Try again.",
        code=ErrorCode.TEMPORARILY_UNAVAILABLE,
        status=503,
        detail="the code or refresh token could not be claimed, and is not seen as used",
    )


def read_form(request: Request, parse: Callable[[bytes, str | None], T], *, side: IncomingSide) -> T:
    """
    Read the form body of a protocol endpoint, with the ``Authorization`` header that may stand above it.

    RFC 6749 §3.2, §5.2, Appendix B.

    Raises:
        RefusedError: another content type, too large, or not what ``parse`` accepts.
    """
    content_type = request.header("content-type")
    if content_type != FORM and parse_content_type(content_type) != FORM:
        raise RefusedError(f"The body has to be of the type {FORM}.", status=415)
    if len(request.body) > side.settings.sizes.protocol_body:
        raise RefusedError("The body is too large.", status=413)
    authorization = request.header("authorization")
    try:
        return parse(request.body, authorization)
    except MalformedRequestError as error:
        if error.code is not ErrorCode.INVALID_CLIENT:
            raise RefusedError(str(error), code=error.code) from error
        challenges = list_challenges(authorization)
        raise RefusedError(str(error), code=error.code, status=401, headers=challenges) from error


async def _load_and_decide(asked: TokenRequest, client: FoundClient, side: IncomingSide) -> Decision:
    now, rules = side.clock.now(), side.rules
    match asked.asked:
        case CodeExchange() as exchange:
            loaded_code = await load_code(exchange, side)
            family_id = new_id(side.entropy, "fam")
            return decide_code_exchange(exchange, client, loaded_code, now=now, rules=rules, family_id=family_id)
        case Refresh() as refresh:
            loaded_token = await load_refresh_token(refresh, side)
            return decide_refresh(refresh, client, loaded_token, now=now, rules=rules)
        case ClientCredentials() as credentials:
            return decide_client_credentials(credentials, client, rules=rules)


async def _commit(decision: Decision, asked: Asked, client: FoundClient, side: IncomingSide) -> Secret | None:
    """Do what was decided, and give the answer; None: what was to be claimed was claimed meanwhile."""
    match decision:
        case Issue():
            return await _issue(decision, asked, side)
        case Repeat():
            return decision.answer
        case Revoke():
            await _revoke(decision, client, side)
            raise decision.refusal.build_error(link=client.link, client=client.client)
        case Refuse():
            note_early_call(client.link, side)
            raise decision.build_error(link=client.link, client=client.client)
        case _:
            assert_never(decision)


async def _issue(decision: Issue, asked: Asked, side: IncomingSide) -> Secret | None:
    now = side.clock.now()
    issued = issue_tokens(decision, now=now, side=side)
    match asked:
        case CodeExchange():
            assert decision.family is not None  # noqa: S101 - every issue from a code begins a family.
            is_claimed = await side.store.exchange_code(
                _get_row(asked.code),
                at=now,
                family=decision.family,
                access_token=issued.access_token,
                refresh_token=issued.refresh_token,
            )
        case Refresh():
            assert issued.refresh_token is not None  # noqa: S101 - a refresh always rotates.
            is_claimed = await side.store.rotate_refresh_token(
                _get_row(asked.refresh_token),
                at=now,
                answer=issued.answer,
                access_token=issued.access_token,
                refresh_token=issued.refresh_token,
            )
        case ClientCredentials():
            await side.store.add_access_token(issued.access_token)
            is_claimed = True
    return issued.answer if is_claimed else None


async def _revoke(decision: Revoke, client: FoundClient, side: IncomingSide) -> None:
    now = side.clock.now()
    event = AuditEvent(
        id=new_id(side.entropy, "evt"),
        at=now,
        actor=f"peer:{client.client.client_id}",
        action="family.revoked",
        subject=decision.family_id,
        link_id=client.link.id,
        detail={"replayed": decision.replayed},
    )
    await side.store.revoke_family(decision.family_id, at=now, event=event)


def _get_row(value: str) -> int:
    parsed = parse_token(value)
    assert parsed is not None  # noqa: S101 - what was decided to be exchanged was read before.
    return parsed.row
