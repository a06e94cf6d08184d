"""
Access tokens that were found once, used again while nothing has changed that their validity hangs on.

A client uses its token many times within an hour. To read what may have changed (``FIND_STANDING``) takes half as long
as to read all, and no record has to be built.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from applinks.incoming.store import FoundAccessToken
from applinks.storage.hot.token_rows import list_standing

# A few megabytes, and every token that is busy at once.
_MOST_TOKENS = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptToken:
    """
    A token as it was found.

    Attributes:
        standing: what ``FIND_STANDING`` has to give again before ``found`` may be used.
    """

    standing: tuple[Any, ...] = field(repr=False)
    found: FoundAccessToken


class KeptTokens:
    """What one process found; whoever uses it asks the database first whether it stands."""

    def __init__(self) -> None:
        self._kept: dict[int, KeptToken] = {}

    def find(self, row: int) -> KeptToken | None:
        """Give the token of a row, if it was found here."""
        return self._kept.get(row)

    def keep(self, values: Sequence[Any], found: FoundAccessToken) -> None:
        """Keep what was made of the values that ``FIND_ACCESS`` gave."""
        if len(self._kept) >= _MOST_TOKENS:
            self._kept.clear()
        self._kept[found.token.row] = KeptToken(standing=list_standing(values), found=found)
