"""The schema's history, shipped in the package; forward only, the backup is the way back."""

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from applinks.errors import SchemaError
from applinks.storage.sqlite.connection import connect, wrap_connection
from applinks.storage.sqlite.faults import describe_fault, get_cause
from applinks.storage.sqlite.place import check_folder, find_version, is_new, parse_path, read_version

REVISIONS = ("0001",)
"""Every version, oldest first: known without loading Alembic, which a start need not pay for."""

NEWEST = REVISIONS[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaStatus:
    """
    How a database stands to this program.

    Attributes:
        path: its file.
        version: its schema version; None: it has none yet.
        newest: the version that this program needs.
        problems: what SQLite found damaged; mostly empty.
    """

    path: Path
    version: str | None
    newest: str = NEWEST
    problems: tuple[str, ...] = ()

    @property
    def is_current(self) -> bool:
        """Whether this program works with it as it is."""
        return self.version == self.newest


def check(url: str) -> SchemaStatus:
    """
    Look at a database, without changing it.

    Raises:
        SchemaError: there is none, it is not ours, or it is newer than this program.
        StoreError: it cannot be read.
    """
    path = parse_path(url)
    version = _find_existing(path)
    with contextlib.closing(connect(path, mode="ro")) as raw:
        try:
            lines = tuple(str(line) for (line,) in raw.execute("PRAGMA quick_check(20)"))
        except sqlite3.DatabaseError as error:
            raise describe_fault(error, str(path)) from error
    return SchemaStatus(path=path, version=version, problems=() if lines == ("ok",) else lines)


def upgrade(url: str) -> SchemaStatus:
    """
    Bring a database to the newest schema, under a lock; gives how it stood before.

    Raises:
        SchemaError: there is none, it is not ours, or it is newer than this program.
        StoreError: it cannot be read or written; then nothing was changed.
    """
    path = parse_path(url)
    before = _find_existing(path)
    check_folder(path)
    if before != NEWEST:
        migrate(path)
    return SchemaStatus(path=path, version=before)


def check_version(version: str | None, path: Path) -> None:
    """
    Refuse a schema that this program does not work with.

    Raises:
        SchemaError: it is older, and the text names the command; or newer, and the text names the version.
    """
    check_not_newer(version, path)
    if version != NEWEST:
        raise SchemaError(
            f"{path} has schema {version or 'none'}, this program needs {NEWEST}: "
            f"make a backup, then run applinks database upgrade --database sqlite:///{path}"
        )


def check_not_newer(version: str | None, path: Path) -> None:
    """
    Refuse a schema of a later release.

    Raises:
        SchemaError: it is one; the text names the version.
    """
    if version is not None and version not in REVISIONS:
        raise SchemaError(
            f"{path} has schema {version}, newer than this program knows (up to {NEWEST}): install the newer release"
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
            check_not_newer(version, path)
            if version != NEWEST:
                _run_alembic(alchemy)
            transaction.commit()
    except (sqlite3.Error, DBAPIError) as error:
        raise describe_fault(get_cause(error), str(path)) from error
    finally:
        engine.dispose()
        raw.close()


def _run_alembic(connection: object) -> None:
    # Loading Alembic takes longer than opening the database: only a database that is new or old needs it.
    from alembic import command

    from applinks.storage.migrations.configuration import build_configuration

    command.upgrade(build_configuration(connection), "head")


def _find_existing(path: Path) -> str | None:
    if is_new(path):
        raise SchemaError(f"There is no database at {path.absolute()}.")
    version = find_version(path)
    check_not_newer(version, path)
    return version
