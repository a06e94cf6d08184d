"""Who we are, and our own key pairs; made at the first start, in one write."""

import json
import logging
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from joserfc.jwk import ECKey
from sqlalchemy import Connection, Table, delete, insert, select, update

from applinks.clock import Clock
from applinks.entropy import Entropy
from applinks.errors import SettingsError, StoreError
from applinks.records.keys import Instance, KeyPair
from applinks.secret import Secret
from applinks.settings import Settings
from applinks.storage.rows import Row, format_json, parse_json_as
from applinks.storage.schema import (
    connections,
    instance,
    keys,
    links,
    refresh_tokens,
    registrations,
    round_trips,
    sessions,
)
from applinks.storage.sealing.key_file import LOST_FOR_GOOD
from applinks.storage.sealing.sealer import Sealer, SealingError
from applinks.storage.units import ConflictError, Database
from applinks.wire.jose import build_public_jwk

_log = logging.getLogger("applinks.storage")

_PROTOCOL = "oauth2"
_ALGORITHM = "ES256"
_SLOT = 1


class KeyTables:
    """Our identity and our key pairs; what does not change is read once."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self._instance: Instance | None = None
        self._signing: KeyPair | None = None

    async def make_first(self, *, clock: Clock, entropy: Entropy) -> None:
        """Make the identity and the first key pair, unless this or another process did already."""
        if await self._find_instance() is not None:
            return
        row = {"slot": _SLOT, "id": _make_instance_id(entropy), "created_at": clock.now()}
        pair = _make_key_pair(clock.now())
        sealed = self._sealer.seal(pair.private, **_place_private(pair.kid))

        def unit(connection: Connection) -> None:
            connection.execute(insert(instance).values(row))
            connection.execute(insert(keys).values(_format_key_pair(pair, sealed)))

        try:
            await self._database.write(unit)
        except ConflictError:
            return  # Another process was faster; its identity is ours.

    async def replace(self, *, clock: Clock) -> str:
        """Retire every pair and make a new one, which no peer knows yet; gives its name."""
        pair = _make_key_pair(clock.now())
        sealed = self._sealer.seal(pair.private, **_place_private(pair.kid))
        retired = update(keys).where(keys.c.protocol == _PROTOCOL, keys.c.retired_at == 0)

        def unit(connection: Connection) -> None:
            connection.execute(retired.values(retired_at=clock.now()))
            connection.execute(insert(keys).values(_format_key_pair(pair, sealed)))

        await self._database.write(unit)
        self._signing = None
        return pair.kid

    async def get_instance(self) -> Instance:
        """
        Give this installation.

        Raises:
            StoreError: the database holds none.
        """
        if self._instance is None:
            self._instance = await self._find_instance()
        if self._instance is None:
            raise StoreError("The database holds no identity of this installation.")
        return self._instance

    async def get_signing_key(self) -> KeyPair:
        """
        Give the newest ES256 pair that is not retired.

        Raises:
            StoreError: there is none, or it does not open with this sealing key.
        """
        if self._signing is None:
            row = next(iter(await self._list_rows()), None)
            if row is None:
                raise StoreError("The database holds no signing key.")
            self._signing = self._parse(row)
        return self._signing

    async def list_public_keys(self) -> Sequence[Mapping[str, Any]]:
        """Give the public JWKs of all pairs that are not retired, newest first."""
        return [parse_json_as(dict[str, Any], row["public"]) for row in await self._list_rows()]

    async def list_pairs(self) -> Sequence[KeyPair]:
        """Give all pairs, retired ones too, newest first; without their private halves, which nobody lists."""
        query = select(keys).order_by(keys.c.created_at.desc(), keys.c.retired_at, keys.c.kid)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_parse_key_pair(row, Secret("")) for row in rows]

    async def _find_instance(self) -> Instance | None:
        query = select(instance.c.id, instance.c.created_at)
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        return Instance(id=row["id"], created_at=row["created_at"]) if row else None

    async def _list_rows(self) -> Sequence[Row]:
        query = select(keys).where(keys.c.protocol == _PROTOCOL, keys.c.retired_at == 0)
        newest_first = query.order_by(keys.c.created_at.desc(), keys.c.kid)
        return await self._database.read(lambda connection: connection.execute(newest_first).mappings().all())

    def _parse(self, row: Row) -> KeyPair:
        return _parse_key_pair(row, self._sealer.unseal(row["private"], **_place_private(row["kid"])))


async def check_sealing_key(
    own: KeyTables, database: Database, sealer: Sealer, *, settings: Settings, clock: Clock
) -> None:
    """
    Check that the sealing key opens what is stored; where the settings say that it is lost, begin anew with this one.

    Links and incoming tokens survive, because only digests and public keys are kept of them; what we hold at peers is
    sealed, and is given up. Never by itself: a key that was mistyped once must not destroy anything.

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
    kid = await own.replace(clock=clock)
    for handle, kinds in lost.items():
        _log.warning(
            "sealing_key.lost link=%s connections=%d client_secrets=%d reason=they have to be made or entered anew",
            *(handle, kinds["connection"], kinds["client secret"]),
        )
    _log.warning(
        "sealing_key.lost new_key=%s reason=each peer has to compare and approve it; unset sealing_key_lost now", kid
    )


def _give_up(connection: Connection, sealer: Sealer) -> Mapping[str, Counter[str]]:
    """Delete what does not open any more; gives what each link lost."""
    lost: dict[str, Counter[str]] = {}
    of_connections = select(connections.c.id, connections.c.access_token, links.c.handle).join(
        links, links.c.id == connections.c.link_id
    )
    for name, sealed, handle in connection.execute(of_connections).all():
        if not sealer.can_open(sealed):
            connection.execute(delete(connections).where(connections.c.id == name))
            lost.setdefault(handle, Counter())["connection"] += 1
    of_registrations = select(registrations.c.link_id, registrations.c.client_secret, links.c.handle).join(
        links, links.c.id == registrations.c.link_id
    )
    for name, sealed, handle in connection.execute(of_registrations).all():
        if sealed is not None and not sealer.can_open(sealed):
            same = registrations.c.link_id == name
            connection.execute(update(registrations).where(same).values(client_secret=None))
            lost.setdefault(handle, Counter())["client secret"] += 1
    _delete_unreadable(connection, round_trips, "code_verifier", sealer)
    _delete_unreadable(connection, sessions, "csrf_secret", sealer)
    # The token itself is a digest and goes on; only the repeated answer is gone.
    kept = select(refresh_tokens.c.row, refresh_tokens.c.successor).where(refresh_tokens.c.successor.is_not(None))
    for number, sealed in connection.execute(kept).all():
        if not sealer.can_open(sealed):
            connection.execute(update(refresh_tokens).where(refresh_tokens.c.row == number).values(successor=None))
    return lost


def _delete_unreadable(connection: Connection, table: Table, column: str, sealer: Sealer) -> None:
    key = next(iter(table.primary_key.columns))
    for name, sealed in connection.execute(select(key, table.c[column])).all():
        if not sealer.can_open(sealed):
            connection.execute(delete(table).where(key == name))


def _make_instance_id(entropy: Entropy) -> str:
    return f"urn:uuid:{uuid.UUID(bytes=entropy.random_bytes(16), version=4)}"


def _make_key_pair(now: int) -> KeyPair:
    """Make an ES256 pair by the operating system's generator; a key is never made from a test's entropy."""
    private = ECKey.generate_key("P-256", private=True).as_dict(private=True)
    public = build_public_jwk(private, algorithm=_ALGORITHM)
    return KeyPair(
        kid=public["kid"],
        protocol=_PROTOCOL,
        algorithm=_ALGORITHM,
        public=public,
        private=Secret(json.dumps({**private, **public})),
        created_at=now,
    )


def _format_key_pair(pair: KeyPair, sealed: str) -> dict[str, Any]:
    return {
        "kid": pair.kid,
        "protocol": pair.protocol,
        "algorithm": pair.algorithm,
        "public": format_json(pair.public),
        "private": sealed,
        "created_at": pair.created_at,
        "retired_at": pair.retired_at,
    }


def _parse_key_pair(row: Row, private: Secret) -> KeyPair:
    return KeyPair(
        kid=row["kid"],
        protocol=row["protocol"],
        algorithm=row["algorithm"],
        public=parse_json_as(dict[str, Any], row["public"]),
        private=private,
        created_at=row["created_at"],
        retired_at=row["retired_at"],
    )


def _place_private(kid: str) -> dict[str, str]:
    return {"table": "applinks_keys", "column": "private", "row": kid}
