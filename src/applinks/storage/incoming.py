"""
Grants, and what pages and revocation do with tokens, in the database.

What every call does is in ``sqlite/incoming.py``.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, delete, func, insert, select, update

from applinks.incoming.store import FoundGrant
from applinks.records.audit import AuditEvent
from applinks.records.grants import Grant, GrantEnd
from applinks.records.tokens import AuthorizationCode
from applinks.storage.audit import add_events
from applinks.storage.rows import Row, format_code, format_grant, parse_client, parse_grant, parse_link
from applinks.storage.schema import access_tokens, assertions, clients, codes, families, grants, links, refresh_tokens
from applinks.storage.units import Database, UnitUndone


class IncomingTables:
    """The part of ``incoming.store.IncomingStore`` that is the same on every database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_live_grant(self, *, client: str, user_id: str) -> Grant | None:
        """Give the grant in force between a client record and a user, the newest if several."""
        of_both = and_(grants.c.client == client, grants.c.user_id == user_id, grants.c.ended_at == 0)
        query = select(grants).where(of_both).order_by(grants.c.created_at.desc()).limit(1)
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        return parse_grant(row) if row else None

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
        return await self._database.read(lambda connection: _load_grants(connection, query))

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
        row = format_grant(grant)
        known = select(grants.c.id).where(grants.c.id == grant.id)
        live = and_(grants.c.id == grant.id, grants.c.ended_at == 0)
        widened = {name: row[name] for name in ("scopes", "last_used_at")}
        twins = and_(
            grants.c.client == grant.client,
            grants.c.user_id == grant.user_id,
            grants.c.resource == grant.resource,
            grants.c.ended_at == 0,
        )

        def unit(connection: Connection) -> bool:
            if connection.execute(known).first() is not None:
                if connection.execute(update(grants).where(live).values(widened)).rowcount == 0:
                    raise UnitUndone(False)
            elif only and connection.execute(select(grants.c.id).where(twins)).first() is not None:
                raise UnitUndone(False)
            else:
                connection.execute(insert(grants).values(row))
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

    async def revoke_access_token(self, row: int, *, at: int) -> None:
        """End one access token."""
        standing = and_(access_tokens.c.row == row, access_tokens.c.revoked_at == 0)
        await self._database.write(
            lambda connection: connection.execute(update(access_tokens).where(standing).values(revoked_at=at)).rowcount
        )


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


def _load_grants(connection: Connection, query: Select[Any]) -> list[FoundGrant]:
    found = []
    for grant_id, client_id, link_id in connection.execute(query):
        grant = _get(connection, select(grants).where(grants.c.id == grant_id))
        client = _get(connection, select(clients).where(clients.c.id == client_id))
        link = _get(connection, select(links).where(links.c.id == link_id))
        found.append(FoundGrant(grant=parse_grant(grant), client=parse_client(client), link=parse_link(link)))
    return found


def _get(connection: Connection, query: Select[Any]) -> Row:
    return connection.execute(query).mappings().one()
