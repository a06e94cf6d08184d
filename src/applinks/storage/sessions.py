"""Browser sessions: the row behind our cookie, found by the digest of the id that the cookie holds."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, or_, select

from applinks.bounds import Lifetimes
from applinks.secret import Secret
from applinks.storage.rows import Row, format_json, parse_json_as
from applinks.storage.schema import sessions
from applinks.storage.sealing.sealer import Sealer
from applinks.storage.units import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """
    One browser's session.

    Attributes:
        id: digest of the cookie's value.
        csrf: the secret that the tokens of its forms are made of.
        data: what pages keep, as JSON: offers that were shown, flash messages.
        user_id: whose it is: another user of the same browser begins a new one; empty: nobody's, before a log-in.
        confirmed_at: when she last proved who she is; 0: not known.
    """

    id: bytes = field(repr=False)
    csrf: Secret
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)
    user_id: str = ""
    created_at: int
    seen_at: int
    confirmed_at: int = 0


# A user who never sends the cookie back begins one with every page: her oldest go.
_MOST_OF_USER = 20
# As long as somebody may take over a log-in form; and so many that who asks for forms alone pushes no other's out soon.
_NOBODY_SECONDS = 3600
_MOST_OF_NOBODY = 10_000


class SessionTable(ABC):
    """
    The sessions; idle and absolute lifetimes hold at every look-up, and a user has only so many.

    What runs with every page is in ``sqlite/sessions.py`` and ``postgresql/sessions.py``.
    """

    def __init__(self, database: Database, sealer: Sealer, lifetimes: Lifetimes) -> None:
        self._database = database
        self._sealer = sealer
        self._idle = lifetimes.session_idle_seconds
        self._absolute = lifetimes.session_absolute_seconds

    async def start(self, session: Session) -> None:
        """Insert a session."""
        row = self._format(session)
        await self._database.write(lambda connection: _insert(connection, row))

    @abstractmethod
    async def find(self, id_digest: bytes, *, now: int) -> Session | None:
        """Give the session that the cookie names, while it lasts."""

    @abstractmethod
    async def touch(self, id_digest: bytes, *, now: int) -> None:
        """Note that the browser was here."""

    @abstractmethod
    async def save_data(self, id_digest: bytes, data: Mapping[str, Any]) -> None:
        """Replace what pages keep."""

    async def rotate(self, id_digest: bytes, session: Session) -> bool:
        """Put a session of another id in the place of this one; False: it was gone, and nothing was written."""
        row = self._format(session)

        def unit(connection: Connection) -> bool:
            if connection.execute(delete(sessions).where(sessions.c.id == id_digest)).rowcount == 0:
                return False
            _insert(connection, row)
            return True

        return await self._database.write(unit)

    async def delete(self, id_digest: bytes) -> None:
        """End a session."""
        gone = delete(sessions).where(sessions.c.id == id_digest)
        await self._database.write(lambda connection: connection.execute(gone).rowcount)

    async def delete_of_user(self, user_id: str) -> int:
        """End all sessions of a user; gives how many."""
        gone = delete(sessions).where(sessions.c.user_id == user_id, sessions.c.user_id != "")
        return await self._database.write(lambda connection: connection.execute(gone).rowcount)

    async def prune(self, *, now: int, limit: int) -> int:
        """Delete some of the sessions that are over; gives how many."""
        oldest = select(sessions.c.id).where(self._is_over(now)).limit(limit)
        gone = delete(sessions).where(sessions.c.id.in_(oldest))
        return await self._database.write(lambda connection: connection.execute(gone).rowcount)

    def list_limits(self, now: int) -> tuple[int, int, int]:
        """
        Give the moments that a session has to be younger than.

        When it was seen, when it was made, and when nobody's was seen.
        """
        return now - self._idle, now - self._absolute, now - _NOBODY_SECONDS

    def parse(self, row: Row) -> Session:
        """Give the session of a row, its secret opened."""
        return Session(
            id=row["id"],
            csrf=self._sealer.unseal(row["csrf_secret"], **_place_csrf(row["id"])),
            data=parse_json_as(dict[str, Any], row["data"]),
            user_id=row["user_id"],
            created_at=row["created_at"],
            seen_at=row["seen_at"],
            confirmed_at=row["confirmed_at"],
        )

    def _is_over(self, now: int) -> ColumnElement[bool]:
        seen, made, seen_of_nobody = self.list_limits(now)
        unused = and_(sessions.c.user_id == "", sessions.c.seen_at <= seen_of_nobody)
        return or_(sessions.c.seen_at <= seen, sessions.c.created_at <= made, unused)

    def _format(self, session: Session) -> dict[str, Any]:
        return {
            "id": session.id,
            "csrf_secret": self._sealer.seal(session.csrf, **_place_csrf(session.id)),
            "data": format_json(session.data),
            "user_id": session.user_id,
            "created_at": session.created_at,
            "seen_at": session.seen_at,
            "confirmed_at": session.confirmed_at,
        }


def _insert(connection: Connection, row: Row) -> None:
    """Insert a session; of the same user's, or of nobody's, those seen longest ago make room."""
    most = _MOST_OF_USER if row["user_id"] else _MOST_OF_NOBODY
    mine = select(sessions.c.id).where(sessions.c.user_id == row["user_id"])
    over = mine.order_by(sessions.c.seen_at.desc(), sessions.c.created_at.desc()).offset(most - 1)
    connection.execute(delete(sessions).where(sessions.c.id.in_(over)))
    connection.execute(insert(sessions).values(row))


def _place_csrf(id_digest: bytes) -> dict[str, str]:
    return {"table": "applinks_sessions", "column": "csrf_secret", "row": id_digest.hex()}
