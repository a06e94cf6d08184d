"""Requests that prove a client with a secret, or try to."""

from base64 import b64encode
from dataclasses import replace
from typing import Any
from urllib.parse import quote_plus

from applinks.entropy import new_id
from applinks.errors import RefusedError
from applinks.incoming.oauth2.token_request import answer_token_request
from applinks.records.audit import AuditEvent
from applinks.records.clients import Client
from applinks.wire.http import Response
from tests.incoming.world import (
    SECRET_CLIENT,
    SECRETS,
    SOURCE,
    TOKEN_URL,
    World,
    form_request,
    get_refusal,
    make_secret,
)

SECRET = SECRETS[SECRET_CLIENT]
SECOND = make_secret(7)
STRANGERS = make_secret(9)


def format_basic(client_id: str, secret: str) -> str:
    """Write Basic credentials as RFC 6749 wants them."""
    return format_raw_basic(f"{quote_plus(client_id)}:{quote_plus(secret)}")


def format_raw_basic(text: str) -> str:
    return f"Basic {b64encode(text.encode()).decode()}"


async def ask(world: World, basic: str | None = None, *, source: str = SOURCE, **params: str) -> Response:
    request = form_request(TOKEN_URL, ({"grant_type": "client_credentials"} | params).items())
    own = (("Authorization", basic),) if basic is not None else ()
    made = replace(request, headers=(*request.headers, *own))
    return await answer_token_request(made, source=source, side=world.side)


async def refuse(world: World, basic: str | None = None, *, source: str = SOURCE, **params: str) -> RefusedError:
    return await get_refusal(ask(world, basic, source=source, **params))


async def guess(world: World, client_id: str, secret: str = STRANGERS, *, source: str = SOURCE) -> RefusedError:
    return await refuse(world, client_id=client_id, client_secret=secret, source=source)


async def change(world: World, client_id: str = SECRET_CLIENT, **changes: Any) -> Client:
    """Store a client with these changes."""
    found = await world.side.store.find_client(client_id)
    assert found is not None
    client = found.client.changed(**changes)
    event = AuditEvent(id=new_id(world.side.entropy, "evt"), at=1, actor="user:9", action="client.changed", subject="x")
    assert await world.side.store.swap_client(client, expected_version=found.client.version, event=event)
    return client


def show(refusal: RefusedError) -> tuple[Any, ...]:
    """Give all of a refusal that the client sees."""
    return refusal.code, refusal.description, refusal.status, refusal.headers
