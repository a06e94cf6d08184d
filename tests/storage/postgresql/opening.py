"""The storage on PostgreSQL, opened as the tests of it need it."""

from typing import Any

from applinks.secret import Secret
from applinks.settings import Settings
from applinks.storage.open import Storage, open_storage
from tests.fakes import CountingEntropy, FixedClock


def build_settings(url: str, **rest: Any) -> Settings:
    return Settings(**{"base_url": "https://tracker.example", "database": url, "sealing_key": Secret("A" * 43), **rest})


async def open_again(settings: Settings, **options: Any) -> Storage:
    return await open_storage(settings, clock=FixedClock(), entropy=CountingEntropy("again"), **options)
