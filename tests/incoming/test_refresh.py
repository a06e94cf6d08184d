"""Refresh with rotation, families and the window."""

import asyncio
import json
from typing import Any

import pytest

from applinks.errors import RefusedError
from applinks.incoming.authentication import authenticate
from applinks.incoming.grants import end_all_grants
from applinks.records.links import Pause
from applinks.records.users import User
from applinks.wire.token_format import parse_token
from tests.incoming.test_token_request import is_good
from tests.incoming.world import BASE, LINK, OTHER_CLIENT, PUBLIC_CLIENT, World, call, get_refusal, open_world

pytestmark = pytest.mark.anyio

DAY = 86400


@pytest.mark.requirement("AS-30")
async def test_a_refresh_gives_new_tokens_and_the_old_access_token_lives_on(world: World) -> None:
    """RFC 9700 §4.14.2."""
    first = await world.get_tokens()
    second = await world.refresh(first["refresh_token"])
    assert second["refresh_token"] != first["refresh_token"]
    assert second["scope"] == first["scope"]
    assert await is_good(world, first)
    assert await is_good(world, second)


@pytest.mark.requirement("AS-30")
async def test_of_fifty_parallel_refreshes_there_is_one_successor(world: World) -> None:
    """Ours: exactly one, and every other gets the identical answer."""
    tokens = await world.get_tokens()
    answers = await asyncio.gather(*(world.refresh(tokens["refresh_token"]) for _ in range(50)))
    assert len({json.dumps(each) for each in answers}) == 1
    assert await is_good(world, answers[0])
    assert await world.refresh(answers[0]["refresh_token"])


@pytest.mark.requirement("AS-30")
async def test_of_parallel_refreshes_in_two_databases_connections_there_is_one_successor(world: World) -> None:
    """Ours: two connections to one file, as two processes have them."""
    from applinks.storage.open import open_storage

    tokens = await world.get_tokens()
    other = await open_storage(world.side.settings, clock=world.clock, entropy=world.side.entropy)
    stores = (world.side.store, other.incoming)

    async def refresh(number: int) -> dict[str, Any]:
        world.side.store = stores[number % 2]
        return await world.refresh(tokens["refresh_token"])

    answers = await asyncio.gather(*(refresh(number) for number in range(20)))
    await other.close()
    assert len({json.dumps(each) for each in answers}) == 1


@pytest.mark.requirement("AS-31")
async def test_the_predecessor_gets_the_identical_answer_within_the_window(world: World) -> None:
    """Ours: a client whose connection broke goes on."""
    first = await world.get_tokens()
    second = await world.refresh(first["refresh_token"])
    world.clock.advance(30)
    assert await world.refresh(first["refresh_token"]) == second
    assert await world.refresh(second["refresh_token"])


@pytest.mark.requirement("AS-32")
async def test_a_replay_outside_the_window_revokes_that_family_and_no_other(world: World) -> None:
    """RFC 9700 §4.14.2."""
    first, other = await world.get_tokens(), await world.get_tokens()
    second = await world.refresh(first["refresh_token"])
    world.clock.advance(31)
    assert (await get_refusal(world.refresh(first["refresh_token"]))).code == "invalid_grant"
    assert not await is_good(world, second)
    assert (await get_refusal(world.refresh(second["refresh_token"]))).code == "invalid_grant"
    assert await is_good(world, other)
    assert await world.refresh(other["refresh_token"])
    assert isinstance(await world.ask(), str)


@pytest.mark.requirement("AS-31")
async def test_only_the_immediate_predecessor_is_served(world: World) -> None:
    """Ours: an older one was not lost on the way; it is a replay, however soon."""
    first = await world.get_tokens()
    second = await world.refresh(first["refresh_token"])
    third = await world.refresh(second["refresh_token"])
    assert (await get_refusal(world.refresh(first["refresh_token"]))).code == "invalid_grant"
    assert not await is_good(world, third)


@pytest.mark.requirement("AS-31")
async def test_the_window_serves_nothing_that_was_revoked(world: World) -> None:
    """Ours: superseded and revoked are different facts."""
    first = await world.get_tokens()
    await world.refresh(first["refresh_token"])
    await end_all_grants("1", side=world.side)
    assert (await get_refusal(world.refresh(first["refresh_token"]))).code == "invalid_grant"


@pytest.mark.requirement("AS-31")
async def test_the_window_serves_no_family_that_was_revoked(world: World) -> None:
    """Ours."""
    code = await world.authorize()
    first = await world.exchange(code)
    await world.refresh(first["refresh_token"])
    await get_refusal(world.exchange(code))
    assert (await get_refusal(world.refresh(first["refresh_token"]))).code == "invalid_grant"


@pytest.mark.requirement("AS-31")
async def test_the_window_serves_the_same_scope_only_and_another_revokes_nothing(world: World) -> None:
    """Ours."""
    first = await world.get_tokens()
    second = await world.refresh(first["refresh_token"], scope="issues:read")
    assert second["scope"] == "issues:read"
    assert (await get_refusal(world.refresh(first["refresh_token"]))).code == "invalid_grant"
    assert (await get_refusal(world.refresh(first["refresh_token"], resource=f"{BASE}/notes"))).code == "invalid_target"
    assert await world.refresh(first["refresh_token"], scope="issues:read offline_access") == second
    assert await world.refresh(second["refresh_token"])


@pytest.mark.requirement("AS-31")
@pytest.mark.requirement("AS-34")
@pytest.mark.parametrize("client", [OTHER_CLIENT, PUBLIC_CLIENT])
async def test_a_refresh_token_is_its_own_clients(world: World, client: str) -> None:
    """RFC 6749 §6 MUST; a stranger's attempt rotates and ends nothing."""
    first = await world.get_tokens()
    assert (await get_refusal(world.refresh(first["refresh_token"], client=client))).code == "invalid_grant"
    second = await world.refresh(first["refresh_token"])
    assert (await get_refusal(world.refresh(first["refresh_token"], client=client))).code == "invalid_grant"
    world.clock.advance(31)
    assert (await get_refusal(world.refresh(first["refresh_token"], client=client))).code == "invalid_grant"
    assert await is_good(world, second)


@pytest.mark.requirement("AS-34")
async def test_a_confidential_client_proves_itself_on_refresh(world: World) -> None:
    """RFC 6749 §6 MUST."""
    from tests.incoming.world import PEER_CLIENT

    first = await world.get_tokens()
    refusal = await get_refusal(world.refresh(first["refresh_token"], client_id=PEER_CLIENT))
    assert (refusal.code, refusal.status) == ("invalid_client", 401)
    assert await world.refresh(first["refresh_token"])


@pytest.mark.requirement("AS-32")
async def test_a_replay_is_seen_after_a_restart(world: World, tmp_path: Any) -> None:
    """Ours: what was superseded is in the database, not in memory."""
    from applinks.storage.open import open_storage

    first = await world.get_tokens()
    second = await world.refresh(first["refresh_token"])
    await world.storage.close()
    world.storage = await open_storage(world.side.settings, clock=world.clock, entropy=world.side.entropy)
    world.side.store = world.storage.incoming
    assert await world.refresh(first["refresh_token"]) == second
    world.clock.advance(31)
    await get_refusal(world.refresh(first["refresh_token"]))
    assert (await get_refusal(world.refresh(second["refresh_token"]))).code == "invalid_grant"


@pytest.mark.requirement("AS-33")
async def test_a_refresh_token_ends_when_it_is_not_used_for_too_long(world: World) -> None:
    """RFC 9700 §4.14.2: idle, 30 days."""
    tokens = await world.get_tokens()
    world.clock.advance(30 * DAY - 1)
    tokens = await world.refresh(tokens["refresh_token"])
    world.clock.advance(30 * DAY)
    assert (await get_refusal(world.refresh(tokens["refresh_token"]))).code == "invalid_grant"


@pytest.mark.requirement("AS-33")
async def test_a_family_ends_after_a_year_however_it_is_used(world: World) -> None:
    """RFC 9700 §4.14.2: absolute, 365 days; the last access token ends with it."""
    tokens = await world.get_tokens()
    for _ in range(14):
        world.clock.advance(26 * DAY)
        tokens = await world.refresh(tokens["refresh_token"])
    world.clock.advance(DAY - 600)
    tokens = await world.refresh(tokens["refresh_token"])
    assert tokens["expires_in"] == 600
    world.clock.advance(600)
    assert (await get_refusal(world.refresh(tokens["refresh_token"]))).code == "invalid_grant"


@pytest.mark.requirement("AS-33")
async def test_a_paused_link_refuses_and_keeps_the_token(world: World) -> None:
    """Ours: pausing loses no connection."""
    tokens = await world.get_tokens()
    await world.change_link(pause=Pause(by="user:9", at=1))
    refusal = await get_refusal(world.refresh(tokens["refresh_token"]))
    assert (refusal.code, refusal.status, refusal.link_id) == ("temporarily_unavailable", 503, LINK)
    assert dict(refusal.headers)["Retry-After"]
    await world.change_link(pause=None)
    assert await world.refresh(tokens["refresh_token"])


@pytest.mark.requirement("AS-33")
async def test_a_paused_client_and_a_paused_user_refuse(world: World) -> None:
    """Ours."""
    tokens = await world.get_tokens()
    await world.change_client(paused=True)
    assert (await get_refusal(world.refresh(tokens["refresh_token"]))).code == "unauthorized_client"
    await world.change_client(paused=False)
    world.users.known["1"] = User(id="1", name="alice", active=False)
    assert (await get_refusal(world.refresh(tokens["refresh_token"]))).code == "invalid_grant"
    world.users.known["1"] = User(id="1", name="alice")
    assert await world.refresh(tokens["refresh_token"])


@pytest.mark.requirement("rfc9700-4.14.2-2")
@pytest.mark.requirement("AS-35")
@pytest.mark.requirement("AS-14")
async def test_scope_only_narrows_and_the_refresh_token_keeps_all(world: World) -> None:
    """RFC 6749 §6 MUST NOT."""
    first = await world.get_tokens(scope="issues:read")
    for scope in ("issues:write", "issues:read issues:write", "unknown"):
        assert (await get_refusal(world.refresh(first["refresh_token"], scope=scope))).code == "invalid_scope"
    await world.authorize(scope="issues:read issues:write")
    both = await world.get_tokens(scope="issues:read issues:write")
    narrow = await world.refresh(both["refresh_token"], scope="issues:write")
    assert narrow["scope"] == "issues:write"
    assert (await world.refresh(narrow["refresh_token"]))["scope"] == "issues:read issues:write"
    assert (await world.refresh(first["refresh_token"]))["scope"] == "issues:read"


@pytest.mark.requirement("rfc9700-4.14.2-2")
@pytest.mark.requirement("AS-31")
@pytest.mark.requirement("AS-14")
@pytest.mark.parametrize("resource", ["https://elsewhere.example", f"{BASE}/notes"])
async def test_another_resource_is_refused_and_rotates_nothing(world: World, resource: str) -> None:
    """RFC 8707 §2.2."""
    first = await world.get_tokens()
    assert (await get_refusal(world.refresh(first["refresh_token"], resource=resource))).code == "invalid_target"
    second = await world.refresh(first["refresh_token"], resource=f"{BASE}/api")
    world.clock.advance(31)
    assert await world.refresh(second["refresh_token"])


@pytest.mark.parametrize("value", ["", "alr_x", "nonsense", "alr_0_" + "a" * 43 + "_000000"])
async def test_a_value_that_is_no_refresh_token_is_refused(world: World, value: str) -> None:
    """RFC 6749 §5.2."""
    refusal = await get_refusal(world.refresh(value))
    assert refusal.code == ("invalid_grant" if value else "invalid_request")


async def test_another_kind_of_value_is_no_refresh_token(world: World) -> None:
    """Ours: the kind is part of the value."""
    tokens = await world.get_tokens()
    code = await world.authorize()
    for value in (tokens["access_token"], code):
        assert (await get_refusal(world.refresh(value))).code == "invalid_grant"
    assert (await get_refusal(world.exchange(tokens["refresh_token"]))).code == "invalid_grant"
    assert isinstance(await world.exchange(code), dict)


async def test_two_worlds_do_not_take_each_others_tokens(world: World, tmp_path: Any) -> None:
    """Ours: a value of another installation is unknown here."""
    folder = tmp_path / "other"
    folder.mkdir()
    other = await open_world(folder)
    tokens = await other.get_tokens()
    assert isinstance(await get_refusal(world.refresh(tokens["refresh_token"][:-1] + "x")), RefusedError)
    await other.storage.close()


@pytest.mark.requirement("rfc9700-2.2.2-1")
@pytest.mark.requirement("rfc9700-4.14.2-3")
@pytest.mark.requirement("AS-32")
async def test_a_replayed_token_of_a_public_client_ends_what_came_of_its_code(world: World) -> None:
    """RFC 9700 §2.2.2, §4.14.2 MUST: rotated at each use, and an old one is a sign of theft."""
    tokens = await world.exchange(await world.authorize(client=PUBLIC_CLIENT), client=PUBLIC_CLIENT)
    renewed = await world.refresh(tokens["refresh_token"], client=PUBLIC_CLIENT)
    assert renewed["refresh_token"] != tokens["refresh_token"]
    world.clock.advance(world.side.settings.lifetimes.rotation_window_seconds + 1)
    for token in (tokens["refresh_token"], renewed["refresh_token"]):
        assert (await get_refusal(world.refresh(token, client=PUBLIC_CLIENT))).code == "invalid_grant"
    assert (await get_refusal(authenticate(call(token=renewed["access_token"]), side=world.side))).status == 401


@pytest.mark.requirement("AS-33")
async def test_a_refresh_token_never_says_that_it_outlives_its_family(world: World) -> None:
    """Ours: what is pruned by idle time is pruned in time."""
    tokens = await world.get_tokens()
    lifetimes = world.side.settings.lifetimes
    parsed = parse_token(tokens["refresh_token"])
    assert parsed is not None
    first = await world.side.store.find_refresh_token(parsed.row)
    assert first is not None
    steps = lifetimes.refresh_absolute_seconds // (lifetimes.refresh_idle_seconds - 1)
    for _ in range(steps):
        world.clock.advance(lifetimes.refresh_idle_seconds - 1)
        tokens = await world.refresh(tokens["refresh_token"])
    parsed = parse_token(tokens["refresh_token"])
    assert parsed is not None
    last = await world.side.store.find_refresh_token(parsed.row)
    assert last is not None
    assert last.token.idle_expires_at == first.family.absolute_expires_at
