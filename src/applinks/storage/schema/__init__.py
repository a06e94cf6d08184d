"""
Every table, as it is now.

Columns hold what is queried, joined or compared; nested values stand as JSON text. Nothing here leans on one
database: partial indexes are said for each dialect, and a missing user is the empty text, because NULLs are
distinct in a unique index. The migrations build the same, which a test compares.
"""

from applinks.storage.schema.columns import LIVE, NOT_ENDED, SUPERSEDED, metadata
from applinks.storage.schema.incoming import (
    access_tokens,
    assertions,
    client_secrets,
    clients,
    codes,
    families,
    grants,
    nonces,
    refresh_tokens,
    temporary_credentials,
    token_credentials,
)
from applinks.storage.schema.links import (
    connections,
    decided_proposals,
    instance,
    keys,
    links,
    registrations,
    round_trips,
)
from applinks.storage.schema.own import accounts, audit, failures, leases, sessions

__all__ = [
    "LIVE",
    "NOT_ENDED",
    "SUPERSEDED",
    "access_tokens",
    "accounts",
    "assertions",
    "audit",
    "client_secrets",
    "clients",
    "codes",
    "connections",
    "decided_proposals",
    "failures",
    "families",
    "grants",
    "instance",
    "keys",
    "leases",
    "links",
    "metadata",
    "nonces",
    "refresh_tokens",
    "registrations",
    "round_trips",
    "sessions",
    "temporary_credentials",
    "token_credentials",
]
