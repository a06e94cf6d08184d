"""What Alembic runs: our tables alone, in the transaction of whoever called."""

from alembic import context

from applinks.storage.migrations.configuration import VERSION_TABLE, is_ours
from applinks.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    include_name=is_ours,
)
with context.begin_transaction():
    context.run_migrations()
