"""
The hot statements of tokens and codes as PostgreSQL runs them: each one round trip, and one transaction.

What is claimed and what it yields are one statement: its later parts insert only what its first part has claimed.
"""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Integer, LargeBinary, Table

from applinks.storage.hot import token_rows
from applinks.storage.schema import access_tokens, codes, families, refresh_tokens


def format_insert(table: Table, names: Sequence[str], first: int, source: str = "") -> str:
    """Write an insert whose values are bound from ``$first`` on; each with its type, which a bare mark lacks there."""
    marks = ", ".join(f"${first + place}::{_name_type(table, name)}" for place, name in enumerate(names))
    rows = f"SELECT {marks} FROM {source}" if source else f"VALUES ({marks})"  # noqa: S608
    return f"INSERT INTO {table.name} ({', '.join(names)}) {rows}"


def _name_type(table: Table, name: str) -> str:
    kind = table.c[name].type
    if isinstance(kind, LargeBinary):
        return "bytea"
    return "bigint" if isinstance(kind, BigInteger | Integer) else "text"


# The names are those of our own tables; values are always bound.
FIND_ACCESS = f"{token_rows.FIND_ACCESS}$1"
FIND_STANDING = f"{token_rows.FIND_STANDING}$1"
FIND_REFRESH = f"{token_rows.FIND_REFRESH}$1"
FIND_CODE = f"{token_rows.FIND_CODE}$1"
FIND_CLIENT = f"{token_rows.FIND_CLIENT}$1"
ADD_ACCESS = format_insert(access_tokens, token_rows.ACCESS, 1)
CLAIM_ASSERTION = (
    "INSERT INTO applinks_assertions (issuer, jti, expires_at) VALUES ($1, $2, $3) "
    "ON CONFLICT (issuer, jti) DO NOTHING RETURNING 1"
)

FIND_LIVE_GRANT = token_rows.FIND_LIVE_GRANT.format(client="$1", user="$2")
USE_GRANT = (
    "WITH used AS (UPDATE applinks_grants SET scopes = $1, last_used_at = $2 "  # noqa: S608
    f"WHERE id = $3 AND ended_at = 0 RETURNING 1) {format_insert(codes, token_rows.CODE, 4, 'used')} RETURNING 1"
)
"""Binds scopes, moment and id of a grant; then a code."""

_CLAIM_CODE = (
    "WITH claimed AS (UPDATE applinks_codes SET claimed_at = $1, family_id = $2 "
    "WHERE row = $3 AND claimed_at = 0 RETURNING 1)"
)
_FAMILY_AT = 4
_ACCESS_AT = _FAMILY_AT + len(token_rows.FAMILY)
_REFRESH_AT = _ACCESS_AT + len(token_rows.ACCESS)
_YIELD = (
    f"family AS ({format_insert(families, token_rows.FAMILY, _FAMILY_AT, 'claimed')}), "
    f"access AS ({format_insert(access_tokens, token_rows.ACCESS, _ACCESS_AT, 'claimed')})"
)
_YIELD_REFRESH = f"refresh AS ({format_insert(refresh_tokens, token_rows.REFRESH, _REFRESH_AT, 'claimed')})"
EXCHANGE_CODE = f"{_CLAIM_CODE}, {_YIELD}, {_YIELD_REFRESH} SELECT 1 FROM claimed"  # noqa: S608
"""Binds at, family, row; then a family, an access token and a refresh token."""
EXCHANGE_CODE_FOR_ACCESS = f"{_CLAIM_CODE}, {_YIELD} SELECT 1 FROM claimed"  # noqa: S608
"""Binds the same without a refresh token."""

_SUPERSEDE = (
    "WITH claimed AS (UPDATE applinks_refresh_tokens SET superseded_at = $1, successor_row = $2, successor = $3, "
    "successor_scopes = $4 WHERE row = $5 AND superseded_at = 0 RETURNING 1)"
)
_ROTATED_AT = 6
_ROTATED_REFRESH_AT = _ROTATED_AT + len(token_rows.ACCESS)
ROTATE = (
    f"{_SUPERSEDE}, access AS ({format_insert(access_tokens, token_rows.ACCESS, _ROTATED_AT, 'claimed')}), "  # noqa: S608
    f"refresh AS ({format_insert(refresh_tokens, token_rows.REFRESH, _ROTATED_REFRESH_AT, 'claimed')}) "
    "SELECT 1 FROM claimed"
)
"""Binds at, the successor's row, the sealed answer, its scopes, row; then an access token and a refresh token."""
