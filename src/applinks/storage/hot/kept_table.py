"""Records that were parsed once, kept under the version that they were read with."""

from typing import Generic, TypeVar

T = TypeVar("T")

# Every link and client of a large installation; a record is a few kilobytes.
_MOST_RECORDS = 2048


class KeptTable(Generic[T]):
    """
    What one process parsed of a table.

    Whoever asks has just read the version from the database, so nothing here can be out of date: what stands there
    under another version is read again.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[int, T]] = {}

    def find(self, record_id: str, version: int) -> T | None:
        """Give the record of exactly that version, if it was parsed here."""
        kept = self._kept.get(record_id)
        return kept[1] if kept is not None and kept[0] == version else None

    def keep(self, record_id: str, version: int, record: T) -> None:
        """Keep a record under the version of its own row, which may be newer than the one that was asked for."""
        if len(self._kept) >= _MOST_RECORDS:
            self._kept.clear()
        self._kept[record_id] = (version, record)
