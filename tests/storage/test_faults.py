# ruff: noqa: ASYNC240 - the loop of a test serves nobody else.
import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from applinks.errors import RefusedError, StoreBusyError, StoreError
from applinks.linking.store import CommitResult, LinkWrite
from applinks.settings import Settings
from applinks.storage.open import Storage, open_storage
from applinks.storage.schema import leases
from applinks.storage.sqlite.connection import SqliteDatabase
from applinks.storage.units import ConflictError, UnitUndone
from tests.conformance.records import NOW, add_code, add_refresh_token, make_access_token, make_event, make_link
from tests.fakes import CountingEntropy, FixedClock

pytestmark = pytest.mark.anyio


@pytest.fixture
def other(storage: Storage, path: Path) -> Iterator[sqlite3.Connection]:
    """A connection of another process."""
    raw = sqlite3.connect(path, isolation_level=None)
    yield raw
    raw.close()


def fill(storage: Storage) -> None:
    """Let the disk be full from now on."""
    raw = storage.database._raw
    pages = raw.execute("PRAGMA page_count").fetchone()[0]
    raw.execute(f"PRAGMA max_page_count = {pages}")


def make_room(storage: Storage) -> None:
    storage.database._raw.execute("PRAGMA max_page_count = 1000000")


def add_lease(job: str):
    values = {"job": job, "holder": "one", "taken_at": NOW, "expires_at": NOW}
    return lambda connection: connection.execute(insert(leases).values(values)).rowcount


async def count_until_full(write: Callable[[int], Awaitable[object]]) -> int:
    """Write numbers until the disk is full; gives how many were written."""
    for number in range(9999):
        try:
            await write(number)
        except StoreError as error:
            if "full" not in error.description:
                raise
            return number
    raise AssertionError("the disk was never full")


async def count_leases(database: SqliteDatabase) -> int:
    return await database.read(
        lambda connection: connection.execute(text("SELECT count(*) FROM applinks_leases")).scalar()
    )


async def test_a_full_disk_fails_a_commit_whole_and_passes(storage: Storage) -> None:
    """Ours: a clear sentence, nothing half-written, and the process works on when it is over."""
    fill(storage)
    kept = await count_until_full(
        lambda number: storage.linking.commit(
            LinkWrite(link=make_link(number), expected_version=None), events=(make_event(number),)
        )
    )
    assert len(await storage.linking.list_links()) == len(await storage.audit.list(999)) == kept
    make_room(storage)
    write = LinkWrite(link=make_link(kept), expected_version=None)
    assert await storage.linking.commit(write, events=(make_event(kept),)) is CommitResult.WRITTEN
    assert len(await storage.linking.list_links()) == len(await storage.audit.list(999)) == kept + 1


async def test_a_full_disk_fails_a_hot_statement_whole_and_passes(storage: Storage) -> None:
    """Ours: on the raw connection as well."""
    grant, _, _ = await add_refresh_token(storage)
    fill(storage)
    row = 100 + await count_until_full(
        lambda number: storage.incoming.add_access_token(make_access_token(grant, 100 + number))
    )
    assert await storage.incoming.find_access_token(row - 1) is not None
    assert await storage.incoming.find_access_token(row) is None
    assert not storage.database._raw.in_transaction
    make_room(storage)
    await storage.incoming.add_access_token(make_access_token(grant, row))
    assert await storage.incoming.find_access_token(row) is not None


async def test_a_failure_on_a_full_disk_is_in_the_log(storage: Storage, caplog: pytest.LogCaptureFixture) -> None:
    """The issue, Ground: in the table while the database can be written, in the log always."""
    fill(storage)
    references = [await storage.failures.record(RefusedError("x" * 4000), place="token") for _ in range(9)]
    assert await storage.failures.find(references[-1]) is None
    assert f"failure.not_stored reference={references[-1]}" in caplog.text


async def test_a_read_only_database_is_a_clear_error_and_can_be_read(storage: Storage) -> None:
    """Ours: nothing is lost, and writing works again when it is over."""
    await add_code(storage)
    storage.database._raw.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError, match="read-only"):
        await storage.incoming.claim_assertion(issuer="a", jti="b", expires_at=NOW)
    with pytest.raises(StoreError, match="read-only"):
        await storage.linking.commit(LinkWrite(link=make_link(2), expected_version=None))
    assert len(await storage.linking.list_links()) == 1
    assert await storage.incoming.find_code(1) is not None
    storage.database._raw.execute("PRAGMA query_only = OFF")
    assert await storage.incoming.claim_assertion(issuer="a", jti="b", expires_at=NOW)


async def test_a_write_waits_for_another_process_and_the_loop_goes_on(
    storage: Storage, other: sqlite3.Connection
) -> None:
    """performance.md 1: tried again by await; reads pass meanwhile."""
    other.execute("BEGIN IMMEDIATE")
    cold = asyncio.create_task(storage.linking.commit(LinkWrite(link=make_link(), expected_version=None)))
    hot = asyncio.create_task(storage.incoming.claim_assertion(issuer="a", jti="b", expires_at=NOW))
    for _ in range(20):
        assert await storage.linking.list_links() == []
        await asyncio.sleep(0)
    assert not cold.done()
    assert not hot.done()
    other.execute("COMMIT")
    assert await cold is CommitResult.WRITTEN
    assert await hot


async def test_a_write_gives_up_on_a_process_that_does_not_let_go(
    storage: Storage, other: sqlite3.Connection, path: Path
) -> None:
    """performance.md 1: StoreBusyError at the end of our patience, and nothing was written."""
    hurried = SqliteDatabase(path, patience=0)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusyError, match="another process"):
        await hurried.write(add_lease("one"))
    other.execute("COMMIT")
    assert await count_leases(hurried) == 0
    assert await hurried.write(add_lease("one")) == 1
    hurried.close()


async def test_a_unit_that_fails_leaves_nothing_behind(storage: Storage) -> None:
    """Ours: one transaction a unit, whatever was raised in it."""
    database = storage.database

    def fail(connection) -> None:
        add_lease("one")(connection)
        raise RuntimeError("boom")

    def undo(connection) -> str:
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


async def test_a_connection_that_cannot_roll_back_is_opened_again(storage: Storage, path: Path) -> None:
    """Ours: a disk that failed leaves no transaction hanging in a process that goes on."""
    database = storage.database

    def fail(connection) -> None:
        add_lease("one")(connection)
        database._raw.close()
        raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        await database.write(fail)
    assert await count_leases(database) == 0
    await database.write(add_lease("one"))
    assert await count_leases(database) == 1


async def test_a_damaged_file_is_a_clear_error(storage: Storage, settings: Settings, path: Path) -> None:
    """Ours: the description says what to do, the detail names the file."""
    await storage.close()
    content = path.read_bytes()
    path.write_bytes(content[: 4096 * 2] + b"\xff" * (len(content) - 4096 * 2))
    with pytest.raises(StoreError, match="damaged") as caught:
        await open_storage(settings, clock=FixedClock(), entropy=CountingEntropy())
    assert str(path) in caught.value.detail
    assert str(path) not in caught.value.description


async def test_a_slow_disk_is_a_line_in_the_log(storage: Storage, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """performance.md 1: each call is timed."""
    slow = SqliteDatabase(path, slow=-1.0)
    with caplog.at_level(logging.WARNING, "applinks.storage"):
        await slow.write(add_lease("one"))
    assert "database.slow" in caplog.text
    slow.close()


async def test_after_closing_every_call_is_refused(storage: Storage) -> None:
    """Ours: a clear error, and closing twice does nothing."""
    await storage.close()
    await storage.close()
    with pytest.raises(StoreError, match="closed"):
        await storage.linking.list_links()
    with pytest.raises(StoreError, match="closed"):
        await storage.incoming.find_access_token(1)


async def test_the_log_is_moved_into_the_file(storage: Storage, path: Path) -> None:
    """performance.md 1: WAL checkpoint in upkeep."""
    before = path.stat().st_size
    await add_code(storage)
    await storage.database.write(lambda c: [add_lease(f"job {number}")(c) for number in range(200)] and None)
    await storage.checkpoint()
    assert path.stat().st_size > before
