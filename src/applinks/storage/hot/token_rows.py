"""
The rows of tokens and codes, and the look-ups that every database shares.

A look-up gives first the four columns of ``VERSIONS``: which client and which link, and under which version each
stands now. Then comes the row itself, and all that its validity hangs on.
"""

from collections.abc import Sequence
from typing import Any

from applinks.incoming.store import FoundAccessToken, FoundCode, FoundRefreshToken
from applinks.records.clients import Client
from applinks.records.grants import Grant
from applinks.records.links import Link
from applinks.records.tokens import AccessToken, Family, RefreshToken
from applinks.secret import Secret
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

# A token names its row itself, so the number may be anything; 64 bits end here.
ROWS = range(1 << 63)

ACCESS = tuple(column.name for column in access_tokens.columns)
REFRESH = tuple(column.name for column in refresh_tokens.columns)
CODE = tuple(column.name for column in codes.columns)
GRANT = tuple(column.name for column in grants.columns)
FAMILY = tuple(column.name for column in families.columns)


def _columns(alias: str, names: Sequence[str]) -> str:
    return ", ".join(f"{alias}.{name}" for name in names)


# The names are those of our own tables; each statement ends where the value to look for is bound.
_OWNER = "JOIN applinks_clients c ON c.id = t.client JOIN applinks_links l ON l.id = c.link_id"
VERSIONS = "c.id, c.version, l.id, l.version"
FIND_ACCESS = (
    f"SELECT {VERSIONS}, {_columns('t', ACCESS)}, {_columns('g', GRANT)}, {_columns('f', FAMILY)} "  # noqa: S608
    f"FROM applinks_access_tokens t {_OWNER} LEFT JOIN applinks_grants g ON g.id = t.grant_id "
    "LEFT JOIN applinks_families f ON f.id = t.family_id WHERE t.row = "
)
FIND_REFRESH = (
    f"SELECT {VERSIONS}, {_columns('t', REFRESH)}, {_columns('g', GRANT)}, {_columns('f', FAMILY)} "  # noqa: S608
    f"FROM applinks_refresh_tokens t {_OWNER} JOIN applinks_grants g ON g.id = t.grant_id "
    "JOIN applinks_families f ON f.id = t.family_id WHERE t.row = "
)
FIND_CODE = (
    f"SELECT {VERSIONS}, {_columns('t', CODE)}, {_columns('g', GRANT)} FROM applinks_codes t "  # noqa: S608
    f"{_OWNER} JOIN applinks_grants g ON g.id = t.grant_id WHERE t.row = "
)
FIND_CLIENT = (
    f"SELECT {VERSIONS} FROM applinks_clients c JOIN applinks_links l ON l.id = c.link_id "  # noqa: S608
    "WHERE c.ended_at = 0 AND c.client_id = "
)
_OWN = 4  # VERSIONS come first.


def build_found_code(found: Sequence[Any], client: Client, link: Link) -> FoundCode:
    """Give what ``FIND_CODE`` found."""
    code, rest = _take(found[_OWN:], CODE)
    return FoundCode(code=parse_code(code), client=client, link=link, grant=parse_grant(_take(rest, GRANT)[0]))


def build_found_access_token(found: Sequence[Any], client: Client, link: Link) -> FoundAccessToken | None:
    """Give what ``FIND_ACCESS`` found; None: something that its validity hangs on is gone."""
    row, rest = _take(found[_OWN:], ACCESS)
    token = parse_access_token(row)
    grant, family = _take_bonds(rest)
    if (token.grant_id and grant is None) or (token.family_id and family is None):
        return None
    return FoundAccessToken(token=token, client=client, link=link, grant=grant, family=family)


def build_found_refresh_token(found: Sequence[Any], client: Client, link: Link, sealer: Sealer) -> FoundRefreshToken:
    """Give what ``FIND_REFRESH`` found, the kept answer opened."""
    row, rest = _take(found[_OWN:], REFRESH)
    grant, family = _take_bonds(rest)
    # Both are joined, not left-joined.
    assert grant is not None and family is not None  # noqa: S101, PT018
    return FoundRefreshToken(
        token=_parse_refresh_token(row, sealer), family=family, client=client, link=link, grant=grant
    )


def seal_answer(answer: Secret, row: int, sealer: Sealer) -> str:
    """Seal the answer that superseded the refresh token of a row."""
    return sealer.seal(answer, **_place_answer(row))


def list_family(family: Family) -> tuple[Any, ...]:
    """Give the values of a family in the order of ``FAMILY``."""
    return (family.id, family.grant_id, family.created_at, family.absolute_expires_at, family.revoked_at)


def list_access_token(token: AccessToken) -> tuple[Any, ...]:
    """Give the values of an access token in the order of ``ACCESS``."""
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


def list_refresh_token(token: RefreshToken, sealer: Sealer) -> tuple[Any, ...]:
    """Give the values of a refresh token in the order of ``REFRESH``."""
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
        None if token.successor is None else seal_answer(token.successor, token.row, sealer),
        format_words(token.successor_scopes),
    )


def _parse_refresh_token(row: dict[str, Any], sealer: Sealer) -> RefreshToken:
    sealed = row["successor"]
    lists = {name: parse_words(row[name]) for name in ("scopes", "successor_scopes")}
    successor = None if sealed is None else sealer.unseal(sealed, **_place_answer(row["row"]))
    return RefreshToken(**{**row, **lists, "successor": successor})


def _place_answer(row: int) -> dict[str, str]:
    return {"table": "applinks_refresh_tokens", "column": "successor", "row": str(row)}


def _take(values: Sequence[Any], names: Sequence[str]) -> tuple[dict[str, Any], Sequence[Any]]:
    return dict(zip(names, values, strict=False)), values[len(names) :]


def _take_bonds(values: Sequence[Any]) -> tuple[Grant | None, Family | None]:
    """Read grant and family, each None where the join found none."""
    grant, rest = _take(values, GRANT)
    family, _ = _take(rest, FAMILY)
    return (
        None if grant["id"] is None else parse_grant(grant),
        None if family["id"] is None else parse_family(family),
    )
