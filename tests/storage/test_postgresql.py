"""What PostgreSQL has that SQLite has not: a server that goes away, a database that is the host's, a password."""

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from importlib.util import find_spec as really_find_spec
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, text, update

from applinks.errors import SchemaError, SettingsError, StoreBusyError, StoreError
from applinks.secret import Secret
from applinks.settings import Settings, hide_password
from applinks.storage import migrations
from applinks.storage.migrations.configuration import VERSION_TABLE, is_ours
from applinks.storage.open import Storage, open_storage
from applinks.storage.postgresql import place
from applinks.storage.postgresql.connection import PostgresDatabase, connect
from applinks.storage.schema import leases, metadata
from applinks.storage.units import ConflictError, UnitUndone
from tests.conformance.records import NOW, add_link, add_refresh_token, make_access_token, make_connection, make_event
from tests.fakes import CountingEntropy, FixedClock
from tests.postgresql import Relay, drop_tables, execute, execute_in_loop
from tests.storage.secrets import keep_every_secret

pytestmark = pytest.mark.anyio


@pytest.fixture
def settings(postgresql: str) -> Settings:
    return build_settings(postgresql)


@pytest.fixture
async def storage(settings: Settings) -> AsyncIterator[Storage]:
    storage = await open_again(settings)
    yield storage
    await storage.close()


@pytest.fixture
def new(settings: Settings) -> Settings:
    """The settings of a database without a table."""
    drop_tables(settings.database)
    return settings


@pytest.fixture
async def relay(settings: Settings) -> AsyncIterator[Relay]:
    relay = Relay(settings.database)
    await relay.open()
    yield relay
    await relay.close()


SLEEPERS = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"


def build_settings(url: str, **rest: Any) -> Settings:
    return Settings(**{"base_url": "https://tracker.example", "database": url, "sealing_key": Secret("A" * 43), **rest})


async def open_again(settings: Settings, **options: Any) -> Storage:
    return await open_storage(settings, clock=FixedClock(), entropy=CountingEntropy("again"), **options)


def add_lease(job: str) -> Callable[[Connection], int]:
    values = {"job": job, "holder": "one", "taken_at": NOW, "expires_at": NOW}
    return lambda connection: connection.execute(insert(leases).values(values)).rowcount


async def count_leases(database: Any) -> int:
    return await database.read(
        lambda connection: connection.execute(text("SELECT count(*) FROM applinks_leases")).scalar()
    )


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


# Faults


async def test_a_unit_that_fails_leaves_nothing_behind(storage: Storage) -> None:
    """Ours: one transaction a unit, whatever was raised in it."""
    database = storage.database

    def fail(connection: Connection) -> None:
        add_lease("one")(connection)
        raise RuntimeError("boom")

    def undo(connection: Connection) -> str:
        add_lease("one")(connection)
        raise UnitUndone("result")

    with pytest.raises(RuntimeError, match="boom"):
        await database.write(fail)
    assert await database.write(undo) == "result"
    assert await count_leases(database) == 0
    await database.write(add_lease("one"))
    with pytest.raises(ConflictError):
        await database.write(lambda connection: (add_lease("two")(connection), add_lease("one")(connection)))
    assert await count_leases(database) == 1


async def test_a_unit_that_reads_cannot_write(storage: Storage) -> None:
    """Ours: the snapshot is read-only, and the error is a clear one."""
    with pytest.raises(StoreError, match="read-only"):
        await storage.database.read(add_lease("one"))
    assert await count_leases(storage.database) == 0


async def test_units_that_cross_run_one_after_the_other(storage: Storage) -> None:
    """Ours: as on SQLite. Thirty read a number and write the next one, and none is lost."""
    await storage.database.write(add_lease("one"))

    def count(connection: Connection) -> int:
        number = connection.execute(text("SELECT taken_at FROM applinks_leases")).scalar_one()
        connection.execute(update(leases).values(taken_at=number + 1))
        return int(number)

    found = await asyncio.gather(*(storage.database.write(count) for _ in range(30)))
    assert sorted(found) == list(range(NOW, NOW + 30))


async def test_units_that_cross_to_the_end_of_our_patience_are_told_so(settings: Settings, storage: Storage) -> None:
    """performance.md 1: StoreBusyError, and nothing was written."""
    await storage.database.write(add_lease("one"))
    hurried = PostgresDatabase(settings.database, patience=0)

    async def cross() -> None:
        await storage.database.write(
            lambda connection: connection.execute(update(leases).values(holder="two")).rowcount
        )

    loop = asyncio.get_running_loop()

    def unit(connection: Connection) -> None:
        connection.execute(text("SELECT holder FROM applinks_leases"))
        # Another process changes the row between our reading and our writing.
        asyncio.run_coroutine_threadsafe(cross(), loop)
        connection.execute(text("SELECT pg_sleep(0.5)"))
        connection.execute(update(leases).values(holder="three"))

    with pytest.raises(StoreBusyError, match="held by others"):
        await hurried.write(unit)
    await hurried.aclose()
    [(holder,)] = await execute_in_loop(settings.database, "SELECT holder FROM applinks_leases")
    assert holder == "two"


async def test_more_than_the_pool_holds_wait_for_their_turn(settings: Settings, storage: Storage) -> None:
    """Ours: fifty at once over one connection for each kind; and who waits too long is told so."""
    narrow = PostgresDatabase(settings.database, sizes=(1, 1))
    assert await asyncio.gather(*(count_leases(narrow) for _ in range(50))) == [0] * 50
    assert await asyncio.gather(*(narrow.fetch("SELECT 7") for _ in range(50))) == [(7,)] * 50
    await narrow.aclose()
    hurried = PostgresDatabase(settings.database, sizes=(1, 1), patience=0.05)
    for call in (
        lambda query: hurried.read(lambda connection: connection.execute(text(query)).scalar()),
        hurried.fetch,
    ):
        holding = asyncio.create_task(call("SELECT pg_sleep(1)"))
        while not await execute_in_loop(settings.database, SLEEPERS):
            pass
        with pytest.raises(StoreBusyError, match="held by others"):
            await call("SELECT 1")
        await holding
        await call("SELECT 1")
    await hurried.aclose()


async def test_a_call_that_is_broken_off_leaves_its_connection_usable(settings: Settings, storage: Storage) -> None:
    """Ours: a client that goes away costs nobody anything."""
    narrow = PostgresDatabase(settings.database, sizes=(1, 1))
    holding = asyncio.create_task(narrow.fetch("SELECT pg_sleep(60)"))
    while not await execute_in_loop(settings.database, SLEEPERS):
        pass
    holding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holding
    assert await narrow.fetch("SELECT 7") == (7,)
    await narrow.aclose()


async def test_a_server_that_was_started_again_is_no_error(storage: Storage, settings: Settings) -> None:
    """Ours: connections that the server closed are opened anew."""
    await asyncio.gather(*(count_leases(storage.database) for _ in range(8)))
    await asyncio.gather(*(storage.incoming.find_code(1) for _ in range(8)))
    await execute_in_loop(
        settings.database,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid()",
    )
    hot = storage.database._hot
    while not all(each.is_closed() for each in hot._idle):  # noqa: ASYNC110 - nothing says when the loop noticed.
        await asyncio.sleep(0)
    grant, _, _ = await add_refresh_token(storage)
    assert await storage.incoming.find_access_token(1) is not None
    assert await storage.incoming.find_live_grant(client=grant.client, user_id="alice") == grant


async def test_a_server_that_is_gone_is_a_clear_error_and_may_come_back(relay: Relay) -> None:
    """Ours: nothing is lost, every call is refused in words, and the same process works on."""
    storage = await open_again(build_settings(relay.url))
    grant, _, _ = await add_refresh_token(storage)
    await relay.close()
    for _ in range(2):
        for call in (
            storage.incoming.find_access_token(1),
            storage.incoming.claim_assertion(issuer="a", jti="b", expires_at=NOW),
            storage.incoming.add_access_token(make_access_token(grant, 9)),
            storage.linking.list_links(),
            storage.leases.claim("prune", holder="one", now=NOW, seconds=60),
        ):
            with pytest.raises(StoreError, match="cannot be reached") as caught:
                await call
            assert caught.value.code == "temporarily_unavailable"
    await relay.open()
    assert await storage.incoming.find_access_token(1) is not None
    assert await storage.incoming.find_access_token(9) is None
    assert await storage.incoming.claim_assertion(issuer="a", jti="b", expires_at=NOW)
    await storage.close()


async def test_a_connection_that_is_lost_in_a_unit_loses_the_unit(relay: Relay, storage: Storage) -> None:
    """Ours: whether a lost commit was kept nobody knows, so that it is an error and not tried again."""
    through = PostgresDatabase(relay.url)
    loop = asyncio.get_running_loop()

    def unit(connection: Connection) -> None:
        add_lease("one")(connection)
        asyncio.run_coroutine_threadsafe(relay.close(), loop)
        connection.execute(text("SELECT pg_sleep(0.2)"))

    with pytest.raises(StoreError, match="cannot be reached"):
        await through.write(unit)
    assert await count_leases(storage.database) == 0
    await through.aclose()


async def test_a_slow_server_is_a_line_in_the_log(
    settings: Settings, storage: Storage, caplog: pytest.LogCaptureFixture
) -> None:
    """performance.md 1: each call is timed."""
    slow = PostgresDatabase(settings.database, slow=-1.0)
    await slow.write(add_lease("one"))
    assert f"database={hide_password(settings.database)}" in caplog.text
    await slow.aclose()


async def test_after_closing_every_call_is_refused(storage: Storage) -> None:
    """Ours: a clear error, and closing twice does nothing."""
    await storage.close()
    await storage.close()
    with pytest.raises(StoreError, match="closed"):
        await storage.linking.list_links()
    with pytest.raises(StoreError, match="closed"):
        await storage.incoming.find_access_token(1)


async def test_text_that_postgresql_cannot_hold_finds_nothing(storage: Storage) -> None:
    """Ours: what a stranger asks for may hold a NUL, and is no failure of ours."""
    assert await storage.incoming.find_client("https://start.example/\x00") is None
    for name in ("\x00", "start\x00", "lnk_\ud800"):
        assert await storage.outgoing.find_link(name) is None
        assert await storage.linking.find_link(name) is None
        assert await storage.failures.find(name) is None


async def test_a_revocation_is_seen_by_the_next_look_up_of_another_process(
    storage: Storage, settings: Settings
) -> None:
    """performance.md 4, and stricter: not within 100 ms but at once, for nothing but the look-up itself decides."""
    other = await open_again(settings)
    grant, family, _ = await add_refresh_token(storage)
    before = await other.incoming.find_access_token(1)
    assert before is not None
    await storage.incoming.revoke_family(family.id, at=NOW + 1, event=make_event(7))
    after = await other.incoming.find_access_token(1)
    assert after is not None
    assert after.family is not None
    assert after.family.revoked_at == NOW + 1
    assert before.grant == grant
    await other.close()


async def test_links_that_are_gone_take_their_tokens_with_them(storage: Storage) -> None:
    """Ours: a record that another process pruned between two look-ups is not found, and no failure."""
    await add_refresh_token(storage)
    empty = await storage.incoming._kept.find_link("lnk_gone", 1)
    assert empty is None


@pytest.mark.requirement("N-06")
async def test_a_dump_of_the_database_holds_no_clear_secret(storage: Storage, settings: Settings) -> None:
    """N-06: every row of every table."""
    secrets = await keep_every_secret(storage)
    names = await execute_in_loop(settings.database, "SELECT tablename FROM pg_tables WHERE tablename LIKE 'applinks%'")
    rows = []
    for (name,) in names:
        rows += [tuple(row) for row in await execute_in_loop(settings.database, f"SELECT * FROM {name}")]
    dump = repr(rows)
    assert "their-access-token" not in dump
    assert len(rows) > 10
    for what, value in (secrets | {"sealing key": "A" * 43}).items():
        assert value not in dump, what
        # Bytes are shown otherwise.
        assert value.encode().hex() not in dump, what


@pytest.mark.requirement("N-06")
async def test_a_secret_moved_to_another_row_does_not_open(storage: Storage, settings: Settings) -> None:
    """N-06: whoever can write the database cannot hand one user another's credentials."""
    link, _ = await add_link(storage)
    for number, user in ((1, "alicia"), (2, "bob")):
        await storage.outgoing.add_connection(make_connection(link, user, number), event=None)
    await execute_in_loop(
        settings.database,
        "UPDATE applinks_connections SET access_token = "
        "(SELECT access_token FROM applinks_connections WHERE user_id = 'bob') WHERE user_id = 'alicia'",
    )
    with pytest.raises(StoreError, match="cannot be opened"):
        await storage.outgoing.find_connection(link_id=link.id, user_id="alicia")
    assert await storage.outgoing.find_connection(link_id=link.id, user_id="bob")


@pytest.mark.parametrize("name", ["prune", "checkpoint"])
async def test_the_periodic_work_runs(storage: Storage, name: str) -> None:
    """Ours: the same jobs; the server minds its log by itself."""
    await add_refresh_token(storage)
    if name == "prune":
        assert await storage.prune(now=NOW + 2 * 86400) > 0
    else:
        assert await storage.checkpoint() is None


def test_the_commands_work_on_it(new: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    """The issue, Shows: the same with APPLINKS_DATABASE=postgresql://…; the password is not printed."""
    from applinks.cli.main import main

    monkeypatch.setenv("APPLINKS_DATABASE", new.database)
    monkeypatch.setenv("APPLINKS_SEALING_KEY", "A" * 43)
    for words in (["database", "upgrade"], ["database", "check"], ["database", "check", "--json"], ["links", "list"]):
        monkeypatch.setattr(sys, "argv", ["applinks", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code, capsys.readouterr()
    said = "".join(capsys.readouterr())
    assert hide_password(new.database) in said
    assert new.database.partition("@")[0].rpartition(":")[2] not in said
    execute(new.database, "SELECT * FROM applinks_links")
