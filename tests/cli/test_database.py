"""The commands ``applinks database``."""

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.cli.conftest import Run, open_database


def _make(database: str) -> None:
    async def make() -> None:
        await (await open_database(database)).close()

    asyncio.run(make())


def test_a_current_database_passes_the_check(run: Run, database: str) -> None:
    """Ours."""
    _make(database)
    found = run("database", "check", "--database", database, "--json")
    assert found.code == 0
    status = json.loads(found.out)
    assert status["current"]
    assert status["version"] == status["newest"]


def test_a_current_database_is_left_as_it_is_by_upgrade(run: Run, database: str) -> None:
    """Ours."""
    _make(database)
    found = run("database", "upgrade", "--database", database)
    assert (found.code, found.err) == (0, "")
    assert "already" in found.out


def test_the_database_may_come_from_the_configuration(run: Run, database: str, tmp_path: Path) -> None:
    """Product §4: all take --config."""
    _make(database)
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
