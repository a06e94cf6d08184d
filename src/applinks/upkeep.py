"""
All periodic work as one table: name, period, function; one lease a job in the database.

Started by the application's start-up or by the first request, and run as one task of the loop.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from applinks.entropy import new_id
from applinks.errors import ApplinksError
from applinks.linking.keys import is_reading_due, read_keys_again
from applinks.linking.side import LinkingSide
from applinks.linking.statements import send_due, send_statement
from applinks.records.links import Link
from applinks.records.usage import LastUsed, Usage

_log = logging.getLogger("applinks.upkeep")

# A pause by a command in another process is told to the peer within seconds: so it is looked for every second.
_TICK_SECONDS = 1.0
# A lease outlives a slow peer's whole deadline, or a second process begins the same work beside the first.
_LEAST_LEASE_SECONDS = 60
# What is told to peers runs in tasks of its own while the lease is renewed, so that a short one is enough; and where
# the process that held it was killed, another goes on within seconds.
_LINKS_LEASE_SECONDS = 10
# So many peers are spoken to at once; one that hangs does not keep the others waiting.
_AT_ONCE = 8


class Leases(Protocol):
    """Which process does a job now."""

    async def claim(self, job: str, *, holder: str, now: int, seconds: int) -> bool:
        """Take or renew the lease of a job; False: another holds it."""
        ...

    async def release(self, job: str, *, holder: str) -> None:
        """Give a lease back."""
        ...


class UsageStore(Protocol):
    """Where it is kept when something was last used."""

    async def write(self, used: LastUsed) -> None:
        """Write the moments."""
        ...


class Kept(Protocol):
    """What upkeep needs of the storage."""

    @property
    def leases(self) -> Leases:
        """Which process does a job."""
        ...

    @property
    def usage(self) -> UsageStore:
        """When something was last used."""
        ...

    async def prune(self, *, now: int) -> int:
        """Delete all that is over."""
        ...

    async def checkpoint(self) -> None:
        """Move the write-ahead log into the file."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """
    Work that repeats: every so many seconds, in one process at a time.

    Attributes:
        is_leased: False: every process does it for itself.
        begins_at_once: whether a process that starts does it once, whoever holds the lease: the holder may be the one
            that was killed just now. Only for what does no harm when it is done twice.
        least_lease_seconds: how long at least the process that does it keeps it.
    """

    name: str
    period_seconds: int
    run: Callable[[], Awaitable[object]]
    is_leased: bool = True
    begins_at_once: bool = False
    least_lease_seconds: int = _LEAST_LEASE_SECONDS

    @property
    def lease_seconds(self) -> int:
        """How long the process that does it keeps it."""
        return max(self.least_lease_seconds, 2 * self.period_seconds)


class LinkTeller:
    """
    Tells peers how their links stand, each link in a task of its own.

    A peer that hangs keeps no other link waiting, and is not spoken to twice at once.
    """

    def __init__(self, linking: LinkingSide) -> None:
        self._linking = linking
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def begin(self) -> None:
        """Look which links are due, and begin with those that are not under way."""
        for link in await self._linking.store.list_due_links(self._linking.clock.now()):
            self.tell(link.id)

    def tell(self, link_id: str) -> None:
        """Do what is due for one link, beside everything else."""
        self._begin(link_id, lambda: send_due(link_id, side=self._linking))

    def tell_early(self, link: Link) -> None:
        """Tell a peer that called before the link was in force here how it stands, whether or not that is due."""
        self._begin(link.id, lambda: send_statement(link, side=self._linking))

    async def finish(self) -> None:
        """Wait until nothing is under way."""
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    async def stop(self) -> None:
        """Break off what is under way; each link is as before or as after, and is told again."""
        for task in self._under_way.values():
            task.cancel()
        await self.finish()

    def _begin(self, link_id: str, work: Callable[[], Awaitable[object]]) -> None:
        if link_id not in self._under_way:
            task = asyncio.create_task(self._do(link_id, work), name=f"applinks-{link_id}")
            self._under_way[link_id] = task
            task.add_done_callback(lambda _: self._under_way.pop(link_id, None))

    async def _do(self, link_id: str, work: Callable[[], Awaitable[object]]) -> None:
        async with self._gate:
            try:
                await work()
            except ApplinksError as error:
                _log.warning("upkeep.link_failed link=%s code=%s detail=%r", link_id, error.code, error.detail)
            except Exception:  # noqa: BLE001 - logged whole; the other links go on.
                _log.exception("upkeep.link_failed link=%s", link_id)


def list_jobs(storage: Kept, linking: LinkingSide, teller: LinkTeller, usages: Sequence[Usage] = ()) -> tuple[Job, ...]:
    """Give the table of all periodic work."""
    clock = linking.clock
    return (
        Job(
            name="links",
            period_seconds=1,
            run=teller.begin,
            begins_at_once=True,
            least_lease_seconds=_LINKS_LEASE_SECONDS,
        ),
        # Each process has counted for itself.
        Job(name="usage", period_seconds=60, run=lambda: write_usage(storage.usage, usages), is_leased=False),
        Job(name="keys", period_seconds=60, run=lambda: read_due_keys(linking)),
        Job(name="prune", period_seconds=600, run=lambda: storage.prune(now=clock.now())),
        Job(name="checkpoint", period_seconds=300, run=storage.checkpoint),
    )


async def run_upkeep(
    storage: Kept,
    linking: LinkingSide,
    teller: LinkTeller,
    usages: Sequence[Usage] = (),
    *,
    tick_seconds: float = _TICK_SECONDS,
) -> None:
    """Do what is due, again and again, until cancelled; nothing that goes wrong ends it. It stops the teller, too."""
    workers = [_Worker(job, storage=storage, linking=linking) for job in list_jobs(storage, linking, teller, usages)]
    try:
        while True:
            for worker in workers:
                worker.begin_if_due()
            await asyncio.sleep(tick_seconds)
    finally:
        await asyncio.gather(*(worker.stop() for worker in workers), return_exceptions=True)
        await teller.stop()


async def read_due_keys(linking: LinkingSide) -> int:
    """Read the keys of peers once a day, and those that were announced at once; gives how many were read."""
    now = linking.clock.now()
    due = [link for link in await linking.store.list_links() if is_reading_due(link, now=now)]
    for link in due:
        await read_keys_again(link, side=linking)
    return len(due)


async def write_usage(store: UsageStore, usages: Sequence[Usage]) -> None:
    """Write what was used since the last time; what cannot be written now is written the next time."""
    for usage in usages:
        used = usage.take()
        if not used:
            continue
        try:
            await store.write(used)
        except BaseException:
            usage.put_back(used)
            raise


class _Worker:
    """Runs one job when it is due, while this process holds its lease."""

    def __init__(self, job: Job, *, storage: Kept, linking: LinkingSide) -> None:
        self._job = job
        self._leases = storage.leases
        self._clock = linking.clock
        self._holder = new_id(linking.entropy, "upk")
        self._next_at = self._clock.now()
        self._held_until = 0
        self._has_run = False
        self._task: asyncio.Task[None] | None = None

    def begin_if_due(self) -> None:
        now, period = self._clock.now(), self._job.period_seconds
        # A clock that was set back must not let a job rest until it catches up.
        if now < self._next_at <= now + period or (self._task is not None and not self._task.done()):
            return
        self._next_at = now + period
        self._task = asyncio.create_task(self.run(), name=f"applinks-{self._job.name}")

    async def run(self) -> None:
        try:
            if await self._may_run():
                await self._job.run()
        except ApplinksError as error:
            _log.warning("upkeep.job_failed job=%s code=%s detail=%r", self._job.name, error.code, error.detail)
        except Exception:  # noqa: BLE001 - logged whole.
            # Upkeep outlives every mistake: a link that is never told again is worse than a line in the log.
            _log.exception("upkeep.job_failed job=%s", self._job.name)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._held_until:
            await self._leases.release(self._job.name, holder=self._holder)

    async def _may_run(self) -> bool:
        is_first, self._has_run = not self._has_run, True
        if not self._job.is_leased:
            return True
        return await self._hold() or (is_first and self._job.begins_at_once)

    async def _hold(self) -> bool:
        """Hold the lease; renewed at half its time, so that a job of every second does not write every second."""
        now, seconds = self._clock.now(), self._job.lease_seconds
        if seconds // 2 < self._held_until - now <= seconds:
            return True
        is_ours = await self._leases.claim(self._job.name, holder=self._holder, now=now, seconds=seconds)
        self._held_until = now + seconds if is_ours else 0
        return is_ours
