"""The guard: who is it, and may they."""

from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applinks.errors import RefusedError
from applinks.incoming.authentication import authenticate
from applinks.incoming.caller import Caller
from applinks.incoming.grants import end_all_grants
from applinks.incoming.policy import check_caller_may
from applinks.records.links import Direction, Pause, Rest
from applinks.records.users import User
from applinks.wire.http import Request
from tests.incoming.world import BASE, LINK, World, call, get_refusal, make_secret, read_json

pytestmark = pytest.mark.anyio

METADATA = f'resource_metadata="{BASE}/.well-known/oauth-protected-resource"'


async def get_caller(world: World, token: str, path: str = "/api") -> Caller:
    caller = await authenticate(call(path, token=token), side=world.side)
    assert caller is not None
    return caller


def get_challenge(refusal: RefusedError) -> str:
    return dict(refusal.headers)["WWW-Authenticate"]


def check(
    world: World,
    caller: Caller | None,
    scope: str = "issues:read",
    *,
    user: bool = False,
    request: Request | None = None,
) -> RefusedError | None:
    try:
        check_caller_may(caller, scope, user_needed=user, request=request or call(), side=world.side)
    except RefusedError as refusal:
        return refusal
    return None


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("Authorization", "Bearer of-the-host"),),
        (("Authorization", "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x"),),
        (("Authorization", "Basic eDp5"),),
        (("Authorization", "OAuth oauth_consumer_key=x"),),
        (("Authorization", ""),),
        (("Authorization", "Bearer"),),
        (("Authorization", "Bearer x"), ("Authorization", "Basic eDp5")),
        (("Cookie", "Bearer ala_x"),),
    ],
)
async def test_what_is_not_ours_passes_untouched(world: World, headers: tuple[tuple[str, str], ...]) -> None:
    """Product §5: a host may have bearer tokens of its own."""
    assert await authenticate(call(headers=headers), side=world.side) is None


@pytest.mark.requirement("RS-21")
async def test_bearerx_is_not_bearer_and_the_scheme_has_any_case(world: World) -> None:
    """RFC 9110 §11.1; RFC 6750 §2.1."""
    token = (await world.get_tokens())["access_token"]
    for scheme in ("BearerX", "XBearer", "Bearer:"):
        assert await authenticate(call(headers=(("Authorization", f"{scheme} {token}"),)), side=world.side) is None
    for scheme in ("bearer", "BEARER", "Bearer "):
        assert await authenticate(call(headers=(("authorization", f"{scheme} {token}"),)), side=world.side) is not None


@pytest.mark.requirement("RS-22")
@pytest.mark.parametrize(
    "value",
    [
        *(
            "ala_",
            "ala_x",
            "alr_x",
            "alc_x",
            "als_x",
            "ala_0_" + "a" * 43 + "_000000",
            "ala_x, Bearer y",
            "ala_ö",
            "ala_x y",
        ),
        make_secret(1),
    ],
)
async def test_what_is_recognisably_ours_and_bad_is_refused_on_every_route(world: World, value: str) -> None:
    """RFC 6750 §3.1 SHOULD: invalid_token, 401."""
    request = call("/a/route/of/the/host", headers=(("Authorization", f"Bearer {value}"),))
    refusal = await get_refusal(authenticate(request, side=world.side))
    assert (refusal.code, refusal.status) == ("invalid_token", 401)
    assert get_challenge(refusal).startswith('Bearer error="invalid_token", error_description="')
    assert METADATA in get_challenge(refusal)


@pytest.mark.requirement("rfc9700-4.14.2-4")
@pytest.mark.requirement("RS-22")
async def test_one_changed_letter_makes_a_token_bad(world: World) -> None:
    """Ours: digest and checksum."""
    token = (await world.get_tokens())["access_token"]
    for place in range(len("ala_"), len(token)):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert (await get_refusal(authenticate(call(token=changed), side=world.side))).code == "invalid_token"


async def test_a_token_with_the_right_row_and_another_secret_is_bad(world: World) -> None:
    """Ours: the row finds, the digest proves."""
    from applinks.wire.token_format import TokenKind, format_token, parse_token

    parsed = parse_token((await world.get_tokens())["access_token"])
    assert parsed is not None
    forged = format_token(TokenKind.ACCESS, parsed.row, bytes(32))
    assert (await get_refusal(authenticate(call(token=forged), side=world.side))).code == "invalid_token"


async def test_a_refresh_token_and_a_code_open_nothing(world: World) -> None:
    """Ours: the kind is part of the value."""
    code = await world.authorize()
    tokens = await world.exchange(code)
    for value in (code, tokens["refresh_token"]):
        assert (await get_refusal(authenticate(call(token=value), side=world.side))).code == "invalid_token"


async def test_repeated_headers_with_a_token_of_ours_are_refused(world: World) -> None:
    """RFC 6750 §2 MUST NOT use more than one method."""
    token = (await world.get_tokens())["access_token"]
    for other in ("Bearer of-the-host", "Basic eDp5", f"Bearer {token}"):
        refusal = await get_refusal(
            authenticate(call(token=token, headers=(("authorization", other),)), side=world.side)
        )
        assert (refusal.code, refusal.status) == ("invalid_request", 400)


@pytest.mark.requirement("rfc9700-2.3-1")
@pytest.mark.requirement("RS-20")
async def test_a_token_opens_its_own_resource_and_no_other(world: World) -> None:
    """RFC 8707 §3; product §3: a token for one resource does not open another."""
    host = (await world.get_tokens(scope="issues:read"))["access_token"]
    code = await world.authorize(scope="notes:read", resource=f"{BASE}/notes")
    notes = (await world.exchange(code))["access_token"]
    for path in ("", "/", "/api?x=/notes", "/notesbook", "/api/notes"):
        assert (await get_caller(world, host, path)).resource == BASE
        assert (await get_refusal(authenticate(call(path, token=notes), side=world.side))).code == "invalid_token"
    for path in ("/notes", "/notes/", "/notes/today", "/notes?x=1"):
        assert (await get_caller(world, notes, path)).resource == f"{BASE}/notes"
        refusal = await get_refusal(authenticate(call(path, token=host), side=world.side))
        assert refusal.code == "invalid_token"
        assert f'resource_metadata="{BASE}/.well-known/oauth-protected-resource/notes"' in get_challenge(refusal)


@pytest.mark.requirement("AS-33")
async def test_an_access_token_ends_after_an_hour(world: World) -> None:
    """RFC 6749 §5.1."""
    token = (await world.get_tokens())["access_token"]
    world.clock.advance(3599)
    assert await get_caller(world, token)
    world.clock.advance(1)
    assert (await get_refusal(authenticate(call(token=token), side=world.side))).code == "invalid_token"


@pytest.mark.parametrize(
    ("changes", "code", "status"),
    [
        ({"pause": Pause(by="user:9", at=1)}, "temporarily_unavailable", 503),
        ({"rest": frozenset({Rest.OUT_OF_STEP})}, "temporarily_unavailable", 503),
        ({"incoming": Direction()}, "invalid_token", 401),
        ({"ended_at": 5}, "invalid_token", 401),
    ],
)
async def test_the_links_state_counts_at_once(world: World, changes: dict[str, Any], code: str, status: int) -> None:
    """House §4: validity is a join."""
    token = (await world.get_tokens())["access_token"]
    before = await world.change_link()
    await world.change_link(**changes)
    refusal = await get_refusal(authenticate(call(token=token), side=world.side))
    assert (refusal.code, refusal.status, refusal.link_id, refusal.user_id) == (code, status, LINK, "1")
    assert ("WWW-Authenticate" in dict(refusal.headers)) == (status == 401)
    if "ended_at" not in changes:
        await world.change_link(**{name: getattr(before, name) for name in changes})
        assert await get_caller(world, token)


async def test_a_pause_by_the_peer_counts_too(world: World) -> None:
    """Handshake §5: pause stops both halves."""
    token = (await world.get_tokens())["access_token"]
    link = await world.change_link()
    await world.change_link(peer=replace(link.peer, paused=True))
    assert (await get_refusal(authenticate(call(token=token), side=world.side))).status == 503


async def test_grant_client_and_user_count_at_once(world: World) -> None:
    """House §4: a token is good only while its grant, client and user are."""
    token = (await world.get_tokens())["access_token"]
    await world.change_client(paused=True)
    assert (await get_refusal(authenticate(call(token=token), side=world.side))).code == "invalid_token"
    await world.change_client(paused=False)
    alice = world.users.known.pop("1")
    assert (await get_refusal(authenticate(call(token=token), side=world.side))).code == "invalid_token"
    world.users.known["1"] = User(id="1", name="alice", active=False)
    assert (await get_refusal(authenticate(call(token=token), side=world.side))).code == "invalid_token"
    world.users.known["1"] = replace(alice, name="renamed")
    caller = await get_caller(world, token)
    assert caller.user is not None
    assert caller.user.name == "renamed"
    await end_all_grants("1", side=world.side)
    assert (await get_refusal(authenticate(call(token=token), side=world.side))).code == "invalid_token"


async def test_scopes_are_cut_to_what_the_link_allows_now(world: World) -> None:
    """Ours: lowered scopes count at once, and come back when they are raised."""
    token = (await world.get_tokens())["access_token"]
    link = await world.change_link()
    await world.change_link(incoming=replace(link.incoming, user_scopes=("issues:read", "issues:delete")))
    assert (await get_caller(world, token)).scopes == {"issues:read"}
    await world.change_link(incoming=link.incoming)
    assert (await get_caller(world, token)).scopes == {"issues:read", "issues:write"}
    await world.change_client(scopes=("issues:write",))
    assert (await get_caller(world, token)).scopes == {"issues:write"}


@pytest.mark.requirement("RS-22")
async def test_without_credentials_the_challenge_holds_no_error(world: World) -> None:
    """RFC 6750 §3.1 SHOULD NOT."""
    refusal = check(world, None)
    assert refusal is not None
    assert refusal.status == 401
    assert get_challenge(refusal) == f'Bearer scope="issues:read", {METADATA}'


@pytest.mark.requirement("RS-22")
@pytest.mark.parametrize("value", ["Bearer of-the-host", "BearerX ala_x", "Basic eDp5", ""])
async def test_credentials_that_are_not_ours_are_answered_with_invalid_token(world: World, value: str) -> None:
    """Product §5: `requires` answers what is not ours."""
    refusal = check(world, None, request=call(headers=(("Authorization", value),)))
    assert refusal is not None
    assert (refusal.code, refusal.status) == ("invalid_token", 401)
    assert 'error="invalid_token"' in get_challenge(refusal)


@pytest.mark.requirement("RS-22")
async def test_a_scope_that_is_missing_is_named(world: World) -> None:
    """RFC 6750 §3.1: insufficient_scope, 403."""
    caller = await get_caller(world, (await world.get_tokens(scope="issues:read"))["access_token"])
    assert check(world, caller) is None
    assert check(world, caller, "") is None
    refusal = check(world, caller, "issues:read issues:write")
    assert refusal is not None
    assert (refusal.code, refusal.status) == ("insufficient_scope", 403)
    assert 'scope="issues:read issues:write"' in get_challenge(refusal)
    assert METADATA in get_challenge(refusal)


@pytest.mark.requirement("rfc9700-4.15.1-1")
async def test_a_route_for_users_refuses_an_application(world: World) -> None:
    """Ours: `requires(scope, user=True)`."""
    tokens = read_json(await world.post(grant_type="client_credentials"))
    caller = await get_caller(world, tokens["access_token"])
    assert check(world, caller) is None
    refusal = check(world, caller, user=True)
    assert refusal is not None
    assert (refusal.code, refusal.status) == ("insufficient_scope", 403)


@pytest.mark.requirement("rfc9700-4.3.2-1")
@pytest.mark.requirement("RS-21")
@pytest.mark.parametrize(
    "query",
    [
        "access_token=x",
        "a=1&access_token=",
        "access_token",
        "access%5Ftoken=x",
        "access_token=%ff",
        "access_token=x&access_token=y",
    ],
)
async def test_a_token_in_the_query_is_refused_alone_and_beside_the_header(world: World, query: str) -> None:
    """RFC 9700 §4.3.2 MUST NOT; OAuth 2.1."""
    caller = await get_caller(world, (await world.get_tokens())["access_token"])
    for each in (None, caller):
        refusal = check(world, each, request=call(f"/api?{query}"))
        assert refusal is not None
        assert (refusal.code, refusal.status) == ("invalid_request", 400)
        assert 'error="invalid_request"' in get_challenge(refusal)
    assert check(world, caller, request=call("/api?access_tokens=x&q=access_token")) is None


@given(values=st.lists(st.text(max_size=80) | st.text(max_size=80).map("Bearer ala_{}".format), max_size=3))
def test_no_header_ends_in_anything_but_a_refusal(values: list[str]) -> None:
    """Ours: no input gives a 5xx."""
    import asyncio

    from applinks.bounds import Lifetimes
    from applinks.incoming.rules import Rules
    from tests.incoming.world import RESOURCES, TOKEN_URL

    class NoTokens:
        async def find_access_token(self, row: int) -> None:
            return None

    class Side:
        store = NoTokens()
        clock = type("Clock", (), {"now": staticmethod(lambda: 1)})
        rules = Rules(issuer=BASE, token_endpoint=TOKEN_URL, lifetimes=Lifetimes(), resources=RESOURCES)

    request = call(headers=tuple(("Authorization", value) for value in values))
    refused = asyncio.run(get_refusal_or_none(authenticate(request, side=Side())))  # type: ignore[arg-type]
    assert refused is None or refused.status in {400, 401}


async def get_refusal_or_none(asked: Awaitable[Caller | None]) -> RefusedError | None:
    try:
        assert await asked is None
    except RefusedError as refusal:
        return refusal
    return None
