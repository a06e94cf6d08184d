"""The token endpoint: what it takes, links that cannot be used, client credentials."""

import json
from typing import Any

import pytest

from applinks.errors import RefusedError
from applinks.incoming.authentication import authenticate
from applinks.incoming.oauth2.token_request import answer_token_request
from applinks.records.links import Direction, Link, LinkState, Pause, Pending, Rest
from applinks.wire.http import Request
from applinks.wire.linking.terms import Terms
from applinks.wire.oauth2.pkce import compute_code_challenge
from tests.incoming.world import (
    BASE,
    LINK,
    OTHER_CLIENT,
    PUBLIC_CLIENT,
    SOURCE,
    TOKEN_URL,
    VERIFIER,
    World,
    call,
    form_request,
    get_refusal,
)

pytestmark = pytest.mark.anyio


async def is_good(world: World, tokens: dict[str, Any]) -> bool:
    """Whether the access token opens the host."""
    try:
        return await authenticate(call(token=tokens["access_token"]), side=world.side) is not None
    except RefusedError:
        return False


def make_pending(state: LinkState) -> Pending:
    return Pending(revision=1, state=state, proposal="p", proposal_digest="d", terms=Terms(access=()), until=0)


@pytest.mark.requirement("AS-14")
@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"pause": Pause(by="user:9", at=1)}, 503, "temporarily_unavailable"),
        ({"rest": frozenset({Rest.KEYS_CHANGED})}, 503, "temporarily_unavailable"),
        ({"agreed": None, "pending": make_pending(LinkState.CONFIRMING)}, 503, "temporarily_unavailable"),
        ({"incoming": Direction()}, 400, "unauthorized_client"),
    ],
)
async def test_a_link_that_cannot_be_used_refuses_and_uses_up_nothing(
    world: World, changes: dict[str, Any], status: int, code: str
) -> None:
    """Handshake §4: 503 temporarily_unavailable, and everything is kept."""
    value = await world.authorize()
    before = await world.change_link()
    await world.change_link(**changes)
    for asked in (world.exchange(value), world.post(grant_type="client_credentials")):
        refusal = await get_refusal(asked)
        assert (refusal.status, refusal.code, refusal.link_id) == (status, code, LINK)
    assert world.early_calls == ([LINK] * 2 if "pending" in changes else [])
    await world.change_link(**{name: getattr(before, name) for name in changes})
    assert await is_good(world, await world.exchange(value))


async def test_an_ended_link_has_no_client(world: World) -> None:
    """Ours: ended is final."""
    value = await world.authorize()
    await world.change_link(ended_at=1)
    assert (await get_refusal(world.exchange(value))).code == "invalid_client"


async def test_scopes_that_the_link_lost_are_left_out_of_the_answer(world: World) -> None:
    """Ours: what the administrator lowers counts at once."""
    value = await world.authorize()
    link = await world.change_link()
    await lower(world, link, ("issues:read",))
    assert (await world.exchange(value))["scope"] == "issues:read"
    other = await world.authorize(scope="issues:read")
    await lower(world, link, ("issues:write",))
    assert (await get_refusal(world.exchange(other))).code == "invalid_scope"


async def lower(world: World, link: Link, scopes: tuple[str, ...]) -> None:
    from dataclasses import replace

    await world.change_link(incoming=replace(link.incoming, user_scopes=scopes))


async def test_client_credentials_give_application_scopes_and_no_refresh_token(world: World) -> None:
    """RFC 6749 §4.4.3."""
    tokens = json.loads((await world.post(grant_type="client_credentials")).body)
    assert tokens.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert tokens["scope"] == "issues:read"
    caller = await authenticate(call(token=tokens["access_token"]), side=world.side)
    assert caller is not None
    assert caller.user is None
    assert caller.scopes == {"issues:read"}


async def test_the_peer_of_a_link_in_force_may_ask_for_the_test_call(world: World) -> None:
    """Handshake §6."""
    tokens = json.loads((await world.post(grant_type="client_credentials", scope="applinks:check")).body)
    assert tokens["scope"] == "applinks:check"
    refusal = await get_refusal(
        world.post(client=OTHER_CLIENT, grant_type="client_credentials", scope="applinks:check")
    )
    assert refusal.code == "invalid_scope"


async def test_an_application_may_have_no_scope_at_all(world: World) -> None:
    """Product §4: client credentials give scopes declared application, perhaps none."""
    await world.change_client(application_scopes=())
    tokens = json.loads((await world.post(grant_type="client_credentials")).body)
    assert "scope" not in tokens
    caller = await authenticate(call(token=tokens["access_token"]), side=world.side)
    assert caller is not None
    assert caller.scopes == frozenset()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"scope": "issues:write"}, "invalid_scope"),
        ({"scope": "unknown"}, "invalid_scope"),
        ({"scope": "issues:read", "resource": "https://elsewhere.example"}, "invalid_target"),
        ({"scope": "applinks:check", "resource": f"{BASE}/notes"}, "invalid_scope"),
    ],
)
async def test_client_credentials_give_nothing_else(world: World, changes: dict[str, str], code: str) -> None:
    """Product §4."""
    assert (await get_refusal(world.post(grant_type="client_credentials", **changes))).code == code


async def test_a_public_client_gets_nothing_for_itself(world: World) -> None:
    """RFC 6749 §4.4 MUST."""
    refusal = await get_refusal(world.post(client=PUBLIC_CLIENT, grant_type="client_credentials"))
    assert refusal.code == "unauthorized_client"


@pytest.mark.parametrize(
    ("params", "code", "status"),
    [
        ({}, "invalid_request", 400),
        ({"grant_type": ""}, "invalid_request", 400),
        ({"grant_type": "password"}, "unsupported_grant_type", 400),
        ({"grant_type": "authorization_code"}, "invalid_request", 400),
        ({"grant_type": "refresh_token"}, "invalid_request", 400),
        ({"grant_type": "client_credentials", "scope": '"'}, "invalid_scope", 400),
    ],
)
async def test_a_request_that_asks_for_nothing_sensible_gets_its_code(
    world: World, params: dict[str, str], code: str, status: int
) -> None:
    """RFC 6749 §5.2."""
    refusal = await get_refusal(world.post(**params))
    assert (refusal.code, refusal.status) == (code, status)


@pytest.mark.requirement("AS-07")
@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ((), b"grant_type=client_credentials", 415),
        ((("Content-Type", "application/json"),), b"{}", 415),
        ((("content-type", "application/x-www-form-urlencoded; charset=UTF-8"),), b"a=1&a=2", 400),
        ((("Content-Type", "application/x-www-form-urlencoded"),), b"a=%00", 400),
        ((("Content-Type", "application/x-www-form-urlencoded"),), b"a=%ff&b=\xff", 400),
        ((("Content-Type", "application/x-www-form-urlencoded"),), b"grant_type=a&grant_type=b", 400),
        ((("Content-Type", "application/x-www-form-urlencoded"),), b"a=" + b"x" * 70000, 413),
    ],
)
async def test_a_body_that_cannot_be_read_is_a_bad_request(
    world: World, headers: tuple[tuple[str, str], ...], body: bytes, status: int
) -> None:
    """RFC 6749 §3.2 MUST NOT; ours: strange types and NUL bytes give 400, never 500."""
    request = Request(method="POST", url=TOKEN_URL, headers=headers, body=body)
    refusal = await get_refusal(answer_token_request(request, source=SOURCE, side=world.side))
    assert (refusal.code, refusal.status) == ("invalid_request", status)


async def test_parameters_in_the_query_are_not_read(world: World) -> None:
    """RFC 6749 §2.3.1 MUST NOT."""
    pairs = [("grant_type", "client_credentials"), *world.prove(OTHER_CLIENT).items()]
    request = form_request(TOKEN_URL + "?scope=issues:read&grant_type=password", pairs)
    assert (await answer_token_request(request, source=SOURCE, side=world.side)).status == 200


async def test_no_secret_appears_in_a_refusal(world: World) -> None:
    """Ours: N-05 for the errors of this endpoint."""
    value = await world.authorize()
    tokens = await world.exchange(value)
    await get_refusal(world.exchange(value))
    refusal = await get_refusal(world.refresh(tokens["refresh_token"]))
    seen = f"{refusal!r} {refusal.description} {refusal.detail} {refusal.__cause__!r}"
    assert not any(secret in seen for secret in (value, tokens["access_token"], tokens["refresh_token"], VERIFIER))


@pytest.mark.requirement("rfc7636-4.5-2")
@pytest.mark.requirement("AS-10")
async def test_a_token_request_cannot_choose_another_method(world: World) -> None:
    """RFC 7636 §4.5 MUST: whoever read the challenge has not the verifier, whatever method he names."""
    challenge = compute_code_challenge(VERIFIER)
    value = await world.authorize()
    refusal = await get_refusal(world.exchange(value, code_verifier=challenge, code_challenge_method="plain"))
    assert refusal.code == "invalid_grant"
    assert await is_good(world, await world.exchange(value))
