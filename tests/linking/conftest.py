import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

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
