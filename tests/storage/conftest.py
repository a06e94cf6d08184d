"""One SQLite file of our own for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from applinks.settings import Settings
from applinks.storage.open import Storage, open_storage
from tests.fakes import CountingEntropy, FixedClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "applinks.db"


@pytest.fixture
def settings(path: Path) -> Settings:
    return Settings(base_url="https://tracker.example", database=f"sqlite:///{path}")


@pytest.fixture
async def storage(settings: Settings, clock: FixedClock, entropy: CountingEntropy) -> AsyncIterator[Storage]:
    storage = await open_storage(settings, clock=clock, entropy=entropy)
    yield storage
    await storage.close()
