import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from applinks.settings import Protocol
from tests.linking.world import World, open_world


@pytest.fixture(scope="session")
def new_databases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two databases that were just made, with the keys of the two applications: making them is what takes long."""
    folder = tmp_path_factory.mktemp("new")

    async def make() -> None:
        async with open_world(folder):
            pass

    anyio.run(make)
    return folder


@pytest.fixture
async def world(new_databases: Path, tmp_path: Path) -> AsyncIterator[World]:
    folder = tmp_path / "world"
    shutil.copytree(new_databases, folder)
    async with open_world(folder) as made:
        yield made


@pytest.fixture(params=[("oauth2",), ("oauth1",), ("oauth2", "oauth1")], ids="+".join)
async def each(
    new_databases: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[World, tuple[Protocol, ...]]]:
    """Two applications that speak one of the protocols, the other, or both; and which."""
    folder = tmp_path / "each"
    shutil.copytree(new_databases, folder)
    async with open_world(folder, request.param) as made:
        yield made, request.param


@pytest.fixture
async def both(new_databases: Path, tmp_path: Path) -> AsyncIterator[World]:
    """Two applications that speak both protocols, OAuth 1.0a after OAuth 2."""
    folder = tmp_path / "both"
    shutil.copytree(new_databases, folder)
    async with open_world(folder, ("oauth2", "oauth1")) as made:
        yield made
