"""Clients, and what they hold."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, PrimaryKeyConstraint, Table, Text

from applinks.storage.schema.columns import (
    NOT_ENDED,
    SUPERSEDED,
    build_where,
    digest_column,
    metadata,
    name_column,
    number_column,
    row_column,
    text_column,
)
from applinks.storage.schema.links import links

clients = Table(
    "applinks_clients",
    metadata,
    name_column(),
    text_column("client_id"),
    Column("link_id", Text, ForeignKey(links.c.id), nullable=False, index=True),
    # Raised by every write, so that a reader who parsed the row before knows whether it still stands.
    number_column("version"),
    text_column("name"),
    text_column("authentication"),
    text_column("redirect_uris"),
    text_column("grant_types"),
    text_column("scopes"),
    text_column("application_scopes"),
    text_column("keys"),
    number_column("is_peer"),
    number_column("paused"),
    number_column("created_at"),
    number_column("ended_at"),
    text_column("resources", default="[]"),
    text_column("protocol", default="oauth2"),
    text_column("oauth1", null=True),
    text_column("oauth1_secret", null=True),  # sealed
)
# Each protocol has names of its own.
Index(
    "applinks_clients_live_client_id",
    clients.c.protocol,
    clients.c.client_id,
    unique=True,
    **build_where(NOT_ENDED),
)

client_secrets = Table(
    "applinks_client_secrets",
    metadata,
    row_column(),
    Column("client", Text, ForeignKey(clients.c.id), nullable=False, index=True),
    number_column("place"),  # among the client's own, the newest first
    digest_column("digest"),
    text_column("hint"),
    number_column("created_at"),
    number_column("expires_at"),
    number_column("last_used_at"),
)

grants = Table(
    "applinks_grants",
    metadata,
    name_column(),
    Column("client", Text, ForeignKey(clients.c.id), nullable=False),
    Column("link_id", Text, ForeignKey(links.c.id), nullable=False, index=True),
    Column("user_id", Text, nullable=False, index=True),
    text_column("scopes"),
    text_column("resource"),
    number_column("created_at"),
    number_column("last_used_at"),
    number_column("ended_at"),
    text_column("ended_by", null=True),
    Index(None, "client", "user_id"),
)

# Codes and tokens have no foreign keys: they are looked at through joins alone, which find nothing where one
# dangles, and each key would cost a look-up in every insert.
families = Table(
    "applinks_families",
    metadata,
    name_column(),
    text_column("grant_id"),
    number_column("created_at"),
    Column("absolute_expires_at", BigInteger, nullable=False, index=True),
    number_column("revoked_at"),
)

codes = Table(
    "applinks_codes",
    metadata,
    row_column(),
    digest_column("digest"),
    text_column("client"),
    text_column("grant_id"),
    text_column("user_id"),
    text_column("redirect_uri"),
    text_column("code_challenge"),
    text_column("scopes"),
    text_column("resource"),
    number_column("issued_at"),
    Column("expires_at", BigInteger, nullable=False, index=True),
    number_column("claimed_at"),
    text_column("family_id"),
)

access_tokens = Table(
    "applinks_access_tokens",
    metadata,
    row_column(),
    digest_column("digest"),
    text_column("client"),
    text_column("grant_id"),
    text_column("family_id"),
    text_column("user_id", null=True),
    text_column("scopes"),
    text_column("resource"),
    number_column("issued_at"),
    Column("expires_at", BigInteger, nullable=False, index=True),
    number_column("revoked_at"),
)

refresh_tokens = Table(
    "applinks_refresh_tokens",
    metadata,
    row_column(),
    digest_column("digest"),
    text_column("client"),
    text_column("grant_id"),
    text_column("family_id"),
    text_column("user_id"),
    text_column("scopes"),
    text_column("resource"),
    number_column("issued_at"),
    Column("idle_expires_at", BigInteger, nullable=False, index=True),
    number_column("superseded_at"),
    Column("successor_row", BigInteger, nullable=False),
    text_column("successor", null=True),  # sealed
    text_column("successor_scopes"),
)
Index("applinks_refresh_tokens_kept_answers", refresh_tokens.c.superseded_at, **build_where("successor IS NOT NULL"))

assertions = Table(
    "applinks_assertions",
    metadata,
    text_column("issuer"),
    text_column("jti"),
    Column("expires_at", BigInteger, nullable=False, index=True),
    PrimaryKeyConstraint("issuer", "jti"),
)

temporary_credentials = Table(
    "applinks_temporary_credentials",
    metadata,
    row_column(),
    digest_column("digest"),
    text_column("secret"),  # sealed
    text_column("client"),
    text_column("callback"),
    number_column("issued_at"),
    Column("expires_at", BigInteger, nullable=False, index=True),
    text_column("user_id"),
    text_column("grant_id"),
    digest_column("oauth_verifier"),
    number_column("decided_at"),
    number_column("claimed_at"),
    text_column("family_id"),
)

token_credentials = Table(
    "applinks_token_credentials",
    metadata,
    row_column(),
    digest_column("digest"),
    text_column("secret"),  # sealed
    text_column("client"),
    text_column("grant_id"),
    text_column("family_id"),
    text_column("user_id"),
    text_column("scopes"),
    text_column("resource"),
    digest_column("session_handle"),
    Column("session_expires_at", BigInteger, nullable=False, index=True),
    number_column("issued_at"),
    number_column("expires_at"),
    number_column("superseded_at"),
)
Index(
    "applinks_token_credentials_superseded",
    token_credentials.c.superseded_at,
    **build_where(SUPERSEDED),
)

nonces = Table(
    "applinks_nonces",
    metadata,
    digest_column("digest", primary=True),
    Column("expires_at", BigInteger, nullable=False, index=True),
    # One tree instead of two: the name is all that is kept.
    sqlite_with_rowid=False,
)
