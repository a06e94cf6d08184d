"""Periodic work: one process at a time, and nothing ends it."""

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Any

import pytest

from applinks.administration import links
from applinks.administration.actor import Actor
from applinks.records.links import EndReason
from applinks.upkeep import LinkTeller, list_jobs, run_upkeep
from tests.linking.world import B_URL, World

pytestmark = pytest.mark.anyio

COMMAND = Actor.for_command("root")


@dataclass
class Kept:
    """Storage that can go wrong."""

    leases: Any
    usage: Any = None
    pruned: int = 0
    checkpoints: int = 0
    trouble: list[Exception] = field(default_factory=list)

    async def prune(self, *, now: int) -> int:
        self.pruned += 1
        if self.trouble:
            raise self.trouble.pop()
        return 0

    async def checkpoint(self) -> None:
        self.checkpoints += 1


class Busy:
    """Leases that another process holds."""

    async def claim(self, job: str, *, holder: str, now: int, seconds: int) -> bool:
        return False

    async def release(self, job: str, *, holder: str) -> None:
        raise AssertionError("what was never held is not released")


async def run_for(world: World, kept: Any, *, until: Any, limit: int = 400) -> None:
    """Run upkeep, quickly, until something is so."""
    task = asyncio.create_task(run_upkeep(kept, world.a.linking, LinkTeller(world.a.linking), tick_seconds=0))
    for _ in range(limit):
        await asyncio.sleep(0.005)
        if await until():
            break
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_pause_by_a_command_in_another_process_is_told_by_the_running_application(world: World) -> None:
    """House §2; issue: told to the peer within seconds."""
    link_id = await world.link()
    await links.pause(link_id, actor=COMMAND, side=world.a.administration)

    async def is_told() -> bool:
        return (await world.b.find(link_id)).peer.paused

    await run_for(world, world.a.storage, until=is_told)
    assert (await world.b.find(link_id)).peer.paused


async def test_a_proposal_expires_by_upkeep_alone(world: World) -> None:
    """Handshake §4: own tick."""
    await world.a.propose(B_URL)
    world.clock.advance(720)
    (link,) = await world.a.storage.linking.list_links()

    async def is_over() -> bool:
        return bool((await world.a.find(link.id)).ended_at)

    await run_for(world, world.a.storage, until=is_over)
    assert (await world.a.find(link.id)).ended_reason is EndReason.EXPIRED


async def test_a_job_that_another_process_holds_is_left_to_it(world: World) -> None:
    """House §2: one lease a job in the database."""
    kept, rounds = Kept(Busy()), 0

    async def is_enough() -> bool:
        nonlocal rounds
        rounds += 1
        return rounds > 10

    await run_for(world, kept, until=is_enough)
    assert (kept.pruned, kept.checkpoints) == (0, 0)


async def test_upkeep_outlives_every_mistake(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Ours: a link that is never told again is worse than a line in the log."""
    kept = Kept(world.a.storage.leases, trouble=[RuntimeError("broken"), ValueError("twice")])

    async def is_over_it() -> bool:
        world.clock.advance(601)
        return kept.pruned > 2

    with caplog.at_level(logging.ERROR, logger="applinks.upkeep"):
        await run_for(world, kept, until=is_over_it)
    assert kept.pruned > 2
    assert [record.message for record in caplog.records if "prune" in record.message] == [
        "upkeep.job_failed job=prune"
    ] * 2


async def test_the_leases_are_given_back_at_the_end(world: World) -> None:
    """Ours: the next process need not wait for them."""

    async def is_enough() -> bool:
        return True

    await run_for(world, world.a.storage, until=is_enough)
    now = world.clock.now()
    for job in list_jobs(world.a.storage, world.a.linking, LinkTeller(world.a.linking)):
        assert await world.a.storage.leases.claim(job.name, holder="another", now=now, seconds=60)


async def test_a_peer_that_hangs_keeps_no_other_link_waiting(world: World) -> None:
    """Ours: each link has a task of its own, and none is spoken to twice at once."""
    link_id = await world.link()
    await links.pause(link_id, actor=COMMAND, side=world.a.administration)
    teller, hangs, asked = LinkTeller(world.a.linking), asyncio.Event(), 0
    carry = world.network.answer

    async def hang(request: Any) -> Any:
        nonlocal asked
        asked += 1
        await hangs.wait()
        return await carry(request)

    world.network.answer = hang  # type: ignore[method-assign]
    for _ in range(5):
        await teller.begin()
        await asyncio.sleep(0.01)
    assert asked == 1
    hangs.set()
    await teller.finish()
    assert (await world.b.find(link_id)).peer.paused


async def test_a_process_that_starts_tells_what_is_due_at_once_whoever_holds_the_lease(world: World) -> None:
    """Ours: the holder may be the process that was killed just now; telling twice does no harm."""
    link_id = await world.link()
    await links.pause(link_id, actor=COMMAND, side=world.a.administration)

    async def is_told() -> bool:
        return (await world.b.find(link_id)).peer.paused

    await run_for(world, Kept(Busy()), until=is_told)
    assert (await world.b.find(link_id)).peer.paused


async def test_the_work_for_links_of_a_process_that_was_killed_is_taken_over_within_seconds(world: World) -> None:
    """Ours: a handshake must not wait for a lease that nobody renews."""
    (job,) = [
        job for job in list_jobs(world.a.storage, world.a.linking, LinkTeller(world.a.linking)) if job.name == "links"
    ]
    leases, now = world.a.storage.leases, world.clock.now()
    assert await leases.claim("links", holder="killed", now=now, seconds=job.lease_seconds)
    world.clock.advance(10)
    assert await leases.claim("links", holder="new", now=world.clock.now(), seconds=job.lease_seconds)


def test_every_job_has_a_name_of_its_own_and_a_period(caplog: pytest.LogCaptureFixture) -> None:
    """House §2: all periodic work as one table."""
    jobs = list_jobs(Kept(None), _Clockless(), _Clockless())  # type: ignore[arg-type]
    assert len({job.name for job in jobs}) == len(jobs)
    assert all(job.period_seconds >= 1 and job.lease_seconds >= 2 * job.period_seconds for job in jobs)


class _Clockless:
    clock = None
    begin = None
