"""Peers that answer with anything at all, at every place where we call them."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest

from applinks.bounds import Sizes
from applinks.errors import AuthorizationNeeded, PeerError
from applinks.outgoing.oauth2.metadata import MetadataCache
from applinks.outgoing.store import RoundTrip
from applinks.secret import Secret, digest_secret
from applinks.wire.jose import sign_jwt
from applinks.wire.linking.messages import PROPOSAL_TYP
from tests.hostile.lying_server import FAULTS, NEW, LyingServer, ToServer, make_new_manifest, serve
from tests.hostile.peers import Peer
from tests.hostile.site import ALICE, BASE, LINK, PEER, ROBIN, Answer, Site, open_site
from tests.incoming.world import make_key, publish

pytestmark = pytest.mark.anyio

METADATA = "/.well-known/oauth-authorization-server"
RESOURCE_METADATA = "/.well-known/oauth-protected-resource"
MANIFEST = "/.well-known/application-link"
JWKS, TOKEN, REVOKE = "/applinks/oauth2/jwks", "/applinks/oauth2/token", "/applinks/oauth2/revoke"
STATEMENT, CHECK = "/applinks/link/statement", "/applinks/link/check"
GOOD_TOKEN = b'{"access_token": "renewed", "token_type": "Bearer", "expires_in": 3600}'
# Only those that never come to an end are given a short time; what is shown is that there is an end at all.
ENDLESS = frozenset({"hang", "drip"})
HASTE = Sizes(read_seconds=0.06, call_seconds=0.12, link_document_seconds=0.12)
Step = Callable[[str], Awaitable[None]]


@pytest.fixture
async def server() -> AsyncIterator[LyingServer]:
    async with serve() as server:
        yield server


@pytest.fixture
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: LyingServer) -> AsyncIterator[Site]:
    site = await open_site(tmp_path, monkeypatch, transport=ToServer(server))
    object.__setattr__(site.applinks._running.outgoing, "retry_pauses", ())
    yield site
    await site.applinks.shutdown()


async def try_all(site: Site, server: LyingServer, path: str, step: Step, *, but: frozenset[str] = frozenset()) -> None:
    """Let every fault happen at one path, each as if it were the first."""
    server.bad = path
    running = site.applinks._running
    for name, fault in FAULTS.items():
        if name in but:
            continue
        server.fault = fault
        sizes = HASTE if name in ENDLESS else Sizes()
        running.linking.fetcher._sizes = sizes
        object.__setattr__(site.applinks.settings, "sizes", sizes)
        object.__setattr__(running.outgoing, "metadata", MetadataCache())
        site.forget_limits()
        server.asked.clear()
        await step(name)
        # A machine under load may not even have asked within the time of the endless.
        assert path in server.asked or name in ENDLESS, name


def check_page(answer: Answer, name: str, *, statuses: tuple[int, ...] = (400, 502)) -> None:
    """Check that a page says in words what is wrong, with a reference, and nothing of what came."""
    assert answer.status in statuses, (name, answer.status, answer.text[-900:])
    assert answer.reference, name
    assert "Traceback" not in answer.text
    assert "evil.example" not in answer.text or "redirect" in name or "another" in name, name
    assert "server_error" not in answer.text
    assert "not prepared for" not in answer.text, name


@pytest.mark.parametrize("path", [MANIFEST, JWKS])
async def test_an_application_that_cannot_be_read_is_not_proposed_to(
    site: Site, server: LyingServer, path: str
) -> None:
    """Handshake §1 Discovery: in words on the page of the address, and nothing is written."""
    server.good |= make_new_manifest((publish(make_key()),))
    before = site.dump()

    async def step(name: str) -> None:
        answer = await site.press("/applinks/new", {"url": NEW}, user=ROBIN)
        location = answer.header(b"location") or b""
        # What says nothing that an Applinks says may be any other server, and those are linked by hand.
        if path != MANIFEST or b"/applinks/new/by-hand?" not in location:
            check_page(answer, name)
        assert site.dump() == before

    # The manifest of the sample has nothing of the peer's address; its keys are the same with spaces around.
    await try_all(site, server, path, step, but=frozenset({"another's"}))
    server.bad = ""
    assert (await site.press("/applinks/new", {"url": NEW}, user=ROBIN)).status == 303
    answer = await site.get("/applinks/new", query=urlencode({"url": NEW}), user=ROBIN)
    assert (answer.status, "it has Applinks" in answer.text) == (200, True)


@pytest.mark.requirement("CL-21")
@pytest.mark.parametrize("path", [METADATA, "/.well-known/openid-configuration", RESOURCE_METADATA])
async def test_a_server_that_is_not_ours_and_answers_with_anything_is_still_linked_by_hand(
    site: Site, server: LyingServer, path: str
) -> None:
    """The issue: by metadata if it publishes any, else by hand; never a 5xx, and nothing is written by looking."""
    before = site.dump()

    async def step(name: str) -> None:
        answer = await site.press("/applinks/new", {"url": NEW}, user=ROBIN)
        if answer.status == 303:
            assert b"/applinks/new/by-hand?" in (answer.header(b"location") or b"")
            query = urlencode({"url": NEW})
            page = await site.get("/applinks/new/by-hand", query=query, user=ROBIN)
            assert (page.status, "evil.example" in page.text and "another" not in name) == (200, False), name
        else:
            check_page(answer, name)
        assert site.dump() == before

    await try_all(site, server, path, step)


@pytest.mark.parametrize("path", [MANIFEST, JWKS])
async def test_a_proposal_by_somebody_who_cannot_be_read_is_not_shown(
    site: Site, server: LyingServer, path: str
) -> None:
    """LK-03: no record, and no redirect."""
    key, now = make_key(), site.clock.now()
    server.good |= make_new_manifest((publish(key),))
    claims = {
        "ver": 1, "iss": NEW, "aud": BASE, "iat": now, "exp": now + 100, "jti": "lnk_" + "7" * 22,
        "link": "lnk_" + "7" * 22, "revision": 1,
    }  # fmt: skip
    kid = publish(key)["kid"]
    request = sign_jwt(claims, typ=PROPOSAL_TYP, private_key=key, algorithm="ES256", kid=kid)
    before = site.dump()

    async def step(name: str) -> None:
        answer = await site.get("/applinks/link", query=f"request={request}", user=ROBIN)
        check_page(answer, name)
        assert site.dump() == before

    await try_all(site, server, path, step, but=frozenset({"another's"}))


async def test_an_authorization_server_that_cannot_be_read_gets_no_browser(site: Site, server: LyingServer) -> None:
    """CL-21: the user gets a page, and no journey begins."""

    async def step(name: str) -> None:
        answer = await site.get(f"/applinks/connect/{LINK}", user=ALICE)
        check_page(answer, name)
        assert _count(site, "round_trips") == 0

    await try_all(site, server, METADATA, step)
    server.bad = ""
    assert (await site.get(f"/applinks/connect/{LINK}", user=ALICE)).status == 303


async def test_a_token_endpoint_that_misbehaves_makes_no_connection(site: Site, server: LyingServer) -> None:
    """CL-30, CL-21: the user gets a page; what she had is as it was."""
    await site.get("/applinks/account", user=ALICE)
    before, number = site.dump(), iter(range(99))

    async def step(name: str) -> None:
        state = f"state-{next(number)}"
        await _begin_trip(site, state)
        query = f"code=c&state={state}&iss={PEER}"
        check_page(await site.get(f"/applinks/callback/{LINK}", query=query, user=ALICE), name)
        assert site.dump() == before

    await try_all(site, server, TOKEN, step)


@pytest.mark.parametrize("path", [METADATA, TOKEN])
async def test_a_renewal_that_fails_leaves_what_was_stored(site: Site, server: LyingServer, path: str) -> None:
    """CL-30: HTML, 200 without a token and cut-off answers change nothing."""
    before = site.dump()["connections"]
    site.clock.advance(3600)
    call = site.applinks.connection("start", user=ALICE.id)

    async def step(name: str) -> None:
        with pytest.raises(PeerError) as failed:
            await call.get("/api/pages")
        assert not isinstance(failed.value, AuthorizationNeeded), name
        assert failed.value.reference
        assert site.dump()["connections"] == before, name

    await try_all(site, server, path, step)
    server.bad, server.good[TOKEN], server.good["/api/pages"] = "", GOOD_TOKEN, b"[]"
    assert (await call.get("/api/pages")).status_code == 200


async def test_a_call_is_answered_or_fails_with_an_error_of_its_own(site: Site, server: LyingServer) -> None:
    """Product §5 Outgoing: whatever is an HTTP answer is the host's to read; a redirect is not followed."""
    before = site.dump()["connections"]
    call = site.applinks.connection("start", user=ALICE.id)

    async def step(name: str) -> None:
        if name in {*ENDLESS, *BROKEN_HTTP}:
            with pytest.raises(PeerError) as failed:
                await call.get("/api/pages")
            assert failed.value.reference, name
        else:
            answer = await call.get("/api/pages")
            assert answer.status_code in {200, 204, 302, 307, 404, 500}
            assert len(answer.content) <= Sizes().peer_answer
        assert set(server.asked) <= {"/api/pages"}, name
        assert site.dump()["connections"] == before, name

    await try_all(site, server, "/api/pages", step)


@pytest.mark.parametrize("path", [METADATA, REVOKE])
async def test_a_peer_that_does_not_confirm_an_end_keeps_nobody_connected(
    site: Site, server: LyingServer, path: str
) -> None:
    """Product §5 Outgoing: disconnect also revokes at the peer and says whether that worked."""
    connection = await site.storage.outgoing.find_connection(link_id=LINK, user_id=ALICE.id)

    async def step(name: str) -> None:
        answer = await site.press("/applinks/account/disconnect", {"link": LINK}, user=ALICE)
        assert answer.status == 303, name
        assert site.dump()["connections"] == []
        if not (path == REVOKE and name in CONFIRMS):
            assert "did not confirm it" in (await site.get("/applinks/account", user=ALICE)).text, name
        await site.storage.outgoing.add_connection(connection, event=None)

    await try_all(site, server, path, step)


BROKEN_HTTP = (
    *("cut off", "closed", "another protocol", "ten megabytes", "ten megabytes announced", "head of ten megabytes"),
    "compressed",
)
# RFC 7009 §2.2: 200 confirms, whatever the body is.
CONFIRMS = frozenset(
    {
        *("html", "a million levels", "thirty thousand levels", "a number of ten thousand digits", "not JSON"),
        *("an array", "null", "everything empty", "everything of another type", "content type", "a member twice"),
        "another's",
    }
)


async def test_a_reply_that_is_no_statement_changes_nothing_that_was_agreed(site: Site, server: LyingServer) -> None:
    """LK-07: no status code, HTML page or unsigned error ends a link or changes it."""
    turn = iter(range(99))

    async def step(name: str) -> None:
        verb = "resume" if next(turn) % 2 else "pause"
        answer = await site.press(f"/applinks/links/{LINK}/{verb}", {}, user=ROBIN)
        assert answer.status == 303, name
        link = await site.storage.linking.find_link(LINK)
        assert (link.is_live, link.peer.paused, link.agreed.revision) == (True, False, 1), name
        assert link.statement.next_at > site.clock.now(), name
        assert not link.rest, name
        page = await site.get(f"/applinks/links/{LINK}", user=ROBIN)
        assert page.status == 200, name

    await try_all(site, server, STATEMENT, step)


@pytest.mark.parametrize("path", [METADATA, TOKEN, CHECK])
async def test_a_test_call_that_fails_is_kept_as_failed(site: Site, server: LyingServer, path: str) -> None:
    """Handshake §6: the page of the link says so, and the link goes on."""
    server.good[TOKEN] = GOOD_TOKEN

    async def step(name: str) -> None:
        answer = await site.press(f"/applinks/links/{LINK}/test", {}, user=ROBIN)
        assert answer.status == 303, name
        link = await site.storage.linking.find_link(LINK)
        assert link.check.startswith("failed:"), (name, link.check)
        assert link.is_usable
        assert (await site.get(f"/applinks/links/{LINK}", user=ROBIN)).status == 200

    await try_all(site, server, path, step)


async def test_keys_that_cannot_be_read_leave_those_that_are_pinned(site: Site, server: LyingServer) -> None:
    """LK-06: the stranger's message is refused, the peer's next one is heard."""
    stranger = Peer(site, key=make_key())
    before = (await site.storage.linking.find_link(LINK)).peer.keys

    async def step(name: str) -> None:
        site.clock.advance(301)
        answer = await stranger.state()
        assert (answer.status, bool(answer.reference)) == (401, True), name
        link = await site.storage.linking.find_link(LINK)
        assert (link.peer.keys, link.rest) == (before, frozenset()), name

    await try_all(site, server, JWKS, step, but=frozenset({"another's"}))
    site.forget_limits()
    assert (await Peer(site).state()).status == 200


def _count(site: Site, table: str) -> int:
    with closing(sqlite3.connect(site.path)) as raw:
        return raw.execute(f"SELECT count(*) FROM applinks_{table}").fetchone()[0]


async def _begin_trip(site: Site, state: str) -> None:
    with closing(sqlite3.connect(site.path)) as raw:
        session = raw.execute("SELECT id FROM applinks_sessions").fetchone()[0]
    trip = RoundTrip(
        state=digest_secret(state),
        session=session,
        link_id=LINK,
        user_id=ALICE.id,
        name="",
        issuer=PEER,
        code_verifier=Secret("v" * 43),
        redirect_uri=f"{BASE}/applinks/callback/{LINK}",
        scopes=("issues:read",),
        return_to="/",
        expires_at=site.clock.now() + 600,
    )
    await site.storage.outgoing.add_round_trip(trip)
