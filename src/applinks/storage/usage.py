"""Writes when grants and connections were last used."""

from collections.abc import Callable, Iterator, Mapping

from sqlalchemy import Connection, Table, bindparam, update

from applinks.records.usage import LastUsed
from applinks.storage.schema import connections, grants
from applinks.storage.units import Database

# About five milliseconds of writing on an ordinary disk.
_ROWS_AT_ONCE = 200


class UsageTables:
    """The columns ``last_used_at``; they only ever grow, and touch no version."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, used: LastUsed) -> None:
        """Write the moments, in short units; a grant or connection that is gone is passed over."""
        for table, moments in ((grants, used.grants), (connections, used.connections)):
            for rows in _cut(moments):
                await self._database.write(_build_unit(table, rows))


def _cut(moments: Mapping[str, int]) -> Iterator[list[dict[str, object]]]:
    rows: list[dict[str, object]] = [{"row_id": row_id, "at": at} for row_id, at in moments.items()]
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        yield rows[start : start + _ROWS_AT_ONCE]


def _build_unit(table: Table, rows: list[dict[str, object]]) -> Callable[[Connection], None]:
    later = update(table).where(table.c.id == bindparam("row_id"), table.c.last_used_at < bindparam("at"))

    def unit(connection: Connection) -> None:
        connection.execute(later.values(last_used_at=bindparam("at")), rows)

    return unit
