"""
Rate limits, as one table, counted in this process.

Handshake §9, security N-10.
"""

import time
from enum import Enum
from ipaddress import IPv4Address, ip_address, ip_network
from typing import final

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from applinks.errors import RefusedError

# So few are not worth looking through.
_LEAST_TIDIED = 1024


class Limit(Enum):
    """What is counted: how many in how many seconds, and by what name."""

    PROPOSALS = (20, 3600, "administrator")
    SHOWS = (60, 3600, "administrator")
    STATEMENTS_OF_LINK = (60, 60, "link")
    STATEMENTS_OF_STRANGERS = (10, 60, "source")
    WRONG_SIGNATURES = (10, 600, "link and source")
    WRONG_PROOFS = (60, 60, "client and source")
    WRONG_PASSWORDS = (10, 900, "user and source")
    WRONG_PASSWORDS_OF_SOURCE = (100, 900, "source")

    @property
    def seconds(self) -> int:
        """How long it is counted."""
        return self.value[1]

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
        # Who was counted at all, with when the window has ended at the latest: whoever does nothing wrong is not
        # looked up with every request.
        self._counted: dict[tuple[Limit, tuple[str, ...]], float] = {}
        self._most_counted = _LEAST_TIDIED

    async def count(self, limit: Limit, *who: str) -> None:
        """
        Count one, and refuse where that is one too many.

        Raises:
            RefusedError: ``too_many_requests``, 429, with ``Retry-After``.
        """
        is_within = await self._limiter.hit(limit.item, *who)
        self._note(limit, who)
        if not is_within:
            raise _build_refusal(limit, who)

    async def check(self, limit: Limit, *who: str) -> None:
        """
        Refuse where the limit is reached, and count nothing.

        Raises:
            RefusedError: as `count`.
        """
        if (limit, who) in self._counted and not await self._limiter.test(limit.item, *who):
            raise _build_refusal(limit, who)

    def _note(self, limit: Limit, who: tuple[str, ...]) -> None:
        now = time.monotonic()
        self._counted[limit, who] = now + limit.seconds
        if len(self._counted) > self._most_counted:
            self._counted = {key: ends for key, ends in self._counted.items() if ends > now}
            self._most_counted = max(_LEAST_TIDIED, 2 * len(self._counted))


def find_network(source: str) -> str:
    """
    Give what an address is counted as: itself, or of IPv6 the network of 64 bits that one subscriber has.

    Whoever has such a network has more addresses than anybody can count.
    """
    try:
        address = ip_address(source)
    except ValueError:
        return source
    if isinstance(address, IPv4Address):
        return source
    mapped = address.ipv4_mapped
    return str(mapped) if mapped else str(ip_network((int(address), 64), strict=False).network_address)


def _build_refusal(limit: Limit, who: tuple[str, ...]) -> RefusedError:
    count, seconds, _ = limit.value
    return RefusedError(
        "Too many requests in a short time; wait and try again.",
        code="too_many_requests",
        status=429,
        detail=f"more than {count} {limit.name.lower()} in {seconds} seconds from {' '.join(who)}",
        headers=(("Retry-After", str(min(seconds, 600))),),
    )
