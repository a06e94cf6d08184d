import time
from types import SimpleNamespace
from urllib.parse import urlsplit

import httpx2
import pytest

from applinks.errors import PeerRefusedError
from applinks.fetching.transport import Fetcher
from applinks.outgoing.round_trip import begin, finish
from applinks.records.registrations import ServerEndpoints
from applinks.settings import Settings
from applinks.wire.oauth1.signature import SignatureMethod
from tests.fakes import FixedClock
from tests.outgoing.fakes import ALICIA, LINK_ID, OWN, PEER
from tests.outgoing.foreign_oauth1 import AuthlibServer, FlaskServer, OauthlibServer
from tests.outgoing.oauth1_peer import BROWSER, SHARED, OAuth1World, register

pytestmark = pytest.mark.anyio

KEY = "start0example0consumer0key"
ORIGIN = PEER.removesuffix("/app")
ENDPOINTS = ServerEndpoints(
    temporary=f"{ORIGIN}/oauth/request-token",
    authorization=f"{ORIGIN}/oauth/authorize",
    token=f"{ORIGIN}/oauth/access-token",
)
EVERY = [(server, method) for server in (AuthlibServer, OauthlibServer) for method in server.methods]


def open_world(kind: type[FlaskServer], method: str) -> tuple[OAuth1World, FlaskServer]:
    """Give a side whose link by hand leads to a server of that kind."""
    world = OAuth1World(registration=register(SignatureMethod(method), client_id=KEY, endpoints=ENDPOINTS))
    object.__setattr__(world.link.peer, "url", ORIGIN)
    clock = FixedClock(int(time.time()))
    client = SimpleNamespace(
        key=KEY,
        secret=SHARED,
        public_key=world.peer.public_key,
        callback=f"{OWN}/applinks/callback/{LINK_ID}",
    )
    server = kind(ORIGIN, client=client)
    fetcher = Fetcher(Settings(base_url=OWN), transport=httpx2.MockTransport(server))
    for name, value in (("fetcher", fetcher), ("clock", clock)):
        object.__setattr__(world.side, name, value)
    return world, server


async def connect(world: OAuth1World, server: FlaskServer) -> None:
    url = await begin("tracker", ALICIA, BROWSER, "/dashboard", side=world.side)
    answer = server(httpx2.Request("GET", url))
    assert answer.status_code == 302
    query = urlsplit(answer.headers["location"]).query
    assert (await finish(LINK_ID, query, BROWSER, ALICIA, side=world.side)).return_to == "/dashboard"


@pytest.mark.parametrize(("kind", "method"), EVERY)
async def test_a_user_connects_and_calls_over_a_server_of_another_maker(kind, method):
    """Issue: oauthlib and authlib against both halves."""
    world, server = open_world(kind, method)
    await connect(world, server)
    answer = await world.hold().get("/api", params={"q": ["a b", "", "ä&=+%"]})
    assert answer.json() == {"of": "alice", "q": ["a b", "", "ä&=+%"], "f": []}
    assert world.stored.access_token.reveal() in server.tokens


@pytest.mark.parametrize(("kind", "method"), EVERY)
async def test_a_form_is_signed_for_a_server_of_another_maker(kind, method):
    """RFC 5849 §3.4.1.3.1."""
    world, server = open_world(kind, method)
    await connect(world, server)
    answer = await world.hold().post("/api?q=x", data={"f": "c+d ä"})
    assert answer.json() == {"of": "alice", "q": ["x"], "f": ["c+d ä"]}


@pytest.mark.parametrize("kind", [AuthlibServer, OauthlibServer])
async def test_a_server_of_another_maker_that_knows_another_secret_refuses(kind):
    """RFC 5849 §3.2."""
    world, server = open_world(kind, "HMAC-SHA1")
    server.client.secret = "another"
    with pytest.raises(PeerRefusedError):
        await begin("tracker", ALICIA, BROWSER, "/", side=world.side)


@pytest.mark.parametrize("kind", [AuthlibServer, OauthlibServer])
async def test_every_call_has_a_nonce_that_a_server_of_another_maker_takes(kind):
    """RFC 5849 §3.3."""
    world, server = open_world(kind, "HMAC-SHA1")
    await connect(world, server)
    assert {(await world.hold().get("/api")).status_code for _ in range(5)} == {200}
