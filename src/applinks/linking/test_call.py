"""
Whether calls really pass: a call for the application itself that opens nothing but its own answer.

Handshake §6.
"""

import asyncio
import json
import re

from applinks.errors import PeerError, PeerProtocolError, PeerRefusedError, PeerUnreachableError, RefusedError
from applinks.fetching.exchange import Exchange, run_exchange
from applinks.incoming.caller import Caller
from applinks.incoming.policy import check_caller_may
from applinks.incoming.side import IncomingSide
from applinks.linking.changes import change_link
from applinks.linking.events import CallTested
from applinks.linking.side import LinkingSide
from applinks.outgoing.peers import get_send
from applinks.outgoing.renewal import request_token_for_application
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
    try:
        # Each request has a deadline of its own; three of them that nearly reach it are too long to wait.
        async with asyncio.timeout(side.test_call_seconds):
            token = await request_token_for_application(link, (CHECK_SCOPE,), side=outgoing)
            send = get_send(link, side=outgoing)
            await run_exchange(_ask_who_we_are(link, token.access_token, outgoing.client_id), send)
    except TimeoutError as error:
        raise PeerUnreachableError(
            "The other application did not answer the test call in time.",
            detail=f"{link.peer.url} took longer than {side.test_call_seconds:g} seconds",
            link=link.handle,
        ) from error


def _ask_who_we_are(link: Link, access_token: str, client_id: str) -> Exchange[None]:
    endpoint = link.peer.manifest["check_endpoint"]
    response = yield Request(
        method="GET",
        url=endpoint,
        headers=(("Authorization", f"Bearer {access_token}"), ("Accept", "application/json")),
    )
    if response.status != 200:
        code = "temporarily_unavailable" if response.status == 503 else "peer_refused"
        raise PeerRefusedError(
            "The other application refused our test call.",
            code=code,
            detail=f"{endpoint} answered {response.status}",
            link=link.handle,
        )
    if _parse_answer(response) != (link.id, client_id):
        raise PeerProtocolError(
            "The other application took our test call for another's.",
            detail=f"{endpoint} answered {response.body[:200]!r}",
            link=link.handle,
        )


def _parse_answer(response: Response) -> tuple[object, object] | None:
    try:
        answer = parse_json_object(response.body, limit=_LONGEST_ANSWER)
    except MalformedJsonError:
        return None
    is_json = parse_content_type(response.header("content-type")) == "application/json"
    return (answer.get("link"), answer.get("client")) if is_json else None
