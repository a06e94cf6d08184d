"""Where the file lies, and whether it may be used at all; nothing here writes to a file that exists."""

import contextlib
import os
import sqlite3
from pathlib import Path

from applinks.errors import SchemaError, SettingsError, StoreError
from applinks.storage.sqlite.connection import connect
from applinks.storage.sqlite.faults import describe_fault

_PREFIX = "sqlite:///"
_MAGIC = b"SQLite format 3\x00"
_VERSION_TABLE = "applinks_version"
# On these SQLite's locks do not hold, and a write-ahead log needs memory that machines cannot share.
_NETWORK_FILE_SYSTEMS = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "ncpfs",
        "afs",
        "ceph",
        "glusterfs",
        "lustre",
        "fuse.sshfs",
        "fuse.glusterfs",
    }
)


def parse_path(url: str) -> Path:
    """
    Give the file of ``sqlite:///relative.db`` or ``sqlite:////absolute.db``.

    Raises:
        SettingsError: it is another URL.
    """
    path = url.removeprefix(_PREFIX)
    if path == url or not path or path == ":memory:" or "?" in path or "\x00" in path:
        raise SettingsError(f"database: {url!r} is not understood; write sqlite:///PATH")
    # Absolute, so that the file stays the same one if the process changes its folder.
    return Path(path).absolute()


def is_new(path: Path) -> bool:
    """Whether the file is absent or empty, so that a database may be made of it."""
    try:
        return path.stat().st_size == 0
    except FileNotFoundError:
        return True
    except OSError as error:
        raise StoreError(f"The database cannot be opened: {error.strerror}.", detail=f"{path}: {error}") from error


def check_folder(path: Path) -> None:
    """
    Refuse a place where a database cannot live.

    Raises:
        StoreError: the folder is missing or not usable, or its file system belongs to a network.
    """
    folder = path.absolute().parent
    if not folder.is_dir():
        raise StoreError(f"The folder of the database does not exist: {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StoreError(f"The folder of the database cannot be written: {folder}")
    if path.is_dir():
        raise StoreError(f"The database is a folder: {path}")
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        raise StoreError(f"The database cannot be read and written: {path}")
    if (kind := find_file_system(folder)) in _NETWORK_FILE_SYSTEMS:
        raise StoreError(f"The database lies on a network file system ({kind}), where its locks do not hold: {path}")


def find_file_system(folder: Path, mounts: Path = Path("/proc/self/mounts")) -> str:
    """Give the type of the file system that holds a folder; empty where the system does not say."""
    try:
        lines = mounts.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    best, kind = "", ""
    for line in lines:
        fields = line.split(" ")
        point = fields[1].replace("\\040", " ") if len(fields) > 2 else ""
        if len(point) >= len(best) and point and folder.resolve().is_relative_to(point):
            best, kind = point, fields[2]
    return kind


def make_file(path: Path) -> None:
    """
    Make the empty file, for its owner alone; its log takes over the mode.

    Raises:
        StoreError: it cannot be made.
    """
    try:
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise StoreError(f"The database cannot be made at {path}: {error.strerror}.", detail=str(error)) from error


def find_version(path: Path) -> str | None:
    """
    Give the schema version of a file that exists; None: it is empty, and may become ours.

    The file is not changed; SQLite may leave its empty helpers (``-wal``, ``-shm``) beside one that uses a log.

    Raises:
        SchemaError: it is not an SQLite database, or another program's.
        StoreError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
    except OSError as error:
        raise StoreError(f"The database cannot be read: {error.strerror}.", detail=f"{path}: {error}") from error
    if not head:
        return None
    if head != _MAGIC:
        raise SchemaError(f"{path} is not an SQLite database; it was left untouched. Name another file.")
    with contextlib.closing(connect(path, mode="ro")) as raw:
        try:
            return read_version(raw, path)
        except sqlite3.DatabaseError as error:
            raise describe_fault(error, str(path)) from error


def read_version(raw: sqlite3.Connection, path: Path) -> str | None:
    """
    Give the schema version; None: there is no table at all.

    Raises:
        SchemaError: there are tables, and none of them is our version.
    """
    names = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not names:
        return None
    found = raw.execute(f"SELECT version_num FROM {_VERSION_TABLE}").fetchone() if _VERSION_TABLE in names else None  # noqa: S608
    if found is None:
        raise SchemaError(f"{path} belongs to another program; it was left untouched. Name a file of its own.")
    return str(found[0])
