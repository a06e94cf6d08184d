"""What a request says of the way that it came is nobody's word that we trust."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.mounted.hosts import PLACES, Site, open_site
from tests.mounted.test_places import EVIL, authorize, bear, exchange
from tests.mounted.test_secrets import send_statement

pytestmark = pytest.mark.anyio
FORWARDED = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "Forwarded": "host=evil.example"}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(PLACES[0], tmp_path) as site:
        yield site


@pytest.mark.requirement("N-03")
@pytest.mark.parametrize("headers", [FORWARDED, EVIL], ids=["forwarded", "with-host"])
async def test_a_token_opens_what_it_is_for_whatever_host_a_request_names(site: Site, headers: dict[str, str]) -> None:
    """Security N-03, product §3: a resource is found by the configured base URL."""
    token = (await exchange(site, await authorize(site))).json()["access_token"]
    assert (await site.get("/api/issues", headers=bear(token) | headers)).status_code == 200
    assert (await site.get("/notes", headers=bear(token) | headers)).status_code == 401


@pytest.mark.requirement("N-03")
@pytest.mark.requirement("N-10")
async def test_a_stranger_is_counted_by_where_he_calls_from_and_not_by_what_he_says(site: Site) -> None:
    """Security N-03: forwarded headers count only from listed proxies, and none is listed."""
    for count in range(10):
        headers = {"X-Forwarded-For": f"192.0.2.{count}", "X_Forwarded_For": f"192.0.2.{count}"}
        headers |= {"Forwarded": f"for=192.0.2.{count}"}
        assert (await send_statement(site, count, **headers)).status_code == 200
    refused = await send_statement(site, 10, **{"X-Forwarded-For": "192.0.2.99"})
    assert refused.status_code == 429
    assert refused.headers["retry-after"]
