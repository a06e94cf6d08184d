"""The database cannot be written for a while: said clearly, and when it is over the same process works on."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from tests.hostile.peers import Peer
from tests.hostile.site import ALICE, DESKTOP_LINK, LINK, ROBIN, Answer, Site, ask
from tests.incoming.world import PEER_CLIENT

pytestmark = pytest.mark.anyio

REVOKE = "/applinks/oauth2/revoke"
DOCUMENTS = (
    *("/.well-known/application-link", "/.well-known/oauth-authorization-server", "/applinks/oauth2/jwks"),
    *("/.well-known/oauth-protected-resource", "/applinks/oauth2/client.json"),
)


@contextmanager
def lock(site: Site) -> Iterator[None]:
    """Another process writes, and does not come to an end."""
    other = sqlite3.connect(site.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


@contextmanager
def make_read_only(site: Site) -> Iterator[None]:
    """The file system lets nobody write any more."""
    site.storage.database._raw.execute("PRAGMA query_only = ON")
    yield
    site.storage.database._raw.execute("PRAGMA query_only = OFF")


@contextmanager
def fill(site: Site) -> Iterator[None]:
    """Not one page more fits on the disk."""
    raw = site.storage.database._raw
    pages = raw.execute("PRAGMA page_count").fetchone()[0]
    raw.execute(f"PRAGMA max_page_count = {pages}")
    yield
    raw.execute("PRAGMA max_page_count = 1000000")


@pytest.fixture(params=[lock, make_read_only], ids=["locked", "read-only"])
def trouble(request: pytest.FixtureRequest, site: Site) -> AbstractContextManager[None]:
    site.storage.database._patience = 0
    return request.param(site)


def check_unavailable(answer: Answer) -> None:
    """Check that an answer says that it is for now, when to come again, and how to ask about it."""
    assert answer.status == 503, answer.body
    assert answer.header(b"retry-after") == b"5"
    assert answer.header(b"cache-control") == b"no-store"
    assert answer.reference


async def test_a_database_that_cannot_be_written_stops_writing_and_nothing_else(
    site: Site, trouble: AbstractContextManager[None], caplog: pytest.LogCaptureFixture
) -> None:
    """The issue, Bad input: a clear error, and when it is over the same process works on."""
    peer, desktop = Peer(site), f"/applinks/links/{DESKTOP_LINK}"
    first = await site.exchange(await site.authorize())
    access = json.loads(first.body)["access_token"]
    code, token = await site.authorize(), await site.get_token(ROBIN)
    alice = await site.get_token(ALICE)
    own = ((b"authorization", f"Bearer {access}".encode()),)
    revocation = {"token": access, "client_id": "desktop"}
    before = site.dump()

    async def write() -> list[Answer]:
        """Everything that has to write: programs first, then people."""
        return [
            await site.exchange(code),
            await peer.ask_for_token(),
            await peer.state(),
            await site.post(REVOKE, revocation),
            await site.post(f"{desktop}/pause", {"csrf_token": token, "reason": "r"}, user=ROBIN),
            await site.post("/applinks/account/disconnect", {"csrf_token": alice, "link": LINK}, user=ALICE),
        ]

    with trouble:
        for answer in await write():
            check_unavailable(answer)
        assert site.dump() == before
        assert (await site.get("/api/issues", headers=own)).status == 200
        for path in DOCUMENTS:
            assert (await site.get(path)).status == 200, path
        for path in ("/applinks/", desktop, "/applinks/account"):
            assert (await site.get(path, user=ROBIN)).status == 200, path
        assert (await site.get("/applinks/account")).status == 303
        # A refusal needs no table: its reference is in the log.
        for refused, status in (
            (await site.exchange("alc_1_x"), 400),
            (await site.get("/api/issues", headers=[(b"authorization", b"Bearer ala_1_x")]), 401),
            (await site.get("/api/issues"), 401),
            (await site.get("/applinks/", user=ALICE), 403),
            (await site.get("/applinks/oauth2/authorize", user=ALICE), 400),
        ):
            assert refused.status == status
            assert f"failure reference={refused.reference}" in caplog.text
        # A browser that comes now cannot be given a session.
        site.cookies.clear()
        check_unavailable(await site.get("/applinks/account", user=ALICE))
    token, alice = await site.get_token(ROBIN), await site.get_token(ALICE)
    assert [answer.status for answer in await write()] == [200, 200, 200, 200, 303, 303]
    assert (await site.get("/api/issues", headers=own)).status == 401
    assert not site.applinks._running.upkeep.done()


async def fill_up(site: Site, write: object, *, good: set[int]) -> int:
    """Write until the disk is full; gives how often it went well, each time whole."""
    for count in range(400):
        before = site.dump()
        answer = await write()  # type: ignore[operator]
        if answer.status not in good:
            check_unavailable(answer)
            assert site.dump() == before
            return count
    raise AssertionError("the disk was never full")


async def test_a_full_disk_refuses_tokens_whole_and_serves_again_when_there_is_room(site: Site) -> None:
    """The issue, Bad input: a full disk, also for the table of failures."""
    peer, code = Peer(site), await site.authorize()
    with fill(site):
        await fill_up(site, peer.ask_for_token, good={200})
        for _ in range(60):
            refused = await site.exchange("x" * 3000)
            assert (refused.status, bool(refused.reference)) == (400, True)
        assert await site.storage.failures.find(refused.reference or "") is None
    assert (await peer.ask_for_token()).status == 200
    assert (await site.exchange(code)).status == 200
    refused = await site.exchange("x" * 3000)
    assert await site.storage.failures.find(refused.reference or "") is not None


async def test_a_full_disk_refuses_a_page_s_change_whole_and_takes_it_when_there_is_room(site: Site) -> None:
    """Ours: the change and its audit event are one write."""
    desktop = f"/applinks/links/{DESKTOP_LINK}"
    token, turn = await site.get_token(ROBIN), iter(range(1000))

    async def change() -> Answer:
        verb = "resume" if next(turn) % 2 else "pause"
        return await site.post(f"{desktop}/{verb}", {"csrf_token": token, "reason": "r" * 200}, user=ROBIN)

    with fill(site):
        await fill_up(site, change, good={303})
    assert (await change()).status == 303
    page = await site.get(desktop, user=ROBIN)
    assert page.status == 200


async def test_a_user_who_approves_while_the_disk_is_full_approves_again(site: Site) -> None:
    """Ours: no grant without its code."""
    query = ask(PEER_CLIENT)
    with fill(site):
        await fill_up(site, lambda: site.approve(query), good={303})
    assert (await site.approve(query)).status == 303
