"""What the host said of its users a moment ago."""

import anyio
import pytest

from applinks.incoming.seen_users import SeenUsers
from applinks.records.users import User
from tests.fakes import FixedClock
from tests.incoming.world import Users

pytestmark = pytest.mark.anyio


async def test_an_answer_is_kept_for_a_while(clock: FixedClock) -> None:
    """House §8: user_seen_seconds."""
    users = Users()
    seen = SeenUsers(users, clock=clock, seconds=30)  # type: ignore[arg-type]
    first = await seen.find("1")
    users.known.clear()
    clock.advance(29)
    assert await seen.find("1") == first
    assert users.asked == 1
    clock.advance(1)
    assert await seen.find("1") is None
    assert await seen.find("1") is None
    assert users.asked == 2


async def test_zero_seconds_ask_every_time(clock: FixedClock) -> None:
    """House §8."""
    users = Users()
    seen = SeenUsers(users, clock=clock, seconds=0)  # type: ignore[arg-type]
    assert await seen.find("1") == await seen.find("1")
    assert users.asked == 2


async def test_a_changed_user_is_asked_for_again_at_once(clock: FixedClock) -> None:
    """House §8: user_changed ends that everywhere at once."""
    users = Users()
    seen = SeenUsers(users, clock=clock, seconds=30)  # type: ignore[arg-type]
    await seen.find("1")
    users.known["1"] = User(id="1", name="alice", active=False)
    assert await seen.find_active("1") is not None
    seen.forget("1")
    assert await seen.find_active("1") is None


async def test_an_answer_that_was_under_way_during_a_change_is_not_kept(clock: FixedClock) -> None:
    """Ours: the old answer may arrive after the change was announced."""

    class SlowUsers(Users):
        async def find(self, user_id: str) -> User | None:
            found = await super().find(user_id)
            await anyio.lowlevel.checkpoint()
            return found

    users = SlowUsers()
    seen = SeenUsers(users, clock=clock, seconds=30)  # type: ignore[arg-type]
    async with anyio.create_task_group() as group:
        group.start_soon(seen.find, "1")
        await anyio.lowlevel.checkpoint()
        users.known.clear()
        seen.forget("1")
    assert await seen.find("1") is None


async def test_what_is_kept_is_bounded(clock: FixedClock) -> None:
    """Ours: a flood of ids does not fill the memory."""
    seen = SeenUsers(Users(), clock=clock, seconds=30)  # type: ignore[arg-type]
    for number in range(10_050):
        await seen.find(f"u{number}")
    assert len(seen._kept) == 10_000
