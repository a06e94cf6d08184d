import time
from urllib.parse import urlsplit

import httpx2
import pytest

from applinks.errors import AuthorizationNeeded
from applinks.fetching.transport import Fetcher
from applinks.outgoing.connection import PeerConnection
from applinks.outgoing.disconnection import disconnect
from applinks.outgoing.round_trip import begin, finish
from applinks.settings import Settings
from tests.fakes import FixedClock
from tests.outgoing.authlib_server import AuthlibServer, Client
from tests.outgoing.fakes import ALICIA, LINK_ID, OWN, World, make_link

pytestmark = pytest.mark.anyio

ISSUER = "https://tracker.example"


class AuthlibWorld(World):
    def __init__(self) -> None:
        super().__init__(clock=FixedClock(int(time.time())))
        link = make_link()
        object.__setattr__(link.peer, "url", ISSUER)
        self.store.links[LINK_ID] = link
        client = Client(self.side.client_id, f"{OWN}/applinks/callback/{LINK_ID}", self.peer.client_keys)
        self.server = AuthlibServer(ISSUER, client)
        fetcher = Fetcher(Settings(base_url=OWN), transport=httpx2.MockTransport(self.server))
        object.__setattr__(self.side, "fetcher", fetcher)

    async def connect_over_authlib(self) -> PeerConnection:
        """Take the browser's way: to the server, which sends it back with a code."""
        url = await begin("tracker", ALICIA, b"session", "/dashboard", side=self.side)
        answer = self.server(httpx2.Request("GET", url))
        assert answer.status_code == 302
        query = urlsplit(answer.headers["location"]).query
        assert (await finish(LINK_ID, query, b"session", ALICIA, side=self.side)).return_to == "/dashboard"
        return PeerConnection("tracker", user_id=ALICIA.id, side=self.side)


async def test_a_user_connects_and_calls_over_an_authlib_server():
    """Issue: our client against an authlib server."""
    world = AuthlibWorld()
    own = await world.connect_over_authlib()
    assert (await own.get("/api/issues")).json() == {"of": "alice"}


async def test_a_token_of_an_authlib_server_is_renewed():
    """Issue: our client against an authlib server."""
    world = AuthlibWorld()
    own = await world.connect_over_authlib()
    first = world.stored
    world.store.connections[LINK_ID, "u1", ""] = first.changed(expires_at=world.clock.now() + 10)
    assert (await own.get("/api/issues")).status_code == 200
    assert world.stored.refresh_token != first.refresh_token
    assert world.server.find(first.access_token.reveal()).revoked


async def test_the_application_calls_in_its_own_name_over_an_authlib_server():
    """Issue: our client against an authlib server."""
    world = AuthlibWorld()
    own = PeerConnection("tracker", user_id=None, side=world.side)
    assert (await own.get("/api/issues")).json() == {"of": None}


async def test_disconnecting_revokes_at_an_authlib_server():
    """RFC 7009 §2."""
    world = AuthlibWorld()
    await world.connect_over_authlib()
    stored = world.stored
    assert await disconnect(stored, actor="user:u1", side=world.side)
    assert world.server.find(stored.refresh_token.reveal()).revoked


async def test_a_grant_that_an_authlib_server_ended_asks_the_user_again():
    """RFC 6749 §5.2."""
    world = AuthlibWorld()
    own = await world.connect_over_authlib()
    for token in world.server.tokens:
        token.revoked = True
    with pytest.raises(AuthorizationNeeded):
        await own.get("/api/issues")
