"""What goes when its time is over, in units short enough that nobody waits for them."""

import asyncio
from collections.abc import Callable, Iterator

from sqlalchemy import Connection, and_, delete, select

from applinks.bounds import Lifetimes
from applinks.storage.clients import delete_secrets
from applinks.storage.incoming import forget_kept_answers, prune_expired
from applinks.storage.journals.audit import prune_events
from applinks.storage.journals.failures import prune_failures
from applinks.storage.oauth1 import prune_oauth1
from applinks.storage.outgoing import prune_round_trips
from applinks.storage.registrations import delete_registration
from applinks.storage.schema import clients, connections, decided_proposals, grants, links, round_trips
from applinks.storage.units import Database

# About five milliseconds of deleting on an ordinary disk.
_ROWS_AT_ONCE = 200
# A code presented again within a day still ends what it issued, though it expired long before; and a clock that was
# ahead for some hours has cost nothing.
_KEPT_AFTER_EXPIRY_SECONDS = 86400

_Unit = Callable[[Connection], int]


async def prune(database: Database, lifetimes: Lifetimes, *, now: int) -> int:
    """Delete all that is over, unit by unit, letting others in between; gives how many rows."""
    gone = 0
    for unit in _list_units(lifetimes, now):
        while found := await database.write(unit):
            gone += found
            await asyncio.sleep(0)
    return gone


def _list_units(lifetimes: Lifetimes, now: int) -> Iterator[_Unit]:
    limit = _ROWS_AT_ONCE
    window = now - lifetimes.rotation_window_seconds
    tombstones = now - lifetimes.tombstone_seconds
    yield lambda connection: forget_kept_answers(connection, before=window, limit=limit)
    yield lambda connection: prune_expired(connection, now=now - _KEPT_AFTER_EXPIRY_SECONDS, limit=limit)
    yield lambda connection: prune_oauth1(connection, now=now, kept_until=now - _KEPT_AFTER_EXPIRY_SECONDS, limit=limit)
    yield lambda connection: prune_round_trips(connection, now=now - _KEPT_AFTER_EXPIRY_SECONDS, limit=limit)
    yield lambda connection: prune_failures(connection, before=now - lifetimes.failure_seconds, limit=limit)
    yield lambda connection: prune_events(connection, before=now - lifetimes.audit_seconds, limit=limit)
    yield lambda connection: _prune_grants(connection, before=now - lifetimes.audit_seconds, limit=limit)
    yield lambda connection: _prune_decided(connection, before=tombstones, limit=limit)
    yield lambda connection: _prune_clients(connection, before=tombstones, limit=limit)
    yield lambda connection: _prune_links(connection, before=tombstones)


def _prune_grants(connection: Connection, *, before: int, limit: int) -> int:
    over = select(grants.c.id).where(grants.c.ended_at.between(1, before)).limit(limit)
    return connection.execute(delete(grants).where(grants.c.id.in_(over))).rowcount


def _prune_clients(connection: Connection, *, before: int, limit: int) -> int:
    """Delete some of the clients that ended before their link; their grants go first, at their own time."""
    of_grants = select(grants.c.id).where(grants.c.client == clients.c.id)
    over = select(clients.c.id).where(clients.c.ended_at.between(1, before), ~of_grants.exists()).limit(limit)
    return connection.execute(delete(clients).where(clients.c.id.in_(over))).rowcount


def _prune_decided(connection: Connection, *, before: int, limit: int) -> int:
    table = decided_proposals
    over = select(table.c.issuer, table.c.jti).where(table.c.decided_at < before).limit(limit)
    gone = 0
    for issuer, jti in connection.execute(over).all():
        gone += connection.execute(delete(table).where(and_(table.c.issuer == issuer, table.c.jti == jti))).rowcount
    return gone


def _prune_links(connection: Connection, *, before: int) -> int:
    """Delete one tombstone, with all that hung on it."""
    link_id = connection.execute(select(links.c.id).where(links.c.ended_at.between(1, before)).limit(1)).scalar()
    if link_id is None:
        return 0
    delete_secrets(connection, link_id)
    delete_registration(connection, link_id)
    for table in (round_trips, connections, grants, clients):
        connection.execute(delete(table).where(table.c.link_id == link_id))
    return connection.execute(delete(links).where(links.c.id == link_id)).rowcount
