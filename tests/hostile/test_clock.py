"""Our clock goes an hour ahead and is set back: nothing hangs, nothing is lost, what was refused meanwhile works."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs

import httpx2
import pytest

from applinks.administration.actor import Actor
from applinks.administration.links import pause
from applinks.errors import PeerRefusedError
from applinks.linking.errors import LinkingError
from applinks.linking.keys import is_reading_due, read_keys_again
from applinks.linking.statements import send_due
from applinks.outgoing.store import RoundTrip
from applinks.secret import Secret, digest_secret
from applinks.wire.jose import parse_jwt
from applinks.wire.oauth2.assertions import CLIENT_ASSERTION_TYP
from tests.fakes import FixedClock
from tests.hostile.peers import METADATA, Peer, answer_json
from tests.hostile.site import ALICE, DESKTOP_LINK, LINK, PEER, ROBIN, Site, open_site
from tests.linking.world import (
    A_URL,
    B_URL,
    ISSUES,
    PAGES,
    WRITE,
    Network,
    World,
    build_application,
)

pytestmark = pytest.mark.anyio

HOUR = 3600
# A clock that an hour makes wrong by more than every short lifetime, with a little beside it.
JUMP = HOUR + 100


class JumpingClock(FixedClock):
    """A wall clock that is set; what counts durations goes on, as the machine's does."""

    def __init__(self) -> None:
        super().__init__()
        self._passed = 0

    def monotonic(self) -> float:
        return float(self._passed)

    def advance(self, seconds: int) -> None:
        super().advance(seconds)
        self._passed += seconds

    def set_forward(self, seconds: int) -> None:
        super().advance(seconds)

    def set_back(self, seconds: int) -> None:
        super().advance(-seconds)


class PeerServer:
    """The peer's endpoints: what it refuses is by its own clock, which is right."""

    def __init__(self) -> None:
        self.true, self.issued = FixedClock(), 0

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        if path.startswith("/.well-known/oauth"):
            return answer_json(METADATA)
        if path == "/applinks/oauth2/token":
            return self._answer_token(parse_qs(request.content.decode()))
        if path == "/api/pages":
            is_good = request.headers["authorization"] in {"Bearer an-access-token", f"Bearer renewed-{self.issued}"}
            return answer_json({}) if is_good else httpx2.Response(401)
        return httpx2.Response(503)

    def _answer_token(self, form: dict[str, list[str]]) -> httpx2.Response:
        jwt = parse_jwt(form["client_assertion"][0], limit=9000, typ=frozenset({CLIENT_ASSERTION_TYP}))
        claims, now = jwt.unverified_claims, self.true.now()
        if not claims["iat"] - 60 <= now < claims["exp"] + 60:
            return answer_json({"error": "invalid_client"}, 401)
        self.issued += 1
        return answer_json({"access_token": f"renewed-{self.issued}", "token_type": "Bearer", "expires_in": HOUR})


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock()


@pytest.fixture
def peer_server() -> PeerServer:
    return PeerServer()


@pytest.fixture
async def site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: JumpingClock, peer_server: PeerServer
) -> AsyncIterator[Site]:
    site = await open_site(tmp_path, monkeypatch, clock=clock, answer=peer_server)
    yield site
    await site.applinks.shutdown()


async def live_through(site: Site) -> None:
    """What upkeep does in that hour, all of it."""
    await site.storage.prune(now=site.clock.now())
    await site.storage.checkpoint()


def bear(token: str) -> list[tuple[bytes, bytes]]:
    return [(b"authorization", f"Bearer {token}".encode())]


async def test_tokens_and_codes_that_were_refused_meanwhile_are_good_again(site: Site, clock: JumpingClock) -> None:
    """Ours: what expired by a wrong clock is neither deleted nor used up (AS-14)."""
    tokens = json.loads((await site.exchange(await site.authorize())).body)
    code = await site.authorize()
    clock.set_forward(JUMP)
    assert (await site.get("/api/issues", headers=bear(tokens["access_token"]))).status == 401
    assert (await site.exchange(code)).status == 400
    await live_through(site)
    clock.set_back(JUMP)
    assert (await site.get("/api/issues", headers=bear(tokens["access_token"]))).status == 200
    assert (await site.exchange(code)).status == 200
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": "desktop"}
    assert (await site.post("/applinks/oauth2/token", form)).status == 200


async def test_tokens_that_were_issued_meanwhile_serve_afterwards(site: Site, clock: JumpingClock) -> None:
    """Ours: a row number of the future stands in no newer one's way."""
    clock.set_forward(JUMP)
    tokens = json.loads((await site.exchange(await site.authorize())).body)
    await live_through(site)
    clock.set_back(JUMP)
    assert (await site.get("/api/issues", headers=bear(tokens["access_token"]))).status == 200
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": "desktop"}
    again = json.loads((await site.post("/applinks/oauth2/token", form)).body)
    assert (await site.get("/api/issues", headers=bear(again["access_token"]))).status == 200
    assert (await site.exchange(await site.authorize())).status == 200


async def test_a_client_and_a_peer_whose_clock_is_right_are_heard_again(site: Site, clock: JumpingClock) -> None:
    """AS-41, LK-02: a proof of the past is refused, and the next one is not held against anybody."""
    peer = Peer(site, now=FixedClock().now)
    clock.set_forward(JUMP)
    assert [(await peer.ask_for_token()).status, (await peer.state()).status] == [401, 400]
    await live_through(site)
    assert not (await site.storage.linking.find_link(LINK)).peer.paused
    clock.set_back(JUMP)
    assert [(await peer.ask_for_token()).status, (await peer.state()).status] == [200, 200]
    assert (await site.storage.linking.find_link(LINK)).peer.paused


async def test_a_session_and_its_forms_last_through_it(site: Site, clock: JumpingClock) -> None:
    """Product §3 Cookies: eight hours idle; a page opened before is sent meanwhile and afterwards."""
    token, cookie = await site.get_token(ROBIN), site.cookies[ROBIN.id]
    for jump, verb in ((clock.set_forward, "pause"), (clock.set_back, "resume")):
        jump(JUMP)
        await live_through(site)
        answer = await site.post(f"/applinks/links/{DESKTOP_LINK}/{verb}", {"csrf_token": token}, user=ROBIN)
        assert answer.status == 303
    for path in ("/applinks/", f"/applinks/links/{DESKTOP_LINK}", "/applinks/account"):
        assert (await site.get(path, user=ROBIN)).status == 200
    assert site.cookies[ROBIN.id] == cookie


async def test_a_journey_that_was_under_way_is_still_known(site: Site, clock: JumpingClock) -> None:
    """Ours: what upkeep deletes has been over for a day, not for an hour."""
    trip = RoundTrip(
        state=digest_secret("state"),
        session=b"s" * 32,
        link_id=LINK,
        user_id=ALICE.id,
        name="",
        issuer=PEER,
        code_verifier=Secret("v" * 43),
        redirect_uri="https://tracker.example/applinks/callback/" + LINK,
        scopes=("issues:read",),
        return_to="/",
        expires_at=clock.now() + 600,
    )
    await site.storage.outgoing.add_round_trip(trip)
    clock.set_forward(JUMP)
    await live_through(site)
    clock.set_back(JUMP)
    claimed = await site.storage.outgoing.claim_round_trip(state=trip.state, session=trip.session, link_id=LINK)
    assert claimed == trip


async def test_credentials_at_the_peer_serve_afterwards_and_are_renewed_when_they_end(
    site: Site, clock: JumpingClock, peer_server: PeerServer
) -> None:
    """CL-30: a proof from the future is refused there; that ends no connection, and loses no token."""
    call = site.applinks.connection("start", user=ALICE.id)
    clock.set_forward(JUMP)
    with pytest.raises(PeerRefusedError) as refused:
        await call.get("/api/pages")
    assert refused.value.code == "invalid_client"
    clock.set_back(JUMP)
    assert (await call.get("/api/pages")).status_code == 200
    assert peer_server.issued == 0
    for each in (clock, peer_server.true):
        each.advance(HOUR)
    assert (await call.get("/api/pages")).status_code == 200
    assert peer_server.issued == 1


async def test_credentials_that_were_got_meanwhile_are_renewed_when_the_peer_says_so(
    site: Site, clock: JumpingClock, peer_server: PeerServer
) -> None:
    """Ours: an end that we reckoned by a wrong clock is corrected by the first refusal."""
    call = site.applinks.connection("start", user=ALICE.id)
    clock.set_forward(JUMP)
    peer_server.true.advance(JUMP)
    assert (await call.get("/api/pages")).status_code == 200
    for each in (clock, peer_server.true):
        each.advance(-JUMP)
    assert (await call.get("/api/pages")).status_code == 200
    assert peer_server.issued == 1


async def test_a_lease_from_the_future_holds_nobody_up(site: Site, clock: JumpingClock) -> None:
    """House §8 Time: one that ends later than its full length from now is void."""
    leases = site.storage.leases
    clock.set_forward(JUMP)
    assert await leases.claim("a job", holder="one that died", now=clock.now(), seconds=60)
    clock.set_back(JUMP)
    assert await leases.claim("a job", holder="another", now=clock.now(), seconds=60)


async def test_keys_that_were_read_in_the_future_are_read_again(site: Site, clock: JumpingClock) -> None:
    """LK-06: the pause of five minutes begins anew, instead of lasting an hour longer."""
    link = await site.storage.linking.find_link(LINK)
    side = site.applinks._running.linking
    clock.set_forward(JUMP)
    await read_keys_again(link, side=side)
    clock.set_back(JUMP)
    link = await site.storage.linking.find_link(LINK)
    assert is_reading_due(link, now=clock.now())


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Two applications, of which the second has a clock of its own."""
    network, right, wrong = Network(), FixedClock(), JumpingClock()
    a = await build_application(A_URL, name="Start", scopes=(PAGES,), folder=tmp_path, network=network, clock=right)
    b = await build_application(
        B_URL, name="Tracker", scopes=(ISSUES, WRITE), folder=tmp_path, network=network, clock=wrong
    )
    yield World(folder=tmp_path, clock=right, network=network, a=a, b=b)
    for application in (a, b):
        await application.linking.fetcher.aclose()
        await application.storage.close()


async def pump(world: World, seconds: int) -> None:
    """Let time pass for both, and both do what is due."""
    for _ in range(seconds + 1):
        for application in (world.a, world.b):
            now = application.linking.clock.now()
            for link in await application.storage.linking.list_due_links(now):
                await send_due(link.id, side=application.linking)
            application.linking.clock.advance(1)


async def test_a_proposal_that_was_refused_meanwhile_can_be_approved_afterwards(world: World) -> None:
    """Handshake §2: expired by the hearer's clock alone; nothing is kept of a proposal that was only looked at."""
    request, clock = await world.a.propose(B_URL), world.b.linking.clock
    clock.set_forward(JUMP)
    with pytest.raises(LinkingError) as refused:
        await world.b.show(request)
    assert refused.value.code == "expired"
    clock.set_back(JUMP)
    outcome = await world.a.take(await world.b.approve(request))
    await pump(world, 4)
    for application in (world.a, world.b):
        assert (await application.find(outcome.link.id)).is_usable


async def test_a_link_in_force_lasts_through_it_and_what_changed_meanwhile_is_told(world: World) -> None:
    """Handshake §4: statements that cannot be proved change nothing; the schedule of the future is void."""
    outcome = await world.a.take(await world.b.approve(await world.a.propose(B_URL)))
    link_id, clock = outcome.link.id, world.b.linking.clock
    await pump(world, 4)
    clock.set_forward(25 * HOUR)
    await pause(link_id, actor=Actor.for_command("robin"), side=world.b.administration)
    await pump(world, 20)
    assert not (await world.a.find(link_id)).peer.paused
    assert (await world.b.find(link_id)).pause is not None
    clock.set_back(25 * HOUR)
    await pump(world, 2)
    for application in (world.a, world.b):
        assert (await application.find(link_id)).agreed is not None
    assert (await world.a.find(link_id)).peer.paused
