"""
The rows of OAuth 1.0a, and the look-ups that every database shares; each begins as those of ``token_rows`` do.

Secrets are opened when a record is built. One that is used many times is kept as it was found, so that its secret is
opened once.
"""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from applinks.incoming.oauth1.store import FoundTemporaryCredentials, FoundTokenCredentials
from applinks.records.clients import Client
from applinks.records.links import Link
from applinks.records.token_credentials import TemporaryCredentials, TokenCredentials
from applinks.secret import Secret
from applinks.storage.hot.token_rows import FAMILY, GRANT, OWNER, VERSIONS, build_family, build_grant, name_columns
from applinks.storage.rows import format_words, parse_words
from applinks.storage.schema import temporary_credentials, token_credentials
from applinks.storage.sealing.sealer import Sealer

TEMPORARY = tuple(column.name for column in temporary_credentials.columns)
CREDENTIALS = tuple(column.name for column in token_credentials.columns)

# The names are those of our own tables; each statement ends where the value to look for is bound.
FIND_TEMPORARY = (
    f"SELECT {VERSIONS}, {name_columns('t', TEMPORARY)}, {name_columns('g', GRANT)} "  # noqa: S608
    f"FROM applinks_temporary_credentials t {OWNER} LEFT JOIN applinks_grants g ON g.id = t.grant_id WHERE t.row = "
)
_COLUMNS = f"{VERSIONS}, {name_columns('t', CREDENTIALS)}, {name_columns('g', GRANT)}, {name_columns('f', FAMILY)}"
_NAMES = _COLUMNS.split(", ")
_SOURCE = (
    f"FROM applinks_token_credentials t {OWNER} JOIN applinks_grants g ON g.id = t.grant_id "
    "JOIN applinks_families f ON f.id = t.family_id WHERE t.row = "
)
FIND_CREDENTIALS = f"SELECT {_COLUMNS} {_SOURCE}"
# What stays as it is while the credentials of a row do; their digest says that they are the same. All else may change.
_FIXED: frozenset[str] = frozenset().union(
    ("c.id", "l.id"),
    ("t.row", "t.secret", "t.client", "t.grant_id", "t.family_id", "t.user_id", "t.scopes", "t.resource"),
    ("t.session_handle", "t.session_expires_at", "t.issued_at", "t.expires_at"),
    ("g.id", "g.client", "g.link_id", "g.user_id", "g.resource", "g.created_at"),
    ("f.id", "f.grant_id", "f.created_at", "f.absolute_expires_at"),
)
_MOVING = [place for place, name in enumerate(_NAMES) if name not in _FIXED]
FIND_STANDING = f"SELECT {', '.join(_NAMES[place] for place in _MOVING)} {_SOURCE}"
"""Gives what ``list_standing`` gives of what ``FIND_CREDENTIALS`` found."""
list_standing: Callable[[Sequence[Any]], tuple[Any, ...]] = itemgetter(*_MOVING)
_OWN = 4  # VERSIONS come first.
_TEMPORARY_ENDS = _OWN + len(TEMPORARY)
_CREDENTIALS_END = _OWN + len(CREDENTIALS)
_FAMILY_BEGINS = _CREDENTIALS_END + len(GRANT)


def build_found_temporary(
    found: Sequence[Any], client: Client, link: Link, sealer: Sealer
) -> FoundTemporaryCredentials | None:
    """Give what ``FIND_TEMPORARY`` found; None: the grant that they name is gone."""
    row = dict(zip(TEMPORARY, found[_OWN:_TEMPORARY_ENDS], strict=True))
    grant = None if found[_TEMPORARY_ENDS] is None else build_grant(found[_TEMPORARY_ENDS:])
    if row["grant_id"] and grant is None:
        return None
    secret = sealer.unseal(row["secret"], **_place_temporary(row["row"]))
    credentials = TemporaryCredentials(**{**row, "secret": secret})
    return FoundTemporaryCredentials(credentials=credentials, client=client, link=link, grant=grant)


def build_found_credentials(found: Sequence[Any], client: Client, link: Link, sealer: Sealer) -> FoundTokenCredentials:
    """Give what ``FIND_CREDENTIALS`` found."""
    row = dict(zip(CREDENTIALS, found[_OWN:_CREDENTIALS_END], strict=True))
    secret = sealer.unseal(row["secret"], **_place_credentials(row["row"]))
    return FoundTokenCredentials(
        credentials=TokenCredentials(**{**row, "secret": secret, "scopes": parse_words(row["scopes"])}),
        client=client,
        link=link,
        grant=build_grant(found[_CREDENTIALS_END:_FAMILY_BEGINS]),
        family=build_family(found[_FAMILY_BEGINS:]),
    )


def list_temporary(credentials: TemporaryCredentials, sealer: Sealer) -> tuple[Any, ...]:
    """Give the values of temporary credentials in the order of ``TEMPORARY``."""
    return (
        credentials.row,
        credentials.digest,
        _seal(credentials.secret, _place_temporary(credentials.row), sealer),
        credentials.client,
        credentials.callback,
        credentials.issued_at,
        credentials.expires_at,
        credentials.user_id,
        credentials.grant_id,
        credentials.oauth_verifier,
        credentials.decided_at,
        credentials.claimed_at,
        credentials.family_id,
    )


def list_credentials(credentials: TokenCredentials, sealer: Sealer) -> tuple[Any, ...]:
    """Give the values of token credentials in the order of ``CREDENTIALS``."""
    return (
        credentials.row,
        credentials.digest,
        _seal(credentials.secret, _place_credentials(credentials.row), sealer),
        credentials.client,
        credentials.grant_id,
        credentials.family_id,
        credentials.user_id,
        format_words(credentials.scopes),
        credentials.resource,
        credentials.session_handle,
        credentials.session_expires_at,
        credentials.issued_at,
        credentials.expires_at,
        credentials.superseded_at,
    )


def _seal(secret: Secret, place: dict[str, str], sealer: Sealer) -> str:
    return sealer.seal(secret, **place)


def _place_temporary(row: int) -> dict[str, str]:
    return {"table": "applinks_temporary_credentials", "column": "secret", "row": str(row)}


def _place_credentials(row: int) -> dict[str, str]:
    return {"table": "applinks_token_credentials", "column": "secret", "row": str(row)}
