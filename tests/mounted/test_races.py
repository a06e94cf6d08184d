"""Many requests at once, at the running application."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.mounted.hosts import PLACES, Site, open_site
from tests.mounted.test_places import VERIFIER, authorize, bear, exchange

pytestmark = pytest.mark.anyio


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(PLACES[0], tmp_path) as site:
        yield site


async def refresh(site: Site, token: str) -> tuple[int, str]:
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "desktop"}
    answer = await site.http.post(site.url("/applinks/oauth2/token"), data=form)
    return answer.status_code, answer.text


def read_database(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("applinks.db*"))


@pytest.mark.requirement("AS-12")
async def test_of_fifty_exchanges_of_one_code_one_wins_and_is_ended(site: Site) -> None:
    """Ours: the losers are second uses, so the one answer's tokens are dead; no answer is a fault of ours."""
    code = await authorize(site)
    answers = await asyncio.gather(*(exchange(site, code) for _ in range(50)))
    won = [answer for answer in answers if answer.status_code == 200]
    lost = [answer for answer in answers if answer.status_code == 400]
    assert (len(won), len(lost)) == (1, 49)
    assert {answer.json()["error"] for answer in lost} == {"invalid_grant"}
    assert (await site.get("/api/issues", headers=bear(won[0].json()["access_token"]))).status_code == 401
    assert await authorize(site)


@pytest.mark.requirement("AS-30")
async def test_fifty_refreshes_of_one_token_get_one_identical_answer(site: Site) -> None:
    """Ours: one successor, and whoever came too late gets the same answer again."""
    tokens = (await exchange(site, await authorize(site))).json()
    answers = await asyncio.gather(*(refresh(site, tokens["refresh_token"]) for _ in range(50)))
    ((status, _),) = set(answers)
    assert status == 200


@pytest.mark.requirement("N-05")
@pytest.mark.requirement("N-06")
async def test_nothing_secret_is_in_the_log_or_in_the_database(
    site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Ours: after a whole way with its refusals, at the most talkative level."""
    caplog.set_level(logging.DEBUG)
    code = await authorize(site)
    tokens = (await exchange(site, code)).json()
    _, renewed = await refresh(site, tokens["refresh_token"])
    assert (await site.get("/api/issues", headers=bear(tokens["access_token"]))).status_code == 200
    assert (await exchange(site, code)).status_code == 400
    assert (await site.get("/api/issues", headers=bear(tokens["access_token"]))).status_code == 401
    assert renewed
    cookies = [cookie.value for cookie in site.http.cookies.jar]
    stored = read_database(tmp_path)
    assert cookies
    assert b"cli_desktop" in stored
    for secret in (code, tokens["access_token"], tokens["refresh_token"], VERIFIER, *cookies):
        # The last part of a token of ours is a checksum, the part before it the secret.
        for part in {secret, *(each for each in secret.split("_") if len(each) > 20)}:
            assert part not in caplog.text
            assert part.encode() not in stored
