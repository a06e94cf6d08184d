"""What PostgreSQL needs before it serves: tables in the host's database, a password, a sealing key, a driver."""

import logging
import os
import subprocess
import sys
from importlib.util import find_spec as really_find_spec
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from applinks.errors import SchemaError, SettingsError, StoreError
from applinks.secret import Secret
from applinks.settings import Settings, hide_password
from applinks.storage import migrations
from applinks.storage.migrations.configuration import VERSION_TABLE, is_ours
from applinks.storage.open import Storage
from applinks.storage.postgresql import place
from applinks.storage.postgresql.connection import connect
from applinks.storage.schema import metadata
from tests.postgresql import Relay, execute_in_loop
from tests.storage.postgresql.opening import build_settings, open_again

pytestmark = pytest.mark.anyio


# The host's database


async def test_the_migrations_make_what_the_code_expects_beside_the_tables_of_the_host(new: Settings) -> None:
    """house.md §8 Migrations: Alembic finds no difference, and the host's tables and its own version are left alone."""
    await execute_in_loop(
        new.database,
        "CREATE TABLE alembic_version (version_num text)",
        "INSERT INTO alembic_version VALUES ('theirs')",
        "CREATE TABLE issues (id int)",
    )
    await (await open_again(new)).close()
    engine = connect(new.database)
    options = {"version_table": VERSION_TABLE, "include_name": is_ours}
    async with engine.connect() as connection:
        found = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync, opts=options), metadata)
        )
    await engine.dispose()
    assert found == []
    [(theirs,)] = await execute_in_loop(new.database, "SELECT version_num FROM alembic_version")
    assert theirs == "theirs"


async def test_the_migrations_make_the_very_same_indexes(new: Settings) -> None:
    """Ours: Alembic's comparison does not see the conditions of partial indexes."""
    query = (
        "SELECT indexname, regexp_replace(indexdef, '^.* USING', '') FROM pg_indexes "
        "WHERE tablename LIKE 'applinks%' AND tablename <> 'applinks_version' ORDER BY 1"
    )
    await place.migrate(new.database)
    migrated = await execute_in_loop(new.database, query)
    await execute_in_loop(new.database, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    engine = connect(new.database)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()
    assert migrated == await execute_in_loop(new.database, query)
    await execute_in_loop(new.database, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")


async def test_a_table_of_our_name_that_is_not_ours_is_left_untouched(new: Settings) -> None:
    """Ours: refused in words, as a foreign file is."""
    await execute_in_loop(new.database, "CREATE TABLE applinks_links (mine int)")
    for look in (
        open_again(new),
        open_again(new, for_command=True),
        place.check(new.database),
        place.upgrade(new.database),
    ):
        with pytest.raises(SchemaError, match="applinks_links"):
            await look
    await execute_in_loop(new.database, "SELECT mine FROM applinks_links", "DROP TABLE applinks_links")


async def test_a_command_makes_no_tables(new: Settings) -> None:
    """Ours: a mistyped name of a database is an error, and the text says what makes them."""
    with pytest.raises(SchemaError, match="applinks database upgrade"):
        await open_again(new, for_command=True)
    with pytest.raises(SchemaError, match="no tables of ours"):
        await place.check(new.database)
    assert await execute_in_loop(new.database, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'") == []


def test_an_upgrade_makes_the_tables_and_tells_how_it_stood(new: Settings) -> None:
    """House §8 Migrations: by `database upgrade`, and at start only for a database that is new."""
    assert migrations.upgrade(new).version is None
    for look in (migrations.upgrade, migrations.check):
        status = look(new)
        assert (status.version, status.problems, status.is_current) == (migrations.NEWEST, (), True)
        assert status.place == status.url == hide_password(new.database)


@pytest.mark.parametrize(("version", "words"), [("9999", "9999, newer"), ("0000", "applinks database upgrade")])
async def test_another_schema_is_refused(
    storage: Storage, settings: Settings, monkeypatch: pytest.MonkeyPatch, version: str, words: str
) -> None:
    """House §8 Migrations: an older schema, naming the command; a newer one, naming the version."""
    monkeypatch.setattr(migrations, "REVISIONS", ("0000", migrations.NEWEST))
    await execute_in_loop(settings.database, f"UPDATE applinks_version SET version_num = '{version}'")
    try:
        for for_command in (False, True):
            with pytest.raises(SchemaError, match=words):
                await open_again(settings, for_command=for_command)
    finally:
        await execute_in_loop(settings.database, f"UPDATE applinks_version SET version_num = '{migrations.NEWEST}'")


async def test_a_failed_migration_leaves_nothing_behind(new: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours: all of it is one transaction."""

    def fail(connection: object) -> None:
        migrations.run_alembic(connection)
        raise RuntimeError("the lights went out")

    monkeypatch.setattr(place, "run_alembic", fail)
    with pytest.raises(RuntimeError):
        await place.migrate(new.database)
    monkeypatch.undo()
    assert await execute_in_loop(new.database, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'") == []
    assert await place.migrate(new.database) is None


async def test_a_user_who_may_make_no_tables_is_told_so(new: Settings) -> None:
    """Ours: since PostgreSQL 15 only the owner of a database may make tables in it."""
    name = f"poor_{os.getpid()}"
    await execute_in_loop(new.database, f"CREATE USER {name} PASSWORD 'poor'")
    url = f"postgresql://{name}:poor@{new.database.partition('@')[2]}"
    try:
        for right in ("REVOKE ALL", "GRANT USAGE"):
            way = "FROM" if right.startswith("REVOKE") else "TO"
            await execute_in_loop(new.database, f"{right} ON SCHEMA public {way} PUBLIC")
            with pytest.raises(StoreError, match="may not be used"):
                await open_again(build_settings(url))
    finally:
        await execute_in_loop(new.database, f"DROP USER {name}")


# Settings


@pytest.mark.requirement("N-05")
async def test_the_password_is_in_no_text(settings: Settings, relay: Relay, caplog: pytest.LogCaptureFixture) -> None:
    """N-05: not in a repr, an error or the log, also where the server refuses it or is gone."""
    caplog.set_level(logging.DEBUG)
    said = [repr(settings)]
    password = settings.database.partition("@")[0].rpartition(":")[2]
    wrong = settings.database.replace(password, "wrong-password")
    await relay.close()
    for url in (wrong, relay.url, settings.database.rpartition("/")[0] + "/nothing"):
        with pytest.raises(StoreError) as caught:
            await open_again(build_settings(url))
        said += [str(caught.value), caught.value.detail, repr(caught.value)]
    for url in (
        f"postgresql://me:{password}@/",
        f"mysql://me:{password}@host/name",
        f"postgresql://me:{password}@host:x/n",
    ):
        with pytest.raises(SettingsError, match="postgresql://user:password@host/name") as refused:
            build_settings(url)
        said += [str(refused.value), refused.value.detail]
    text = "".join(said) + caplog.text
    assert password not in text
    assert "wrong-password" not in text


def test_a_url_is_shown_without_its_password() -> None:
    """Ours: options may hold one as well."""
    assert hide_password("postgresql://me:se:c@ret@host:5/name?password=x") == "postgresql://me@host:5/name"
    assert hide_password("postgresql://host/name") == "postgresql://host/name"
    assert hide_password("sqlite:///a@b.db") == "sqlite:///a@b.db"


async def test_a_sealing_key_is_required(settings: Settings) -> None:
    """House §8 Keys: the error says how to make one."""
    bare = settings.changed(sealing_key=None)
    with pytest.raises(SettingsError, match="openssl rand -base64 32"):
        await open_again(bare)
    with pytest.raises(SettingsError, match="openssl rand -base64 32"):
        migrations.upgrade(bare)


async def test_another_sealing_key_is_refused_and_destroys_nothing(storage: Storage, settings: Settings) -> None:
    """House §8 Keys."""
    key = await storage.keys.get_signing_key()
    with pytest.raises(SettingsError, match="not the one with which"):
        await open_again(settings.changed(sealing_key=Secret("B" * 43)))
    again = await open_again(settings)
    assert await again.keys.get_signing_key() == key
    await again.close()


async def test_a_missing_driver_is_named_with_what_installs_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours: the driver is an extra."""

    def find(name: str) -> Any:
        return None if name == "asyncpg" else really_find_spec(name)

    monkeypatch.setattr("applinks.storage.postgresql.find_spec", find)
    with pytest.raises(SettingsError, match=r"pip install 'applinks\[postgres\]'"):
        await open_again(settings)


def test_sqlite_does_not_load_the_driver() -> None:
    """Ours: what is optional is not needed."""
    code = "import sys, applinks.storage.open; sys.exit('asyncpg' in sys.modules or 'greenlet' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
