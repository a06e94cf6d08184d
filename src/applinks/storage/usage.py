"""Writes when grants, connections and clients' secrets were last used."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import Column, Connection, bindparam, update

from applinks.records.usage import LastUsed
from applinks.storage.schema import client_secrets, connections, grants
from applinks.storage.units import Database

# About five milliseconds of writing on an ordinary disk.
_ROWS_AT_ONCE = 200


class UsageTables:
    """The columns ``last_used_at``; they only ever grow, and touch no version."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, used: LastUsed) -> None:
        """Write the moments, in short units; what is gone is passed over."""
        of_each: tuple[tuple[Column[Any], Mapping[Any, int]], ...] = (
            (grants.c.id, used.grants),
            (connections.c.id, used.connections),
            (client_secrets.c.row, used.secrets),
        )
        for name, moments in of_each:
            for rows in _cut(moments):
                await self._database.write(_build_unit(name, rows))


def _cut(moments: Mapping[Any, int]) -> Iterator[list[dict[str, object]]]:
    rows: list[dict[str, object]] = [{"row_id": row_id, "at": at} for row_id, at in moments.items()]
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        yield rows[start : start + _ROWS_AT_ONCE]


def _build_unit(name: Column[Any], rows: list[dict[str, object]]) -> Callable[[Connection], None]:
    table = name.table
    later = update(table).where(name == bindparam("row_id"), table.c.last_used_at < bindparam("at"))

    def unit(connection: Connection) -> None:
        connection.execute(later.values(last_used_at=bindparam("at")), rows)

    return unit
