"""Killed at every write of the handshake, both end in force or neither."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import pytest

from applinks.errors import ApplinksError, StoreError
from applinks.linking.answerer import AlreadyDecided, open_proposal
from applinks.linking.proposer import Outcome
from applinks.records.links import LinkState
from tests.linking.world import ADMINISTRATOR, B_URL, Application, World, read_parameter

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("LK-01")]

T = TypeVar("T")


class KilledError(StoreError):
    """The process died at a write."""


def kill_at(application: Application, write: int, *, before: bool) -> list[int]:
    """Let one write of an application fail: before it wrote, or after, when nobody hears of it."""
    count, commit = [0], application.storage.linking.commit

    async def fail(*writes: Any, **rest: Any) -> Any:
        count[0] += 1
        if count[0] == write and before:
            raise KilledError("killed")
        result = await commit(*writes, **rest)
        if count[0] == write:
            raise KilledError("killed")
        return result

    application.storage.linking.commit = fail  # type: ignore[method-assign]
    return count


async def again(step: Callable[[], Awaitable[T]]) -> T:
    """Do what a person does whose page said that something went wrong: the same once more."""
    try:
        return await step()
    except KilledError:
        return await step()


async def answer(world: World, request: str) -> str:
    decided = await open_proposal(request, user=ADMINISTRATOR, side=world.b.linking)
    if isinstance(decided, AlreadyDecided):
        return read_parameter(decided.redirect, "response")
    return await world.b.approve(request)


async def pump(world: World, seconds: int) -> None:
    for _ in range(seconds):
        with suppress(ApplinksError):
            await world.pump()
        world.clock.advance(1)


@pytest.mark.requirement("handshake-10-22")
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("write", range(1, 8))
@pytest.mark.parametrize("who", ["a", "b"])
async def test_killed_at_any_write_both_come_into_force(world: World, who: str, write: int, before: bool) -> None:
    """Handshake, the commit rule; §4: after a crash they agree again by themselves."""
    count = kill_at(world.a if who == "a" else world.b, write, before=before)
    request = await again(lambda: world.a.propose(B_URL))
    response = await again(lambda: answer(world, request))
    outcome = await again(lambda: world.a.take(response))
    assert outcome.outcome in {Outcome.ACCEPTED, Outcome.KNOWN}
    await pump(world, 90)
    (a,), (b,) = [await each.storage.linking.list_links() for each in (world.a, world.b)]
    assert a.state is b.state is LinkState.IN_FORCE
    assert a.agreed == b.agreed
    assert a.check == b.check == "passed"
    assert count[0] >= min(write, 4)


@pytest.mark.requirement("handshake-10-22")
@pytest.mark.requirement("LK-01")
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("who", ["a", "b"])
@pytest.mark.parametrize("write", range(1, 5))
async def test_killed_and_left_alone_neither_stays_half_linked(
    world: World, who: str, write: int, before: bool
) -> None:
    """Handshake §4: or both end."""
    kill_at(world.a if who == "a" else world.b, write, before=before)
    with suppress(KilledError):
        await world.a.take(await world.b.approve(await world.a.propose(B_URL)))
    await pump(world, 30)
    world.clock.advance(4000)
    await pump(world, 5)
    world.clock.advance(4000)
    await pump(world, 5)
    live = [
        [link for link in await each.storage.linking.list_links() if link.state is not LinkState.ENDED]
        for each in (world.a, world.b)
    ]
    assert len(live[0]) == len(live[1])
    for a, b in zip(*live, strict=True):
        assert a.is_usable
        assert b.is_usable
        assert a.agreed == b.agreed
