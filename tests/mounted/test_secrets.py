"""What a whole run leaves in the log, in the failure inbox and in caches."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from applinks.wire.jose import sign_jwt
from applinks.wire.linking.messages import STATEMENT_TYP
from tests.interplay.serving import make_key
from tests.mounted.hosts import PLACES, REDIRECT, Site, open_site
from tests.mounted.test_places import VERIFIER, authorize, bear, exchange

pytestmark = pytest.mark.anyio


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """One place is enough: the log is the same in all."""
    async with open_site(PLACES[0], tmp_path) as site:
        yield site


async def post(site: Site, path: str, **form: str) -> dict[str, Any]:
    answer = await site.http.post(site.url(path), data={"client_id": "desktop"} | form)
    found: dict[str, Any] = answer.json() if answer.content else {}
    return found


async def run_all(site: Site) -> list[str]:
    """Use everything that holds a secret, rightly and wrongly; give the secrets."""
    code = await authorize(site)
    spoilt = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": "b" * 43}
    await post(site, "/applinks/oauth2/token", **spoilt)
    tokens = (await exchange(site, code)).json()
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    assert (await site.get("/api/issues", headers=bear(access))).status_code == 200
    await site.get("/api/issues", headers=bear(access[:-1]))
    await site.get(f"/api/issues?access_token={access}", headers=bear(access))
    await site.get("/api/issues", headers=bear(refresh))
    renewed = await post(site, "/applinks/oauth2/token", grant_type="refresh_token", refresh_token=refresh)
    await post(site, "/applinks/oauth2/token", grant_type="refresh_token", refresh_token=refresh, scope="notes:read")
    await post(site, "/applinks/oauth2/token", grant_type="refresh_token", refresh_token=access)
    await exchange(site, code)
    await post(site, "/applinks/oauth2/revoke", token=renewed["refresh_token"])
    await post(site, "/applinks/oauth2/revoke", token=f"{refresh}x")
    page = await site.get("/applinks/account")
    cookies = [cookie.value for cookie in site.http.cookies.jar if cookie.value]
    assert cookies
    csrf = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    await site.http.post(site.url("/applinks/account/revoke"), data={"csrf_token": csrf, "grant": "x"})
    secrets = [code, access, refresh, renewed["access_token"], renewed["refresh_token"], VERIFIER, "b" * 43, *cookies]
    return [*secrets, *([csrf] if csrf else [])]


@pytest.mark.requirement("N-05")
async def test_no_secret_of_a_whole_run_is_in_the_log_the_inbox_or_the_audit(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """Security N-05: a test greps the log of a full run."""
    caplog.set_level(logging.DEBUG)
    # What the test's own browser logs of its requests is not ours; we send by no such client.
    caplog.set_level(logging.CRITICAL, "httpx2")
    secrets = await run_all(site)
    storage = (await site.applinks._run()).storage
    failures, events = await storage.failures.list(limit=100), await storage.audit.list(limit=100)
    assert len(failures) >= 5
    assert events
    kept = caplog.text + "".join(map(repr, [*failures, *events]))
    for page in ("/applinks/", "/applinks/account"):
        kept += (await site.get(page)).text
    # The id of a value is its row, and no secret; all after it is.
    for secret in secrets:
        assert secret not in kept
        assert secret.split("_")[-1][-30:] not in kept


def sign_statement(site: Site, count: int) -> str:
    private, public = make_key()
    claims = {
        "iss": "https://stranger.example",
        "aud": site.place.base_url,
        "link": "lnk_" + "9" * 22,
        "jti": f"jti-{count}-of-a-stranger-here",
        "ver": 1,
    }
    return sign_jwt(claims, typ=STATEMENT_TYP, private_key=private, algorithm="ES256", kid=public["kid"])


async def send_statement(site: Site, count: int, **headers: str) -> Any:
    sent = {"Content-Type": "application/jwt"} | headers
    return await site.http.post(site.url("/applinks/link/statement"), content=sign_statement(site, count), headers=sent)


@pytest.mark.requirement("N-07")
async def test_every_answer_of_the_protocol_is_kept_by_nobody(site: Site) -> None:
    """Security N-07: no-store on what holds a token, a statement or a refusal."""
    tokens = (await exchange(site, await authorize(site))).json()
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": "desktop"}
    revoke = {"token": tokens["access_token"], "client_id": "desktop"}
    answers = [
        await site.http.post(site.url("/applinks/oauth2/token"), data=refresh),
        await site.http.post(site.url("/applinks/oauth2/revoke"), data=revoke),
        await send_statement(site, 0),
        await site.http.post(site.url("/applinks/link/statement")),
        await site.get("/applinks/link/check"),
        await site.get("/applinks/link/check", headers=bear(tokens["access_token"])),
        await site.get("/api/issues"),
    ]
    assert [answer.status_code for answer in answers[:3]] == [200, 200, 200]
    assert [answer.headers.get("cache-control") for answer in answers] == ["no-store"] * len(answers)
