"""Links that were made by hand, clients with secrets, and accounts of our own."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_LIVE = "state IN ('in_force', 'approved', 'confirming')"


def upgrade() -> None:
    _widen_links()
    _make_client_secrets()
    _make_registrations()
    _make_accounts()


def _widen_links() -> None:
    op.add_column("applinks_links", sa.Column("kind", sa.Text(), server_default="handshake", nullable=False))
    for name, column in (("applinks_links_live_url", "peer_url"), ("applinks_links_live_peer", "peer_id")):
        condition = sa.text(f"{_LIVE} AND {column} <> ''")
        op.drop_index(name, table_name="applinks_links")
        op.create_index(
            name,
            "applinks_links",
            [column],
            unique=True,
            sqlite_where=condition,
            postgresql_where=condition,
        )


def _make_client_secrets() -> None:
    op.add_column("applinks_clients", sa.Column("resources", sa.Text(), server_default="[]", nullable=False))
    op.create_table(
        "applinks_client_secrets",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["client"], ["applinks_clients.id"], name="applinks_client_secrets_client_foreign"),
        sa.PrimaryKeyConstraint("row", name="applinks_client_secrets_primary"),
    )
    op.create_index("applinks_client_secrets_client_index", "applinks_client_secrets", ["client"], unique=False)


def _make_registrations() -> None:
    op.create_table(
        "applinks_registrations",
        sa.Column("link_id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("client_secret", sa.Text(), nullable=True),
        sa.Column("authentication", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("endpoints", sa.Text(), nullable=True),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["link_id"], ["applinks_links.id"], name="applinks_registrations_link_id_foreign"),
        sa.PrimaryKeyConstraint("link_id", name="applinks_registrations_primary"),
    )
    op.create_index(
        "applinks_registrations_document",
        "applinks_registrations",
        ["document"],
        unique=True,
        sqlite_where=sa.text("document <> ''"),
        postgresql_where=sa.text("document <> ''"),
    )


def _make_accounts() -> None:
    op.create_table(
        "applinks_accounts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("active", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_login_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="applinks_accounts_primary"),
        sa.UniqueConstraint("name_key", name="applinks_accounts_name_key_unique"),
    )
    op.create_index("applinks_accounts_email_key_index", "applinks_accounts", ["email_key"], unique=False)
    # Nobody may have thousands of sessions: those who have not logged in yet.
    op.drop_index("applinks_sessions_user_id_index", table_name="applinks_sessions")
    op.create_index(
        "applinks_sessions_user_id_seen_at_index", "applinks_sessions", ["user_id", "seen_at"], unique=False
    )
