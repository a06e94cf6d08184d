"""A caller who was decided is given again, and no longer than while the same would be decided."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from applinks.incoming.authentication import authenticate
from applinks.incoming.caller import Caller
from applinks.incoming.grants import end_all_grants
from applinks.incoming.oauth2 import decided_callers
from applinks.incoming.oauth2.bearer_token import decide_caller, load_token
from applinks.incoming.oauth2.decided_callers import DecidedCallers
from applinks.records.links import Direction, Pause
from applinks.records.users import User
from applinks.wire.token_format import parse_token
from tests.incoming.world import BASE, World, call, get_refusal

pytestmark = pytest.mark.anyio

Change = Callable[[World, str], Awaitable[Any]]


async def get_caller(world: World, token: str) -> Caller:
    caller = await authenticate(call(token=token), side=world.side)
    assert caller is not None
    return caller


async def lower_scopes(world: World, _token: str) -> None:
    link = await world.change_link()
    await world.change_link(incoming=replace(link.incoming, user_scopes=("issues:read",)))


async def rename_alice(world: World, _token: str) -> None:
    world.users.known["1"] = User(id="1", name="renamed")


async def remove_alice(world: World, _token: str) -> None:
    del world.users.known["1"]


async def revoke(world: World, token: str) -> None:
    parsed = parse_token(token)
    assert parsed is not None
    await world.side.store.revoke_access_token(parsed.row, at=1)


async def let_it_expire(world: World, _token: str) -> None:
    world.clock.advance(3600)


async def test_a_caller_is_decided_once_while_nothing_changes(world: World) -> None:
    """Ours: an application calls many times with one token."""
    token = (await world.get_tokens())["access_token"]
    first = await get_caller(world, token)
    world.clock.advance(3599)
    assert await get_caller(world, token) is first


@pytest.mark.parametrize(
    "change",
    [
        lower_scopes,
        rename_alice,
        lambda world, _: world.change_link(name="Elsewhere"),
        lambda world, _: world.change_client(scopes=("issues:read",)),
    ],
)
async def test_what_changes_a_caller_has_it_decided_anew(world: World, change: Change) -> None:
    """House §4: what is taken back counts at once, in the very next call."""
    token = (await world.get_tokens())["access_token"]
    before = await get_caller(world, token)
    await change(world, token)
    after = await get_caller(world, token)
    assert after != before
    loaded = await load_token(parse_token(token), world.side)
    assert after == decide_caller(loaded, url=f"{BASE}/api", now=world.clock.now(), rules=world.side.rules)


@pytest.mark.parametrize(
    "change",
    [
        remove_alice,
        revoke,
        let_it_expire,
        lambda world, _: world.change_link(pause=Pause(by="user:9", at=1)),
        lambda world, _: world.change_link(incoming=Direction()),
        lambda world, _: world.change_link(ended_at=5),
        lambda world, _: world.change_client(paused=True),
        lambda world, _: end_all_grants("1", side=world.side),
    ],
)
async def test_what_ends_a_token_ends_what_was_decided(world: World, change: Change) -> None:
    """Product §5: at once, also for whom a call has just passed; introspection says the same."""
    token = (await world.get_tokens())["access_token"]
    assert await get_caller(world, token)
    assert (await world.introspect(token))["active"]
    await change(world, token)
    assert (await get_refusal(authenticate(call(token=token), side=world.side))).status in {401, 503}


async def test_what_was_decided_at_one_resource_opens_no_other(world: World) -> None:
    """RFC 8707 §3."""
    token = (await world.get_tokens())["access_token"]
    assert await get_caller(world, token)
    refusal = await get_refusal(authenticate(call("/notes/1", token=token), side=world.side))
    assert refusal.code == "invalid_token"
    assert await get_caller(world, token)


async def test_only_so_many_are_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours: memory is bounded, whatever calls."""
    monkeypatch.setattr(decided_callers, "_MOST_CALLERS", 2)
    decided, found = DecidedCallers(), []
    for _ in range(3):
        token = (await world.get_tokens())["access_token"]
        loaded, caller = await load_token(parse_token(token), world.side), await get_caller(world, token)
        assert loaded.found is not None
        found.append(loaded.found)
        decided.keep(loaded.found, user=caller.user, resource=None, caller=caller)
    user = caller.user
    assert [decided.find(each, user=user, resource=None, now=1) is not None for each in found] == [False, False, True]
