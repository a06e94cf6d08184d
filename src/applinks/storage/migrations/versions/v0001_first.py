"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _make_identity()
    _make_links()
    _make_decided_proposals()
    _make_clients()
    _make_codes()
    _make_tokens()
    _make_connections()
    _make_pages()
    _make_journals()


def _make_identity() -> None:
    op.create_table(
        "applinks_instance",
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("slot", name="applinks_instance_primary"),
    )
    op.create_table(
        "applinks_keys",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("protocol", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("private", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kid", name="applinks_keys_primary"),
    )


def _make_links() -> None:
    op.create_table(
        "applinks_links",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("peer_id", sa.Text(), nullable=False),
        sa.Column("peer_url", sa.Text(), nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("incoming", sa.Text(), nullable=False),
        sa.Column("outgoing", sa.Text(), nullable=False),
        sa.Column("agreed", sa.Text(), nullable=True),
        sa.Column("pending", sa.Text(), nullable=True),
        sa.Column("pause", sa.Text(), nullable=True),
        sa.Column("rest", sa.Text(), nullable=False),
        sa.Column("check_result", sa.Text(), nullable=False),
        sa.Column("pending_until", sa.BigInteger(), nullable=False),
        sa.Column("statement_attempts", sa.BigInteger(), nullable=False),
        sa.Column("statement_at", sa.BigInteger(), nullable=False),
        sa.Column("test_call_attempts", sa.BigInteger(), nullable=False),
        sa.Column("test_call_at", sa.BigInteger(), nullable=False),
        sa.Column("private_address", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("in_force_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="applinks_links_primary"),
    )
    op.create_index(
        "applinks_links_live_handle",
        "applinks_links",
        ["handle"],
        unique=True,
        sqlite_where=sa.text("ended_at = 0"),
        postgresql_where=sa.text("ended_at = 0"),
    )
    op.create_index(
        "applinks_links_live_peer",
        "applinks_links",
        ["peer_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('in_force', 'approved', 'confirming')"),
        postgresql_where=sa.text("state IN ('in_force', 'approved', 'confirming')"),
    )
    op.create_index(
        "applinks_links_live_url",
        "applinks_links",
        ["peer_url"],
        unique=True,
        sqlite_where=sa.text("state IN ('in_force', 'approved', 'confirming')"),
        postgresql_where=sa.text("state IN ('in_force', 'approved', 'confirming')"),
    )


def _make_decided_proposals() -> None:
    op.create_table(
        "applinks_decided_proposals",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("return_url", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "jti", name="applinks_decided_proposals_primary"),
    )
    op.create_index(
        "applinks_decided_proposals_decided_at_index", "applinks_decided_proposals", ["decided_at"], unique=False
    )


def _make_clients() -> None:
    op.create_table(
        "applinks_clients",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("link_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("authentication", sa.Text(), nullable=False),
        sa.Column("redirect_uris", sa.Text(), nullable=False),
        sa.Column("grant_types", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("application_scopes", sa.Text(), nullable=False),
        sa.Column("keys", sa.Text(), nullable=False),
        sa.Column("is_peer", sa.BigInteger(), nullable=False),
        sa.Column("paused", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["link_id"], ["applinks_links.id"], name="applinks_clients_link_id_foreign"),
        sa.PrimaryKeyConstraint("id", name="applinks_clients_primary"),
    )
    op.create_index("applinks_clients_link_id_index", "applinks_clients", ["link_id"], unique=False)
    op.create_index(
        "applinks_clients_live_client_id",
        "applinks_clients",
        ["client_id"],
        unique=True,
        sqlite_where=sa.text("ended_at = 0"),
        postgresql_where=sa.text("ended_at = 0"),
    )
    op.create_table(
        "applinks_grants",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("link_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["client"], ["applinks_clients.id"], name="applinks_grants_client_foreign"),
        sa.ForeignKeyConstraint(["link_id"], ["applinks_links.id"], name="applinks_grants_link_id_foreign"),
        sa.PrimaryKeyConstraint("id", name="applinks_grants_primary"),
    )
    op.create_index("applinks_grants_client_user_id_index", "applinks_grants", ["client", "user_id"], unique=False)
    op.create_index("applinks_grants_link_id_index", "applinks_grants", ["link_id"], unique=False)
    op.create_index("applinks_grants_user_id_index", "applinks_grants", ["user_id"], unique=False)


def _make_codes() -> None:
    op.create_table(
        "applinks_families",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("absolute_expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="applinks_families_primary"),
    )
    op.create_index(
        "applinks_families_absolute_expires_at_index", "applinks_families", ["absolute_expires_at"], unique=False
    )
    op.create_table(
        "applinks_codes",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("code_challenge", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("claimed_at", sa.BigInteger(), nullable=False),
        sa.Column("family_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("row", name="applinks_codes_primary"),
    )
    op.create_index("applinks_codes_expires_at_index", "applinks_codes", ["expires_at"], unique=False)
    op.create_table(
        "applinks_assertions",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "jti", name="applinks_assertions_primary"),
    )
    op.create_index("applinks_assertions_expires_at_index", "applinks_assertions", ["expires_at"], unique=False)


def _make_tokens() -> None:
    op.create_table(
        "applinks_access_tokens",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("family_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("row", name="applinks_access_tokens_primary"),
    )
    op.create_index("applinks_access_tokens_expires_at_index", "applinks_access_tokens", ["expires_at"], unique=False)
    op.create_table(
        "applinks_refresh_tokens",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("family_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("idle_expires_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=False),
        sa.Column("successor_row", sa.BigInteger(), nullable=False),
        sa.Column("successor", sa.Text(), nullable=True),
        sa.Column("successor_scopes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("row", name="applinks_refresh_tokens_primary"),
    )
    op.create_index(
        "applinks_refresh_tokens_idle_expires_at_index", "applinks_refresh_tokens", ["idle_expires_at"], unique=False
    )
    op.create_index(
        "applinks_refresh_tokens_kept_answers",
        "applinks_refresh_tokens",
        ["superseded_at"],
        unique=False,
        sqlite_where=sa.text("successor IS NOT NULL"),
        postgresql_where=sa.text("successor IS NOT NULL"),
    )


def _make_connections() -> None:
    op.create_table(
        "applinks_connections",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("link_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("protocol", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("access_token", sa.Text(), nullable=False),
        sa.Column("refresh_token", sa.Text(), nullable=True),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["link_id"], ["applinks_links.id"], name="applinks_connections_link_id_foreign"),
        sa.PrimaryKeyConstraint("id", name="applinks_connections_primary"),
        sa.UniqueConstraint("link_id", "user_id", "name", name="applinks_connections_link_id_user_id_name_unique"),
    )
    op.create_index("applinks_connections_user_id_index", "applinks_connections", ["user_id"], unique=False)
    op.create_table(
        "applinks_round_trips",
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("session", sa.LargeBinary(), nullable=False),
        sa.Column("link_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("code_verifier", sa.Text(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("return_to", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["link_id"], ["applinks_links.id"], name="applinks_round_trips_link_id_foreign"),
        sa.PrimaryKeyConstraint("state", name="applinks_round_trips_primary"),
    )
    op.create_index("applinks_round_trips_expires_at_index", "applinks_round_trips", ["expires_at"], unique=False)
    op.create_index("applinks_round_trips_link_id_index", "applinks_round_trips", ["link_id"], unique=False)
    op.create_index("applinks_round_trips_user_id_index", "applinks_round_trips", ["user_id"], unique=False)


def _make_pages() -> None:
    op.create_table(
        "applinks_sessions",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("csrf_secret", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="applinks_sessions_primary"),
    )
    op.create_index("applinks_sessions_seen_at_index", "applinks_sessions", ["seen_at"], unique=False)
    op.create_index("applinks_sessions_user_id_index", "applinks_sessions", ["user_id"], unique=False)
    op.create_table(
        "applinks_leases",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("job", name="applinks_leases_primary"),
    )


def _make_journals() -> None:
    op.create_table(
        "applinks_failures",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("link_id", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("row", name="applinks_failures_primary"),
        sa.UniqueConstraint("reference", name="applinks_failures_reference_unique"),
    )
    op.create_index("applinks_failures_at_index", "applinks_failures", ["at"], unique=False)
    op.create_index("applinks_failures_link_id_row_index", "applinks_failures", ["link_id", "row"], unique=False)
    op.create_table(
        "applinks_audit",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("link_id", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("row", name="applinks_audit_primary"),
        sa.UniqueConstraint("id", name="applinks_audit_id_unique"),
    )
    op.create_index("applinks_audit_at_index", "applinks_audit", ["at"], unique=False)
    op.create_index("applinks_audit_link_id_row_index", "applinks_audit", ["link_id", "row"], unique=False)
