"""
Whether calls really pass: a call for the application itself that opens nothing but its own answer.

Handshake §6.
"""

import asyncio
import json
import re

from applinks.errors import (
    LinkUnusableError,
    PeerError,
    PeerProtocolError,
    PeerRefusedError,
    PeerUnreachableError,
    RefusedError,
)
from applinks.fetching.exchange import Exchange, run_exchange
from applinks.incoming.caller import Caller
from applinks.incoming.policy import check_caller_may
from applinks.incoming.side import IncomingSide
from applinks.linking.changes import change_link
from applinks.linking.events import CallTested
from applinks.linking.side import LinkingSide
from applinks.outgoing.oauth1.problems import build_error
from applinks.outgoing.oauth1.signed_request import EMPTY_CREDENTIALS, Freshness, sign_as
from applinks.outgoing.peers import get_send, list_protocols
from applinks.outgoing.renewal import request_token_for_application
from applinks.outgoing.servers import build_freshness, get_oauth1_server
from applinks.outgoing.side import OutgoingSide
from applinks.records.links import Link
from applinks.records.scopes import CHECK_SCOPE
from applinks.wire.headers import parse_content_type
from applinks.wire.http import Request, Response
from applinks.wire.strict_json import MalformedJsonError, parse_json_object

_CODE = re.compile(r"[a-z_]{1,40}\Z")
_LONGEST_ANSWER = 4096


async def run_test_call(link: Link, *, side: LinkingSide) -> Link | None:
    """Make the test call and keep what came of it; the statement that tells it is due then."""
    try:
        await _call(link, side)
        result = "passed"
    except (PeerError, RefusedError) as error:
        await side.failures.record(error, place="test_call", link_id=link.id, client=link.peer.url)
        result = f"failed:{error.code if _CODE.match(error.code) else 'peer_refused'}"
    decision = await change_link(link.id, CallTested(result=result, jitter=side.jitter()), side=side)
    return decision.link


async def answer_check(caller: Caller | None, request: Request, *, side: IncomingSide) -> Response:
    """
    Answer a peer's test call: which link and which client the call turned out to be, and nothing else.

    Raises:
        RefusedError: the caller may not make one, with the challenge that fits.
    """
    check_caller_may(caller, CHECK_SCOPE, request=request, side=side)
    assert caller is not None  # noqa: S101 - a caller that may is one.
    body = {"link": caller.link.id, "client": caller.client.client_id}
    return Response(
        status=200,
        headers=(("Content-Type", "application/json"), ("Cache-Control", "no-store")),
        body=json.dumps(body).encode("utf-8"),
    )


async def _call(link: Link, side: LinkingSide) -> None:
    outgoing = side.outgoing
    protocols = list_protocols(link, side=outgoing)
    if not protocols:
        raise LinkUnusableError("The link has no protocol that we can call with.", link=link.handle)
    try:
        # Each request has a deadline of its own; several of them that nearly reach it are too long to wait.
        async with asyncio.timeout(side.test_call_seconds):
            for protocol in protocols:
                ask = _call_over_oauth1 if protocol == "oauth1" else _call_over_oauth2
                await ask(link, outgoing)
    except TimeoutError as error:
        raise PeerUnreachableError(
            "The other application did not answer the test call in time.",
            detail=f"{link.peer.url} took longer than {side.test_call_seconds:g} seconds",
            link=link.handle,
        ) from error


async def _call_over_oauth2(link: Link, outgoing: OutgoingSide) -> None:
    token = await request_token_for_application(link, (CHECK_SCOPE,), side=outgoing)
    asked = _build_request(link, ("Authorization", f"Bearer {token.access_token}"))
    await run_exchange(_ask_who_we_are(link, asked, outgoing.client_id), get_send(link, side=outgoing))


async def _call_over_oauth1(link: Link, outgoing: OutgoingSide) -> None:
    server, freshness = await get_oauth1_server(link, side=outgoing), build_freshness(outgoing)
    asked = sign_as(server.own, _build_request(link), freshness, held=EMPTY_CREDENTIALS)
    exchange = _ask_who_we_are(link, asked, server.own.key, freshness=freshness)
    await run_exchange(exchange, get_send(link, side=outgoing))


def _build_request(link: Link, *headers: tuple[str, str]) -> Request:
    endpoint = link.peer.manifest["check_endpoint"]
    return Request(method="GET", url=endpoint, headers=(*headers, ("Accept", "application/json")))


def _ask_who_we_are(
    link: Link, asked: Request, client_id: str, *, freshness: Freshness | None = None
) -> Exchange[None]:
    """Ask, as whom the peer knows us; ``freshness`` is of a signed request, whose refusal says what is wrong."""
    response = yield asked
    if response.status in {400, 401} and freshness is not None:
        raise build_error(response, asked=asked, freshness=freshness)
    if response.status != 200:
        code = "temporarily_unavailable" if response.status == 503 else "peer_refused"
        raise PeerRefusedError(
            "The other application refused our test call.",
            code=code,
            detail=f"{asked.url} answered {response.status}",
            link=link.handle,
        )
    if _parse_answer(response) != (link.id, client_id):
        raise PeerProtocolError(
            "The other application took our test call for another's.",
            # A peer may send back what we sent, a token among it: what it said is left out.
            detail=f"{asked.url} answered 200 ({len(response.body)} bytes) with another link or client, or with none",
            link=link.handle,
        )


def _parse_answer(response: Response) -> tuple[object, object] | None:
    try:
        answer = parse_json_object(response.body, limit=_LONGEST_ANSWER)
    except MalformedJsonError:
        return None
    is_json = parse_content_type(response.header("content-type")) == "application/json"
    return (answer.get("link"), answer.get("client")) if is_json else None
