from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.hosts.server.site import ServerSite, build_site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[ServerSite]:
    site = build_site(tmp_path)
    yield site
    await site.aclose()
