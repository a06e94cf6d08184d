"""
Grants, and what pages and revocation do with tokens, in the database.

What every call does is in ``sqlite/incoming.py``.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Subquery,
    and_,
    delete,
    func,
    insert,
    select,
    update,
)

from applinks.incoming.store import FoundAccessToken, FoundClient, FoundFamily, FoundGrant
from applinks.records.audit import AuditEvent
from applinks.records.clients import Client
from applinks.records.grants import Grant, GrantEnd
from applinks.records.tokens import AuthorizationCode
from applinks.storage.clients import insert_client, load_clients, load_rows, replace_client
from applinks.storage.journals.audit import add_events
from applinks.storage.rows import (
    can_stand,
    format_code,
    format_grant,
    parse_access_token,
    parse_family,
    parse_grant,
    parse_link,
)
from applinks.storage.schema import (
    access_tokens,
    assertions,
    clients,
    codes,
    families,
    grants,
    links,
    refresh_tokens,
    token_credentials,
)
from applinks.storage.sealing.sealer import Sealer
from applinks.storage.units import ConflictError, Database, UnitUndone


class IncomingTables:
    """The part of ``incoming.store.IncomingStore`` that is the same on every database."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def list_clients(self, *, link_id: str | None = None) -> Sequence[FoundClient]:
        """Give the live clients, by name; of one link where it is named. Secrets come with their last use."""
        query = (
            select(clients.c.id, links.c.id)
            .join(links, links.c.id == clients.c.link_id)
            .where(clients.c.ended_at == 0, links.c.ended_at == 0)
            .order_by(clients.c.name, clients.c.created_at, clients.c.id)
        )
        narrowed = query if link_id is None else query.where(links.c.id == link_id)

        def unit(connection: Connection) -> list[FoundClient]:
            found = connection.execute(narrowed).all()
            owners = _Owners(connection, ((row[0], row[1]) for row in found), self._sealer)
            return [FoundClient(client=owners.clients[row[0]], link=owners.links[row[1]]) for row in found]

        return await self._database.read(unit)

    async def add_client(self, client: Client, *, event: AuditEvent) -> bool:
        """Insert a client of a link that has not ended; False: its client id is taken, or the link ended."""
        live = select(links.c.id).where(links.c.id == client.link_id, links.c.ended_at == 0)

        def unit(connection: Connection) -> bool:
            if connection.execute(live).first() is None:
                raise UnitUndone(False)
            insert_client(connection, client, self._sealer)
            add_events(connection, (event,))
            return True

        try:
            return await self._database.write(unit)
        except ConflictError:
            return False

    async def swap_client(self, client: Client, *, expected_version: int, event: AuditEvent) -> bool:
        """
        Replace a live client, its secrets with it, while it is that version; False: it was changed meanwhile.

        One that has ``ended_at`` ends with its live grants, in the same transaction.
        """

        def unit(connection: Connection) -> bool:
            if not replace_client(connection, client, self._sealer, expected_version=expected_version):
                raise UnitUndone(False)
            add_events(connection, (event,))
            return True

        return await self._database.write(unit)

    async def list_families(
        self, *, link_id: str | None = None, client: str | None = None, user_id: str | None = None, now: int
    ) -> Sequence[FoundFamily]:
        """Give the live families of both protocols, newest first, narrowed by link, client record and user."""
        # No index leads from a family to its tokens, because each would slow down every issue: they are passed once.
        refresh = _find_ends(refresh_tokens.c.idle_expires_at, refresh_tokens.c.superseded_at == 0, now=now)
        access = _find_ends(access_tokens.c.expires_at, access_tokens.c.revoked_at == 0, now=now)
        of_oauth1 = _find_ends(token_credentials.c.session_expires_at, token_credentials.c.superseded_at == 0, now=now)
        ends_at = func.coalesce(refresh.c.ends_at, access.c.ends_at, of_oauth1.c.ends_at)
        query = (
            select(families, grants.c.id, clients.c.id, links.c.id, ends_at)
            .join(grants, grants.c.id == families.c.grant_id)
            .join(clients, clients.c.id == grants.c.client)
            .join(links, links.c.id == clients.c.link_id)
            .outerjoin(refresh, refresh.c.family_id == families.c.id)
            .outerjoin(access, access.c.family_id == families.c.id)
            .outerjoin(of_oauth1, of_oauth1.c.family_id == families.c.id)
            .where(families.c.revoked_at == 0, families.c.absolute_expires_at > now, grants.c.ended_at == 0)
            .where(ends_at.is_not(None))
            .where(
                *_narrow(link_id=link_id, client=client), *([] if user_id is None else [grants.c.user_id == user_id])
            )
            .order_by(families.c.created_at.desc(), families.c.id)
        )
        given = link_id, client, user_id
        if not all(each is None or can_stand(each) for each in given):
            return []
        return await self._database.read(lambda connection: _load_families(connection, query, self._sealer))

    async def list_application_tokens(
        self, *, link_id: str | None = None, client: str | None = None, now: int
    ) -> Sequence[FoundAccessToken]:
        """Give the live access tokens that clients hold for themselves, newest first."""
        live = (access_tokens.c.revoked_at == 0, access_tokens.c.expires_at > now)
        query = (
            select(access_tokens, links.c.id.label("link_id"))
            .join(clients, clients.c.id == access_tokens.c.client)
            .join(links, links.c.id == clients.c.link_id)
            .where(access_tokens.c.user_id.is_(None), *live, *_narrow(link_id=link_id, client=client))
            .order_by(access_tokens.c.issued_at.desc(), access_tokens.c.row)
        )

        def unit(connection: Connection) -> list[FoundAccessToken]:
            rows = [dict(row) for row in connection.execute(query).mappings()]
            owners = _Owners(connection, ((row["client"], row["link_id"]) for row in rows), self._sealer)
            return [
                FoundAccessToken(
                    link=owners.links[row.pop("link_id")],
                    client=owners.clients[row["client"]],
                    token=parse_access_token(row),
                    grant=None,
                    family=None,
                )
                for row in rows
            ]

        return await self._database.read(unit)

    async def list_grants_of_user(self, user_id: str) -> Sequence[FoundGrant]:
        """Give the user's live grants whose client and link are not ended, newest first."""
        live = and_(grants.c.ended_at == 0, clients.c.ended_at == 0, links.c.ended_at == 0)
        query = (
            select(grants.c.id, clients.c.id, links.c.id)
            .join(clients, clients.c.id == grants.c.client)
            .join(links, links.c.id == clients.c.link_id)
            .where(grants.c.user_id == user_id, live)
            .order_by(grants.c.created_at.desc())
        )
        return await self._database.read(lambda connection: _load_grants(connection, query, self._sealer))

    async def count_grants_of_link(self, link_id: str) -> int:
        """Count the users with a live grant to a link."""
        query = select(func.count(grants.c.user_id.distinct())).where(
            grants.c.link_id == link_id, grants.c.ended_at == 0
        )
        return await self._database.read(lambda connection: int(connection.execute(query).scalar_one()))

    async def save_consent(
        self, grant: Grant, code: AuthorizationCode, event: AuditEvent | None, *, only: bool = False
    ) -> bool:
        """
        Insert the grant, or widen the live one of its id, and insert the code. No event: the grant stood already.

        False, and nothing written: the grant of that id ended meanwhile (it is never revived); or, with ``only``,
        a new grant finds another live one of the same client, user and resource.
        """

        def unit(connection: Connection) -> bool:
            if not write_grant(connection, grant, only=only):
                raise UnitUndone(False)
            connection.execute(insert(codes).values(format_code(code)))
            add_events(connection, (event,) if event else ())
            return True

        return await self._database.write(unit)

    async def end_grant(self, grant_id: str, *, at: int, by: GrantEnd, event: AuditEvent) -> bool:
        """End a live grant and write the event; False: it had ended already, and nothing was written."""
        live = and_(grants.c.id == grant_id, grants.c.ended_at == 0)

        def unit(connection: Connection) -> bool:
            if connection.execute(update(grants).where(live).values(ended_at=at, ended_by=by.value)).rowcount == 0:
                raise UnitUndone(False)
            add_events(connection, (event,))
            return True

        return await self._database.write(unit)

    async def revoke_family(self, family_id: str, *, at: int, event: AuditEvent | None = None) -> None:
        """End all that came of one code."""
        standing = and_(families.c.id == family_id, families.c.revoked_at == 0)

        def unit(connection: Connection) -> None:
            if connection.execute(update(families).where(standing).values(revoked_at=at)).rowcount and event:
                add_events(connection, (event,))

        await self._database.write(unit)

    async def revoke_access_token(self, row: int, *, at: int, event: AuditEvent | None = None) -> None:
        """End one access token."""
        standing = and_(access_tokens.c.row == row, access_tokens.c.revoked_at == 0)

        def unit(connection: Connection) -> None:
            if connection.execute(update(access_tokens).where(standing).values(revoked_at=at)).rowcount and event:
                add_events(connection, (event,))

        await self._database.write(unit)


def write_grant(connection: Connection, grant: Grant, *, only: bool) -> bool:
    """
    Insert a grant, or widen the live one of its id, inside a unit.

    False: that one ended meanwhile; or, with ``only``, a new one finds another of the same client, user and resource.
    """
    row = format_grant(grant)
    live = grants.c.ended_at == 0
    if connection.execute(select(grants.c.id).where(grants.c.id == grant.id)).first() is not None:
        widened = {name: row[name] for name in ("scopes", "last_used_at")}
        same = update(grants).where(grants.c.id == grant.id, live)
        return connection.execute(same.values(widened)).rowcount == 1
    of_same = (grants.c.client == grant.client, grants.c.user_id == grant.user_id)
    twins = select(grants.c.id).where(*of_same, grants.c.resource == grant.resource, live)
    if only and connection.execute(twins).first() is not None:
        return False
    connection.execute(insert(grants).values(row))
    return True


def forget_kept_answers(connection: Connection, *, before: int, limit: int) -> int:
    """Drop the answers of refresh tokens that were superseded before a moment; gives how many."""
    kept = and_(refresh_tokens.c.successor.is_not(None), refresh_tokens.c.superseded_at < before)
    rows = select(refresh_tokens.c.row).where(kept).limit(limit)
    changed = update(refresh_tokens).where(refresh_tokens.c.row.in_(rows)).values(successor=None)
    return connection.execute(changed).rowcount


def prune_expired(connection: Connection, *, now: int, limit: int) -> int:
    """Delete some of the codes, tokens, families and claims whose time is over; gives how many."""
    expired = (
        (assertions.c.jti, assertions.c.expires_at),
        (codes.c.row, codes.c.expires_at),
        (access_tokens.c.row, access_tokens.c.expires_at),
        (refresh_tokens.c.row, refresh_tokens.c.idle_expires_at),
        (families.c.id, families.c.absolute_expires_at),
    )
    gone = 0
    for name, moment in expired:
        over = select(name).where(moment < now).order_by(moment).limit(limit)
        gone += connection.execute(delete(name.table).where(name.in_(over), moment < now)).rowcount
    return gone


class _Owners:
    """Clients and links by their ids, each read once."""

    def __init__(self, connection: Connection, ids: Iterable[tuple[str, str]], sealer: Sealer) -> None:
        pairs = list(ids)
        self.clients = load_clients(connection, (client_id for client_id, _ in pairs), sealer)
        rows = load_rows(connection, links, (link_id for _, link_id in pairs))
        self.links = {row["id"]: parse_link(row) for row in rows}


def _load_grants(connection: Connection, query: Select[Any], sealer: Sealer) -> list[FoundGrant]:
    found = connection.execute(query).all()
    standing = {row["id"]: parse_grant(row) for row in load_rows(connection, grants, (each[0] for each in found))}
    owners = _Owners(connection, ((each[1], each[2]) for each in found), sealer)
    return [
        FoundGrant(grant=standing[grant_id], client=owners.clients[client_id], link=owners.links[link_id])
        for grant_id, client_id, link_id in found
    ]


def _load_families(connection: Connection, query: Select[Any], sealer: Sealer) -> list[FoundFamily]:
    found = connection.execute(query).all()
    standing = {row["id"]: parse_grant(row) for row in load_rows(connection, grants, (each[-4] for each in found))}
    owners = _Owners(connection, ((each[-3], each[-2]) for each in found), sealer)
    names = families.columns.keys()
    return [
        FoundFamily(
            family=parse_family(dict(zip(names, each, strict=False))),
            grant=standing[each[-4]],
            client=owners.clients[each[-3]],
            link=owners.links[each[-2]],
            expires_at=each[-1],
        )
        for each in found
    ]


def _find_ends(moment: Column[int], current: ColumnElement[bool], *, now: int) -> Subquery:
    """Give when each family's last token of a table ends, of those that have one."""
    table = moment.table
    query = select(table.c.family_id, func.max(moment).label("ends_at")).where(current, moment > now)
    return query.group_by(table.c.family_id).subquery()


def _narrow(*, link_id: str | None, client: str | None) -> Iterator[ColumnElement[bool]]:
    """Say that clients and links are live, and which of them are meant."""
    yield from (clients.c.ended_at == 0, links.c.ended_at == 0)
    if link_id is not None:
        yield links.c.id == link_id
    if client is not None:
        yield clients.c.id == client
