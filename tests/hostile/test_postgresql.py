"""A server of PostgreSQL that goes away under a running host, and comes back."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from applinks.secret import Secret
from tests.hostile.peers import STATEMENT, Peer
from tests.hostile.site import ALICE, DESKTOP_LINK, LINK, ROBIN, Site, make_settings, open_site
from tests.hostile.test_database import REVOKE, check_unavailable
from tests.postgresql import Relay

pytestmark = pytest.mark.anyio


@pytest.fixture
async def relay(postgresql: str) -> AsyncIterator[Relay]:
    relay = Relay(postgresql)
    await relay.open()
    yield relay
    await relay.close()


@pytest.fixture
async def site(relay: Relay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    settings = make_settings(tmp_path, database=relay.url, sealing_key=Secret("A" * 43))
    site = await open_site(tmp_path, monkeypatch, settings=settings)
    yield site
    await site.applinks.shutdown()


async def test_a_server_that_is_gone_is_a_503_everywhere_and_the_same_process_works_on(
    site: Site, relay: Relay, caplog: pytest.LogCaptureFixture
) -> None:
    """The issue, PostgreSQL, and ours: a clear answer, when to come again, and nothing is lost."""
    peer, desktop = Peer(site), f"/applinks/links/{DESKTOP_LINK}"
    access = json.loads((await site.exchange(await site.authorize())).body)["access_token"]
    code, token, alice = await site.authorize(), await site.get_token(ROBIN), await site.get_token(ALICE)
    own = ((b"authorization", f"Bearer {access}".encode()),)
    statement = (await peer.sign_statement()).encode()
    await relay.close()
    for answer in (
        await site.exchange(code),
        await peer.ask_for_token(),
        await site.post(STATEMENT, statement, content_type=b"application/jwt"),
        await site.post(REVOKE, {"token": access, "client_id": "desktop"}),
        await site.post(f"{desktop}/pause", {"csrf_token": token, "reason": "r"}, user=ROBIN),
        await site.post("/applinks/account/disconnect", {"csrf_token": alice, "link": LINK}, user=ALICE),
        await site.get("/applinks/", user=ROBIN),
        await site.get("/api/issues", headers=own),
    ):
        check_unavailable(answer)
    # What needs no database is served, and a refusal's reference is in the log.
    assert (await site.get("/api/open")).status == 200
    refused = await site.get("/api/issues")
    assert refused.status == 401, refused.text
    assert f"failure reference={refused.reference}" in caplog.text
    await relay.open()
    assert (await site.get("/api/issues", headers=own)).status == 200
    assert (await site.exchange(code)).status == 200
    assert (await peer.ask_for_token()).status == 200
    assert (await site.get("/applinks/", user=ROBIN)).status == 200
    paused = await site.post(f"{desktop}/pause", {"csrf_token": token, "reason": "r"}, user=ROBIN)
    assert paused.status == 303, paused.text
    # A link that is paused waits, and what it calls with waits with it: seen by the very next call.
    assert (await site.get("/api/issues", headers=own)).status == 503
    assert not site.applinks._running.upkeep.done()
