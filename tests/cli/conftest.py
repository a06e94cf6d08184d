import asyncio
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from applinks.cli.main import main
from applinks.clock import SystemClock
from applinks.entropy import SystemEntropy
from applinks.settings import Settings
from applinks.storage.open import Storage, open_storage
from tests.cli.foreign_server import ForeignServer, serve_foreign

BASE_URL = "http://127.0.0.1:8001"


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run a command in an empty folder and an environment without settings of ours."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("APPLINKS_DATABASE", raising=False)
    monkeypatch.delenv("APPLINKS_BASE_URL", raising=False)
    # Wide, so that no sentence is broken where a test looks for it.
    monkeypatch.setenv("COLUMNS", "200")

    def run_command(*arguments: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["applinks", *arguments])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        found = capsys.readouterr()
        return Result(code, found.out, found.err)

    return run_command


@pytest.fixture
def run_server(run: Run, monkeypatch: pytest.MonkeyPatch, database: str) -> Run:
    """Run a command as on the machine of a server: database and base URL come from the environment."""
    make_database(database)
    monkeypatch.setenv("APPLINKS_DATABASE", database)
    monkeypatch.setenv("APPLINKS_BASE_URL", BASE_URL)
    return run


@pytest.fixture
def foreign() -> Iterator[ForeignServer]:
    """A server that is no Applinks."""
    with serve_foreign() as server:
        yield server


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'applinks.db'}"


def make_database(database: str) -> None:
    """Make it as the first start does."""

    async def make() -> None:
        await (await open_database(database)).close()

    asyncio.run(make())


async def open_database(database: str) -> Storage:
    """Open it as a running application does."""
    settings = Settings(base_url=BASE_URL, database=database)
    return await open_storage(settings, clock=SystemClock(), entropy=SystemEntropy())
