"""The stores, on every database that they run on: another one is another parameter here."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from applinks.secret import Secret
from applinks.settings import Settings
from applinks.storage.open import Storage, open_storage
from tests.fakes import CountingEntropy, FixedClock


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    if request.param == "sqlite":
        return Settings(base_url="https://tracker.example", database=f"sqlite:///{tmp_path}/applinks.db")
    url = request.getfixturevalue("postgresql")
    return Settings(base_url="https://tracker.example", database=url, sealing_key=Secret("A" * 43))


@pytest.fixture
async def storage(settings: Settings, clock: FixedClock, entropy: CountingEntropy) -> AsyncIterator[Storage]:
    storage = await open_storage(settings, clock=clock, entropy=entropy)
    yield storage
    await storage.close()


@pytest.fixture
async def other(
    settings: Settings, storage: Storage, clock: FixedClock, entropy: CountingEntropy
) -> AsyncIterator[Storage]:
    """Give another process's view of the same database."""
    other = await open_storage(settings, clock=clock, entropy=entropy, for_command=True)
    yield other
    await other.close()
