"""The stores, on every database that they run on: another one is another parameter here."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from applinks.settings import Settings
from applinks.storage.open import Storage, open_storage
from tests.fakes import CountingEntropy, FixedClock


@pytest.fixture(params=["sqlite"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    urls = {"sqlite": f"sqlite:///{tmp_path}/applinks.db"}
    return Settings(base_url="https://tracker.example", database=urls[request.param])


@pytest.fixture
async def storage(settings: Settings, clock: FixedClock, entropy: CountingEntropy) -> AsyncIterator[Storage]:
    storage = await open_storage(settings, clock=clock, entropy=entropy)
    yield storage
    await storage.close()
