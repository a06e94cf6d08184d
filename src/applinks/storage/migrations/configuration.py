"""How Alembic finds our migrations, without a file of its own."""

from pathlib import Path

from alembic.config import Config

VERSION_TABLE = "applinks_version"


def build_configuration(connection: object) -> Config:
    """Give Alembic's configuration for a connection whose transaction has begun."""
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    configuration.set_main_option("path_separator", "os")
    configuration.attributes["connection"] = connection
    return configuration


def is_ours(name: str | None, type_: str, _parents: object) -> bool:
    """Whether a thing of the database is ours; on PostgreSQL the host's tables stand beside them."""
    return type_ != "table" or (name or "").startswith("applinks_")
