"""Links and decided proposals, in the database."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, false, insert, or_, select, update

from applinks.linking.repeats import LONGEST_WAIT_SECONDS
from applinks.linking.store import CommitResult, DecidedProposal, LinkWrite
from applinks.records.audit import AuditEvent
from applinks.records.grants import GrantEnd
from applinks.records.links import Link, LinkState
from applinks.storage.clients import end_clients, end_former_peers, write_client
from applinks.storage.journals.audit import add_events
from applinks.storage.registrations import delete_registration, replace_registration
from applinks.storage.rows import can_stand, format_link, is_name, parse_link
from applinks.storage.schema import connections, decided_proposals, grants, links, round_trips
from applinks.storage.sealing.sealer import Sealer
from applinks.storage.units import ConflictError, Database, UnitUndone

_LIVE = ("in_force", "approved", "confirming")


class LinkingTables:
    """Implements ``linking.store.LinkingStore``."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def find_link(self, id_or_handle: str) -> Link | None:
        """Give a link by id (ended or not), else a link that has not ended by handle."""
        return await self._database.read(lambda connection: _find_link(connection, id_or_handle))

    async def find_live_link(self, *, url: str, peer_id: str) -> Link | None:
        """Give the live link with a peer of that base URL or of that manifest id."""
        # Of a peer that was linked by hand we may know neither; that is no likeness.
        named = ((links.c.peer_url, url), (links.c.peer_id, peer_id))
        likely = [column == value for column, value in named if value and can_stand(value)]
        same_peer = or_(false(), *likely)
        found = await self._select(select(links).where(links.c.state.in_(_LIVE), same_peer).limit(1))
        return found[0] if found else None

    async def list_open_proposals(self, *, url: str) -> Sequence[Link]:
        """Give our own links in state PROPOSED with a peer of that base URL."""
        return await self._select(select(links).where(links.c.state == "proposed", links.c.peer_url == url))

    async def list_links(self, *, ended: bool = False) -> Sequence[Link]:
        """Give the links, by name; with ``ended`` also the tombstones."""
        query = select(links).order_by(links.c.name, links.c.created_at)
        return await self._select(query if ended else query.where(links.c.ended_at == 0))

    async def list_due_links(self, now: int) -> Sequence[Link]:
        """Give the links with something due, ended ones too."""
        return await self._select(select(links).where(_is_due(now)).order_by(links.c.statement_at))

    async def list_handles(self) -> frozenset[str]:
        """Give every handle of links that have not ended."""
        return await self._database.read(list_handles)

    async def find_decided_proposal(self, *, issuer: str, jti: str) -> DecidedProposal | None:
        """Give the claim of a proposal, if it was decided here."""
        table = decided_proposals
        query = select(table).where(table.c.issuer == issuer, table.c.jti == jti)
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        return DecidedProposal(**row) if row else None

    async def commit(
        self, *writes: LinkWrite, events: Sequence[AuditEvent] = (), decided: DecidedProposal | None = None
    ) -> CommitResult:
        """Write all of it or nothing, in one transaction."""

        def unit(connection: Connection) -> CommitResult:
            # What ends makes room first: for its handle, and for the one live link of its peer.
            for write in sorted(writes, key=lambda each: each.link.state is not LinkState.ENDED):
                _write(connection, write, self._sealer)
            if decided is not None:
                connection.execute(insert(decided_proposals).values(_format_decided(decided)))
            add_events(connection, events)
            return CommitResult.WRITTEN

        try:
            return await self._database.write(unit)
        except ConflictError:
            return CommitResult.TAKEN

    async def _select(self, query: Select[Any]) -> list[Link]:
        return await self._database.read(
            lambda connection: [parse_link(row) for row in connection.execute(query).mappings()]
        )


def list_handles(connection: Connection) -> frozenset[str]:
    """Give every handle of links that have not ended, inside a unit."""
    return frozenset(connection.execute(select(links.c.handle).where(links.c.ended_at == 0)).scalars())


def _find_link(connection: Connection, id_or_handle: str) -> Link | None:
    if not is_name(id_or_handle):
        return None
    # No handle has the form of an id: an id holds an underscore.
    named = and_(links.c.handle == id_or_handle, links.c.ended_at == 0)
    query = select(links).where(or_(links.c.id == id_or_handle, named))
    row = connection.execute(query).mappings().first()
    return parse_link(row) if row else None


def _is_due(now: int) -> ColumnElement[bool]:
    attempts = (links.c.statement_at, links.c.test_call_at)
    moments = (links.c.pending_until, *attempts)
    # What is further away than any wait was put there while the clock was ahead.
    void = (moment > now + LONGEST_WAIT_SECONDS for moment in attempts)
    return or_(*(moment.between(1, now) for moment in moments), *void)


def _write(connection: Connection, write: LinkWrite, sealer: Sealer) -> None:
    _write_link(connection, write)
    _write_clients(connection, write, sealer)
    if write.registration is not None:
        replace_registration(connection, write.registration, sealer)
    if write.link.ended_at:
        _end_with(connection, write.link)


def _write_link(connection: Connection, write: LinkWrite) -> None:
    row = format_link(write.link)
    if write.expected_version is None:
        connection.execute(insert(links).values(row))
        return
    if write.link.version <= write.expected_version:
        # Readers keep what they parsed under (id, version).
        raise ValueError("a link is written with a higher version than it was read with")
    same = and_(links.c.id == write.link.id, links.c.version == write.expected_version)
    if connection.execute(update(links).where(same).values(row)).rowcount != 1:
        raise UnitUndone(CommitResult.LOST)


def _write_clients(connection: Connection, write: LinkWrite, sealer: Sealer) -> None:
    peers = {client.protocol for client in write.clients if client.is_peer}
    if peers and write.expected_version is not None:
        end_former_peers(connection, write.link.id, peers, at=max(client.created_at for client in write.clients))
    for client in write.clients:
        write_client(connection, client, sealer)


def _end_with(connection: Connection, link: Link) -> None:
    end_clients(connection, link.id, at=link.ended_at)
    delete_registration(connection, link.id)
    granted = (grants.c.link_id == link.id, grants.c.ended_at == 0)
    ends = {"ended_at": link.ended_at, "ended_by": GrantEnd.LINK.value}
    connection.execute(update(grants).where(*granted).values(ends))
    connection.execute(delete(connections).where(connections.c.link_id == link.id))
    connection.execute(delete(round_trips).where(round_trips.c.link_id == link.id))


def _format_decided(decided: DecidedProposal) -> dict[str, Any]:
    return {
        "issuer": decided.issuer,
        "jti": decided.jti,
        "decided_by": decided.decided_by,
        "decided_at": decided.decided_at,
        "answer": decided.answer,
        "return_url": decided.return_url,
    }
