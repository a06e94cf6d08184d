"""Time, which the core may not reach for itself."""

import time
from typing import Protocol


class Clock(Protocol):
    """What the core needs of time."""

    def now(self) -> int:
        """Seconds since 1970, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, for durations inside one process."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> int:
        return int(time.time())

    def monotonic(self) -> float:
        return time.monotonic()
