"""What only this application needs: accounts, sessions, leases, journals."""

from sqlalchemy import BigInteger, Column, Index, Table, Text

from applinks.storage.schema.columns import RowNumber, digest_column, metadata, name_column, number_column, text_column

accounts = Table(
    "applinks_accounts",
    metadata,
    name_column(),
    text_column("name"),
    Column("name_key", Text, nullable=False, unique=True),  # the name as it is compared
    text_column("display_name"),
    text_column("email"),
    Column("email_key", Text, nullable=False, index=True),
    text_column("password", null=True),  # a slow hash
    text_column("role"),
    number_column("active"),
    number_column("created_at"),
    number_column("last_login_at"),
)

sessions = Table(
    "applinks_sessions",
    metadata,
    digest_column("id", primary=True),
    text_column("csrf_secret"),  # sealed
    text_column("data"),
    text_column("user_id"),  # empty: nobody has logged in yet
    number_column("created_at"),
    Column("seen_at", BigInteger, nullable=False, index=True),
    number_column("confirmed_at"),
    Index(None, "user_id", "seen_at"),
)

leases = Table(
    "applinks_leases",
    metadata,
    name_column("job"),
    text_column("holder"),
    number_column("taken_at"),
    number_column("expires_at"),
)

failures = Table(
    "applinks_failures",
    metadata,
    Column("row", RowNumber, primary_key=True, autoincrement=True, nullable=False),
    Column("reference", Text, nullable=False, unique=True),
    number_column("at"),
    text_column("place"),
    text_column("code"),
    text_column("description"),
    text_column("detail"),
    text_column("link_id"),
    text_column("client"),
    text_column("user_id"),
    Index(None, "link_id", "row"),
    Index(None, "at"),
)

audit = Table(
    "applinks_audit",
    metadata,
    Column("row", RowNumber, primary_key=True, autoincrement=True, nullable=False),
    Column("id", Text, nullable=False, unique=True),
    number_column("at"),
    text_column("actor"),
    text_column("action"),
    text_column("subject"),
    text_column("link_id"),
    text_column("detail"),
    Index(None, "link_id", "row"),
    Index(None, "at"),
)
