import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.foreign.served import Served, add_user, run_served
from tests.postgresql import make_database

# Each kind on one worker, so that each server is started once.
_KINDS = [pytest.param(kind, marks=pytest.mark.xdist_group(f"served on {kind}")) for kind in ("sqlite", "postgresql")]


@pytest.fixture(scope="session", params=_KINDS)
def served_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database of either kind, with alice in it."""
    if request.param == "sqlite":
        database = f"sqlite:///{tmp_path_factory.mktemp('served') / 'x.db'}"
        add_user(database)
        yield database
        return
    server: str = request.getfixturevalue("postgresql_server")
    with make_database(server, f"applinks_served_{os.getpid()}") as database:
        add_user(database)
        yield database


@pytest.fixture(scope="session")
def served(served_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """``applinks serve``, in a process of its own."""
    folder: Path = tmp_path_factory.mktemp("serve")
    with run_served(served_database, folder) as running:
        yield running
