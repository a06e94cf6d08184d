"""
Rate limits, as one table, counted in this process.

Handshake §9, security N-10.
"""

from enum import Enum
from typing import final

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from applinks.errors import RefusedError


class Limit(Enum):
    """What is counted: how many in how many seconds, and by what name."""

    PROPOSALS = (20, 3600, "administrator")
    SHOWS = (60, 3600, "administrator")
    STATEMENTS_OF_LINK = (60, 60, "link")
    STATEMENTS_OF_STRANGERS = (10, 60, "source")
    WRONG_SIGNATURES = (10, 600, "link and source")

    @property
    def item(self) -> RateLimitItem:
        """The library's form of it."""
        count, seconds, _ = self.value
        return RateLimitItemPerSecond(count, seconds, namespace=self.name)


@final
class RateLimits:
    """Counts what happens; a limit that is reached refuses until its window ends."""

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    async def count(self, limit: Limit, *who: str) -> None:
        """
        Count one, and refuse where that is one too many.

        Raises:
            RefusedError: ``too_many_requests``, 429, with ``Retry-After``.
        """
        if not await self._limiter.hit(limit.item, *who):
            raise _build_refusal(limit, who)

    async def check(self, limit: Limit, *who: str) -> None:
        """
        Refuse where the limit is reached, and count nothing.

        Raises:
            RefusedError: as `count`.
        """
        if not await self._limiter.test(limit.item, *who):
            raise _build_refusal(limit, who)


def _build_refusal(limit: Limit, who: tuple[str, ...]) -> RefusedError:
    count, seconds, _ = limit.value
    return RefusedError(
        "Too many requests in a short time; wait and try again.",
        code="too_many_requests",
        status=429,
        detail=f"more than {count} {limit.name.lower()} in {seconds} seconds from {' '.join(who)}",
        headers=(("Retry-After", str(min(seconds, 600))),),
    )
