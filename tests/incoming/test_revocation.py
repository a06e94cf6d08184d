"""The revocation endpoint."""

import asyncio

import pytest

from applinks.incoming.consent import ConsentQuestion
from applinks.incoming.oauth2.revocation import answer_revocation_request
from applinks.records.links import Pause
from applinks.wire.http import Response
from tests.incoming.test_token_request import is_good
from tests.incoming.world import (
    BASE,
    OTHER_CLIENT,
    PEER_CLIENT,
    PUBLIC_CLIENT,
    SECRET_CLIENT,
    SOURCE,
    World,
    form_request,
    get_refusal,
)

pytestmark = pytest.mark.anyio

URL = f"{BASE}/applinks/oauth2/revoke"


async def revoke(world: World, token: str, *, client: str = PEER_CLIENT, **params: str) -> Response:
    pairs = [("token", token), *params.items(), *world.prove(client).items()]
    return await answer_revocation_request(form_request(URL, pairs), source=SOURCE, side=world.side)


@pytest.mark.requirement("rfc7009-2-1")
@pytest.mark.requirement("rfc7009-2.1-4")
@pytest.mark.requirement("rfc7009-2.1-5")
@pytest.mark.requirement("AS-43")
async def test_revoking_a_refresh_token_ends_the_grant_and_the_consent(world: World) -> None:
    """RFC 7009 §2.1; product §5: the next connect asks again."""
    tokens = await world.get_tokens()
    response = await revoke(world, tokens["refresh_token"], token_type_hint="access_token")
    assert (response.status, response.header("content-type"), response.body) == (200, "application/json", b"{}")
    assert response.header("cache-control") == "no-store"
    assert not await is_good(world, tokens)
    assert (await get_refusal(world.refresh(tokens["refresh_token"]))).code == "invalid_grant"
    assert isinstance(await world.ask(), ConsentQuestion)
    (event,) = [each for each in await world.storage.audit.list() if each.action == "grant.ended"]
    assert event.detail == {"by": "client"}
    assert event.actor == f"peer:{PEER_CLIENT}"


async def test_a_superseded_refresh_token_ends_the_grant_too(world: World) -> None:
    """Ours: whoever holds the newest, the client that proved itself gives it up."""
    first = await world.get_tokens()
    second = await world.refresh(first["refresh_token"])
    world.clock.advance(3600)
    await revoke(world, first["refresh_token"])
    assert not await is_good(world, second)


async def test_revoking_an_access_token_ends_that_one_alone(world: World) -> None:
    """RFC 7009 §2.1 MAY."""
    tokens = await world.get_tokens()
    await revoke(world, tokens["access_token"])
    assert not await is_good(world, tokens)
    assert await is_good(world, await world.refresh(tokens["refresh_token"]))
    assert isinstance(await world.ask(), str)


@pytest.mark.requirement("rfc7009-2.1-3")
@pytest.mark.requirement("AS-43")
@pytest.mark.parametrize("client", [OTHER_CLIENT, PUBLIC_CLIENT, SECRET_CLIENT])
async def test_another_client_revokes_nothing_and_learns_nothing(world: World, client: str) -> None:
    """RFC 7009 §2.1 MUST verify."""
    tokens = await world.get_tokens()
    unknown = await revoke(world, "alr_unknown", client=client)
    for name in ("refresh_token", "access_token"):
        assert await revoke(world, tokens[name], client=client) == unknown
    assert await is_good(world, tokens)
    assert await world.refresh(tokens["refresh_token"])


@pytest.mark.requirement("rfc7009-2.2-1")
@pytest.mark.parametrize("token", ["x", "alr_x", "ala_0_" + "a" * 43 + "_000000"])
async def test_a_token_that_is_unknown_is_answered_like_a_revoked_one(world: World, token: str) -> None:
    """RFC 7009 §2.2."""
    assert (await revoke(world, token)).status == 200


async def test_revoking_twice_is_fine_and_told_once(world: World) -> None:
    """RFC 7009 §2.2."""
    tokens = await world.get_tokens()
    await asyncio.gather(*(revoke(world, tokens["refresh_token"]) for _ in range(5)))
    assert [each.action for each in await world.storage.audit.list()].count("grant.ended") == 1


async def test_a_code_is_not_revoked(world: World) -> None:
    """Ours: it is no token, and lives a minute."""
    code = await world.authorize()
    assert (await revoke(world, code)).status == 200
    assert await world.exchange(code)


async def test_a_paused_link_does_not_keep_a_client_from_giving_up(world: World) -> None:
    """Ours: disconnecting works whatever the link's state."""
    tokens = await world.get_tokens()
    await world.change_link(pause=Pause(by="user:9", at=1))
    await revoke(world, tokens["refresh_token"])
    await world.change_link(pause=None)
    assert not await is_good(world, tokens)


async def test_a_public_client_revokes_with_the_token_alone(world: World) -> None:
    """RFC 7009 §2.1."""
    tokens = await world.exchange(await world.authorize(client=PUBLIC_CLIENT), client=PUBLIC_CLIENT)
    await revoke(world, tokens["refresh_token"], client=PUBLIC_CLIENT)
    assert not await is_good(world, tokens)


@pytest.mark.requirement("rfc7009-2.1-2")
async def test_a_client_revokes_what_is_its_own_with_its_secret(world: World) -> None:
    """RFC 7009 §2.1 MUST."""
    tokens = await world.get_tokens(client=SECRET_CLIENT)
    assert await is_good(world, tokens)
    guess = [("token", tokens["refresh_token"]), ("client_id", SECRET_CLIENT), ("client_secret", "als_wrong")]
    refusal = await get_refusal(answer_revocation_request(form_request(URL, guess), source=SOURCE, side=world.side))
    assert (refusal.code, refusal.status) == ("invalid_client", 401)
    assert await is_good(world, tokens)
    await revoke(world, tokens["refresh_token"], client=SECRET_CLIENT)
    assert not await is_good(world, tokens)


@pytest.mark.requirement("rfc7009-2.1-2")
@pytest.mark.requirement("AS-43")
async def test_a_client_that_does_not_prove_itself_is_refused(world: World) -> None:
    """RFC 7009 §2.1 MUST."""
    tokens = await world.get_tokens()
    pairs = [("token", tokens["refresh_token"]), ("client_id", PEER_CLIENT)]
    refusal = await get_refusal(answer_revocation_request(form_request(URL, pairs), source=SOURCE, side=world.side))
    assert (refusal.code, refusal.status) == ("invalid_client", 401)
    assert await is_good(world, tokens)


@pytest.mark.requirement("rfc7009-2.1-1")
async def test_a_request_without_a_token_is_malformed(world: World) -> None:
    """RFC 7009 §2.1."""
    assert (await get_refusal(revoke(world, ""))).code == "invalid_request"
