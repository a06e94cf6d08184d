from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.hostile.site import Site, open_site


@pytest.fixture
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    site = await open_site(tmp_path, monkeypatch)
    yield site
    await site.applinks.shutdown()
