"""Killed at every write of the handshake and started again on the same file, both end in force or neither."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import pytest

from applinks.errors import ApplinksError, PeerUnreachableError, StoreError
from applinks.linking.answerer import AlreadyDecided, open_proposal
from applinks.linking.proposer import Outcome
from applinks.records.links import LinkState
from applinks.wire.http import Request, Response
from tests.linking.world import ADMINISTRATOR, B_URL, World, read_parameter

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("LK-01")]

T = TypeVar("T")

# Every write of the two, in the order in which they come when nothing is lost.
WRITES = {
    "a": ("proposed", "confirming", "in force", "heard in force", "tested", "told the test", "heard the test"),
    "b": ("approved", "in force", "heard in force", "heard the test", "tested", "told the test"),
}
POINTS = [
    pytest.param(who, number, position, id=f"{who} {name}, killed {position} the write")
    for who, names in WRITES.items()
    for number, name in enumerate(names, start=1)
    for position in ("before", "after")
]


class KilledError(StoreError):
    """The process died at a write."""


class Killing:
    """Kills one of the two at a write: before it wrote, or after, when nobody hears of it; from then on it is still."""

    def __init__(self, world: World, who: str, write: int, position: str) -> None:
        self.world, self.who, self.left, self.position = world, who, write, position
        self.is_dead = False
        self._store = getattr(world, who).storage.linking
        self._commit = self._store.commit
        self._answer = world.network.answer
        self._store.commit = self.commit
        world.network.answer = self.answer  # type: ignore[method-assign]

    async def commit(self, *writes: Any, **rest: Any) -> Any:
        self.left -= 1
        if self.is_dead or (self.left == 0 and self.position == "before"):
            self._die()
        result = await self._commit(*writes, **rest)
        if self.left == 0:
            self._die()
        return result

    async def answer(self, request: Request) -> Response:
        """What the other sees of a peer that dies while it answers."""
        try:
            return await self._answer(request)
        except KilledError as error:
            raise PeerUnreachableError("broken off", detail="broken off") from error

    async def restart(self) -> None:
        """Start it again on the same file; all that was in memory is gone."""
        if self.is_dead:
            self.is_dead = False
            await self.world.restart(self.who)

    def _die(self) -> None:
        self.is_dead = True
        raise KilledError("killed")


async def again(step: Callable[[], Awaitable[T]], killing: Killing) -> T:
    """Do what a person does whose page did not come: the same once more."""
    try:
        return await step()
    except KilledError:
        await killing.restart()
        return await step()


async def answer(world: World, request: str) -> str:
    decided = await open_proposal(request, user=ADMINISTRATOR, side=world.b.linking)
    if isinstance(decided, AlreadyDecided):
        return read_parameter(decided.redirect, "response")
    return await world.b.approve(request)


async def pump(world: World, killing: Killing, seconds: int) -> None:
    for _ in range(seconds):
        with suppress(ApplinksError):
            await world.pump()
        await killing.restart()
        world.clock.advance(1)


@pytest.mark.requirement("handshake-10-22")
@pytest.mark.parametrize(("who", "write", "position"), POINTS)
async def test_killed_at_any_write_both_come_into_force(world: World, who: str, write: int, position: str) -> None:
    """Handshake, the commit rule; §4: after a crash they agree again by themselves."""
    killing = Killing(world, who, write, position)
    request = await again(lambda: world.a.propose(B_URL), killing)
    response = await again(lambda: answer(world, request), killing)
    outcome = await again(lambda: world.a.take(response), killing)
    assert outcome.outcome in {Outcome.ACCEPTED, Outcome.KNOWN}
    await pump(world, killing, 90)
    assert killing.left <= 0, "the point is one of the handshake's"
    (a,), (b,) = [await each.storage.linking.list_links() for each in (world.a, world.b)]
    assert a.state is b.state is LinkState.IN_FORCE
    assert a.agreed == b.agreed
    assert a.check == b.check == "passed"


@pytest.mark.requirement("handshake-10-22")
@pytest.mark.parametrize(("who", "write", "position"), POINTS)
async def test_killed_and_left_alone_neither_stays_half_linked(
    world: World, who: str, write: int, position: str
) -> None:
    """Handshake §4: the person goes away where a page does not come; then both end, or both come into force."""
    killing = Killing(world, who, write, position)
    with suppress(KilledError):
        await world.a.take(await world.b.approve(await world.a.propose(B_URL)))
    await killing.restart()
    await pump(world, killing, 30)
    for _ in range(2):
        world.clock.advance(4000)
        await pump(world, killing, 5)
    one, other = [await each.storage.linking.list_links() for each in (world.a, world.b)]
    assert [(link.id, link.is_usable, link.agreed) for link in one] == [
        (link.id, link.is_usable, link.agreed) for link in other
    ]
    assert all(link.is_usable for link in one)


async def test_every_write_of_a_handshake_has_a_name(world: World) -> None:
    """Ours: a write that comes to it is a point at which it has to be killed."""
    counts = {"a": 0, "b": 0}

    def count(who: str) -> None:
        store = getattr(world, who).storage.linking
        commit = store.commit

        async def counted(*writes: Any, **rest: Any) -> Any:
            counts[who] += 1
            return await commit(*writes, **rest)

        store.commit = counted

    count("a")
    count("b")
    await world.link()
    assert counts == {who: len(names) for who, names in WRITES.items()}
