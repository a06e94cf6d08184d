"""
Every table, as it is now.

Columns hold what is queried, joined or compared; nested values stand as JSON text. Nothing here leans on one
database: partial indexes are said for each dialect, and a missing user is the empty text, because NULLs are
distinct in a unique index. The migrations build the same, which a test compares.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_index",
        "uq": "%(table_name)s_%(column_0_N_name)s_unique",
        "pk": "%(table_name)s_primary",
        "fk": "%(table_name)s_%(column_0_N_name)s_foreign",
    }
)

LIVE = "state IN ('in_force', 'approved', 'confirming')"
NOT_ENDED = "ended_at = 0"

# SQLite numbers its rows itself only where the type is INTEGER; elsewhere a row number needs 64 bits.
_RowNumber = BigInteger().with_variant(Integer, "sqlite")


def _text(name: str, *, null: bool = False, default: str | None = None) -> Column[str]:
    """Name a text; one that came in a later version has a ``default`` for the rows before."""
    return Column(name, Text, nullable=null, server_default=default)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _digest(name: str, *, primary: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False, primary_key=primary)


def _name(name: str = "id") -> Column[str]:
    return Column(name, Text, primary_key=True, nullable=False)


def _row() -> Column[int]:
    return Column("row", _RowNumber, primary_key=True, autoincrement=False, nullable=False)


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


instance = Table(
    "applinks_instance",
    metadata,
    # One row alone: the second of two processes at their first start finds its place taken.
    Column("slot", Integer, primary_key=True, autoincrement=False, nullable=False),
    _text("id"),
    _number("created_at"),
)

keys = Table(
    "applinks_keys",
    metadata,
    _name("kid"),
    _text("protocol"),
    _text("algorithm"),
    _text("public"),
    _text("private"),  # sealed
    _number("created_at"),
    _number("retired_at"),
)

links = Table(
    "applinks_links",
    metadata,
    _name(),
    _text("handle"),
    _text("name"),
    _number("version"),
    _number("seq"),
    _text("state"),
    _text("peer_id"),
    _text("peer_url"),
    _text("peer"),
    _text("incoming"),
    _text("outgoing"),
    _text("agreed", null=True),
    _text("pending", null=True),
    _text("pause", null=True),
    _text("rest"),
    _text("check_result"),
    _number("pending_until"),
    _number("statement_attempts"),
    _number("statement_at"),
    _number("test_call_attempts"),
    _number("test_call_at"),
    _number("private_address"),
    _number("created_at"),
    _text("created_by"),
    _number("in_force_at"),
    _number("ended_at"),
    _text("ended_reason", null=True),
    _text("kind", default="handshake"),
)
# Of a peer that was linked by hand we may know neither.
Index("applinks_links_live_url", links.c.peer_url, unique=True, **_where(f"{LIVE} AND peer_url <> ''"))
Index("applinks_links_live_peer", links.c.peer_id, unique=True, **_where(f"{LIVE} AND peer_id <> ''"))
Index("applinks_links_live_handle", links.c.handle, unique=True, **_where(NOT_ENDED))

decided_proposals = Table(
    "applinks_decided_proposals",
    metadata,
    _text("issuer"),
    _text("jti"),
    _text("decided_by"),
    _number("decided_at"),
    _text("answer"),
    _text("return_url"),
    PrimaryKeyConstraint("issuer", "jti"),
    Index(None, "decided_at"),
)

clients = Table(
    "applinks_clients",
    metadata,
    _name(),
    _text("client_id"),
    Column("link_id", Text, ForeignKey(links.c.id), nullable=False, index=True),
    # Raised by every write, so that a reader who parsed the row before knows whether it still stands.
    _number("version"),
    _text("name"),
    _text("authentication"),
    _text("redirect_uris"),
    _text("grant_types"),
    _text("scopes"),
    _text("application_scopes"),
    _text("keys"),
    _number("is_peer"),
    _number("paused"),
    _number("created_at"),
    _number("ended_at"),
    _text("resources", default="[]"),
)
Index("applinks_clients_live_client_id", clients.c.client_id, unique=True, **_where(NOT_ENDED))

client_secrets = Table(
    "applinks_client_secrets",
    metadata,
    _row(),
    Column("client", Text, ForeignKey(clients.c.id), nullable=False, index=True),
    _number("place"),  # among the client's own, the newest first
    _digest("digest"),
    _text("hint"),
    _number("created_at"),
    _number("expires_at"),
    _number("last_used_at"),
)

grants = Table(
    "applinks_grants",
    metadata,
    _name(),
    Column("client", Text, ForeignKey(clients.c.id), nullable=False),
    Column("link_id", Text, ForeignKey(links.c.id), nullable=False, index=True),
    Column("user_id", Text, nullable=False, index=True),
    _text("scopes"),
    _text("resource"),
    _number("created_at"),
    _number("last_used_at"),
    _number("ended_at"),
    _text("ended_by", null=True),
    Index(None, "client", "user_id"),
)

# Codes and tokens have no foreign keys: they are looked at through joins alone, which find nothing where one
# dangles, and each key would cost a look-up in every insert.
families = Table(
    "applinks_families",
    metadata,
    _name(),
    _text("grant_id"),
    _number("created_at"),
    Column("absolute_expires_at", BigInteger, nullable=False, index=True),
    _number("revoked_at"),
)

codes = Table(
    "applinks_codes",
    metadata,
    _row(),
    _digest("digest"),
    _text("client"),
    _text("grant_id"),
    _text("user_id"),
    _text("redirect_uri"),
    _text("code_challenge"),
    _text("scopes"),
    _text("resource"),
    _number("issued_at"),
    Column("expires_at", BigInteger, nullable=False, index=True),
    _number("claimed_at"),
    _text("family_id"),
)

access_tokens = Table(
    "applinks_access_tokens",
    metadata,
    _row(),
    _digest("digest"),
    _text("client"),
    _text("grant_id"),
    _text("family_id"),
    _text("user_id", null=True),
    _text("scopes"),
    _text("resource"),
    _number("issued_at"),
    Column("expires_at", BigInteger, nullable=False, index=True),
    _number("revoked_at"),
)

refresh_tokens = Table(
    "applinks_refresh_tokens",
    metadata,
    _row(),
    _digest("digest"),
    _text("client"),
    _text("grant_id"),
    _text("family_id"),
    _text("user_id"),
    _text("scopes"),
    _text("resource"),
    _number("issued_at"),
    Column("idle_expires_at", BigInteger, nullable=False, index=True),
    _number("superseded_at"),
    Column("successor_row", BigInteger, nullable=False),
    _text("successor", null=True),  # sealed
    _text("successor_scopes"),
)
Index("applinks_refresh_tokens_kept_answers", refresh_tokens.c.superseded_at, **_where("successor IS NOT NULL"))

assertions = Table(
    "applinks_assertions",
    metadata,
    _text("issuer"),
    _text("jti"),
    Column("expires_at", BigInteger, nullable=False, index=True),
    PrimaryKeyConstraint("issuer", "jti"),
)

connections = Table(
    "applinks_connections",
    metadata,
    _name(),
    Column("link_id", Text, ForeignKey(links.c.id), nullable=False),
    Column("user_id", Text, nullable=False, index=True),  # empty: the application's own
    _text("name"),
    _text("protocol"),
    _number("version"),
    _text("state"),
    _text("issuer"),
    _text("access_token"),  # sealed
    _text("refresh_token", null=True),  # sealed
    _text("scopes"),
    _number("expires_at"),
    _text("account"),
    _number("created_at"),
    _number("last_used_at"),
    UniqueConstraint("link_id", "user_id", "name"),
)

registrations = Table(
    "applinks_registrations",
    metadata,
    Column("link_id", Text, ForeignKey(links.c.id), primary_key=True, nullable=False),
    _text("client_id"),
    _text("client_secret", null=True),  # sealed
    _text("authentication"),
    _text("document"),
    _text("endpoints", null=True),
    _text("resource"),
)
Index("applinks_registrations_document", registrations.c.document, unique=True, **_where("document <> ''"))

round_trips = Table(
    "applinks_round_trips",
    metadata,
    _digest("state", primary=True),
    _digest("session"),
    Column("link_id", Text, ForeignKey(links.c.id), nullable=False, index=True),
    Column("user_id", Text, nullable=False, index=True),
    _text("name"),
    _text("issuer"),
    _text("code_verifier"),  # sealed
    _text("redirect_uri"),
    _text("scopes"),
    _text("return_to"),
    Column("expires_at", BigInteger, nullable=False, index=True),
)

accounts = Table(
    "applinks_accounts",
    metadata,
    _name(),
    _text("name"),
    Column("name_key", Text, nullable=False, unique=True),  # the name as it is compared
    _text("display_name"),
    _text("email"),
    Column("email_key", Text, nullable=False, index=True),
    _text("password", null=True),  # a slow hash
    _text("role"),
    _number("active"),
    _number("created_at"),
    _number("last_login_at"),
)

sessions = Table(
    "applinks_sessions",
    metadata,
    _digest("id", primary=True),
    _text("csrf_secret"),  # sealed
    _text("data"),
    _text("user_id"),  # empty: nobody has logged in yet
    _number("created_at"),
    Column("seen_at", BigInteger, nullable=False, index=True),
    _number("confirmed_at"),
    Index(None, "user_id", "seen_at"),
)

leases = Table(
    "applinks_leases",
    metadata,
    _name("job"),
    _text("holder"),
    _number("taken_at"),
    _number("expires_at"),
)

failures = Table(
    "applinks_failures",
    metadata,
    Column("row", _RowNumber, primary_key=True, autoincrement=True, nullable=False),
    Column("reference", Text, nullable=False, unique=True),
    _number("at"),
    _text("place"),
    _text("code"),
    _text("description"),
    _text("detail"),
    _text("link_id"),
    _text("client"),
    _text("user_id"),
    Index(None, "link_id", "row"),
    Index(None, "at"),
)

audit = Table(
    "applinks_audit",
    metadata,
    Column("row", _RowNumber, primary_key=True, autoincrement=True, nullable=False),
    Column("id", Text, nullable=False, unique=True),
    _number("at"),
    _text("actor"),
    _text("action"),
    _text("subject"),
    _text("link_id"),
    _text("detail"),
    Index(None, "link_id", "row"),
    Index(None, "at"),
)
