"""The commands ``applinks database``."""

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

from applinks.errors import RefusedError
from tests.cli.conftest import Run, make_database, open_database


def test_a_current_database_passes_the_check(run: Run, database: str) -> None:
    """Ours."""
    make_database(database)
    found = run("database", "check", "--database", database, "--json")
    assert found.code == 0
    status = json.loads(found.out)
    assert status["current"]
    assert status["version"] == status["newest"]


def test_a_current_database_is_left_as_it_is_by_upgrade(run: Run, database: str) -> None:
    """Ours."""
    make_database(database)
    found = run("database", "upgrade", "--database", database)
    assert (found.code, found.err) == (0, "")
    assert "already" in found.out


def test_the_database_may_come_from_the_configuration(run: Run, database: str, tmp_path: Path) -> None:
    """Product §4: all take --config."""
    make_database(database)
    (tmp_path / "mine.toml").write_text(f'database = "{database}"\n')
    assert run("database", "check", "--config", "mine.toml").code == 0


def test_a_missing_database_is_a_refusal_and_is_not_made(run: Run, database: str, tmp_path: Path) -> None:
    """Ours: a typing error in the path must not make an empty database."""
    found = run("database", "check", "--database", database)
    assert (found.code, found.out) == (1, "")
    assert "no database" in found.err
    assert list(tmp_path.iterdir()) == []


def test_an_upgrade_makes_the_database_that_is_not_there(run: Run, database: str) -> None:
    """Ours: asked for by its name, it may be made before anything is served."""
    found = run("database", "upgrade", "--database", database)
    assert (found.code, found.err) == (0, "")
    assert "it had none" in found.out
    assert run("links", "list", "--database", database).code == 0


def test_a_foreign_database_is_refused_untouched(run: Run, database: str, tmp_path: Path) -> None:
    """House §8: a file that is not ours is refused."""
    with closing(sqlite3.connect(tmp_path / "applinks.db")) as connection:
        connection.execute("CREATE TABLE mine (x)")
    before = (tmp_path / "applinks.db").read_bytes()
    found = run("database", "upgrade", "--database", database)
    assert (found.code, found.out) == (1, "")
    assert (tmp_path / "applinks.db").read_bytes() == before


def test_wrong_settings_are_a_sentence(run: Run, tmp_path: Path) -> None:
    """Ours: never a traceback."""
    (tmp_path / "bad.toml").write_text("databse = 1\n")
    cases = [("--database", "mysql://x"), ("--config", "bad.toml"), ("--config", "missing.toml")]
    for option, value in cases:
        found = run("database", "check", option, value)
        assert (found.code, found.out) == (1, "")
        assert found.err.startswith("applinks: ")
        assert found.err.count("\n") == 1


def test_what_is_over_is_deleted(run: Run, database: str) -> None:
    """Issue: database prune."""

    async def fail() -> None:
        storage = await open_database(database)
        try:
            await storage.failures.record(RefusedError("Old.", code="invalid_grant"), place="token")
        finally:
            await storage.close()

    asyncio.run(fail())
    assert run("database", "prune", "--database", database).out == "Nothing is over: nothing went.\n"
    with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute("UPDATE applinks_failures SET at = 1")
    assert json.loads(run("database", "prune", "--database", database, "--json").out) == {"deleted": 1}
    assert json.loads(run("failures", "list", "--database", database, "--json").out) == []
