from dataclasses import replace

import httpx2
import pytest

from applinks.linking.side import LinkingSide
from applinks.linking.test_call import run_test_call
from applinks.records.links import Link
from applinks.settings import Settings
from applinks.wire.linking.terms import Allows
from tests.linking.memory_store import Kept, MemoryLinkingStore
from tests.outgoing.fakes import CONSUMER_KEY, LINK_ID, OWN, PEER
from tests.outgoing.oauth1_peer import OAuth1World, make_oauth1_link

pytestmark = pytest.mark.anyio


class Calls:
    """A link over OAuth 1.0a, the peer that answers its test call, and what is made of it."""

    def __init__(self, link: Link) -> None:
        served = Allows(user_scopes=("issues:read",), application_scopes=("issues:read",))
        link = replace(link, peer=replace(link.peer, allows=served, agreed_digest=link.agreed.digest))
        self.world = OAuth1World(link)
        self.store = MemoryLinkingStore(kept=Kept(links=(link,)))
        self.answer(link=LINK_ID, client=CONSUMER_KEY)
        side = self.world.side
        self.side = LinkingSide(
            store=self.store,
            settings=side.settings,
            clock=side.clock,
            entropy=side.entropy,
            fetcher=side.fetcher,
            failures=side.failures,
            keys=None,
            outgoing=side,
            resources=(),
        )

    def answer(self, **body: str) -> None:
        self.world.peer.api = lambda _: httpx2.Response(200, json=body)

    async def run(self) -> str:
        link = await self.store.find_link(LINK_ID)
        tested = await run_test_call(link, side=self.side)
        return tested.check


async def test_a_test_call_over_oauth_1_is_signed_with_two_legs():
    """Handshake §6: two-legged OAuth 1.0a, answered with who we are there."""
    tested = Calls(make_oauth1_link())
    assert await tested.run() == "passed"
    [sent], [said] = tested.world.peer.log, tested.world.peer.seen
    assert (sent.method, str(sent.url), said["oauth_token"]) == ("GET", f"{PEER}/check", "")
    assert said["oauth_consumer_key"] == CONSUMER_KEY


@pytest.mark.parametrize(
    ("problem", "result"),
    [
        ("signature_invalid", "failed:signature_invalid"),
        ("consumer_key_unknown", "failed:consumer_key_unknown"),
        ("timestamp_refused", "failed:timestamp_refused"),
        ("permission_denied", "failed:permission_denied"),
    ],
)
async def test_what_the_server_finds_wrong_is_the_finding(problem, result):
    """Handshake §6: the page says what a failed call found."""
    tested = Calls(make_oauth1_link())
    tested.world.peer.api = lambda _: tested.world.peer.refuse(problem)
    assert await tested.run() == result
    [(_, noted)] = tested.world.failures.recorded
    assert (noted["place"], noted["link_id"]) == ("test_call", LINK_ID)


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (httpx2.Response(401), "failed:peer_refused"),
        (httpx2.Response(404), "failed:peer_refused"),
        (httpx2.Response(503), "failed:temporarily_unavailable"),
        (httpx2.Response(200, text="<html>"), "failed:peer_protocol"),
        (httpx2.Response(200, json={"link": LINK_ID, "client": "another"}), "failed:peer_protocol"),
    ],
)
async def test_a_test_call_over_oauth_1_that_is_not_answered_as_it_should_fails(answer, result):
    """Handshake §6."""
    tested = Calls(make_oauth1_link())
    tested.world.peer.api = lambda _: answer
    assert await tested.run() == result


async def test_each_protocol_of_the_link_is_tested():
    """Issue: a link with both; the peer here knows no OAuth 2."""
    tested = Calls(make_oauth1_link(protocols=("oauth1", "oauth2")))
    tested.world.peer.client = ""
    assert await tested.run() == "failed:consumer_key_unknown"
    tested = Calls(make_oauth1_link(protocols=("oauth1", "oauth2")))
    assert (await tested.run()).startswith("failed:")
    assert [request.url.path for request in tested.world.peer.log] == [
        "/app/check",
        "/app/.well-known/oauth-authorization-server",
    ]


async def test_a_link_whose_protocols_we_do_not_speak_any_more_fails():
    """Ours: a setting changed; nothing that was not tried has passed."""
    tested = Calls(make_oauth1_link())
    outgoing = replace(tested.world.side, settings=Settings(base_url=OWN, protocols=("oauth2",)))
    tested.side = replace(tested.side, outgoing=outgoing)
    assert await tested.run() == "failed:link_unusable"


@pytest.mark.requirement("N-05")
async def test_a_peer_that_sends_back_what_we_sent_puts_nothing_of_it_into_the_failures():
    """Ours: the answer to a test call is a stranger's text, and may hold our credentials."""
    tested = Calls(make_oauth1_link())
    tested.world.peer.api = lambda request: httpx2.Response(200, json={"link": request.headers["Authorization"]})
    assert await tested.run() == "failed:peer_protocol"
    [(error, _)] = tested.world.failures.recorded
    assert "oauth_signature" not in error.detail
