"""
The incoming side's store on SQLite: what runs with every call, tokens and codes, on the raw connection.

What is the same on every database is in `applinks.storage.incoming`. Each look-up here is one statement that joins all
that validity hangs on, and reads under which version links and clients stand now: a pause or a revocation is seen by
the very next look-up.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

from applinks.incoming.store import FoundAccessToken, FoundClient, FoundCode, FoundRefreshToken
from applinks.records.clients import Client
from applinks.records.grants import Grant
from applinks.records.links import Link
from applinks.records.tokens import AccessToken, Family, RefreshToken
from applinks.secret import Secret
from applinks.storage.incoming import IncomingTables
from applinks.storage.rows import (
    format_words,
    parse_access_token,
    parse_code,
    parse_family,
    parse_grant,
    parse_words,
)
from applinks.storage.schema import access_tokens, codes, families, grants, refresh_tokens
from applinks.storage.sealing import Sealer
from applinks.storage.sqlite.connection import SqliteDatabase
from applinks.storage.sqlite.kept_records import KeptRecords
from applinks.storage.units import ConflictError

# A token names its row itself, so the number may be anything; SQLite's end here.
_ROWS = range(1 << 63)

_ACCESS = tuple(column.name for column in access_tokens.columns)
_REFRESH = tuple(column.name for column in refresh_tokens.columns)
_CODE = tuple(column.name for column in codes.columns)
_GRANT = tuple(column.name for column in grants.columns)
_FAMILY = tuple(column.name for column in families.columns)


def _columns(alias: str, names: Sequence[str]) -> str:
    return ", ".join(f"{alias}.{name}" for name in names)


def _marks(names: Sequence[str]) -> str:
    return f"({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"


# The names are those of our own tables; values are always bound.
_OWNER = "JOIN applinks_clients c ON c.id = t.client JOIN applinks_links l ON l.id = c.link_id"
_VERSIONS = "c.id, c.version, l.id, l.version"
_FIND_ACCESS = (
    f"SELECT {_VERSIONS}, {_columns('t', _ACCESS)}, {_columns('g', _GRANT)}, {_columns('f', _FAMILY)} "  # noqa: S608
    f"FROM applinks_access_tokens t {_OWNER} LEFT JOIN applinks_grants g ON g.id = t.grant_id "
    "LEFT JOIN applinks_families f ON f.id = t.family_id WHERE t.row = ?"
)
_FIND_REFRESH = (
    f"SELECT {_VERSIONS}, {_columns('t', _REFRESH)}, {_columns('g', _GRANT)}, {_columns('f', _FAMILY)} "  # noqa: S608
    f"FROM applinks_refresh_tokens t {_OWNER} JOIN applinks_grants g ON g.id = t.grant_id "
    "JOIN applinks_families f ON f.id = t.family_id WHERE t.row = ?"
)
_FIND_CODE = (
    f"SELECT {_VERSIONS}, {_columns('t', _CODE)}, {_columns('g', _GRANT)} FROM applinks_codes t "  # noqa: S608
    f"{_OWNER} JOIN applinks_grants g ON g.id = t.grant_id WHERE t.row = ?"
)
_FIND_CLIENT = (
    f"SELECT {_VERSIONS} FROM applinks_clients c JOIN applinks_links l ON l.id = c.link_id "  # noqa: S608
    "WHERE c.client_id = ? AND c.ended_at = 0"
)
_ADD_ACCESS = f"INSERT INTO applinks_access_tokens {_marks(_ACCESS)}"
_ADD_REFRESH = f"INSERT INTO applinks_refresh_tokens {_marks(_REFRESH)}"
_ADD_FAMILY = f"INSERT INTO applinks_families {_marks(_FAMILY)}"
_CLAIM_CODE = "UPDATE applinks_codes SET claimed_at = ?, family_id = ? WHERE row = ? AND claimed_at = 0"
_SUPERSEDE = (
    "UPDATE applinks_refresh_tokens SET superseded_at = ?, successor_row = ?, successor = ?, successor_scopes = ? "
    "WHERE row = ? AND superseded_at = 0"
)
_CLAIM_ASSERTION = "INSERT INTO applinks_assertions (issuer, jti, expires_at) VALUES (?, ?, ?)"


class SqliteIncoming(IncomingTables):
    """Implements ``incoming.store.IncomingStore``, with its hot statements on SQLite."""

    def __init__(self, database: SqliteDatabase, sealer: Sealer, kept: KeptRecords) -> None:
        super().__init__(database)
        self._hot = database
        self._sealer = sealer
        self._kept = kept

    async def find_client(self, client_id: str) -> FoundClient | None:
        """Give the live (not ended) client of that wire id, with its link."""

        def unit(raw: sqlite3.Connection) -> FoundClient | None:
            row = raw.execute(_FIND_CLIENT, (client_id,)).fetchone()
            if row is None:
                return None
            client, link = self._get_owner(raw, row)
            return FoundClient(client=client, link=link)

        return await self._hot.read_raw(unit)

    async def find_code(self, row: int) -> FoundCode | None:
        """Give a code by its row, claimed or not."""

        def unit(raw: sqlite3.Connection) -> FoundCode | None:
            found = raw.execute(_FIND_CODE, (row,)).fetchone()
            if found is None:
                return None
            client, link = self._get_owner(raw, found)
            code, rest = _take(found[4:], _CODE)
            return FoundCode(code=parse_code(code), client=client, link=link, grant=_take_grant(rest)[0])

        return await self._hot.read_raw(unit) if row in _ROWS else None

    async def find_access_token(self, row: int) -> FoundAccessToken | None:
        """Give an access token by its row."""

        def unit(raw: sqlite3.Connection) -> FoundAccessToken | None:
            found = raw.execute(_FIND_ACCESS, (row,)).fetchone()
            if found is None:
                return None
            client, link = self._get_owner(raw, found)
            token = parse_access_token(_take(found[4:], _ACCESS)[0])
            grant, family = _take_bonds(found[4 + len(_ACCESS) :])
            if (token.grant_id and grant is None) or (token.family_id and family is None):
                return None
            return FoundAccessToken(token=token, client=client, link=link, grant=grant, family=family)

        return await self._hot.read_raw(unit) if row in _ROWS else None

    async def find_refresh_token(self, row: int) -> FoundRefreshToken | None:
        """Give a refresh token by its row, current or superseded."""

        def unit(raw: sqlite3.Connection) -> FoundRefreshToken | None:
            found = raw.execute(_FIND_REFRESH, (row,)).fetchone()
            if found is None:
                return None
            client, link = self._get_owner(raw, found)
            token = self._parse_refresh_token(_take(found[4:], _REFRESH)[0])
            grant, family = _take_bonds(found[4 + len(_REFRESH) :])
            # Both are joined, not left-joined.
            assert grant is not None and family is not None  # noqa: S101, PT018
            return FoundRefreshToken(token=token, family=family, client=client, link=link, grant=grant)

        return await self._hot.read_raw(unit) if row in _ROWS else None

    async def exchange_code(
        self, row: int, *, at: int, family: Family, access_token: AccessToken, refresh_token: RefreshToken | None
    ) -> bool:
        """Claim the code and insert what it yields; False: it was claimed already, and nothing was written."""

        def unit(raw: sqlite3.Connection) -> bool:
            if raw.execute(_CLAIM_CODE, (at, family.id, row)).rowcount != 1:
                return False
            raw.execute(_ADD_FAMILY, _list_family(family))
            raw.execute(_ADD_ACCESS, _list_access_token(access_token))
            if refresh_token is not None:
                raw.execute(_ADD_REFRESH, self._list_refresh_token(refresh_token))
            return True

        return await self._hot.write_raw(unit)

    async def rotate_refresh_token(
        self, row: int, *, at: int, answer: Secret, access_token: AccessToken, refresh_token: RefreshToken
    ) -> bool:
        """Supersede the current token by another, keeping the answer; False: it was superseded, nothing was written."""
        sealed = self._seal_answer(answer, row)
        superseded = (at, refresh_token.row, sealed, format_words(access_token.scopes), row)

        def unit(raw: sqlite3.Connection) -> bool:
            if raw.execute(_SUPERSEDE, superseded).rowcount != 1:
                return False
            raw.execute(_ADD_ACCESS, _list_access_token(access_token))
            raw.execute(_ADD_REFRESH, self._list_refresh_token(refresh_token))
            return True

        return await self._hot.write_raw(unit)

    async def add_access_token(self, access_token: AccessToken) -> None:
        """Insert a token that comes of no code."""
        values = _list_access_token(access_token)
        await self._hot.write_raw(lambda raw: raw.execute(_ADD_ACCESS, values).rowcount)

    async def claim_assertion(self, *, issuer: str, jti: str, expires_at: int) -> bool:
        """Claim a ``jti``, once and for all processes; False: it was used before."""
        values = (issuer, jti, expires_at)
        try:
            await self._hot.write_raw(lambda raw: raw.execute(_CLAIM_ASSERTION, values).rowcount)
        except ConflictError:
            return False
        return True

    def _get_owner(self, raw: sqlite3.Connection, found: Sequence[Any]) -> tuple[Client, Link]:
        return self._kept.get_client(raw, found[0], found[1]), self._kept.get_link(raw, found[2], found[3])

    def _seal_answer(self, answer: Secret, row: int) -> str:
        return self._sealer.seal(answer, table="applinks_refresh_tokens", column="successor", row=str(row))

    def _parse_refresh_token(self, row: dict[str, Any]) -> RefreshToken:
        place = {"table": "applinks_refresh_tokens", "column": "successor", "row": str(row["row"])}
        sealed = row["successor"]
        lists = {name: parse_words(row[name]) for name in ("scopes", "successor_scopes")}
        successor = None if sealed is None else self._sealer.unseal(sealed, **place)
        return RefreshToken(**{**row, **lists, "successor": successor})

    def _list_refresh_token(self, token: RefreshToken) -> tuple[Any, ...]:
        sealed = None if token.successor is None else self._seal_answer(token.successor, token.row)
        return (
            token.row,
            token.digest,
            token.client,
            token.grant_id,
            token.family_id,
            token.user_id,
            format_words(token.scopes),
            token.resource,
            token.issued_at,
            token.idle_expires_at,
            token.superseded_at,
            token.successor_row,
            sealed,
            format_words(token.successor_scopes),
        )


def _take(values: Sequence[Any], names: Sequence[str]) -> tuple[dict[str, Any], Sequence[Any]]:
    return dict(zip(names, values, strict=False)), values[len(names) :]


def _take_grant(values: Sequence[Any]) -> tuple[Grant, Sequence[Any]]:
    row, rest = _take(values, _GRANT)
    return parse_grant(row), rest


def _take_bonds(values: Sequence[Any]) -> tuple[Grant | None, Family | None]:
    """Read grant and family, each None where the join found none."""
    grant, rest = _take(values, _GRANT)
    family, _ = _take(rest, _FAMILY)
    return (
        None if grant["id"] is None else parse_grant(grant),
        None if family["id"] is None else parse_family(family),
    )


def _list_family(family: Family) -> tuple[Any, ...]:
    return (family.id, family.grant_id, family.created_at, family.absolute_expires_at, family.revoked_at)


def _list_access_token(token: AccessToken) -> tuple[Any, ...]:
    return (
        token.row,
        token.digest,
        token.client,
        token.grant_id,
        token.family_id,
        token.user_id,
        format_words(token.scopes),
        token.resource,
        token.issued_at,
        token.expires_at,
        token.revoked_at,
    )
