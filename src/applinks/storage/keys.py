"""Who we are, and our own key pairs; made at the first start, in one write."""

import asyncio
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import ECKey
from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from applinks.clock import Clock
from applinks.entropy import Entropy
from applinks.errors import StoreError
from applinks.records.keys import Instance, KeyPair
from applinks.secret import Secret
from applinks.storage.rows import Row, format_json, parse_json_as
from applinks.storage.schema import instance, keys
from applinks.storage.sealing.sealer import Sealer
from applinks.storage.units import ConflictError, Database
from applinks.wire.jose import build_public_jwk, compute_thumbprint
from applinks.wire.oauth1.keys import build_rsa_jwk

_OAUTH2 = "oauth2"
_OAUTH1 = "oauth1"
_ALGORITHM = "ES256"
_RSA_BITS = 2048
_RSA_EXPONENT = 65537
_SLOT = 1


class KeyTables:
    """Our identity and our key pairs; what does not change is read once."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self._instance: Instance | None = None
        self._current: dict[str, KeyPair] = {}

    async def make_first(self, *, clock: Clock, entropy: Entropy) -> None:
        """Make the identity and the first key pairs, unless this or another process did already."""
        if await self._find_instance() is not None:
            return
        row = {"slot": _SLOT, "id": _make_instance_id(entropy), "created_at": clock.now()}
        pairs = await self._make_pairs(clock.now())

        def unit(connection: Connection) -> None:
            connection.execute(insert(instance).values(row))
            connection.execute(insert(keys), pairs)

        try:
            await self._database.write(unit)
        except ConflictError:
            return  # Another process was faster; its identity is ours.

    async def make_missing(self, *, clock: Clock) -> None:
        """Make the RSA pair of a database that knew no OAuth 1.0a."""
        if await self._list_rows(_OAUTH1):
            return
        pair = await asyncio.to_thread(_make_rsa_key_pair, clock.now())
        row = self._format(pair)

        def unit(connection: Connection) -> None:
            # Another process may have been faster.
            if connection.execute(select(keys.c.kid).where(_is_current(_OAUTH1))).first() is None:
                connection.execute(insert(keys).values(row))

        await self._database.write(unit)

    async def replace(self, *, clock: Clock) -> tuple[str, ...]:
        """Retire every pair and make new ones, which no peer knows yet; gives their names."""
        pairs = await self._make_pairs(clock.now())

        def unit(connection: Connection) -> None:
            connection.execute(update(keys).where(keys.c.retired_at == 0).values(retired_at=clock.now()))
            connection.execute(insert(keys), pairs)

        await self._database.write(unit)
        self._current.clear()
        return tuple(pair["kid"] for pair in pairs)

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
        return await self._get_current(_OAUTH2)

    async def get_oauth1_key(self) -> KeyPair:
        """
        Give the newest RSA pair of OAuth 1.0a that is not retired; its private half is PEM.

        Raises:
            StoreError: there is none, or it does not open with this sealing key.
        """
        return await self._get_current(_OAUTH1)

    async def list_public_keys(self) -> Sequence[Mapping[str, Any]]:
        """Give the public JWKs of all ES256 pairs that are not retired, newest first."""
        return await self._list_public(_OAUTH2)

    async def list_oauth1_public_keys(self) -> Sequence[Mapping[str, Any]]:
        """Give the public JWKs of all RSA pairs of OAuth 1.0a that are not retired, newest first."""
        return await self._list_public(_OAUTH1)

    async def list_pairs(self) -> Sequence[KeyPair]:
        """Give all pairs, retired ones too, newest first; without their private halves, which nobody lists."""
        query = select(keys).order_by(keys.c.created_at.desc(), keys.c.retired_at, keys.c.protocol.desc(), keys.c.kid)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_parse_key_pair(row, Secret("")) for row in rows]

    async def _find_instance(self) -> Instance | None:
        query = select(instance.c.id, instance.c.created_at)
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        return Instance(id=row["id"], created_at=row["created_at"]) if row else None

    async def _get_current(self, protocol: str) -> KeyPair:
        if protocol not in self._current:
            row = next(iter(await self._list_rows(protocol)), None)
            if row is None:
                raise StoreError("The database holds no signing key.", detail=f"no key of {protocol}")
            self._current[protocol] = self._parse(row)
        return self._current[protocol]

    async def _list_public(self, protocol: str) -> Sequence[Mapping[str, Any]]:
        return [parse_json_as(dict[str, Any], row["public"]) for row in await self._list_rows(protocol)]

    async def _list_rows(self, protocol: str) -> Sequence[Row]:
        newest_first = select(keys).where(_is_current(protocol)).order_by(keys.c.created_at.desc(), keys.c.kid)
        return await self._database.read(lambda connection: connection.execute(newest_first).mappings().all())

    async def _make_pairs(self, now: int) -> list[dict[str, Any]]:
        """Make a pair of each protocol, as rows."""
        # Two primes of a kilobit take a tenth of a second, as long as which nobody else is kept waiting.
        rsa = await asyncio.to_thread(_make_rsa_key_pair, now)
        return [self._format(pair) for pair in (_make_key_pair(now), rsa)]

    def _format(self, pair: KeyPair) -> dict[str, Any]:
        return _format_key_pair(pair, self._sealer.seal(pair.private, **_place_private(pair.kid)))

    def _parse(self, row: Row) -> KeyPair:
        return _parse_key_pair(row, self._sealer.unseal(row["private"], **_place_private(row["kid"])))


def _make_instance_id(entropy: Entropy) -> str:
    return f"urn:uuid:{uuid.UUID(bytes=entropy.random_bytes(16), version=4)}"


def _make_key_pair(now: int) -> KeyPair:
    """Make an ES256 pair by the operating system's generator; a key is never made from a test's entropy."""
    private = ECKey.generate_key("P-256", private=True).as_dict(private=True)
    public = build_public_jwk(private, algorithm=_ALGORITHM)
    return KeyPair(
        kid=public["kid"],
        protocol=_OAUTH2,
        algorithm=_ALGORITHM,
        public=public,
        private=Secret(json.dumps({**private, **public})),
        created_at=now,
    )


def make_rsa_key() -> RSAPrivateKey:
    """Make an RSA key by the operating system's generator."""
    return generate_private_key(public_exponent=_RSA_EXPONENT, key_size=_RSA_BITS)


def _make_rsa_key_pair(now: int) -> KeyPair:
    """Make the pair of OAuth 1.0a, which signs by whichever digest a peer wants: so its JWK names no algorithm."""
    private = make_rsa_key()
    jwk = build_rsa_jwk(private.public_key())
    public = jwk | {"kid": compute_thumbprint(jwk), "use": "sig"}
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return KeyPair(
        kid=public["kid"],
        protocol=_OAUTH1,
        algorithm="RSA",
        public=public,
        private=Secret(pem.decode("ascii")),
        created_at=now,
    )


def _is_current(protocol: str) -> ColumnElement[bool]:
    return and_(keys.c.protocol == protocol, keys.c.retired_at == 0)


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
