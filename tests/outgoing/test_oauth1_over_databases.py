import asyncio
from dataclasses import replace

import pytest

from applinks.linking.store import CommitResult, LinkWrite
from applinks.outgoing.connection import PeerConnection
from applinks.outgoing.flights import Flights
from applinks.outgoing.renewal import renew
from applinks.outgoing.round_trip import begin, finish
from applinks.secret import Secret
from applinks.settings import Settings
from applinks.storage.open import open_storage
from applinks.wire.oauth1.signature import SignatureMethod
from tests.fakes import CountingEntropy
from tests.outgoing.fakes import ALICIA, LINK_ID, OWN
from tests.outgoing.oauth1_peer import BROWSER, OAuth1World, make_hand_link, register

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request, tmp_path) -> Settings:
    if request.param == "sqlite":
        return Settings(base_url=OWN, database=f"sqlite:///{tmp_path}/applinks.db")
    return Settings(base_url=OWN, database=request.getfixturevalue("postgresql"), sealing_key=Secret("A" * 43))


@pytest.mark.parametrize("method", [SignatureMethod.RSA_SHA1, SignatureMethod.HMAC_SHA256])
async def test_a_user_connects_renews_and_calls_over_a_real_database(settings, method):
    """Ours: the store in memory of the other tests is not the only one that this works with."""
    world = OAuth1World(make_hand_link(), register(method))
    first = await open_storage(settings, clock=world.clock, entropy=CountingEntropy("1"))
    second = await open_storage(settings, clock=world.clock, entropy=CountingEntropy("2"))
    try:
        write = LinkWrite(link=world.link, expected_version=None, registration=register(method))
        assert await first.linking.commit(write) is CommitResult.WRITTEN
        one = replace(world.side, store=first.outgoing)
        other = replace(world.side, store=second.outgoing, flights=Flights())
        url = await begin("tracker", ALICIA, BROWSER, "/dashboard", side=one)
        # Another process takes the browser back.
        await finish(LINK_ID, world.peer.approve(url), BROWSER, ALICIA, side=other)
        answer = await PeerConnection("tracker", user_id="u1", side=one).get("/x")
        assert answer.json()["oauth_token"] == "token/1"
        world.clock.advance(3590)
        answer = await PeerConnection("tracker", user_id="u1", side=other).get("/x")
        assert answer.json()["oauth_token"] == "token/2"
        stored = await first.outgoing.find_connection(link_id=LINK_ID, user_id="u1")
        assert (stored.protocol, stored.token_secret, stored.refresh_token) == (
            "oauth1",
            Secret("s&cret 2"),
            Secret("handle+2"),
        )
        assert stored.session_expires_at == world.clock.now() + 86400
        assert (await PeerConnection("tracker", user_id=None, side=one).get("/x")).status_code == 200
    finally:
        await first.close()
        await second.close()


@pytest.mark.requirement("CL-30")
async def test_two_processes_that_renew_at_once_lose_nothing(settings):
    """Security CL-30: the second is refused, because the old token ended; what the first got is kept."""
    world = OAuth1World(make_hand_link(), register())
    first = await open_storage(settings, clock=world.clock, entropy=CountingEntropy("1"))
    second = await open_storage(settings, clock=world.clock, entropy=CountingEntropy("2"))
    try:
        write = LinkWrite(link=world.link, expected_version=None, registration=register())
        assert await first.linking.commit(write) is CommitResult.WRITTEN
        one = replace(world.side, store=first.outgoing)
        other = replace(world.side, store=second.outgoing, flights=Flights())
        url = await begin("tracker", ALICIA, BROWSER, "/dashboard", side=one)
        await finish(LINK_ID, world.peer.approve(url), BROWSER, ALICIA, side=one)
        before = await first.outgoing.find_connection(link_id=LINK_ID, user_id="u1")
        waiting = (renew(before, world.link, side=side) for side in (one, other) for _ in range(8))
        await asyncio.gather(*waiting, return_exceptions=True)
        stored = await second.outgoing.find_connection(link_id=LINK_ID, user_id="u1")
        assert stored.access_token == Secret("token/2")
        answer = await PeerConnection("tracker", user_id="u1", side=other).get("/x")
        assert answer.json()["oauth_token"] == "token/2"
    finally:
        await first.close()
        await second.close()
