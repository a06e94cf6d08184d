"""Which process does a periodic job now: one lease a job."""

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, literal, or_, select, update

from applinks.storage.schema import leases
from applinks.storage.units import ConflictError, Database


class LeaseTable:
    """
    Leases by the clock of whoever asks, or by the database's own.

    Where a database serves several machines, whose clocks differ, ``moment`` is its own clock.
    """

    def __init__(self, database: Database, *, moment: ColumnElement[int] | None = None) -> None:
        self._database = database
        self._moment = moment

    async def claim(self, job: str, *, holder: str, now: int, seconds: int) -> bool:
        """
        Take or renew the lease of a job; False: another holds it.

        A lease that ends later than its full length from now is void: the clock was set back since.
        """
        at = literal(now) if self._moment is None else self._moment
        values = {"holder": holder, "taken_at": at, "expires_at": at + seconds}
        void = or_(leases.c.expires_at <= at, leases.c.expires_at > at + seconds)
        free = and_(leases.c.job == job, or_(leases.c.holder == holder, void))

        def unit(connection: Connection) -> bool:
            if connection.execute(update(leases).where(free).values(values)).rowcount:
                return True
            if connection.execute(select(leases.c.job).where(leases.c.job == job)).first():
                return False
            connection.execute(insert(leases).values({**values, "job": job}))
            return True

        try:
            return await self._database.write(unit)
        except ConflictError:
            return False

    async def release(self, job: str, *, holder: str) -> None:
        """Give a lease back."""
        held = and_(leases.c.job == job, leases.c.holder == holder)
        await self._database.write(lambda connection: connection.execute(delete(leases).where(held)).rowcount)
