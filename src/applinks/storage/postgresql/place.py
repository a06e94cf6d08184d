"""Whether the database may be used, and our tables in it; the host's own stand beside them and are left alone."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, func, select, text

from applinks.errors import SchemaError
from applinks.settings import hide_password
from applinks.storage.migrations import NEWEST, SchemaStatus, check_not_newer, check_version, run_alembic
from applinks.storage.migrations.configuration import VERSION_TABLE
from applinks.storage.postgresql.connection import connect
from applinks.storage.postgresql.faults import FAULTS, describe_fault, is_fault
from applinks.storage.schema import metadata

T = TypeVar("T")

# Any number that no other program takes for its own lock; this one is "applinks" in ASCII.
_LOCK = int.from_bytes(b"applinks")
_LIST_TABLES = text(
    "SELECT relname FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(oid) "
    "AND starts_with(relname, 'applinks_')"
)


async def prepare(url: str, *, for_command: bool) -> None:
    """
    Leave our tables of the newest schema in the database; a command makes none.

    Raises:
        SchemaError: they are of an older or newer schema, or not ours; ``for_command``: there are none.
        StoreError: the database cannot be used.
    """
    place = hide_password(url)
    version = await _run(url, lambda connection: read_version(connection, place))
    if version is not None:
        check_version(version, place)
    elif for_command:
        raise SchemaError(f"There are no tables of ours at {place}; make them with: applinks database upgrade")
    else:
        await migrate(url)


async def check(url: str) -> SchemaStatus:
    """
    Look at a database, without changing it.

    Raises:
        SchemaError: there are no tables of ours, or they are newer than this program.
        StoreError: it cannot be read.
    """
    place = hide_password(url)
    version = await _run(url, lambda connection: read_version(connection, place))
    if version is None:
        raise SchemaError(f"There are no tables of ours at {place}; make them with: applinks database upgrade")
    check_not_newer(version, place)
    return SchemaStatus(place=place, url=place, version=version)


async def upgrade(url: str) -> SchemaStatus:
    """
    Bring our tables to the newest schema, or make them; gives how they stood before.

    Raises:
        SchemaError: they are not ours, or newer than this program.
        StoreError: the database cannot be used; then nothing was changed.
    """
    place = hide_password(url)
    return SchemaStatus(place=place, url=place, version=await migrate(url))


async def migrate(url: str) -> str | None:
    """
    Run what is missing, all in one transaction and one process at a time; gives the version before.

    Raises:
        SchemaError: the tables are not ours, or newer than this program.
        StoreError: it cannot be done, and the database is as it was.
    """
    place = hide_password(url)

    def unit(connection: Connection) -> str | None:
        # The lock ends with the transaction; so it holds behind a pooler that lends a connection for a transaction.
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        version = read_version(connection, place)
        check_not_newer(version, place)
        if version != NEWEST:
            run_alembic(connection)
        return version

    return await _run(url, unit)


def read_version(connection: Connection, place: str) -> str | None:
    """
    Give the schema version; None: there are no tables of ours.

    Raises:
        SchemaError: there are tables of our names, and no version of ours.
    """
    ours = {VERSION_TABLE, *metadata.tables}.intersection(connection.execute(_LIST_TABLES).scalars())
    if not ours:
        return None
    version = None
    if VERSION_TABLE in ours:
        version = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608
    if version is None:
        raise SchemaError(
            f"{place} holds {min(ours)} and no version of ours; it was left untouched. Name a database without it."
        )
    return str(version)


async def _run(url: str, unit: Callable[[Connection], T]) -> T:
    engine = connect(url)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(unit)
    except FAULTS as error:
        if not is_fault(error):
            raise
        raise describe_fault(error, hide_password(url)) from error
    finally:
        await engine.dispose()
