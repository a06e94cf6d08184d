"""OAuth 1.0a: clients, temporary and token credentials, nonces, and what we hold at peers over it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _widen_clients()
    _widen_what_we_hold()
    _make_temporary_credentials()
    _make_token_credentials()
    _make_nonces()


def _widen_clients() -> None:
    op.add_column("applinks_clients", sa.Column("protocol", sa.Text(), server_default="oauth2", nullable=False))
    op.add_column("applinks_clients", sa.Column("oauth1", sa.Text(), nullable=True))
    op.add_column("applinks_clients", sa.Column("oauth1_secret", sa.Text(), nullable=True))
    op.drop_index("applinks_clients_live_client_id", table_name="applinks_clients")
    op.create_index(
        "applinks_clients_live_client_id",
        "applinks_clients",
        ["protocol", "client_id"],
        unique=True,
        sqlite_where=sa.text("ended_at = 0"),
        postgresql_where=sa.text("ended_at = 0"),
    )


def _widen_what_we_hold() -> None:
    op.add_column("applinks_connections", sa.Column("token_secret", sa.Text(), nullable=True))
    op.add_column(
        "applinks_connections", sa.Column("session_expires_at", sa.BigInteger(), server_default="0", nullable=False)
    )
    for table in ("applinks_registrations", "applinks_round_trips"):
        op.add_column(table, sa.Column("protocol", sa.Text(), server_default="oauth2", nullable=False))
    op.add_column("applinks_registrations", sa.Column("signature_method", sa.Text(), nullable=True))


def _make_temporary_credentials() -> None:
    op.create_table(
        "applinks_temporary_credentials",
        sa.Column("row", _ROW, autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("callback", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("oauth_verifier", sa.LargeBinary(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("claimed_at", sa.BigInteger(), nullable=False),
        sa.Column("family_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("row", name="applinks_temporary_credentials_primary"),
    )
    _make_index("applinks_temporary_credentials", "expires_at")


def _make_token_credentials() -> None:
    op.create_table(
        "applinks_token_credentials",
        sa.Column("row", _ROW, autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("family_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("session_handle", sa.LargeBinary(), nullable=False),
        sa.Column("session_expires_at", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("row", name="applinks_token_credentials_primary"),
    )
    _make_index("applinks_token_credentials", "session_expires_at")
    op.create_index(
        "applinks_token_credentials_superseded",
        "applinks_token_credentials",
        ["superseded_at"],
        sqlite_where=sa.text("superseded_at <> 0"),
        postgresql_where=sa.text("superseded_at <> 0"),
    )


def _make_nonces() -> None:
    op.create_table(
        "applinks_nonces",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="applinks_nonces_primary"),
        sqlite_with_rowid=False,
    )
    _make_index("applinks_nonces", "expires_at")


def _make_index(table: str, column: str) -> None:
    op.create_index(f"{table}_{column}_index", table, [column], unique=False)
