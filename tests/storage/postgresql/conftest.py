"""A database of PostgreSQL for each test, with our tables or without."""

from collections.abc import AsyncIterator

import pytest

from applinks.settings import Settings
from applinks.storage.open import Storage
from tests.postgresql import Relay, drop_tables
from tests.storage.postgresql.opening import build_settings, open_again


@pytest.fixture
def settings(postgresql: str) -> Settings:
    return build_settings(postgresql)


@pytest.fixture
async def storage(settings: Settings) -> AsyncIterator[Storage]:
    storage = await open_again(settings)
    yield storage
    await storage.close()


@pytest.fixture
def new(settings: Settings) -> Settings:
    """The settings of a database without a table."""
    drop_tables(settings.database)
    return settings


@pytest.fixture
async def relay(settings: Settings) -> AsyncIterator[Relay]:
    relay = Relay(settings.database)
    await relay.open()
    yield relay
    await relay.close()
