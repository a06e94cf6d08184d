"""Who we are, our keys, our links, and what we hold at peers."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from applinks.storage.schema.columns import (
    LIVE,
    NOT_ENDED,
    build_where,
    digest_column,
    metadata,
    name_column,
    number_column,
    text_column,
)

instance = Table(
    "applinks_instance",
    metadata,
    # One row alone: the second of two processes at their first start finds its place taken.
    Column("slot", Integer, primary_key=True, autoincrement=False, nullable=False),
    text_column("id"),
    number_column("created_at"),
)

keys = Table(
    "applinks_keys",
    metadata,
    name_column("kid"),
    text_column("protocol"),
    text_column("algorithm"),
    text_column("public"),
    text_column("private"),  # sealed
    number_column("created_at"),
    number_column("retired_at"),
)

links = Table(
    "applinks_links",
    metadata,
    name_column(),
    text_column("handle"),
    text_column("name"),
    number_column("version"),
    number_column("seq"),
    text_column("state"),
    text_column("peer_id"),
    text_column("peer_url"),
    text_column("peer"),
    text_column("incoming"),
    text_column("outgoing"),
    text_column("agreed", null=True),
    text_column("pending", null=True),
    text_column("pause", null=True),
    text_column("rest"),
    text_column("check_result"),
    number_column("pending_until"),
    number_column("statement_attempts"),
    number_column("statement_at"),
    number_column("test_call_attempts"),
    number_column("test_call_at"),
    number_column("private_address"),
    number_column("created_at"),
    text_column("created_by"),
    number_column("in_force_at"),
    number_column("ended_at"),
    text_column("ended_reason", null=True),
    text_column("kind", default="handshake"),
)
# Of a peer that was linked by hand we may know neither.
Index("applinks_links_live_url", links.c.peer_url, unique=True, **build_where(f"{LIVE} AND peer_url <> ''"))
Index("applinks_links_live_peer", links.c.peer_id, unique=True, **build_where(f"{LIVE} AND peer_id <> ''"))
Index("applinks_links_live_handle", links.c.handle, unique=True, **build_where(NOT_ENDED))

decided_proposals = Table(
    "applinks_decided_proposals",
    metadata,
    text_column("issuer"),
    text_column("jti"),
    text_column("decided_by"),
    number_column("decided_at"),
    text_column("answer"),
    text_column("return_url"),
    PrimaryKeyConstraint("issuer", "jti"),
    Index(None, "decided_at"),
)

connections = Table(
    "applinks_connections",
    metadata,
    name_column(),
    Column("link_id", Text, ForeignKey(links.c.id), nullable=False),
    Column("user_id", Text, nullable=False, index=True),  # empty: the application's own
    text_column("name"),
    text_column("protocol"),
    number_column("version"),
    text_column("state"),
    text_column("issuer"),
    text_column("access_token"),  # sealed
    text_column("refresh_token", null=True),  # sealed
    text_column("scopes"),
    number_column("expires_at"),
    text_column("account"),
    number_column("created_at"),
    number_column("last_used_at"),
    text_column("token_secret", null=True),  # sealed
    number_column("session_expires_at", default="0"),
    UniqueConstraint("link_id", "user_id", "name"),
)

registrations = Table(
    "applinks_registrations",
    metadata,
    Column("link_id", Text, ForeignKey(links.c.id), primary_key=True, nullable=False),
    text_column("client_id"),
    text_column("client_secret", null=True),  # sealed
    text_column("authentication"),
    text_column("document"),
    text_column("endpoints", null=True),
    text_column("resource"),
    text_column("protocol", default="oauth2"),
    text_column("signature_method", null=True),
)
Index("applinks_registrations_document", registrations.c.document, unique=True, **build_where("document <> ''"))

round_trips = Table(
    "applinks_round_trips",
    metadata,
    digest_column("state", primary=True),
    digest_column("session"),
    Column("link_id", Text, ForeignKey(links.c.id), nullable=False, index=True),
    Column("user_id", Text, nullable=False, index=True),
    text_column("name"),
    text_column("issuer"),
    text_column("code_verifier"),  # sealed
    text_column("redirect_uri"),
    text_column("scopes"),
    text_column("return_to"),
    Column("expires_at", BigInteger, nullable=False, index=True),
    text_column("protocol", default="oauth2"),
)
