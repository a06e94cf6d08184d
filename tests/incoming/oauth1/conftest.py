from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.incoming.oauth1.world import OAuth1World, open_oauth1_world


@pytest.fixture
async def oauth1(tmp_path: Path) -> AsyncIterator[OAuth1World]:
    made = await open_oauth1_world(tmp_path)
    yield made
    await made.inner.storage.close()
