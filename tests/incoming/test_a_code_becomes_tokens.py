"""The token endpoint: a code becomes tokens once, for its own client, in time."""

import asyncio
import json
from typing import Any

import pytest

from applinks.errors import RefusedError
from applinks.incoming.authentication import authenticate
from applinks.records.clients import GrantType
from applinks.records.users import User
from tests.incoming.test_token_request import is_good
from tests.incoming.world import (
    BASE,
    LINK,
    OTHER_CLIENT,
    PEER_REDIRECT,
    PUBLIC_CLIENT,
    VERIFIER,
    World,
    call,
    get_refusal,
)

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("rfc7636-4.2-2")
@pytest.mark.requirement("rfc7636-4.6-2")
@pytest.mark.requirement("rfc9700-2.1.1-3")
@pytest.mark.requirement("N-07")
async def test_a_code_becomes_tokens(world: World) -> None:
    """RFC 6749 §5.1 MUST."""
    response = await world.post(
        grant_type="authorization_code",
        code=await world.authorize(),
        redirect_uri=PEER_REDIRECT,
        code_verifier=VERIFIER,
    )
    assert response.header("content-type") == "application/json"
    assert response.header("cache-control") == "no-store"
    assert response.header("pragma") == "no-cache"
    tokens = json.loads(response.body)
    assert tokens.keys() == {"access_token", "token_type", "expires_in", "scope", "refresh_token"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 3600)
    assert tokens["scope"] == "issues:read issues:write"
    assert tokens["access_token"].startswith("ala_")
    assert tokens["refresh_token"].startswith("alr_")
    caller = await authenticate(call(token=tokens["access_token"]), side=world.side)
    assert caller is not None
    assert (caller.user, caller.resource, caller.protocol) == (world.alice, BASE, "oauth2")
    assert caller.scopes == {"issues:read", "issues:write"}
    assert caller.link.id == LINK


@pytest.mark.requirement("rfc9700-4.14.2-1")
async def test_a_client_without_the_refresh_grant_gets_no_refresh_token(world: World) -> None:
    """Product §4: the grant types of a client are its own."""
    await world.change_client(grant_types=(GrantType.AUTHORIZATION_CODE,))
    assert "refresh_token" not in await world.get_tokens()


@pytest.mark.requirement("rfc7636-4.6-2")
async def test_a_public_client_gets_tokens_with_pkce_alone(world: World) -> None:
    """RFC 8252 §8.4; OAuth 2.1."""
    code = await world.authorize(client=PUBLIC_CLIENT)
    tokens = await world.exchange(code, client=PUBLIC_CLIENT)
    again = await world.refresh(tokens["refresh_token"], client=PUBLIC_CLIENT)
    assert await is_good(world, again)


@pytest.mark.requirement("rfc7636-4.4-1")
@pytest.mark.requirement("rfc7636-4.6-1")
@pytest.mark.requirement("rfc7636-4.6-3")
@pytest.mark.requirement("rfc9700-2.1.1-4")
@pytest.mark.requirement("rfc9700-4.8.2-1")
@pytest.mark.requirement("AS-13")
@pytest.mark.requirement("AS-10")
@pytest.mark.requirement("AS-11")
@pytest.mark.requirement("AS-14")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"code_verifier": None}, "invalid_request"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"code_verifier": "a" * 42}, "invalid_request"),
        ({"code_verifier": "a" * 129}, "invalid_request"),
        ({"code_verifier": "ä" * 50}, "invalid_request"),
        ({"code_verifier": VERIFIER[:-1] + "x"}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"redirect_uri": PEER_REDIRECT + "/"}, "invalid_grant"),
        ({"resource": f"{BASE}/notes"}, "invalid_target"),
        ({"resource": "https://elsewhere.example"}, "invalid_target"),
        ({"code": None}, "invalid_request"),
    ],
)
async def test_a_failing_request_leaves_the_code(world: World, changes: dict[str, str | None], code: str) -> None:
    """RFC 7636 §4.6 MUST; RFC 6749 §4.1.3 MUST; ours: it is used up by a granted request alone."""
    value = await world.authorize()
    assert (await get_refusal(world.exchange(value, **changes))).code == code
    assert await is_good(world, await world.exchange(value))


@pytest.mark.requirement("AS-13")
@pytest.mark.requirement("AS-14")
@pytest.mark.parametrize("client", [OTHER_CLIENT, PUBLIC_CLIENT])
async def test_a_code_is_its_own_clients(world: World, client: str) -> None:
    """RFC 6749 §4.1.3 MUST; a stranger's attempt neither uses it up nor ends anything."""
    value = await world.authorize()
    assert (await get_refusal(world.exchange(value, client=client, redirect_uri=PEER_REDIRECT))).code == "invalid_grant"
    tokens = await world.exchange(value)
    assert (await get_refusal(world.exchange(value, client=client, redirect_uri=PEER_REDIRECT))).code == "invalid_grant"
    assert await is_good(world, tokens)


@pytest.mark.requirement("AS-13")
async def test_a_code_lives_sixty_seconds(world: World) -> None:
    """RFC 6749 §4.1.2."""
    value = await world.authorize()
    world.clock.advance(60)
    assert (await get_refusal(world.exchange(value))).code == "invalid_grant"


@pytest.mark.requirement("AS-13")
async def test_a_loopback_code_is_bound_to_the_port_that_was_asked_for(world: World) -> None:
    """RFC 6749 §4.1.3 MUST: identical to the authorization request's."""
    asked = "http://127.0.0.1:51004/done"
    value = await world.authorize(client=PUBLIC_CLIENT, redirect_uri=asked)
    assert (await get_refusal(world.exchange(value, client=PUBLIC_CLIENT))).code == "invalid_grant"
    assert await world.exchange(value, client=PUBLIC_CLIENT, redirect_uri=asked)


@pytest.mark.requirement("rfc9700-4.9.3-1")
@pytest.mark.requirement("AS-13")
async def test_a_code_is_stored_as_a_digest(world: World) -> None:
    """Ours: a dump of the database holds no clear code and no clear token."""
    value = await world.authorize()
    tokens = await world.exchange(value)
    await world.refresh(tokens["refresh_token"])
    dump = b"".join(path.read_bytes() for path in world.storage.database.path.parent.iterdir() if path.is_file())
    for each in (value, tokens["access_token"], tokens["refresh_token"]):
        assert each.encode() not in dump
        assert each.split("_", 2)[2][:43].encode() not in dump


@pytest.mark.requirement("rfc9700-4.2.4-1")
@pytest.mark.requirement("AS-12")
@pytest.mark.parametrize("changes", [{}, {"code_verifier": "another-verifier-that-is-long-enough-0123456789"}])
async def test_a_code_presented_twice_revokes_what_it_issued(world: World, changes: dict[str, str]) -> None:
    """RFC 6749 §4.1.2 MUST NOT, SHOULD; proved as to client and code is enough."""
    value = await world.authorize()
    tokens = await world.exchange(value)
    refreshed = await world.refresh(tokens["refresh_token"])
    assert (await get_refusal(world.exchange(value, **changes))).code == "invalid_grant"
    assert not await is_good(world, tokens)
    assert not await is_good(world, refreshed)
    assert (await get_refusal(world.refresh(refreshed["refresh_token"]))).code == "invalid_grant"
    (event,) = [each for each in await world.storage.audit.list() if each.action == "family.revoked"]
    assert event.detail == {"replayed": "code"}


@pytest.mark.requirement("AS-12")
async def test_a_replay_after_the_code_expired_still_revokes(world: World) -> None:
    """Ours: thieves are seldom as quick as a minute."""
    value = await world.authorize()
    tokens = await world.exchange(value)
    world.clock.advance(600)
    assert (await get_refusal(world.exchange(value))).code == "invalid_grant"
    assert not await is_good(world, tokens)


@pytest.mark.requirement("AS-12")
async def test_a_replay_leaves_the_grant_and_other_families(world: World) -> None:
    """Product §5: a replay ends what AS-12 says, and leaves the grant."""
    first, second = await world.authorize(), await world.authorize()
    tokens = await world.exchange(first)
    others = await world.exchange(second)
    await get_refusal(world.exchange(first))
    assert not await is_good(world, tokens)
    assert await is_good(world, others)
    assert isinstance(await world.ask(), str)


@pytest.mark.requirement("AS-12")
async def test_of_fifty_parallel_exchanges_one_wins_and_its_tokens_are_dead(world: World) -> None:
    """Ours: one atomic write decides, and the losers are second uses."""
    value = await world.authorize()
    results = await asyncio.gather(*(world.exchange(value) for _ in range(50)), return_exceptions=True)
    won = [each for each in results if isinstance(each, dict)]
    lost = [each for each in results if isinstance(each, RefusedError)]
    assert (len(won), len(lost)) == (1, 49)
    assert {each.code for each in lost} == {"invalid_grant"}
    assert not await is_good(world, won[0])


async def test_the_loser_of_a_race_is_decided_again(world: World) -> None:
    """House §4: a lost claim is decided again, once, and then the code is seen as used."""
    value = await world.authorize()
    lost = []
    exchange_code = world.side.store.exchange_code

    async def lose_first(row: int, **values: Any) -> bool:
        if not lost:
            lost.append(row)
            await exchange_code(row, **values)
            return False
        return await exchange_code(row, **values)

    world.side.store.exchange_code = lose_first  # type: ignore[method-assign]
    assert (await get_refusal(world.exchange(value))).code == "invalid_grant"
    assert [each.action for each in await world.storage.audit.list()].count("family.revoked") == 1


@pytest.mark.requirement("AS-13")
@pytest.mark.parametrize("name", ["grant", "user gone", "user inactive"])
async def test_what_ended_meanwhile_ends_the_code(world: World, name: str) -> None:
    """House §4: validity is a join."""
    from applinks.incoming.grants import end_all_grants

    value = await world.authorize()
    if name == "grant":
        await end_all_grants("1", side=world.side)
    else:
        world.users.known["1"] = User(id="1", name="alice", active=False)
        if name == "user gone":
            del world.users.known["1"]
    assert (await get_refusal(world.exchange(value))).code == "invalid_grant"
