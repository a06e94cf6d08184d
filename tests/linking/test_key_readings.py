"""Strangers cannot make us ask a peer for its keys as often as they like."""

import asyncio
import json

import pytest

from applinks.errors import RefusedError
from applinks.linking.statements import answer_statement
from applinks.wire.http import Request, Response
from applinks.wire.jose import sign_jwt
from applinks.wire.linking.messages import STATEMENT_TYP
from tests.linking.world import A_URL, B_URL, World, make_pair

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("LK-06")]


def forge(link_id: str, now: int, number: int) -> Request:
    """A statement about a link by a key that stands nowhere."""
    pair = make_pair()
    claims = {
        "ver": 1,
        "iss": B_URL,
        "aud": A_URL,
        "iat": now,
        "exp": now + 60,
        "jti": f"{number:022}",
        "link": link_id,
    }
    private = json.loads(pair.private.reveal())
    text = sign_jwt(claims, typ=STATEMENT_TYP, private_key=private, algorithm=pair.algorithm, kid=pair.kid)
    return Request(
        method="POST",
        url=f"{A_URL}/applinks/link/statement",
        headers=(("Content-Type", "application/jwt"),),
        body=text.encode(),
    )


async def test_forged_messages_that_come_at_once_make_one_reading(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Handshake §5: read again at most every 5 minutes and link."""
    link_id = await world.link()
    world.clock.advance(301)
    serve, asked, is_asked, go_on = world.b.serve, 0, asyncio.Event(), asyncio.Event()

    async def serve_slowly(path: str, request: Request) -> Response:
        nonlocal asked
        if path.endswith("/jwks"):
            asked += 1
            is_asked.set()
            await go_on.wait()
        return await serve(path, request)

    monkeypatch.setattr(world.b, "serve", serve_slowly)

    async def send(number: int) -> str:
        try:
            await answer_statement(forge(link_id, world.clock.now(), number), source=str(number), side=world.a.linking)
        except RefusedError as error:
            return error.code
        return "heard"

    sent = [asyncio.create_task(send(number)) for number in range(8)]
    await is_asked.wait()
    # A question to the database each: by then all eight have come as far as the first.
    for _ in range(8):
        await world.a.find(link_id)
    go_on.set()
    assert set(await asyncio.gather(*sent)) == {"unknown_key"}
    assert asked == 1
    assert world.a.linking.readings == {}
