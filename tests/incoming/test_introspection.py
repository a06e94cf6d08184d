"""The introspection endpoint."""

import json
from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest

from applinks.entropy import new_id
from applinks.incoming.oauth2.introspection import answer_introspection_request
from applinks.records.audit import AuditEvent
from applinks.wire.http import Response
from applinks.wire.token_format import TokenKind, format_token, parse_token
from tests.incoming.world import (
    BASE,
    INTROSPECTION_URL,
    NOTES_SERVER,
    OTHER_CLIENT,
    PEER_CLIENT,
    PUBLIC_CLIENT,
    SECRET_CLIENT,
    SECRETS,
    SOURCE,
    World,
    form_request,
    get_refusal,
    read_json,
)

pytestmark = pytest.mark.anyio

NOTES = f"{BASE}/notes"
INACTIVE = {"active": False}


async def ask(world: World, **params: str) -> Response:
    return await answer_introspection_request(
        form_request(INTROSPECTION_URL, params.items()), source=SOURCE, side=world.side
    )


async def get_notes_tokens(world: World, client: str = PEER_CLIENT) -> dict[str, Any]:
    return await world.get_tokens(client=client, scope="notes:read", resource=NOTES)


async def change_client(world: World, client_id: str, **changes: Any) -> None:
    found = await world.side.store.find_client(client_id)
    assert found is not None
    event = AuditEvent(id=new_id(world.side.entropy, "evt"), at=1, actor="user:9", action="client.changed", subject="x")
    changed = found.client.changed(**changes)
    assert await world.side.store.swap_client(changed, expected_version=found.client.version, event=event)


@pytest.mark.requirement("AS-43")
@pytest.mark.requirement("rfc7662-2.2-1")
@pytest.mark.parametrize("client", [PEER_CLIENT, OTHER_CLIENT, SECRET_CLIENT])
async def test_a_client_learns_what_its_own_access_token_is_good_for(world: World, client: str) -> None:
    """RFC 7662 §2.2."""
    tokens = await world.get_tokens(client=client)
    assert await world.introspect(tokens["access_token"], client=client) == {
        "active": True,
        "scope": "issues:read issues:write",
        "client_id": client,
        "token_type": "Bearer",
        "username": "alice",
        "sub": "1",
        "iat": world.clock.now(),
        "exp": world.clock.now() + 3600,
        "aud": BASE,
        "iss": BASE,
    }


@pytest.mark.requirement("rfc7662-2.2-1")
async def test_a_client_learns_what_its_own_refresh_token_is_good_for(world: World) -> None:
    """RFC 7662 §2.2; without token_type, which would be its type at a resource."""
    tokens = await world.get_tokens(client=SECRET_CLIENT)
    lifetimes = world.side.rules.lifetimes
    assert await world.introspect(tokens["refresh_token"], client=SECRET_CLIENT) == {
        "active": True,
        "scope": "issues:read issues:write",
        "client_id": SECRET_CLIENT,
        "username": "alice",
        "sub": "1",
        "iat": world.clock.now(),
        "exp": world.clock.now() + min(lifetimes.refresh_idle_seconds, lifetimes.refresh_absolute_seconds),
        "aud": BASE,
        "iss": BASE,
    }


async def test_a_token_of_the_application_itself_has_the_client_as_subject_and_no_user(world: World) -> None:
    """RFC 9068 §2.2: without a resource owner the subject is the client."""
    tokens = read_json(await world.post(client=SECRET_CLIENT, grant_type="client_credentials"))
    found = await world.introspect(tokens["access_token"], client=SECRET_CLIENT)
    assert (found["active"], found["sub"], found["scope"]) == (True, SECRET_CLIENT, "issues:read")
    assert "username" not in found


async def test_the_answer_is_json_that_nobody_keeps(world: World) -> None:
    """N-07; RFC 7662 §2.2, §4."""
    for token in ("x", (await world.get_tokens())["access_token"]):
        response = await ask(world, token=token, **world.prove(SECRET_CLIENT))
        assert response.status == 200
        assert response.header("content-type") == "application/json"
        assert response.header("cache-control") == "no-store"


@pytest.mark.requirement("AS-43")
@pytest.mark.requirement("rfc7662-2.2-2")
@pytest.mark.requirement("rfc7662-4-1")
async def test_another_client_learns_nothing_not_even_that_the_token_is_there(world: World) -> None:
    """RFC 7662 §2.2 SHOULD NOT; security AS-43: byte for byte what an unknown token is answered."""
    tokens = await world.get_tokens()
    unknown = await ask(world, token="ala_1_unknown", **world.prove(OTHER_CLIENT))
    assert json.loads(unknown.body) == INACTIVE
    for client in (OTHER_CLIENT, SECRET_CLIENT, NOTES_SERVER):
        for name in ("access_token", "refresh_token"):
            assert await ask(world, token=tokens[name], **world.prove(client)) == unknown


@pytest.mark.requirement("AS-43")
async def test_the_server_of_a_resource_learns_of_tokens_for_it_and_of_no_others(world: World) -> None:
    """The issue: introspection for a client that is named as a resource's server."""
    notes, host = await get_notes_tokens(world), await world.get_tokens(client=OTHER_CLIENT)
    found = await world.introspect(notes["access_token"], client=NOTES_SERVER)
    assert (found["active"], found["aud"], found["client_id"], found["sub"]) == (True, NOTES, PEER_CLIENT, "1")
    assert await world.introspect(host["access_token"], client=NOTES_SERVER) == INACTIVE
    await change_client(world, NOTES_SERVER, resources=())
    assert await world.introspect(notes["access_token"], client=NOTES_SERVER) == INACTIVE


@pytest.mark.requirement("AS-43")
@pytest.mark.parametrize("resource", [BASE + "/note", BASE, BASE + "/other/notes", "", "https://x.example/notes"])
async def test_a_server_of_a_resource_nearby_learns_nothing(world: World, resource: str) -> None:
    """Ours: a token for one resource does not open another."""
    notes = await get_notes_tokens(world)
    await change_client(world, NOTES_SERVER, resources=(resource,))
    assert await world.introspect(notes["access_token"], client=NOTES_SERVER) == INACTIVE


@pytest.mark.parametrize("resource", [NOTES, NOTES + "/", NOTES + "/today"])
async def test_a_server_below_a_declared_resource_is_one_of_that_resource(world: World, resource: str) -> None:
    """Product §3: an address means the nearest declared resource at or above it."""
    notes = await get_notes_tokens(world)
    await change_client(world, NOTES_SERVER, resources=(resource,))
    assert (await world.introspect(notes["access_token"], client=NOTES_SERVER))["active"]


@pytest.mark.requirement("AS-43")
async def test_a_refresh_token_is_never_active_at_a_resource(world: World) -> None:
    """Ours: a resource server that only looks for active would take it for an access token."""
    notes = await get_notes_tokens(world)
    assert await world.introspect(notes["refresh_token"], client=NOTES_SERVER) == INACTIVE
    hinted = await world.introspect(notes["refresh_token"], client=NOTES_SERVER, token_type_hint="refresh_token")
    assert hinted == INACTIVE


@pytest.mark.requirement("AS-43")
@pytest.mark.requirement("rfc7662-2.1-1")
async def test_a_public_client_is_told_nothing_about_its_own_token(world: World) -> None:
    """RFC 7662 §2.1 MUST require authorization, §4: or anybody could try out tokens."""
    tokens = await world.get_tokens(client=PUBLIC_CLIENT)
    for token in (tokens["access_token"], tokens["refresh_token"], "x"):
        refusal = await get_refusal(ask(world, token=token, client_id=PUBLIC_CLIENT))
        assert (refusal.code, refusal.status) == ("invalid_client", 401)


@pytest.mark.requirement("AS-43")
@pytest.mark.requirement("rfc7662-2.1-1")
@pytest.mark.requirement("rfc7662-2.3-1")
@pytest.mark.parametrize(
    "proof",
    [
        {},
        {"client_id": SECRET_CLIENT},
        {"client_id": SECRET_CLIENT, "client_secret": "als_wrong"},
        {"client_id": PEER_CLIENT},
        {"client_id": "nobody"},
    ],
)
async def test_whoever_does_not_prove_itself_is_refused(world: World, proof: dict[str, str]) -> None:
    """RFC 7662 §2.1 MUST, §2.3: 401."""
    tokens = await world.get_tokens(client=SECRET_CLIENT)
    refusal = await get_refusal(ask(world, token=tokens["access_token"], **proof))
    assert (refusal.code, refusal.status) == ("invalid_client", 401)


@pytest.mark.requirement("rfc7662-2.3-1")
async def test_a_bearer_token_does_not_open_this_endpoint(world: World) -> None:
    """RFC 7662 §2.1: no token of ours authorizes introspection, and 401 with a challenge says so."""
    tokens = await world.get_tokens()
    token = tokens["access_token"]
    request = form_request(INTROSPECTION_URL, [("token", token)])
    asked = replace(request, headers=(*request.headers, ("Authorization", f"Bearer {token}")))
    refusal = await get_refusal(answer_introspection_request(asked, source=SOURCE, side=world.side))
    assert (refusal.code, refusal.status) == ("invalid_client", 401)
    assert dict(refusal.headers)["WWW-Authenticate"].startswith("Bearer ")


@pytest.mark.requirement("rfc7662-2.1-2")
@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "pat", "\N{SNOWMAN}"])
async def test_a_wrong_hint_does_not_hide_a_token(world: World, hint: str) -> None:
    """RFC 7662 §2.1 MUST."""
    tokens = await world.get_tokens(client=SECRET_CLIENT)
    for name in ("access_token", "refresh_token"):
        assert (await world.introspect(tokens[name], client=SECRET_CLIENT, token_type_hint=hint))["active"] is True


async def test_a_client_may_prove_itself_by_basic(world: World) -> None:
    """RFC 7662 §2.1."""
    tokens = await world.get_tokens(client=SECRET_CLIENT)
    credentials = b64encode(f"{SECRET_CLIENT}:{SECRETS[SECRET_CLIENT]}".encode()).decode()
    request = form_request(INTROSPECTION_URL, [("token", tokens["access_token"])])
    asked = replace(request, headers=(*request.headers, ("Authorization", f"Basic {credentials}")))
    answer = await answer_introspection_request(asked, source=SOURCE, side=world.side)
    assert json.loads(answer.body)["active"] is True


@pytest.mark.requirement("rfc7662-2.3-2")
@pytest.mark.requirement("AS-43")
@pytest.mark.requirement("rfc7662-2.2-3")
@pytest.mark.parametrize(
    "token",
    ["x", "\N{SNOWMAN}", "ala_", "ala_0_" + "a" * 43 + "_000000", "z" * 9000, SECRETS[SECRET_CLIENT], "e30.e30.e30"],
)
async def test_what_is_no_token_of_ours_is_inactive_and_no_error(world: World, token: str) -> None:
    """RFC 7662 §2.2 MUST: only active; §2.3: no error."""
    assert await world.introspect(token, client=SECRET_CLIENT) == INACTIVE


async def test_a_code_is_no_token(world: World) -> None:
    """Ours; and it still works afterwards."""
    code = await world.authorize()
    assert await world.introspect(code) == INACTIVE
    assert await world.exchange(code)


@pytest.mark.requirement("AS-43")
async def test_a_token_with_the_right_row_and_another_secret_is_inactive(world: World) -> None:
    """Ours: the row is a place, and no proof."""
    tokens = await world.get_tokens()
    for name, kind in (("access_token", TokenKind.ACCESS), ("refresh_token", TokenKind.REFRESH)):
        parsed = parse_token(tokens[name])
        assert parsed is not None
        assert await world.introspect(format_token(kind, parsed.row, bytes(32))) == INACTIVE
        assert (await world.introspect(tokens[name]))["active"] is True


async def test_a_request_without_a_token_is_malformed(world: World) -> None:
    """RFC 7662 §2.1 REQUIRED."""
    refusal = await get_refusal(ask(world, **world.prove(SECRET_CLIENT)))
    assert (refusal.code, refusal.status) == ("invalid_request", 400)
