"""A sealing key that does not open what is stored, and what is given up where it is lost."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from enum import Enum, auto

from sqlalchemy import Connection, Table, delete, select, update

from applinks.clock import Clock
from applinks.errors import SettingsError
from applinks.settings import Settings
from applinks.storage.keys import KeyTables
from applinks.storage.schema import (
    clients,
    connections,
    links,
    refresh_tokens,
    registrations,
    round_trips,
    sessions,
    temporary_credentials,
    token_credentials,
)
from applinks.storage.sealing.key_file import LOST_FOR_GOOD
from applinks.storage.sealing.sealer import Sealer, SealingError
from applinks.storage.units import Database

_log = logging.getLogger("applinks.storage")


class _Loss(Enum):
    """What a link can lose, in the order in which it is told."""

    CONNECTION = auto()
    CLIENT_SECRET = auto()
    SHARED_SECRET = auto()
    TOKEN_CREDENTIALS = auto()


async def check_sealing_key(
    own: KeyTables, database: Database, sealer: Sealer, *, settings: Settings, clock: Clock
) -> None:
    """
    Check that the sealing key opens what is stored; where the settings say that it is lost, begin anew with this one.

    Links and incoming tokens of OAuth 2 survive, because only digests and public keys are kept of them; what we hold at
    peers and the secrets of OAuth 1.0a are sealed, and are given up. Never by itself: a key that was mistyped once must
    not destroy anything.

    Raises:
        SettingsError: it does not, and nobody said that it is lost; nothing was changed.
    """
    try:
        await own.get_signing_key()
    except SealingError as error:
        if not settings.sealing_key_lost:
            raise SettingsError(
                "The sealing key is not the one with which the secrets in this database were sealed. Give the right "
                f"one back, by APPLINKS_SEALING_KEY or by the key file. {LOST_FOR_GOOD}",
                detail=error.detail,
            ) from error
    else:
        return
    lost = await database.write(lambda connection: _give_up(connection, sealer))
    signing, oauth1 = await own.replace(clock=clock)
    for handle, kinds in lost.items():
        _log.warning(
            "sealing_key.lost link=%s connections=%d client_secrets=%d shared_secrets=%d token_credentials=%d "
            "reason=they have to be made or entered anew",
            *(handle, *(kinds[each] for each in _Loss)),
        )
    _log.warning(
        "sealing_key.lost new_key=%s new_oauth1_key=%s reason=each peer has to compare and approve them; "
        "unset sealing_key_lost now",
        *(signing, oauth1),
    )


def _give_up(connection: Connection, sealer: Sealer) -> Mapping[str, Counter[_Loss]]:
    """Delete what does not open any more; gives what each link lost."""
    lost: dict[str, Counter[_Loss]] = {}
    for losses in (_give_up_outgoing(connection, sealer), _give_up_incoming(connection, sealer)):
        for handle, loss in losses:
            lost.setdefault(handle, Counter())[loss] += 1
    _delete_unreadable(connection, round_trips, "code_verifier", sealer)
    _delete_unreadable(connection, sessions, "csrf_secret", sealer)
    _delete_unreadable(connection, temporary_credentials, "secret", sealer)
    # The token itself is a digest and goes on; only the repeated answer is gone.
    kept = select(refresh_tokens.c.row, refresh_tokens.c.successor).where(refresh_tokens.c.successor.is_not(None))
    for number, sealed in connection.execute(kept).all():
        if not sealer.can_open(sealed):
            connection.execute(update(refresh_tokens).where(refresh_tokens.c.row == number).values(successor=None))
    return lost


def _give_up_outgoing(connection: Connection, sealer: Sealer) -> Iterator[tuple[str, _Loss]]:
    """Delete what we hold at peers; gives the handle of its link with each."""
    table = connections
    query = select(table.c.id, table.c.access_token, links.c.handle).join(links, links.c.id == table.c.link_id)
    for name, sealed, handle in connection.execute(query).all():
        if not sealer.can_open(sealed):
            connection.execute(delete(table).where(table.c.id == name))
            yield handle, _Loss.CONNECTION
    query = select(registrations.c.link_id, registrations.c.client_secret, links.c.handle).join(
        links, links.c.id == registrations.c.link_id
    )
    for name, sealed, handle in connection.execute(query).all():
        if sealed is not None and not sealer.can_open(sealed):
            same = registrations.c.link_id == name
            connection.execute(update(registrations).where(same).values(client_secret=None))
            yield handle, _Loss.CLIENT_SECRET


def _give_up_incoming(connection: Connection, sealer: Sealer) -> Iterator[tuple[str, _Loss]]:
    """Delete the secrets of OAuth 1.0a, which are no digests; gives the handle of its link with each."""
    query = select(clients.c.id, clients.c.oauth1_secret, links.c.handle).join(links, links.c.id == clients.c.link_id)
    for name, sealed, handle in connection.execute(query.where(clients.c.oauth1_secret.is_not(None))).all():
        if not sealer.can_open(sealed):
            without = update(clients).where(clients.c.id == name)
            connection.execute(without.values(oauth1_secret=None, version=clients.c.version + 1))
            yield handle, _Loss.SHARED_SECRET
    table = token_credentials
    of_links = links.join(clients, clients.c.link_id == links.c.id)
    found = select(table.c.row, table.c.secret, links.c.handle).select_from(
        table.outerjoin(of_links, clients.c.id == table.c.client)
    )
    for row, sealed, handle in connection.execute(found).all():
        if not sealer.can_open(sealed):
            connection.execute(delete(table).where(table.c.row == row))
            yield handle or "", _Loss.TOKEN_CREDENTIALS


def _delete_unreadable(connection: Connection, table: Table, column: str, sealer: Sealer) -> None:
    key = next(iter(table.primary_key.columns))
    for name, sealed in connection.execute(select(key, table.c[column])).all():
        if not sealer.can_open(sealed):
            connection.execute(delete(table).where(key == name))
