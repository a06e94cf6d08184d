from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.site import Site, open_site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    made = await open_site(tmp_path)
    yield made
    await made.client.aclose()
    await made.context.linking.fetcher.aclose()
    await made.world.storage.close()
