"""Who we are, and our own key pairs; made at the first start, in one write."""

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from joserfc.jwk import ECKey
from sqlalchemy import Connection, insert, select

from applinks.clock import Clock
from applinks.entropy import Entropy
from applinks.errors import StoreError
from applinks.records.keys import Instance, KeyPair
from applinks.secret import Secret
from applinks.storage.rows import Row, format_json, parse_json_as
from applinks.storage.schema import instance, keys
from applinks.storage.sealing import Sealer
from applinks.storage.units import ConflictError, Database
from applinks.wire.jose import compute_thumbprint

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

    async def _find_instance(self) -> Instance | None:
        query = select(instance.c.id, instance.c.created_at)
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        return Instance(id=row["id"], created_at=row["created_at"]) if row else None

    async def _list_rows(self) -> Sequence[Row]:
        query = select(keys).where(keys.c.protocol == _PROTOCOL, keys.c.retired_at == 0)
        newest_first = query.order_by(keys.c.created_at.desc(), keys.c.kid)
        return await self._database.read(lambda connection: connection.execute(newest_first).mappings().all())

    def _parse(self, row: Row) -> KeyPair:
        return KeyPair(
            kid=row["kid"],
            protocol=row["protocol"],
            algorithm=row["algorithm"],
            public=parse_json_as(dict[str, Any], row["public"]),
            private=self._sealer.unseal(row["private"], **_place_private(row["kid"])),
            created_at=row["created_at"],
            retired_at=row["retired_at"],
        )


def _make_instance_id(entropy: Entropy) -> str:
    return f"urn:uuid:{uuid.UUID(bytes=entropy.random_bytes(16), version=4)}"


def _make_key_pair(now: int) -> KeyPair:
    """Make an ES256 pair by the operating system's generator; a key is never made from a test's entropy."""
    pair = ECKey.generate_key("P-256", private=True)
    public = dict(pair.as_dict(private=False))
    kid = compute_thumbprint(public)
    named = {"kid": kid, "alg": _ALGORITHM, "use": "sig"}
    private = {**pair.as_dict(private=True), **named}
    return KeyPair(
        kid=kid,
        protocol=_PROTOCOL,
        algorithm=_ALGORITHM,
        public={**public, **named},
        private=Secret(json.dumps(private)),
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


def _place_private(kid: str) -> dict[str, str]:
    return {"table": "applinks_keys", "column": "private", "row": kid}
