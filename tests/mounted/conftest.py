from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.mounted.hosts import PLACES, Place, Site, open_site


@pytest.fixture(params=PLACES, ids=lambda place: place.name.replace(" ", "-"))
def place(request: pytest.FixtureRequest) -> Place:
    return request.param


@pytest.fixture
async def site(place: Place, tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(place, tmp_path) as site:
        yield site
