import asyncio
import time
from dataclasses import replace

import httpx2
import pytest

from applinks.errors import (
    AuthorizationNeeded,
    LinkUnusableError,
    PeerProtocolError,
    PeerRefusedError,
    PeerUnreachableError,
    UnsafeCallError,
)
from applinks.outgoing.connection import PeerConnection, join_url
from applinks.records.connections import ConnectionState
from applinks.records.links import Direction, Pause, Rest
from applinks.wire.linking.terms import Allows
from tests.outgoing.fakes import LINK_ID, PEER, World, make_link

pytestmark = pytest.mark.anyio


def connection(world: World, user_id: str | None = "u1") -> PeerConnection:
    return PeerConnection("tracker", user_id=user_id, side=world.side)


@pytest.mark.requirement("rfc9700-4.3.2-1")
async def test_a_call_goes_to_the_peer_with_the_users_token():
    """Product §5, Outgoing."""
    world = World()
    token = world.connect().access_token.reveal()
    response = await connection(world).get("/api/issues", params={"q": "a b"}, headers={"X-Own": "1"})
    assert response.json() == {"ok": True}
    sent = world.peer.log[-1]
    assert str(sent.url) == f"{PEER}/api/issues?q=a+b"
    assert sent.headers["authorization"] == f"Bearer {token}"
    assert sent.headers["x-own"] == "1"


@pytest.mark.parametrize("method", ["post", "put", "patch"])
async def test_a_body_is_sent_as_the_http_library_would(method):
    """Product §5: an httpx2-shaped client."""
    world = World()
    world.connect()
    response = await getattr(connection(world), method)("/api/issues", json={"title": "x"})
    assert response.status_code == 200
    assert (world.peer.log[-1].method, world.peer.log[-1].content) == (method.upper(), b'{"title":"x"}')


async def test_head_and_delete_are_sent():
    """Product §5."""
    world = World()
    world.connect()
    await connection(world).head("/api/issues")
    await connection(world).delete("/api/issues/1")
    assert [request.method for request in world.peer.log] == ["HEAD", "DELETE"]


async def test_an_answer_that_is_no_success_is_an_answer():
    """Ours: the host knows what its peer's 404 means."""
    world = World()
    world.connect()
    world.peer.api = lambda _: httpx2.Response(404)
    assert (await connection(world).get("/nothing")).status_code == 404
    assert world.failures.recorded == []


async def test_a_stream_is_read_by_the_host():
    """Issue: streaming."""
    world = World()
    world.connect()
    async with connection(world).stream("GET", "/api/issues") as response:
        assert b"".join([part async for part in response.aiter_bytes()]) == b'{"ok":true}'


@pytest.mark.requirement("RS-20")
async def test_a_redirect_is_given_back_and_the_token_goes_nowhere_else():
    """Security RS-20: credentials never follow a redirect."""
    world = World()
    world.connect()
    world.peer.api = lambda _: httpx2.Response(302, headers={"Location": "https://evil.example/"})
    assert (await connection(world).get("/api/issues")).status_code == 302
    assert len(world.peer.log) == 1


@pytest.mark.requirement("RS-20")
@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/",
        "//evil.example/",
        "https://tracker.example/",
        "https://tracker.example/apple",
        "https://tracker.example/app.evil.example/",
        "https://tracker.example/app@evil.example/",
        "https://tracker.example:444/app/x",
        "http://tracker.example/app/x",
        "https://tracker.example/app/../x",
        "https://TRACKER.example/app/x",
        "/../x",
        "/a/../../x",
        "/%2e%2e/x",
        "/a/%2E%2e/x",
        "/a\\..\\x",
        "/a b",
        "/a\r\nX: y",
        "/a#b",
        "a",
        "",
        "@evil.example/",
        ".evil.example/",
    ],
)
async def test_a_call_that_leaves_the_peers_base_url_is_refused_unsent(path):
    """Product §5: never sends credentials to another origin."""
    world = World()
    world.connect()
    if path == "//evil.example/":
        # Joined as text it is a path of the peer, whatever it looks like.
        assert join_url(PEER, path) == f"{PEER}//evil.example/"
        return
    with pytest.raises(UnsafeCallError):
        await connection(world).get(path)
    assert world.peer.log == []


@pytest.mark.parametrize("url", [PEER, f"{PEER}/x", f"{PEER}?a=b", f"{PEER}/a/b?c=../d"])
def test_an_absolute_url_at_or_below_the_base_url_is_taken(url):
    """Ours."""
    assert join_url(PEER, url) == url


@pytest.mark.requirement("RS-20")
@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer mine"},
        {"authorization": "x"},
        [("AUTHORIZATION", "x")],
        {b"Authorization": b"x"},
        {"Host": "evil.example"},
        {b"Host": b"evil.example"},
        {"Proxy-Authorization": "x"},
    ],
)
async def test_a_host_cannot_pass_credentials_of_its_own_through(headers):
    """Security RS-20: a token is never passed through outward."""
    world = World()
    world.connect()
    with pytest.raises(UnsafeCallError):
        await connection(world).get("/x", headers=headers)
    assert world.peer.log == []


@pytest.mark.requirement("N-01")
@pytest.mark.parametrize("option", ["extensions", "follow_redirects", "auth", "verify", "stream"])
async def test_an_option_that_could_loosen_a_call_is_unknown(option):
    """Ours: the library's extensions could replace the name that TLS verifies."""
    world = World()
    world.connect()
    with pytest.raises(TypeError):
        await connection(world).get("/x", **{option: {}})
    assert world.peer.log == []


async def test_a_user_who_is_not_connected_gets_the_address_where_she_connects():
    """Product §5."""
    world = World()
    with pytest.raises(AuthorizationNeeded) as raised:
        await connection(world).get("/api/issues")
    assert raised.value.url == f"https://start.example/applinks/connect/{LINK_ID}"
    assert raised.value.link == "tracker"
    assert world.failures.recorded == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pause": Pause(by="u0", at=1)}, "paused"),
        ({"rest": frozenset({Rest.OUT_OF_STEP})}, "attention"),
        ({"ended_at": 5}, "not in force"),
        ({"outgoing": Direction()}, "switched off"),
        ({"peer": replace(make_link().peer, allows=Allows())}, "The other application has switched off"),
    ],
)
async def test_a_link_that_lets_no_call_pass_says_why(changes, words):
    """Ours."""
    world = World(**changes)
    world.connect()
    with pytest.raises(LinkUnusableError, match=words) as raised:
        await connection(world).get("/api/issues")
    assert world.peer.log == []
    assert raised.value.reference == "AL-TEST-0001"


async def test_the_failure_of_an_unknown_link_names_those_that_there_are():
    """Ours: who looks the reference up sees what was meant; the host's page does not."""
    world = World()
    with pytest.raises(LinkUnusableError) as raised:
        await PeerConnection("notebook", user_id="u1", side=world.side).get("/api/issues")
    assert raised.value.description == "There is no such link."
    assert raised.value.detail == 'No link is called "notebook". Links here: tracker.'


async def test_an_unknown_link_is_unusable():
    """Ours."""
    world = World()
    with pytest.raises(LinkUnusableError) as raised:
        await PeerConnection("nothing", user_id="u1", side=world.side).get("/x")
    assert raised.value.code == "unknown_link"


async def test_a_failed_call_is_recorded_and_carries_its_reference():
    """House §2: a failure is recorded by the connection."""
    world = World()
    world.connect()

    def fail(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    world.peer.api = fail
    with pytest.raises(PeerUnreachableError) as raised:
        await connection(world).get("/api/issues")
    assert raised.value.reference == "AL-TEST-0001"
    assert raised.value.link == "tracker"
    recorded, concerned = world.failures.recorded[0]
    assert recorded is raised.value
    assert concerned == {"place": "connection", "link_id": LINK_ID, "user_id": "u1"}


async def test_a_failure_inside_anothers_stream_is_recorded_once():
    """Ours."""
    world = World()
    world.connect()
    own = connection(world)
    with pytest.raises(LinkUnusableError):
        async with own.stream("GET", "/api/issues"):
            await PeerConnection("nothing", user_id="u1", side=world.side).get("/x")
    assert len(world.failures.recorded) == 1


async def test_a_token_that_the_peer_refuses_is_renewed_and_the_call_sent_again_once():
    """RFC 6750 §3.1: invalid_token, the client may request a new one and retry."""
    world = World()
    world.connect()
    world.peer.access_tokens.clear()
    response = await connection(world).post("/api/issues", json={"a": 1})
    assert response.status_code == 200
    assert [request.content for request in world.peer.log if request.url.path.endswith("/issues")] == [b'{"a":1}'] * 2
    assert world.stored.version == 2


async def test_a_token_that_is_refused_again_is_the_peers_answer():
    """Ours: once, not for ever."""
    world = World()
    world.connect()
    world.peer.issue = lambda **more: {"access_token": "never-good", "token_type": "Bearer"}
    world.peer.access_tokens.clear()
    assert (await connection(world).get("/api/issues")).status_code == 401
    assert world.peer.count("/token") == 1


async def test_a_plain_401_without_a_challenge_of_ours_renews_nothing():
    """Ours: the peer's application says no for a reason of its own."""
    world = World()
    world.connect()
    world.peer.api = lambda _: httpx2.Response(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
    assert (await connection(world).get("/api/issues")).status_code == 401
    assert world.peer.count("/token") == 0


@pytest.mark.requirement("N-04")
async def test_a_long_challenge_is_read_in_one_pass():
    """Ours: a peer that repeats what the search begins with must not hold up the host for seconds."""
    world = World()
    world.connect()
    challenge = "Bearer " * 8000 + "error" + " " * 8000
    world.peer.api = lambda _: httpx2.Response(401, headers={"WWW-Authenticate": challenge})
    began = time.process_time()
    assert (await connection(world).get("/api/issues")).status_code == 401
    # Seconds before it was mended; a tenth of one leaves room for a slow machine.
    assert time.process_time() - began < 1
    assert world.peer.count("/token") == 0


async def test_a_body_that_can_be_read_once_is_not_sent_again():
    """Product §5: retries only what is safe."""
    world = World()
    world.connect()
    world.peer.access_tokens.clear()

    async def parts():
        yield b"once"

    with pytest.raises(PeerRefusedError) as raised:
        await connection(world).post("/api/issues", content=parts())
    assert raised.value.code == "invalid_token"
    assert world.peer.count("/issues") == 1
    assert world.stored.version == 2
    assert (await connection(world).post("/api/issues", content=b"again")).status_code == 200


async def test_a_revoked_grant_ends_the_connection_and_asks_the_user_again():
    """Product §5: tells apart that the grant was revoked."""
    world = World()
    world.connect()
    world.peer.access_tokens.clear()
    world.peer.refresh_tokens.clear()
    with pytest.raises(AuthorizationNeeded):
        await connection(world).get("/api/issues")
    assert world.stored.state is ConnectionState.ENDED_BY_PEER
    before = len(world.peer.log)
    with pytest.raises(AuthorizationNeeded):
        await connection(world).get("/api/issues")
    assert len(world.peer.log) == before


@pytest.mark.requirement("CL-20")
async def test_credentials_of_another_issuer_are_not_sent():
    """Security CL-20."""
    world = World()
    world.connect(issuer="https://old.example")
    with pytest.raises(AuthorizationNeeded) as raised:
        await connection(world).get("/api/issues")
    assert "https://old.example" in raised.value.detail
    assert world.peer.log == []


async def test_the_application_itself_calls_with_credentials_of_its_own():
    """Product §5: a service connection beside personal ones."""
    world = World()
    own = connection(world, None)
    await own.get("/api/issues")
    await own.get("/api/issues")
    assert [form["grant_type"] for form in world.peer.forms] == ["client_credentials"]
    assert world.peer.forms[0]["scope"] == "issues:read"
    stored = await own.find_connection()
    assert stored is not None
    assert (stored.user_id, stored.scopes) == (None, ("issues:read",))


async def test_the_applications_own_token_is_asked_anew_when_it_ends_or_is_refused():
    """Ours."""
    world = World()
    own = connection(world, None)
    await own.get("/api/issues")
    world.clock.advance(3600)
    await own.get("/api/issues")
    world.peer.access_tokens.clear()
    assert (await own.get("/api/issues")).status_code == 200
    assert world.peer.count("/token") == 3
    assert world.store.connections[LINK_ID, None, ""].version == 3


async def test_an_application_that_is_given_nothing_of_its_own_is_told_so():
    """Ours: there is no user who could connect."""
    world = World(outgoing=Direction(level="oauth", protocols=("oauth2",), user_scopes=("issues:read",)))
    with pytest.raises(PeerRefusedError, match="own name"):
        await connection(world, None).get("/api/issues")


@pytest.mark.requirement("N-04")
async def test_an_answer_above_the_limit_is_refused_unless_the_host_asks_for_more():
    """Product §3: peers' answers 1 MiB."""
    world = World()
    world.connect()
    world.peer.api = lambda _: httpx2.Response(200, content=b"x" * 2_000_000)
    with pytest.raises(PeerProtocolError):
        await connection(world).get("/big")
    assert len((await connection(world).get("/big", limit=3_000_000)).content) == 2_000_000


async def test_what_is_stored_of_a_connection_is_shown_while_it_lives():
    """Ours: a gadget offers what the scopes allow."""
    world = World()
    assert await connection(world).find_connection() is None
    world.connect()
    found = await connection(world).find_connection()
    assert found is not None
    assert found.scopes == ("issues:read",)
    world.connect(state=ConnectionState.ENDED_BY_PEER)
    assert await connection(world).find_connection() is None


async def test_fifty_calls_with_a_refused_token_renew_it_once():
    """Product §5: refreshes once however many callers wait."""
    world = World()
    world.connect()
    world.peer.access_tokens.clear()
    answers = await asyncio.gather(*(connection(world).get("/api/issues") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert world.peer.count("/token") == 1
