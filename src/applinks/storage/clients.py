"""Clients and their secrets, as rows: what stores do with them inside their units."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, insert, select, update

from applinks.records.clients import Client, ClientSecret
from applinks.records.grants import GrantEnd
from applinks.storage.rows import format_client, format_client_secret, parse_client, parse_client_secret
from applinks.storage.schema import client_secrets, clients, grants
from applinks.storage.sealing.sealer import Sealer

# A statement binds at most some tens of thousands of values.
_NAMES_AT_ONCE = 500


def insert_client(connection: Connection, client: Client, sealer: Sealer) -> None:
    """Insert a client and its secrets."""
    connection.execute(insert(clients).values(format_client(client, sealer)))
    _insert_secrets(connection, client)


def replace_client(connection: Connection, client: Client, sealer: Sealer, *, expected_version: int) -> bool:
    """Replace a live client and its secrets while it is that version; one that ends takes its live grants with it."""
    if client.version <= expected_version:
        # Readers keep what they parsed under (id, version).
        raise ValueError("a client is written with a higher version than it was read with")
    row = format_client(client, sealer)
    changes = {name: value for name, value in row.items() if name not in {"id", "link_id", "created_at"}}
    same = (clients.c.id == client.id, clients.c.version == expected_version, clients.c.ended_at == 0)
    if connection.execute(update(clients).where(*same).values(changes)).rowcount != 1:
        return False
    if client.ended_at:
        connection.execute(delete(client_secrets).where(client_secrets.c.client == client.id))
        granted = (grants.c.client == client.id, grants.c.ended_at == 0)
        ends = {"ended_at": client.ended_at, "ended_by": GrantEnd.ADMINISTRATOR.value}
        connection.execute(update(grants).where(*granted).values(ends))
    else:
        _replace_secrets(connection, client)
    return True


def end_clients(connection: Connection, link_id: str, *, at: int) -> None:
    """End all live clients of a link, and delete their secrets."""
    of_link = (clients.c.link_id == link_id, clients.c.ended_at == 0)
    ends = {"ended_at": at, "oauth1_secret": None, "version": clients.c.version + 1}
    connection.execute(update(clients).where(*of_link).values(ends))
    delete_secrets(connection, link_id)


def write_client(connection: Connection, client: Client, sealer: Sealer) -> None:
    """Store a link's client; the peer itself, if it is one already, keeps its id, so that its grants stand."""
    same = (*_list_peer_conditions(client.link_id), clients.c.protocol == client.protocol)
    kept = connection.execute(select(clients.c.id).where(*same)).scalar() if client.is_peer else None
    if kept is None:
        insert_client(connection, client, sealer)
        return
    # What is sealed is bound to the id of the row.
    row = format_client(replace(client, id=kept), sealer)
    changes = {name: value for name, value in row.items() if name not in {"id", "created_at"}}
    connection.execute(
        update(clients).where(clients.c.id == kept).values({**changes, "version": clients.c.version + 1})
    )


def end_former_peers(connection: Connection, link_id: str, protocols: Collection[str], *, at: int) -> None:
    """End the clients that the link's peer is by other protocols than these, with their grants."""
    former = (*_list_peer_conditions(link_id), clients.c.protocol.not_in(protocols))
    for name in connection.execute(select(clients.c.id).where(*former)).scalars().all():
        ends = {"ended_at": at, "oauth1_secret": None, "version": clients.c.version + 1}
        connection.execute(update(clients).where(clients.c.id == name).values(ends))
        granted = (grants.c.client == name, grants.c.ended_at == 0)
        connection.execute(update(grants).where(*granted).values(ended_at=at, ended_by=GrantEnd.LINK.value))


def delete_secrets(connection: Connection, link_id: str) -> None:
    """Delete the secrets of all clients of a link."""
    of_link = select(clients.c.id).where(clients.c.link_id == link_id)
    connection.execute(delete(client_secrets).where(client_secrets.c.client.in_(of_link)))


def load_clients(connection: Connection, ids: Iterable[str], sealer: Sealer) -> dict[str, Client]:
    """Read clients by their record ids, with their secrets as they stand now."""
    names = set(ids)
    secrets: dict[str, list[ClientSecret]] = {}
    for row in sorted(load_rows(connection, client_secrets, names, column="client"), key=lambda each: each["place"]):
        secrets.setdefault(row["client"], []).append(parse_client_secret(row))
    rows = load_rows(connection, clients, names)
    return {row["id"]: parse_client(row, sealer, secrets.get(row["id"], ())) for row in rows}


def load_rows(
    connection: Connection, table: Table, names: Iterable[str], *, column: str = "id"
) -> list[Mapping[Any, Any]]:
    """Read the rows of a table that these names stand for, in any order."""
    wanted = sorted(set(names))
    found: list[Mapping[Any, Any]] = []
    for start in range(0, len(wanted), _NAMES_AT_ONCE):
        some = table.c[column].in_(wanted[start : start + _NAMES_AT_ONCE])
        found += connection.execute(select(table).where(some)).mappings()
    return found


def _list_peer_conditions(link_id: str) -> tuple[ColumnElement[bool], ...]:
    return clients.c.link_id == link_id, clients.c.is_peer == 1, clients.c.ended_at == 0


def _replace_secrets(connection: Connection, client: Client) -> None:
    """Keep those that stay as they are, for their last use is written past us."""
    kept = {secret.row: place for place, secret in enumerate(client.secrets)}
    mine = client_secrets.c.client == client.id
    connection.execute(delete(client_secrets).where(mine, client_secrets.c.row.not_in(kept)))
    known = set(connection.execute(select(client_secrets.c.row).where(mine)).scalars())
    for secret in client.secrets:
        row = format_client_secret(secret, client=client.id, place=kept[secret.row])
        if secret.row in known:
            del row["last_used_at"]
            connection.execute(update(client_secrets).where(client_secrets.c.row == secret.row).values(row))
        else:
            connection.execute(insert(client_secrets).values(row))


def _insert_secrets(connection: Connection, client: Client) -> None:
    rows = [format_client_secret(each, client=client.id, place=place) for place, each in enumerate(client.secrets)]
    if rows:
        connection.execute(insert(client_secrets), rows)
