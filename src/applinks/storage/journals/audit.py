"""What people and peers changed: written in the transaction of the change."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from applinks.records.audit import AuditEvent
from applinks.storage.rows import Row, format_json, parse_json_as
from applinks.storage.schema import audit
from applinks.storage.units import Database


def add_events(connection: Connection, events: Iterable[AuditEvent]) -> None:
    """Write events, inside the unit that makes the change."""
    rows = [
        {
            "id": event.id,
            "at": event.at,
            "actor": event.actor,
            "action": event.action,
            "subject": event.subject,
            "link_id": event.link_id,
            "detail": format_json(event.detail),
        }
        for event in events
    ]
    if rows:
        connection.execute(insert(audit), rows)


class AuditTrail:
    """The events, to read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, limit: int = 100, *, link_id: str = "") -> Sequence[AuditEvent]:
        """Give the newest events, newest first; of one link where it is named."""
        query = select(audit).order_by(audit.c.row.desc()).limit(limit)
        if link_id:
            query = query.where(audit.c.link_id == link_id)
        return await self._database.read(
            lambda connection: [_parse(row) for row in connection.execute(query).mappings()]
        )


def prune_events(connection: Connection, *, before: int, limit: int) -> int:
    """Delete some of the events from before a moment; gives how many."""
    oldest = select(audit.c.row).where(audit.c.at < before).order_by(audit.c.at).limit(limit)
    return connection.execute(delete(audit).where(audit.c.row.in_(oldest))).rowcount


def _parse(row: Row) -> AuditEvent:
    return AuditEvent(
        id=row["id"],
        at=row["at"],
        actor=row["actor"],
        action=row["action"],
        subject=row["subject"],
        link_id=row["link_id"],
        detail=parse_json_as(dict[str, Any], row["detail"]),
    )
