"""Our credentials at peers, and the journeys to obtain them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, insert, select, update
from sqlalchemy import Connection as Sql

from applinks.errors import StoreError
from applinks.outgoing.store import RoundTrip
from applinks.records.audit import AuditEvent
from applinks.records.connections import Connection, ConnectionState
from applinks.records.links import Link
from applinks.records.registrations import Registration
from applinks.secret import Secret
from applinks.storage.journals.audit import add_events
from applinks.storage.linking import list_handles
from applinks.storage.registrations import parse_registration
from applinks.storage.rows import Row, format_words, is_name, parse_link, parse_words
from applinks.storage.schema import connections, links, registrations, round_trips
from applinks.storage.sealing.sealer import Sealer
from applinks.storage.units import Database, UnitUndone

# Journeys of one user that are under way at once; with another one the oldest is given up.
_MOST_OF_USER = 20


class OutgoingTables:
    """The part of ``outgoing.store.OutgoingStore`` that is the same on every database."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def list_handles(self) -> frozenset[str]:
        """Give every handle of links that have not ended."""
        return await self._database.read(list_handles)

    async def find_registration(self, link_id: str) -> Registration | None:
        """Give what we are at the server of a link that was made by hand and has not ended."""
        found = await self._find_registration(registrations.c.link_id == link_id) if is_name(link_id) else None
        return found[1] if found else None

    async def find_document(self, document: str) -> tuple[Link, Registration] | None:
        """Give the registration whose client id document has this random id, while its link has not ended."""
        # Most registrations have none, which is the empty text.
        named = document and is_name(document)
        return await self._find_registration(registrations.c.document == document) if named else None

    async def list_connections_of_user(self, user_id: str) -> Sequence[tuple[Connection, Link]]:
        """Give a user's connections to links that have not ended."""
        query = select(connections).where(connections.c.user_id == user_id).order_by(connections.c.created_at)

        def unit(sql: Sql) -> list[tuple[Connection, Link]]:
            found = [self.parse(row) for row in sql.execute(query).mappings()]
            of_links = select(links).where(links.c.id.in_({each.link_id for each in found}), links.c.ended_at == 0)
            standing = {row["id"]: parse_link(row) for row in sql.execute(of_links).mappings()}
            return [(each, standing[each.link_id]) for each in found if each.link_id in standing]

        # An empty user is how the application's own connections are stored; nobody is called so.
        return await self._database.read(unit) if user_id else []

    async def count_connections_of_link(self, link_id: str) -> int:
        """Count the users who are connected over a link."""
        personal = and_(connections.c.link_id == link_id, connections.c.user_id != "")
        query = select(func.count(connections.c.user_id.distinct())).where(personal)
        return await self._database.read(lambda sql: int(sql.execute(query).scalar_one()))

    async def add_connection(self, connection: Connection, *, event: AuditEvent | None) -> None:
        """
        Insert, or replace the one with the same (link, user, name), whatever its version.

        Raises:
            StoreError: the link ended meanwhile, and its connections with it.
        """
        row = self._format(connection)

        def unit(sql: Sql) -> None:
            ended_at = sql.execute(select(links.c.ended_at).where(links.c.id == connection.link_id)).scalar()
            if ended_at != 0:
                raise StoreError("The link has ended.", detail=f"no connection is kept for {connection.link_id}")
            sql.execute(delete(connections).where(_is_key(connection.link_id, connection.user_id, connection.name)))
            sql.execute(insert(connections).values(row))
            add_events(sql, (event,) if event else ())

        await self._database.write(unit)

    async def swap_connection(self, connection: Connection, *, expected_version: int) -> bool:
        """Replace the record if its version is still the expected one; False: another was faster."""
        same = and_(connections.c.id == connection.id, connections.c.version == expected_version)
        changed = update(connections).where(same).values(self._format(connection))
        return await self._database.write(lambda sql: sql.execute(changed).rowcount == 1)

    async def delete_connection(self, connection_id: str, *, event: AuditEvent) -> bool:
        """Delete the record; False: it was gone."""

        def unit(sql: Sql) -> bool:
            if sql.execute(delete(connections).where(connections.c.id == connection_id)).rowcount == 0:
                raise UnitUndone(False)
            add_events(sql, (event,))
            return True

        return await self._database.write(unit)

    async def add_round_trip(self, round_trip: RoundTrip) -> None:
        """Keep a journey that begins; of a user who begins many, the oldest are given up."""
        sealed = self._sealer.seal(round_trip.code_verifier, **_place_code_verifier(round_trip.state))
        row = {
            "state": round_trip.state,
            "session": round_trip.session,
            "link_id": round_trip.link_id,
            "user_id": round_trip.user_id,
            "name": round_trip.name,
            "issuer": round_trip.issuer,
            "code_verifier": sealed,
            "redirect_uri": round_trip.redirect_uri,
            "scopes": format_words(round_trip.scopes),
            "return_to": round_trip.return_to,
            "expires_at": round_trip.expires_at,
            "protocol": round_trip.protocol,
        }
        mine = select(round_trips.c.state).where(round_trips.c.user_id == round_trip.user_id)
        over = mine.order_by(round_trips.c.expires_at.desc()).offset(_MOST_OF_USER - 1)

        def unit(sql: Sql) -> None:
            sql.execute(delete(round_trips).where(round_trips.c.state.in_(over)))
            sql.execute(insert(round_trips).values(row))

        await self._database.write(unit)

    async def claim_round_trip(self, *, state: bytes, session: bytes, link_id: str) -> RoundTrip | None:
        """Take a journey, once, by its state, only in the browser that began and for that link."""
        table = round_trips
        same = and_(table.c.state == state, table.c.session == session, table.c.link_id == link_id)

        def unit(sql: Sql) -> Row | None:
            row = sql.execute(select(table).where(same)).mappings().first()
            # Where another took it in between, nothing is left to delete.
            return row if row and sql.execute(delete(table).where(same)).rowcount == 1 else None

        row = await self._database.write(unit)
        if row is None:
            return None
        code_verifier = self._sealer.unseal(row["code_verifier"], **_place_code_verifier(state))
        return RoundTrip(**{**row, "code_verifier": code_verifier, "scopes": parse_words(row["scopes"])})

    async def _find_registration(self, condition: ColumnElement[bool]) -> tuple[Link, Registration] | None:
        query = select(registrations).join(links, links.c.id == registrations.c.link_id)
        live = query.where(condition, links.c.ended_at == 0)

        def unit(sql: Sql) -> tuple[Row, Row] | None:
            row = sql.execute(live).mappings().first()
            return (
                (sql.execute(select(links).where(links.c.id == row["link_id"])).mappings().one(), row) if row else None
            )

        found = await self._database.read(unit)
        return (parse_link(found[0]), parse_registration(found[1], self._sealer)) if found else None

    def _format(self, connection: Connection) -> dict[str, Any]:
        return {
            "id": connection.id,
            "link_id": connection.link_id,
            "user_id": connection.user_id or "",
            "name": connection.name,
            "protocol": connection.protocol,
            "version": connection.version,
            "state": connection.state.value,
            "issuer": connection.issuer,
            "access_token": self._seal("access_token", connection.access_token, connection.id),
            "refresh_token": self._seal_optional("refresh_token", connection.refresh_token, connection.id),
            "token_secret": self._seal_optional("token_secret", connection.token_secret, connection.id),
            "scopes": format_words(connection.scopes),
            "expires_at": connection.expires_at,
            "session_expires_at": connection.session_expires_at,
            "account": connection.account,
            "created_at": connection.created_at,
            "last_used_at": connection.last_used_at,
        }

    def parse(self, row: Row) -> Connection:
        """Give the connection of a row, its secrets opened."""
        return Connection(
            id=row["id"],
            link_id=row["link_id"],
            user_id=row["user_id"] or None,
            name=row["name"],
            protocol=row["protocol"],
            version=row["version"],
            state=ConnectionState(row["state"]),
            issuer=row["issuer"],
            access_token=self._unseal("access_token", row["access_token"], row["id"]),
            refresh_token=self._unseal_optional("refresh_token", row),
            token_secret=self._unseal_optional("token_secret", row),
            scopes=parse_words(row["scopes"]),
            expires_at=row["expires_at"],
            session_expires_at=row["session_expires_at"],
            account=row["account"],
            created_at=row["created_at"],
            last_used_at=row["last_used_at"],
        )

    def _seal(self, column: str, value: Secret, connection_id: str) -> str:
        return self._sealer.seal(value, table="applinks_connections", column=column, row=connection_id)

    def _seal_optional(self, column: str, value: Secret | None, connection_id: str) -> str | None:
        return None if value is None else self._seal(column, value, connection_id)

    def _unseal_optional(self, column: str, row: Row) -> Secret | None:
        return None if row[column] is None else self._unseal(column, row[column], row["id"])

    def _unseal(self, column: str, sealed: str, connection_id: str) -> Secret:
        return self._sealer.unseal(sealed, table="applinks_connections", column=column, row=connection_id)


def prune_round_trips(sql: Sql, *, now: int, limit: int) -> int:
    """Delete some of the journeys that nobody finished; gives how many."""
    over = select(round_trips.c.state).where(round_trips.c.expires_at < now).limit(limit)
    return sql.execute(delete(round_trips).where(round_trips.c.state.in_(over))).rowcount


def _is_key(link_id: str, user_id: str | None, name: str) -> Any:
    return and_(connections.c.link_id == link_id, connections.c.user_id == (user_id or ""), connections.c.name == name)


def _place_code_verifier(state: bytes) -> dict[str, str]:
    return {"table": "applinks_round_trips", "column": "code_verifier", "row": state.hex()}
