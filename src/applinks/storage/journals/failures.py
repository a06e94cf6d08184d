"""What was refused and what failed: in the log always, in a bounded table while the database can be written."""

import logging
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from applinks.clock import Clock
from applinks.entropy import Entropy, new_reference
from applinks.errors import ApplinksError, StoreError
from applinks.records.failures import Failure
from applinks.storage.rows import Row
from applinks.storage.schema import failures
from applinks.storage.units import Database

_log = logging.getLogger("applinks.failures")

# A stranger chooses what is refused; a record holds what explains it, not all that was sent.
_LONGEST_TEXT = 4000
# Anybody can ask for what there is not; of that only the newest are kept, so that it pushes nothing else out.
_STRAY = frozenset({"not_found", "method_not_allowed", "wrong_host"})
_KEPT_STRAY = 100
# Each prune deletes what came since the last, mostly one.
_DELETED_AT_ONCE = 100


class FailureTable:
    """Implements ``records.failures.FailureLog``, and gives the records back by their reference."""

    def __init__(self, database: Database, *, clock: Clock, entropy: Entropy, kept_per_link: int = 1000) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy
        self._kept = kept_per_link

    async def record(
        self, error: ApplinksError, *, place: str, link_id: str = "", client: str = "", user_id: str = ""
    ) -> str:
        """Write the failure down and give its reference; never raises."""
        failure = Failure(
            reference=new_reference(self._entropy),
            at=self._clock.now(),
            place=place,
            code=error.code,
            description=_cut(error.description),
            detail=_cut(error.detail),
            link_id=_cut(link_id),
            client=_cut(client),
            user_id=_cut(user_id),
        )
        _log.warning(
            "failure reference=%s place=%s code=%s link=%s client=%s detail=%r",
            failure.reference,
            place,
            error.code,
            failure.link_id,
            failure.client,
            failure.detail,
        )
        try:
            await self._database.write(lambda connection: _add(connection, failure, self._kept))
        except StoreError as trouble:
            _log.warning("failure.not_stored reference=%s detail=%r", failure.reference, trouble.detail)
        return failure.reference

    async def find(self, reference: str) -> Failure | None:
        """Give the record of a reference, however it is typed."""
        query = select(failures).where(failures.c.reference == _cut(reference.strip().upper()))
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        return _parse(row) if row else None

    async def list(self, limit: int = 50, *, link_id: str | None = None) -> Sequence[Failure]:
        """Give the newest failures, newest first; of one link where it is named."""
        query = select(failures).order_by(failures.c.row.desc()).limit(limit)
        if link_id is not None:
            query = query.where(failures.c.link_id == link_id)
        return await self._database.read(
            lambda connection: [_parse(row) for row in connection.execute(query).mappings()]
        )


def prune_failures(connection: Connection, *, before: int, limit: int) -> int:
    """Delete some of the failures from before a moment; gives how many."""
    oldest = select(failures.c.row).where(failures.c.at < before).order_by(failures.c.at).limit(limit)
    return connection.execute(delete(failures).where(failures.c.row.in_(oldest))).rowcount


def _add(connection: Connection, failure: Failure, kept: int) -> None:
    connection.execute(insert(failures).values(_format(failure)))
    # What belongs to no link is bounded like a link's, or strangers could fill the disk.
    alike = select(failures.c.row).where(failures.c.link_id == failure.link_id)
    if failure.code in _STRAY:
        alike, kept = alike.where(failures.c.code.in_(_STRAY)), min(kept, _KEPT_STRAY)
    surplus = alike.order_by(failures.c.row.desc()).limit(_DELETED_AT_ONCE).offset(kept)
    if rows := connection.execute(surplus).scalars().all():
        connection.execute(delete(failures).where(failures.c.row.in_(rows)))


def _cut(text: str) -> str:
    """Bound a text, and replace half characters and NUL, which not every database takes."""
    return text[:_LONGEST_TEXT].encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


def _format(failure: Failure) -> dict[str, Any]:
    return {
        "reference": failure.reference,
        "at": failure.at,
        "place": failure.place,
        "code": failure.code,
        "description": failure.description,
        "detail": failure.detail,
        "link_id": failure.link_id,
        "client": failure.client,
        "user_id": failure.user_id,
    }


def _parse(row: Row) -> Failure:
    return Failure(**{name: value for name, value in row.items() if name != "row"})
