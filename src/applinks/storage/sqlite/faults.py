"""SQLite's errors in our words."""

import sqlite3

from sqlalchemy.exc import DBAPIError

from applinks.errors import StoreBusyError, StoreError
from applinks.storage.units import ConflictError

# The low byte is the primary result code; the rest tells variants apart.
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_TAKEN = frozenset(
    {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID}
)
_SENTENCES = {
    sqlite3.SQLITE_FULL: "The disk that holds the database is full; nothing was written.",
    sqlite3.SQLITE_READONLY: "The database is read-only; nothing was written.",
    sqlite3.SQLITE_PERM: "The database may not be opened by this process.",
    sqlite3.SQLITE_IOERR: "The disk that holds the database reports an error; nothing was written.",
    sqlite3.SQLITE_CANTOPEN: "The database cannot be opened.",
    sqlite3.SQLITE_CORRUPT: "The database is damaged; restore it from its backup.",
    sqlite3.SQLITE_CONSTRAINT: "The record does not fit what is stored; nothing was written.",
    sqlite3.SQLITE_NOTADB: "The file is not an SQLite database.",
}


def get_cause(error: sqlite3.Error | DBAPIError) -> BaseException:
    """Give SQLite's own error, whether SQLAlchemy wrapped it or not."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.orig
    return error


def is_busy(error: BaseException) -> bool:
    """Whether another process holds the database, so that trying again helps."""
    return _get_code(error) in _BUSY


def is_fault(error: BaseException) -> bool:
    """Whether the database failed, and not the program that asked."""
    return _get_code(error) in _SENTENCES or is_busy(error)


def describe_fault(error: BaseException, path: str) -> StoreError:
    """Give our error for SQLite's; the description is one sentence, the detail names the file and SQLite's words."""
    detail = f"{path}: {error} ({getattr(error, 'sqlite_errorname', type(error).__name__)})"
    if getattr(error, "sqlite_errorcode", None) in _TAKEN:
        return ConflictError("The record is taken; nothing was written.", detail=detail)
    if is_busy(error):
        return StoreBusyError("The database is held by another process; try again in a moment.", detail=detail)
    return StoreError(_SENTENCES.get(_get_code(error), "The database failed; nothing was written."), detail=detail)


def _get_code(error: BaseException) -> int:
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF
