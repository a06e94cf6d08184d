"""
Tokens that were found once, used again while nothing has changed that their validity hangs on.

A client uses its token many times within an hour. To read what may have changed (``FIND_STANDING``) takes half as long
as to read all, and no record has to be built nor a secret opened.
"""

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")

# A few megabytes, and every token that is busy at once.
_MOST_TOKENS = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptToken(Generic[T]):
    """
    A token as it was found.

    Attributes:
        standing: what ``FIND_STANDING`` has to give again before ``found`` may be used.
    """

    standing: tuple[Any, ...] = field(repr=False)
    found: T


class KeptTokens(Generic[T]):
    """What one process found; whoever uses it asks the database first whether it stands."""

    def __init__(self) -> None:
        self._kept: dict[int, KeptToken[T]] = {}

    def find(self, row: int) -> KeptToken[T] | None:
        """Give the token of a row, if it was found here."""
        return self._kept.get(row)

    def keep(self, row: int, standing: tuple[Any, ...], found: T) -> None:
        """Keep what was found in a row."""
        if len(self._kept) >= _MOST_TOKENS:
            self._kept.clear()
        self._kept[row] = KeptToken(standing=standing, found=found)
