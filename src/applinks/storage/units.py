"""What every store needs of a database: units of work, each a plain function and one transaction."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from applinks.errors import StoreError

T = TypeVar("T")


class ConflictError(StoreError):
    """A unique index, or another rule of the schema, stands in the way; nothing was written."""


class UnitUndone(Exception):  # noqa: N818 - no error: the unit's own way out.
    """Raised inside a unit: roll back what it wrote, and give ``result`` all the same."""

    def __init__(self, result: Any) -> None:
        super().__init__("unit undone")
        self.result = result


class Database(Protocol):
    """
    Runs units of work.

    A unit is synchronous, so no transaction is ever held across an ``await``. It may be run again from its
    beginning where another process held the database, so it changes nothing outside its connection.
    """

    async def write(self, unit: Callable[[Connection], T]) -> T:
        """
        Run a unit in a write transaction, durable before this returns.

        Raises:
            ConflictError: a unique index stands in the way.
            StoreBusyError: another process held the database too long.
            StoreError: the database could not; the description says why.
        """
        ...

    async def read(self, unit: Callable[[Connection], T]) -> T:
        """
        Run a unit that only reads, on one snapshot.

        Raises:
            StoreBusyError: another process held the database too long.
            StoreError: the database could not; the description says why.
        """
        ...

    async def checkpoint(self) -> None:
        """Move what a log holds into the files, where the database leaves that to us."""
        ...

    async def aclose(self) -> None:
        """Close the database; what is asked of it afterwards fails."""
        ...
