"""Stand-ins that are real but foreseeable: a clock that we move, an entropy that counts."""

import hashlib


class FixedClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: int = 1_800_000_000) -> None:
        self._now = now

    def now(self) -> int:
        return self._now

    def monotonic(self) -> float:
        return float(self._now)

    def advance(self, seconds: int) -> None:
        self._now += seconds


class CountingEntropy:
    """Bytes that never repeat and are the same in every run."""

    def __init__(self, seed: str = "") -> None:
        self._seed = seed
        self._count = 0

    def random_bytes(self, count: int) -> bytes:
        self._count += 1
        return hashlib.shake_256(f"{self._seed}/{self._count}".encode()).digest(count)
