"""What PostgreSQL has that SQLite has not: a server that goes away, units that cross, other processes."""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, insert, text, update

from applinks.errors import StoreBusyError, StoreError
from applinks.settings import Settings, hide_password
from applinks.storage.open import Storage
from applinks.storage.postgresql.connection import PostgresDatabase
from applinks.storage.schema import leases
from applinks.storage.units import ConflictError, UnitUndone
from tests.conformance.records import NOW, add_link, add_refresh_token, make_access_token, make_connection, make_event
from tests.postgresql import Relay, execute, execute_in_loop
from tests.storage.postgresql.opening import build_settings, open_again
from tests.storage.secrets import keep_every_secret

pytestmark = pytest.mark.anyio


SLEEPERS = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"


def add_lease(job: str) -> Callable[[Connection], int]:
    values = {"job": job, "holder": "one", "taken_at": NOW, "expires_at": NOW}
    return lambda connection: connection.execute(insert(leases).values(values)).rowcount


async def count_leases(database: Any) -> int:
    return await database.read(
        lambda connection: connection.execute(text("SELECT count(*) FROM applinks_leases")).scalar()
    )


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
    in_units = [each.driver_connection for each in storage.database._engine.pool._pool._queue._queue]
    idle = [*storage.database._hot._idle, *in_units]
    assert len(idle) > 2
    while not all(each.is_closed() for each in idle):  # noqa: ASYNC110 - nothing says when the loop noticed.
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
