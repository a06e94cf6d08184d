"""The introspection endpoint: what a token of ours is good for at this moment."""

from collections.abc import Mapping
from typing import Any

import msgspec

from applinks.errors import RefusedError
from applinks.incoming.oauth2.bearer_token import decide_caller_again, load_token
from applinks.incoming.oauth2.client_authentication import authenticate_client
from applinks.incoming.oauth2.grant_types.refresh_token import decide_refresh, load_refresh_token
from applinks.incoming.oauth2.token_decisions import Issue
from applinks.incoming.oauth2.token_request import ANSWER_HEADERS, read_form
from applinks.incoming.policy import find_obstacle
from applinks.incoming.rules import Rules
from applinks.incoming.side import IncomingSide
from applinks.incoming.store import FoundClient
from applinks.records.clients import Client
from applinks.records.tokens import AccessToken
from applinks.wire.http import Request, Response
from applinks.wire.oauth2.error_codes import ErrorCode
from applinks.wire.oauth2.messages import Refresh, parse_introspection_request
from applinks.wire.token_format import ParsedToken, TokenKind, parse_token

_INACTIVE: dict[str, Any] = {"active": False}


async def answer_introspection_request(request: Request, *, source: str, side: IncomingSide) -> Response:
    """
    Answer a request to the introspection endpoint.

    RFC 7662 §2.

    An access token is active exactly while the guard would let it pass, and a refresh token while the token endpoint
    would take it; the latter is told to its own client alone, so that no resource server mistakes one for the other.
    ``source`` is the address that the request came from, for the limits.

    Raises:
        RefusedError: the request is malformed, or its client not proved.
    """
    asked = read_form(request, parse_introspection_request, side=side)
    client = await authenticate_client(asked.client, source=source, side=side)
    if client.client.is_public:
        # RFC 7662 §2.1: whoever may only name himself could try out tokens here.
        detail = f"the client {client.client.client_id} is public, and proves itself nowhere"
        refusal = RefusedError(
            "A client that cannot prove itself is told nothing.",
            code=ErrorCode.INVALID_CLIENT,
            status=401,
            detail=detail,
        )
        raise refusal.about(link_id=client.link.id, client=client.client.id)
    said = await _describe_token(asked.token, client, side)
    return Response(status=200, headers=ANSWER_HEADERS, body=msgspec.json.encode(said))


async def _describe_token(text: str, asking: FoundClient, side: IncomingSide) -> dict[str, Any]:
    parsed = parse_token(text)
    if parsed is None or find_obstacle(asking.client, asking.link) is not None:
        return _INACTIVE
    match parsed.kind:
        case TokenKind.ACCESS:
            return await _describe_access_token(parsed, asking.client, side)
        case TokenKind.REFRESH:
            return await _describe_refresh_token(text, asking, side)
        case _:
            return _INACTIVE


async def _describe_access_token(parsed: ParsedToken, asking: Client, side: IncomingSide) -> dict[str, Any]:
    loaded = await load_token(parsed, side)
    found, now = loaded.found, side.clock.now()
    if found is None or not _may_see(asking, found.token, side.rules):
        return _INACTIVE
    try:
        caller = decide_caller_again(loaded, url=found.token.resource, now=now, side=side)
    except RefusedError:
        return _INACTIVE
    if found.grant is not None and asking.id != found.client.id:
        # A resource that is not behind our guard asks when it is called.
        side.usage.mark_grant(found.grant.id, now)
    token = found.token
    scopes = tuple(name for name in token.scopes if name in caller.scopes)
    said = {
        "token_type": "Bearer",
        "username": caller.user.name if caller.user is not None else None,
        "sub": token.user_id or found.client.client_id,
        "iat": token.issued_at,
        "exp": token.expires_at,
    }
    return _build_answer(said, scopes, client=found.client, resource=token.resource, side=side)


async def _describe_refresh_token(text: str, asking: FoundClient, side: IncomingSide) -> dict[str, Any]:
    asked = Refresh(refresh_token=text)
    loaded = await load_refresh_token(asked, side)
    decision = decide_refresh(asked, asking, loaded, now=side.clock.now(), rules=side.rules)
    found = loaded.found
    if found is None or not isinstance(decision, Issue):
        return _INACTIVE
    token = found.token
    # Without token_type: that would be its type at a resource, where it is none.
    said = {
        "username": loaded.user.name if loaded.user is not None else None,
        "sub": token.user_id,
        "iat": token.issued_at,
        "exp": min(token.idle_expires_at, found.family.absolute_expires_at),
    }
    return _build_answer(said, decision.shown, client=found.client, resource=token.resource, side=side)


def _may_see(asking: Client, token: AccessToken, rules: Rules) -> bool:
    """Whether it is the token's own client, or the server of the resource that the token was issued for."""
    if token.client == asking.id:
        return True
    # Named by its own address, it serves the nearest declared resource at or above that, as a request means it.
    served = (rules.find_resource_of(each) for each in asking.resources)
    return any(each is not None and each.identifier == token.resource for each in served)


def _build_answer(
    said: Mapping[str, Any], scopes: tuple[str, ...], *, client: Client, resource: str, side: IncomingSide
) -> dict[str, Any]:
    """RFC 7662 §2.2."""
    answer = {
        "active": True,
        "scope": " ".join(scopes) or None,
        "client_id": client.client_id,
        **said,
        "aud": resource,
        "iss": side.rules.issuer,
    }
    return {name: value for name, value in answer.items() if value is not None}
