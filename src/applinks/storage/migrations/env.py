"""What Alembic runs: our tables alone, in the transaction of whoever called."""

from typing import Any

from alembic import context

from applinks.storage.migrations.configuration import VERSION_TABLE
from applinks.storage.schema import metadata


def is_ours(name: str | None, type_: str, _parents: Any) -> bool:
    """Whether a thing of the database is ours; on PostgreSQL the host's tables stand beside them."""
    return type_ != "table" or (name or "").startswith("applinks_")


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    include_name=is_ours,
)
with context.begin_transaction():
    context.run_migrations()
