import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from applinks.errors import StoreError
from applinks.settings import Settings
from applinks.storage import migrations
from applinks.storage.migrations.configuration import VERSION_TABLE, build_configuration
from applinks.storage.open import Storage
from applinks.storage.schema import metadata
from applinks.storage.sqlite.connection import connect
from applinks.storage.sqlite.place import make_file

pytestmark = pytest.mark.anyio


def describe(path: Path) -> list[tuple[str, list[str]]]:
    """Each statement by its clauses, whose order means nothing."""
    raw = sqlite3.connect(path)
    rows = raw.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name != ?", (VERSION_TABLE,))
    found = sorted((name, sorted(clause.strip() for clause in sql.removesuffix(")").split(","))) for name, sql in rows)
    raw.close()
    return found


def test_the_migrations_make_what_the_code_expects(path: Path) -> None:
    """house.md §8 Migrations: Alembic finds no difference."""
    make_file(path)
    migrations.migrate(path)
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_migrations_make_the_very_same_statements(path: Path, tmp_path: Path) -> None:
    """Ours: Alembic's comparison does not see the conditions of partial indexes."""
    make_file(path)
    migrations.migrate(path)
    engine = create_engine(f"sqlite:///{tmp_path}/other.db")
    metadata.create_all(engine)
    engine.dispose()
    assert describe(path) == describe(tmp_path / "other.db")


def test_every_table_is_prefixed() -> None:
    """product.md §2: on PostgreSQL they live in the host's database."""
    assert all(name.startswith("applinks_") for name in metadata.tables)


def test_the_versions_known_without_alembic_are_alembics() -> None:
    """Ours: a start compares versions without loading Alembic."""
    scripts = ScriptDirectory.from_config(build_configuration(None))
    assert [each.revision for each in scripts.walk_revisions()][::-1] == list(migrations.REVISIONS)


async def test_a_current_database_is_upgraded_to_itself(storage: Storage, settings: Settings, path: Path) -> None:
    """Ours: upgrade tells how it stood before, check how it stands."""
    for look in (migrations.upgrade, migrations.check):
        status = look(settings)
        assert (status.place, status.url) == (str(path), settings.database)
        assert (status.version, status.problems) == (migrations.NEWEST, ())
        assert status.is_current


def test_a_failed_migration_leaves_nothing_behind(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """libraries.md, traps: Alembic on SQLite leaves half a failed migration behind, unless all is one transaction."""
    make_file(path)
    run = migrations.run_alembic

    def fail(connection: object) -> None:
        run(connection)
        raise RuntimeError("the lights went out")

    monkeypatch.setattr(migrations, "run_alembic", fail)
    with pytest.raises(RuntimeError):
        migrations.migrate(path)
    assert describe(path) == []
    monkeypatch.undo()
    migrations.migrate(path)
    assert describe(path) != []


def test_a_migration_on_a_full_disk_leaves_nothing_behind(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours: a clear error, and the database is as it was."""

    def connect_small(path: Path) -> sqlite3.Connection:
        raw = connect(path)
        raw.execute("PRAGMA max_page_count = 5")
        return raw

    make_file(path)
    monkeypatch.setattr(migrations, "connect", connect_small)
    with pytest.raises(StoreError, match="full"):
        migrations.migrate(path)
    assert describe(path) == []
