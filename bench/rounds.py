"""
Interleaved rounds: A B C A B C …, so that whatever else the machine does meets all of them alike.

A ratio is taken inside each round, and the median of the rounds counts.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """
    How much is measured.

    Attributes:
        rounds: those that count; one comes before them and does not.
        seconds: of load, each; wrk knows whole seconds.
    """

    rounds: int = 5
    seconds: int = 1
    is_smoke: bool = False


SMOKE = Effort(rounds=1, is_smoke=True)


def interleave(contestants: Mapping[str, Callable[[], T]], effort: Effort) -> dict[str, list[T]]:
    """Let each do its round in turn; gives the rounds of each, the first left out."""
    found: dict[str, list[T]] = {name: [] for name in contestants}
    for number in range(effort.rounds if effort.is_smoke else effort.rounds + 1):
        for name, run in contestants.items():
            result = run()
            if number or effort.is_smoke:
                found[name].append(result)
    return found


def compute_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Give the median of the ratios, round by round."""
    return statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))
