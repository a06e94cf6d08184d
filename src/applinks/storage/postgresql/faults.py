"""PostgreSQL's errors in our words."""

import ssl

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from applinks.errors import SettingsError, StoreBusyError, StoreError
from applinks.storage.units import ConflictError

_Adapted = AsyncAdapt_asyncpg_dbapi.Error
FAULTS = (DBAPIError, _Adapted, PoolTimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
"""Everything that can come up between us and the server; ``is_fault`` tells which of it is a mistake of ours."""

_UNIQUE = "23505"
# Two units met: of the one that gives way nothing was written, and it may begin again at once.
_CROSSED = frozenset({"40001", "40P01", "55P03"})
_CANCELLED = "57014"
_UNREACHABLE = "The database cannot be reached; try again in a moment."
_NO_RIGHT = "The database may not be used by this user as it has to be; give the user the rights, or the schema."
_SENTENCES = {
    "23": "The record does not fit what is stored; nothing was written.",
    "40": "The database gave up what was asked; nothing was written.",
    "53100": "The disk that holds the database is full; nothing was written.",
    "53": "The database server has no room for this; nothing was written.",
    "25006": "The database is read-only; nothing was written.",
    "42501": _NO_RIGHT,
    "3F": _NO_RIGHT,  # As it is called where not even the schema may be seen.
    "42P01": "The database has lost tables of this program; restore it from its backup.",
    "58": "The disk that holds the database reports an error; nothing was written.",
    "XX001": "The database is damaged; restore it from its backup.",
    "XX002": "The database is damaged; restore it from its backup.",
    "28": "The database server refuses this user or this password.",
    "3D": "The database does not exist; somebody who may has to make it.",
    "57": _UNREACHABLE,
    "08": _UNREACHABLE,
}


def is_crossed(error: BaseException) -> bool:
    """Whether another unit was in the way, so that nothing was written and beginning again helps."""
    return _get_state(error) in _CROSSED


def is_fault(error: BaseException) -> bool:
    """Whether the database failed, and not the program that asked."""
    if state := _get_state(error):
        return _find_sentence(state) is not None
    cause = _get_cause(error)
    # What the driver itself refuses to send is a mistake of ours; all else that it says is a connection that is gone.
    return not isinstance(cause, asyncpg.DataError | ValueError | TypeError)


def describe_fault(error: BaseException, place: str) -> StoreError:
    """Give our error for PostgreSQL's; the description is one sentence, the detail names the database and its words."""
    cause, state = _get_cause(error), _get_state(error)
    detail = f"{place}: {' '.join(part for part in (type(cause).__name__, state) if part)}: {_say(cause)}"
    if state == _UNIQUE:
        return ConflictError("The record is taken; nothing was written.", detail=detail)
    if state in _CROSSED or isinstance(cause, PoolTimeoutError):
        return StoreBusyError("The database is held by others; try again in a moment.", detail=detail)
    if state == _CANCELLED or isinstance(cause, TimeoutError):
        return StoreBusyError("The database does not answer in time; try again in a moment.", detail=detail)
    return StoreError(_find_sentence(state) or _UNREACHABLE, detail=detail)


def describe_refused_address(error: BaseException) -> SettingsError:
    """Give our error for an address whose parameters the driver or the server does not take."""
    said = _say(_get_cause(error)).partition("\n")[0].rstrip(".")
    advice = "; sslrootcert=FILE names it" if "root certificate" in said else ""
    return SettingsError(
        f"database: what its address carries, or PostgreSQL's own variables, is not taken: {said}{advice}"
    )


def _say(cause: BaseException) -> str:
    if isinstance(cause, ssl.SSLError):
        return str(cause)
    return getattr(cause, "strerror", None) or str(cause) or "no answer"


def _find_sentence(state: str) -> str | None:
    return _SENTENCES.get(state) or _SENTENCES.get(state[:2])


def _get_state(error: BaseException) -> str:
    return str(getattr(_get_cause(error), "sqlstate", None) or "")


def _get_cause(error: BaseException) -> BaseException:
    """Give the driver's own error, however SQLAlchemy wrapped it."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    return error.__cause__ or error if isinstance(error, _Adapted) else error
