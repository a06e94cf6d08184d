"""Browser sessions: the row behind our cookie, found by the digest of the id that the cookie holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from applinks.secret import Secret
from applinks.storage.rows import Row, format_json, parse_json_as
from applinks.storage.schema import sessions
from applinks.storage.sealing import Sealer
from applinks.storage.units import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """
    One browser's session.

    Attributes:
        id: digest of the cookie's value.
        csrf: the secret that the tokens of its forms are made of.
        data: what pages keep, as JSON: offers that were shown, flash messages.
        user_id: whose it is: another user of the same browser begins a new one.
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


class SessionTable:
    """The sessions; idle and absolute lifetimes hold at every look-up, and a user has only so many."""

    def __init__(self, database: Database, sealer: Sealer, *, idle_seconds: int, absolute_seconds: int) -> None:
        self._database = database
        self._sealer = sealer
        self._idle = idle_seconds
        self._absolute = absolute_seconds

    async def start(self, session: Session) -> None:
        """Insert a session."""
        row = self._format(session)
        await self._database.write(lambda connection: _insert(connection, row))

    async def find(self, id_digest: bytes, *, now: int) -> Session | None:
        """Give the session that the cookie names, while it lasts."""
        lasting = and_(sessions.c.seen_at > now - self._idle, sessions.c.created_at > now - self._absolute)
        query = select(sessions).where(sessions.c.id == id_digest, lasting)
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        return self._parse(row) if row else None

    async def touch(self, id_digest: bytes, *, now: int) -> None:
        """Note that the browser was here."""
        await self._change(id_digest, seen_at=now)

    async def save_data(self, id_digest: bytes, data: Mapping[str, Any]) -> None:
        """Replace what pages keep."""
        await self._change(id_digest, data=format_json(data))

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

    async def prune(self, *, now: int, limit: int) -> int:
        """Delete some of the sessions that are over; gives how many."""
        over = or_(sessions.c.seen_at <= now - self._idle, sessions.c.created_at <= now - self._absolute)
        oldest = select(sessions.c.id).where(over).limit(limit)
        gone = delete(sessions).where(sessions.c.id.in_(oldest))
        return await self._database.write(lambda connection: connection.execute(gone).rowcount)

    async def _change(self, id_digest: bytes, **values: Any) -> None:
        changed = update(sessions).where(sessions.c.id == id_digest).values(**values)
        await self._database.write(lambda connection: connection.execute(changed).rowcount)

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

    def _parse(self, row: Row) -> Session:
        return Session(
            id=row["id"],
            csrf=self._sealer.unseal(row["csrf_secret"], **_place_csrf(row["id"])),
            data=parse_json_as(dict[str, Any], row["data"]),
            user_id=row["user_id"],
            created_at=row["created_at"],
            seen_at=row["seen_at"],
            confirmed_at=row["confirmed_at"],
        )


def _insert(connection: Connection, row: Row) -> None:
    """Insert a session; of the same user's, those seen longest ago make room."""
    mine = select(sessions.c.id).where(sessions.c.user_id == row["user_id"], sessions.c.user_id != "")
    over = mine.order_by(sessions.c.seen_at.desc(), sessions.c.created_at.desc()).offset(_MOST_OF_USER - 1)
    connection.execute(delete(sessions).where(sessions.c.id.in_(over)))
    connection.execute(insert(sessions).values(row))


def _place_csrf(id_digest: bytes) -> dict[str, str]:
    return {"table": "applinks_sessions", "column": "csrf_secret", "row": id_digest.hex()}
