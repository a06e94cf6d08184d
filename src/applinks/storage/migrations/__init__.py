"""The schema's history, shipped in the package; forward only, the backup is the way back."""

import asyncio
import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from applinks.errors import SchemaError
from applinks.settings import Settings
from applinks.storage.postgresql import check_driver
from applinks.storage.sealing.key_file import get_given_key, read_sealing_keys
from applinks.storage.sqlite.connection import connect, wrap_connection
from applinks.storage.sqlite.faults import describe_fault, get_cause
from applinks.storage.sqlite.place import check_folder, find_version, is_new, make_file, parse_path, read_version

REVISIONS = ("0001", "0002", "0003")
"""Every version, oldest first: known without loading Alembic, which a start need not pay for."""

NEWEST = REVISIONS[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaStatus:
    """
    How a database stands to this program.

    Attributes:
        place: what people call it: its file, or its address without the password.
        url: the setting that names it, without the password.
        version: its schema version; None: it has none yet.
        newest: the version that this program needs.
        problems: what SQLite found damaged; mostly empty.
    """

    place: str
    url: str
    version: str | None
    newest: str = NEWEST
    problems: tuple[str, ...] = ()

    @property
    def is_current(self) -> bool:
        """Whether this program works with it as it is."""
        return self.version == self.newest


def check(settings: Settings) -> SchemaStatus:
    """
    Look at a database, without changing it.

    Raises:
        SchemaError: there is none, it is not ours, or it is newer than this program.
        SettingsError, StoreError: it cannot be read.
    """
    if settings.is_postgresql:
        check_driver()
        from applinks.storage.postgresql import place

        return asyncio.run(place.check(settings.database))
    path = parse_path(settings.database)
    version = _find_existing(path)
    with contextlib.closing(connect(path, mode="ro")) as raw:
        try:
            lines = tuple(str(line) for (line,) in raw.execute("PRAGMA quick_check(20)"))
        except sqlite3.DatabaseError as error:
            raise describe_fault(error, str(path)) from error
    return _build_status(path, version, () if lines == ("ok",) else lines)


def upgrade(settings: Settings) -> SchemaStatus:
    """
    Bring a database to the newest schema, under a lock, or make it where there is none; gives how it stood before.

    Raises:
        SchemaError: it is not ours, or it is newer than this program.
        SettingsError, StoreError: it cannot be read or written; then nothing was changed.
    """
    if settings.is_postgresql:
        get_given_key(settings)
        check_driver()
        from applinks.storage.postgresql import place

        return asyncio.run(place.upgrade(settings.database))
    path = parse_path(settings.database)
    check_folder(path)
    before = None if is_new(path) else find_version(path)
    check_not_newer(before, str(path))
    if before is None:
        make(path, settings)
    elif before != NEWEST:
        migrate(path)
    return _build_status(path, before)


def make(path: Path, settings: Settings) -> None:
    """
    Make a new database of the newest schema, and its sealing key.

    Raises:
        SettingsError, StoreError: it cannot be made.
    """
    # The key first: whoever finds a database finds its key.
    read_sealing_keys(settings, path, is_new=True)
    make_file(path)
    migrate(path)


def check_version(version: str | None, place: str, *, options: str = "") -> None:
    """
    Refuse a schema that this program does not work with; ``options`` are those that the command needs.

    Raises:
        SchemaError: it is older, and the text names the command; or newer, and the text names the version.
    """
    check_not_newer(version, place)
    if version != NEWEST:
        raise SchemaError(
            f"{place} has schema {version or 'none'}, this program needs {NEWEST}: "
            f"make a backup, then run applinks database upgrade{options}"
        )


def check_not_newer(version: str | None, place: str) -> None:
    """
    Refuse a schema of a later release.

    Raises:
        SchemaError: it is one; the text names the version.
    """
    if version is not None and version not in REVISIONS:
        raise SchemaError(
            f"{place} has schema {version}, newer than this program knows (up to {NEWEST}): install the newer release"
        )


def migrate(path: Path) -> None:
    """
    Run what is missing, all in one transaction that holds the write lock.

    Python's SQLite driver would otherwise commit before each statement that changes the schema, and a failed
    migration would leave half of itself behind.

    Raises:
        StoreError: it cannot be written, and is as it was.
    """
    raw = connect(path)
    engine = wrap_connection(raw)
    try:
        # A log lets readers and the writer pass each other; it cannot be switched on inside a transaction.
        raw.execute("PRAGMA journal_mode = WAL")
        with engine.connect() as alchemy, alchemy.begin() as transaction:
            raw.execute("BEGIN IMMEDIATE")
            # Another process may have been faster.
            version = read_version(raw, path)
            check_not_newer(version, str(path))
            if version != NEWEST:
                run_alembic(alchemy)
            transaction.commit()
    except (sqlite3.Error, DBAPIError) as error:
        raise describe_fault(get_cause(error), str(path)) from error
    finally:
        engine.dispose()
        raw.close()


def run_alembic(connection: object) -> None:
    """Run what is missing, in the transaction that the connection has begun."""
    # Loading Alembic takes longer than opening the database: only a database that is new or old needs it.
    from alembic import command

    from applinks.storage.migrations.configuration import build_configuration

    command.upgrade(build_configuration(connection), "head")


def _find_existing(path: Path) -> str | None:
    if is_new(path):
        raise SchemaError(f"There is no database at {path.absolute()}; applinks database upgrade makes it.")
    version = find_version(path)
    check_not_newer(version, str(path))
    return version


def _build_status(path: Path, version: str | None, problems: tuple[str, ...] = ()) -> SchemaStatus:
    return SchemaStatus(place=str(path), url=f"sqlite:///{path}", version=version, problems=problems)
