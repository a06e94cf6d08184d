import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from applinks.errors import StoreBusyError, StoreError
from applinks.storage.open import Storage
from applinks.storage.sqlite.connection import SqliteDatabase, connect
from applinks.storage.units import ConflictError, UnitUndone
from tests.conformance.records import add_link, make_access_token, make_grant

pytestmark = pytest.mark.anyio

Unit = Callable[[sqlite3.Connection], int]


def claim(number: int, *, twice: bool = False) -> Unit:
    """A hot unit: claims a number; twice fails half-way."""

    def unit(raw: sqlite3.Connection) -> int:
        for _ in range(2 if twice else 1):
            raw.execute("INSERT INTO applinks_assertions (issuer, jti, expires_at) VALUES ('a', ?, 1)", (str(number),))
        return number

    return unit


def list_claims(path: Path) -> list[int]:
    """What another connection sees."""
    with closing(sqlite3.connect(path)) as raw:
        return sorted(int(jti) for (jti,) in raw.execute("SELECT jti FROM applinks_assertions"))


@contextmanager
def count_transactions(database: SqliteDatabase) -> Iterator[list[str]]:
    """Collect what begins or ends one."""
    seen: list[str] = []
    words = ("BEGIN", "COMMIT", "ROLLBACK")
    database._raw.set_trace_callback(lambda text: seen.append(text) if text.startswith(words) else None)
    yield seen
    database._raw.set_trace_callback(None)


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold the database, as another process does."""
    with closing(connect(path)) as raw:
        raw.execute("BEGIN IMMEDIATE")
        yield
        raw.execute("ROLLBACK")


async def test_the_units_of_one_turn_are_one_transaction(storage: Storage, path: Path) -> None:
    """performance.md 1: all that wait are written at once, and each gets its own answer."""
    with count_transactions(storage.database) as seen:
        assert await asyncio.gather(*(storage.database.write_raw(claim(each)) for each in range(50))) == list(range(50))
        assert seen == ["BEGIN IMMEDIATE", "COMMIT"]
        assert await storage.database.write_raw(claim(50)) == 50
    assert seen == ["BEGIN IMMEDIATE", "COMMIT"] * 2
    assert list_claims(path) == list(range(51))


async def test_so_many_units_that_others_would_wait_are_cut(storage: Storage, path: Path) -> None:
    """performance.md 1: about five milliseconds at once."""
    with count_transactions(storage.database) as seen:
        await asyncio.gather(*(storage.database.write_raw(claim(each)) for each in range(450)))
    assert seen == ["BEGIN IMMEDIATE", "COMMIT"] * 3
    assert list_claims(path) == list(range(450))


async def test_nothing_is_answered_before_it_is_written(storage: Storage, path: Path) -> None:
    """performance.md 1: durable before the answer, for each of the group."""
    seen = []

    async def write(number: int) -> None:
        await storage.database.write_raw(claim(number))
        seen.append(list_claims(path))

    await asyncio.gather(*map(write, range(9)))
    assert seen == [list(range(9))] * 9


async def test_a_unit_that_fails_spoils_no_other(storage: Storage, path: Path) -> None:
    """Ours: what it wrote before goes, and it alone is told."""
    units = [claim(each, twice=each == 3) for each in range(9)]
    results = await asyncio.gather(*map(storage.database.write_raw, units), return_exceptions=True)
    assert isinstance(results[3], ConflictError)
    assert [*results[:3], *results[4:]] == list_claims(path) == [0, 1, 2, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("error", [ValueError("a mistake of ours"), StoreError("in words"), sqlite3.ProgrammingError()])
async def test_an_error_is_that_of_the_unit_that_raised_it(storage: Storage, path: Path, error: Exception) -> None:
    """Ours: the very same one."""

    def fail(raw: sqlite3.Connection) -> int:
        claim(7)(raw)
        raise error

    results = await asyncio.gather(*map(storage.database.write_raw, [claim(1), fail, claim(2)]), return_exceptions=True)
    assert results == [1, error, 2]
    assert list_claims(path) == [1, 2]


async def test_a_unit_may_undo_what_it_wrote(storage: Storage, path: Path) -> None:
    """Ours: and give its result all the same; the others stand."""

    def undo(raw: sqlite3.Connection) -> int:
        raise UnitUndone(-claim(7)(raw))

    assert await asyncio.gather(*map(storage.database.write_raw, [claim(1), undo, claim(2)])) == [1, -7, 2]
    assert list_claims(path) == [1, 2]


async def test_a_disk_that_becomes_full_ends_those_that_do_not_fit(storage: Storage, path: Path) -> None:
    """performance.md 1, traps: SQLite rolls the whole group back; who is told that it was written finds it."""
    raw = storage.database._raw
    (pages,) = raw.execute("PRAGMA page_count").fetchone()
    raw.execute(f"PRAGMA max_page_count = {pages + 4}")

    def write(number: int) -> Unit:
        def unit(raw: sqlite3.Connection) -> int:
            values = (str(number), "x" * 3000)
            raw.execute("INSERT INTO applinks_assertions (jti, issuer, expires_at) VALUES (?, ?, 1)", values)
            return number

        return unit

    results = await asyncio.gather(
        *(storage.database.write_raw(write(each)) for each in range(20)), return_exceptions=True
    )
    written = [each for each in results if isinstance(each, int)]
    refused = [each for each in results if isinstance(each, StoreError)]
    assert len(written) + len(refused) == 20
    assert refused
    assert all("full" in str(each) for each in refused)
    assert list_claims(path) == written
    raw.execute("PRAGMA max_page_count = 100000")
    assert await storage.database.write_raw(write(99)) == 99


async def test_units_wait_for_another_process_together(storage: Storage, path: Path) -> None:
    """performance.md 1: tried again after a short pause; who comes meanwhile takes part."""
    with hold(path):
        first = [asyncio.create_task(storage.database.write_raw(claim(each))) for each in range(5)]
        await asyncio.sleep(0.01)
        second = [asyncio.create_task(storage.database.write_raw(claim(each))) for each in range(5, 9)]
        await asyncio.sleep(0.01)
        assert not any(each.done() for each in (*first, *second))
        # Looking does not wait.
        assert await storage.database.read_raw(lambda raw: raw.execute("SELECT 7").fetchone()) == (7,)
    with count_transactions(storage.database) as seen:
        assert await asyncio.gather(*first, *second) == list(range(9))
    assert seen.count("COMMIT") == 1
    assert list_claims(path) == list(range(9))


async def test_units_that_wait_too_long_are_told_so(storage: Storage, path: Path) -> None:
    """performance.md 1: StoreBusyError, nothing was written, and the next ones go through."""
    hurried = SqliteDatabase(path, patience=0.02)
    with hold(path):
        results = await asyncio.gather(*(hurried.write_raw(claim(each)) for each in range(5)), return_exceptions=True)
    assert [type(each) for each in results] == [StoreBusyError] * 5
    assert len({id(each) for each in results}) == 5
    assert list_claims(path) == []
    assert await asyncio.gather(*(hurried.write_raw(claim(each)) for each in range(5))) == list(range(5))
    hurried.close()


async def test_who_goes_away_before_the_turn_writes_nothing(storage: Storage, path: Path) -> None:
    """Ours: a call that is broken off costs its group nothing."""
    tasks = [asyncio.create_task(storage.database.write_raw(claim(each))) for each in range(3)]
    with hold(path):
        await asyncio.sleep(0.005)
        tasks[1].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[1]
    assert await asyncio.gather(tasks[0], tasks[2]) == [0, 2]
    assert list_claims(path) == [0, 2]


async def test_an_administrators_unit_stands_between_groups(storage: Storage, path: Path) -> None:
    """performance.md 1, traps: SQLAlchemy on the same connection would roll an open group back silently."""
    _, client = await add_link(storage)
    hot = [storage.incoming.add_access_token(make_access_token(make_grant(client), row)) for row in range(1, 9)]
    cold = [storage.leases.claim(f"job {number}", holder="one", now=1, seconds=9) for number in range(8)]
    results = await asyncio.gather(*(each for pair in zip(hot, cold, strict=True) for each in pair))
    assert results == [None, True] * 8
    with closing(sqlite3.connect(path)) as raw:
        for table in ("applinks_access_tokens", "applinks_leases"):
            assert raw.execute(f"SELECT count(*) FROM {table}").fetchone() == (8,)


async def test_what_is_asked_of_a_closed_database_fails(storage: Storage) -> None:
    """Ours: the group that waited as well."""
    waiting = [asyncio.create_task(storage.database.write_raw(claim(each))) for each in range(3)]
    await asyncio.sleep(0)
    await storage.close()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [str(each) for each in results] == ["The database is closed."] * 3


def test_each_event_loop_has_groups_of_its_own(path: Path, settings) -> None:
    """Ours: a WSGI host's loop is in another thread; an answer comes in the loop that asked."""
    from applinks.storage import migrations

    migrations.upgrade(settings)
    database = SqliteDatabase(path)

    async def work(who: int) -> list[int]:
        found = []
        for number in range(0, 100, 10):
            some = (database.write_raw(claim(1000 * who + number + each)) for each in range(10))
            found += await asyncio.gather(*some)
        return found

    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda who: asyncio.run(work(who)), range(3)))
    assert done == [[1000 * who + each for each in range(100)] for who in range(3)]
    assert list_claims(path) == [each for found in done for each in found]
    database.close()
