"""What every table is made of."""

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Text, text

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
SUPERSEDED = "superseded_at <> 0"

# SQLite numbers its rows itself only where the type is INTEGER; elsewhere a row number needs 64 bits.
RowNumber = BigInteger().with_variant(Integer, "sqlite")


def text_column(name: str, *, null: bool = False, default: str | None = None) -> Column[str]:
    """Name a text; one that came in a later version has a ``default`` for the rows before."""
    return Column(name, Text, nullable=null, server_default=default)


def number_column(name: str, *, default: str | None = None) -> Column[int]:
    """Name a number; one that came in a later version has a ``default`` for the rows before."""
    return Column(name, BigInteger, nullable=False, server_default=default)


def digest_column(name: str, *, primary: bool = False) -> Column[bytes]:
    """Name a digest."""
    return Column(name, LargeBinary, nullable=False, primary_key=primary)


def name_column(name: str = "id") -> Column[str]:
    """Name the name of a record."""
    return Column(name, Text, primary_key=True, nullable=False)


def row_column() -> Column[int]:
    """Name the row that a value of ours carries."""
    return Column("row", RowNumber, primary_key=True, autoincrement=False, nullable=False)


def build_where(condition: str) -> dict[str, Any]:
    """Give the condition of a partial index, for each dialect."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
