"""
The rows of tokens and codes, and the look-ups that every database shares.

A look-up gives first the four columns of ``VERSIONS``: which client and which link, and under which version each
stands now. Then comes the row itself, and all that its validity hangs on.
"""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from applinks.incoming.store import FoundAccessToken, FoundCode, FoundRefreshToken
from applinks.records.clients import Client
from applinks.records.grants import Grant, GrantEnd
from applinks.records.links import Link
from applinks.records.tokens import AccessToken, AuthorizationCode, Family, RefreshToken
from applinks.secret import Secret
from applinks.storage.rows import (
    format_code,
    format_words,
    parse_code,
    parse_words,
)
from applinks.storage.schema import access_tokens, codes, families, grants, refresh_tokens
from applinks.storage.sealing.sealer import Sealer

# A token names its row itself, so the number may be anything; 64 bits end here.
ROWS = range(1 << 63)

ACCESS = tuple(column.name for column in access_tokens.columns)
REFRESH = tuple(column.name for column in refresh_tokens.columns)
CODE = tuple(column.name for column in codes.columns)
GRANT = tuple(column.name for column in grants.columns)
FAMILY = tuple(column.name for column in families.columns)


def name_columns(alias: str, names: Sequence[str]) -> str:
    """Write the columns of a table, as a look-up names them."""
    return ", ".join(f"{alias}.{name}" for name in names)


# The names are those of our own tables; each statement ends where the value to look for is bound.
OWNER = "JOIN applinks_clients c ON c.id = t.client JOIN applinks_links l ON l.id = c.link_id"
VERSIONS = "c.id, c.version, l.id, l.version"
_ACCESS_COLUMNS = (
    f"{VERSIONS}, {name_columns('t', ACCESS)}, {name_columns('g', GRANT)}, {name_columns('f', FAMILY)}".split(", ")
)
_ACCESS_SOURCE = (
    f"FROM applinks_access_tokens t {OWNER} LEFT JOIN applinks_grants g ON g.id = t.grant_id "
    "LEFT JOIN applinks_families f ON f.id = t.family_id WHERE t.row = "
)
FIND_ACCESS = f"SELECT {', '.join(_ACCESS_COLUMNS)} {_ACCESS_SOURCE}"
# What stays as it is while the token of a row does; its digest says that it is the same token. All else may change.
_FIXED: frozenset[str] = frozenset().union(
    ("c.id", "l.id"),
    ("t.row", "t.client", "t.grant_id", "t.family_id", "t.user_id", "t.scopes"),
    ("t.resource", "t.issued_at", "t.expires_at"),
    ("g.id", "g.client", "g.link_id", "g.user_id", "g.resource", "g.created_at"),
    ("f.id", "f.grant_id", "f.created_at", "f.absolute_expires_at"),
)
_MOVING = [place for place, name in enumerate(_ACCESS_COLUMNS) if name not in _FIXED]
FIND_STANDING = f"SELECT {', '.join(_ACCESS_COLUMNS[place] for place in _MOVING)} {_ACCESS_SOURCE}"
"""Gives what ``list_standing`` gives of what ``FIND_ACCESS`` found."""
list_standing: Callable[[Sequence[Any]], tuple[Any, ...]] = itemgetter(*_MOVING)
FIND_REFRESH = (
    f"SELECT {VERSIONS}, {name_columns('t', REFRESH)}, {name_columns('g', GRANT)}, {name_columns('f', FAMILY)} "  # noqa: S608
    f"FROM applinks_refresh_tokens t {OWNER} JOIN applinks_grants g ON g.id = t.grant_id "
    "JOIN applinks_families f ON f.id = t.family_id WHERE t.row = "
)
FIND_CODE = (
    f"SELECT {VERSIONS}, {name_columns('t', CODE)}, {name_columns('g', GRANT)} FROM applinks_codes t "  # noqa: S608
    f"{OWNER} JOIN applinks_grants g ON g.id = t.grant_id WHERE t.row = "
)
_FIND_CLIENT = (
    f"SELECT {VERSIONS} FROM applinks_clients c JOIN applinks_links l ON l.id = c.link_id "  # noqa: S608
    "WHERE c.ended_at = 0 AND c.protocol = '{protocol}' AND c.client_id = "
)
FIND_CLIENT = _FIND_CLIENT.format(protocol="oauth2")
FIND_OAUTH1_CLIENT = _FIND_CLIENT.format(protocol="oauth1")
# The newest counts, if several.
FIND_LIVE_GRANT = (
    f"SELECT {name_columns('g', GRANT)} FROM applinks_grants g WHERE g.client = {{client}} AND g.user_id = {{user}} "  # noqa: S608
    "AND g.ended_at = 0 ORDER BY g.created_at DESC LIMIT 1"
)
_OWN = 4  # VERSIONS come first.
_ACCESS_ENDS = _OWN + len(ACCESS)
_FAMILY_BEGINS = _ACCESS_ENDS + len(GRANT)


def build_found_code(found: Sequence[Any], client: Client, link: Link) -> FoundCode:
    """Give what ``FIND_CODE`` found."""
    code = parse_code(_name(CODE, found[_OWN:]))
    return FoundCode(code=code, client=client, link=link, grant=build_grant(found[_OWN + len(CODE) :]))


def build_found_access_token(found: Sequence[Any], client: Client, link: Link) -> FoundAccessToken | None:
    """Give what ``FIND_ACCESS`` found; None: something that its validity hangs on is gone."""
    token = _build_access_token(found[_OWN:_ACCESS_ENDS])
    # A join that found nothing gives a row without a name.
    grant = None if found[_ACCESS_ENDS] is None else build_grant(found[_ACCESS_ENDS:_FAMILY_BEGINS])
    family = None if found[_FAMILY_BEGINS] is None else build_family(found[_FAMILY_BEGINS:])
    if (token.grant_id and grant is None) or (token.family_id and family is None):
        return None
    return FoundAccessToken(token=token, client=client, link=link, grant=grant, family=family)


def build_found_refresh_token(found: Sequence[Any], client: Client, link: Link, sealer: Sealer) -> FoundRefreshToken:
    """Give what ``FIND_REFRESH`` found, the kept answer opened."""
    rest = found[_OWN + len(REFRESH) :]
    return FoundRefreshToken(
        token=_parse_refresh_token(_name(REFRESH, found[_OWN:]), sealer),
        family=build_family(rest[len(GRANT) :]),
        client=client,
        link=link,
        grant=build_grant(rest[: len(GRANT)]),
    )


def seal_answer(answer: Secret, row: int, sealer: Sealer) -> str:
    """Seal the answer that superseded the refresh token of a row."""
    return sealer.seal(answer, **_place_answer(row))


def build_grant(values: Sequence[Any]) -> Grant:
    """Give the grant whose values stand in the order of ``GRANT``."""
    id_, client, link_id, user_id, scopes, resource, created_at, last_used_at, ended_at, ended_by = values
    return Grant(
        id=id_,
        client=client,
        link_id=link_id,
        user_id=user_id,
        scopes=parse_words(scopes),
        resource=resource,
        created_at=created_at,
        last_used_at=last_used_at,
        ended_at=ended_at,
        ended_by=GrantEnd(ended_by) if ended_by else None,
    )


def list_code(code: AuthorizationCode) -> tuple[Any, ...]:
    """Give the values of a code in the order of ``CODE``."""
    row = format_code(code)
    return tuple(row[name] for name in CODE)


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


def _name(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(names, values, strict=False))


# With every call: by their places, which costs half as much as by their names. The order is that of the schema.


def _build_access_token(values: Sequence[Any]) -> AccessToken:
    row, digest, client, grant_id, family_id, user_id, scopes, resource, issued_at, expires_at, revoked_at = values
    return AccessToken(
        row=row,
        digest=digest,
        client=client,
        grant_id=grant_id,
        family_id=family_id,
        user_id=user_id,
        scopes=parse_words(scopes),
        resource=resource,
        issued_at=issued_at,
        expires_at=expires_at,
        revoked_at=revoked_at,
    )


def build_family(values: Sequence[Any]) -> Family:
    """Give the family whose values stand in the order of ``FAMILY``."""
    id_, grant_id, created_at, absolute_expires_at, revoked_at = values
    return Family(
        id=id_,
        grant_id=grant_id,
        created_at=created_at,
        absolute_expires_at=absolute_expires_at,
        revoked_at=revoked_at,
    )
