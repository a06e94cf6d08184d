"""Links that a Data Center peer adds here, and the two sides of them that it sets up."""

from typing import Any

import pytest

from applinks.records.links import Direction, Link
from applinks.wire.atlassian.consumer_info import ConsumerInfo, format_consumer_info
from applinks.wire.atlassian.manifest import AtlassianManifest, format_manifest_xml
from applinks.wire.http import Response
from applinks.wire.linking.terms import Level
from applinks.wire.oauth1.signature import SignatureMethod
from tests.administration.hand import URL
from tests.administration.oauth1 import bare_key
from tests.linking.world import A_URL
from tests.rsa_keys import make_rsa_key
from tests.web.protocol.atlassian import (
    BASIC,
    IMPERSONATING,
    NEW,
    OFF,
    ON,
    PEER_ID,
    PEER_KEY,
    REST,
    RestPeer,
    at,
    consumer,
    find_client,
    make_link,
    provider,
    read_json,
)

pytestmark = pytest.mark.anyio


async def test_a_peer_adds_a_link_that_nobody_is_asked_about(peer: RestPeer) -> None:
    """Atlassian wire: applicationlink; known holes: fetching a URL that a client supplied."""
    link = await peer.ours.find(await make_link(peer))
    assert peer.network.seen == []
    assert (link.name, link.peer.url, link.peer.display_url) == (
        "Wiki",
        "https://wiki.example/wiki",
        "https://w.example",
    )
    assert (link.peer.kind, link.peer.is_primary, link.private_address) == ("confluence", True, False)
    assert (link.incoming, link.outgoing) == (Direction(), Direction())
    listed = read_json(await peer.call("GET", "/rest/applinks/1.0/applicationlink"))["applicationLinks"]
    assert listed[1] == {
        "id": link.id,
        "typeId": "confluence",
        "name": "Wiki",
        "displayUrl": "https://w.example",
        "iconUrl": None,
        "rpcUrl": "https://wiki.example/wiki",
        "isPrimary": True,
    }
    assert listed[0]["id"] == PEER_ID


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"rpcUrl": URL}, 409),
        ({"rpcUrl": A_URL}, 400),
        ({"rpcUrl": "http://wiki.example"}, 400),
        ({"rpcUrl": "file:///etc/passwd"}, 400),
        ({"displayUrl": "javascript:alert(1)"}, 400),
        ({"displayUrl": "data:text/html,x"}, 400),
        ({"name": "n" * 61}, 400),
        ({"name": "a\u0000b"}, 400),
        ({"typeId": "t" * 41}, 400),
    ],
)
async def test_a_link_that_cannot_be_is_not_added(peer: RestPeer, values: dict[str, str], status: int) -> None:
    """Atlassian wire: known holes: script in a display URL; product §5: a link to oneself, a duplicate."""
    assert (await peer.call("PUT", f"{REST}/applicationlink", NEW | values)).status == status
    assert len(await peer.ours.storage.linking.list_links()) == 1


async def test_a_peer_says_how_it_wants_to_be_called(peer: RestPeer) -> None:
    """Atlassian wire: authentication/provider."""
    answer = await peer.call("PUT", at(PEER_ID), provider(IMPERSONATING, accessTokenUrl=f"{URL}/elsewhere"))
    assert answer.status == 201
    registration = await peer.ours.storage.outgoing.find_registration(peer.link.id)
    assert registration is not None
    assert registration.endpoints is not None
    assert (registration.client_id, registration.endpoints.token) == ("we-at-board", f"{URL}/elsewhere")
    assert registration.signature_method is SignatureMethod.RSA_SHA1
    assert (await peer.find_link()).outgoing.level is Level.IMPERSONATION
    new = await make_link(peer)
    wiki = {f"{step}Url": f"https://wiki.example/{step}" for step in ("requestToken", "accessToken", "authorize")}
    assert (await peer.call("PUT", at(new), provider(**wiki))).status == 201
    assert (await peer.ours.find(new)).outgoing == Direction(level=Level.OAUTH, protocols=("oauth1",))


@pytest.mark.parametrize("step", ["requestTokenUrl", "accessTokenUrl", "authorizeUrl"])
@pytest.mark.parametrize(
    "url", ["https://evil.example/x", "http://board.example/x", "https://board.example:444/x", "//evil.example/x", "x"]
)
async def test_where_we_go_lies_at_the_link_s_origin(peer: RestPeer, step: str, url: str) -> None:
    """Atlassian wire: the three serviceProvider.*Url must be of the link's origin."""
    before = await peer.ours.storage.outgoing.find_registration(peer.link.id)
    assert (await peer.call("PUT", at(PEER_ID), provider(**{step: url}))).status == 400
    assert await peer.ours.storage.outgoing.find_registration(peer.link.id) == before


async def test_only_oauth_is_set_up(peer: RestPeer) -> None:
    """Atlassian wire: Basic and trusted applications are deprecated."""
    assert (await peer.call("PUT", at(PEER_ID), provider(BASIC))).status == 400
    assert (await peer.call("PUT", at(PEER_ID), provider("com.example.Other"))).status == 400


async def test_a_peer_says_by_which_consumer_it_calls(peer: RestPeer) -> None:
    """Atlassian wire: authentication/consumer."""
    new = await make_link(peer)
    body = consumer(
        key="wiki:1",
        name="Wiki",
        callback="https://wiki.example/wiki/back",
        twoLOAllowed=True,
        executingTwoLOUser="bot",
        twoLOImpersonationAllowed=True,
        signatureMethod="RSA_SHA1",
    )
    assert (await peer.call("PUT", at(new, "consumer"), body)).status == 201
    client = await find_client(peer, new)
    assert (client.client_id, client.name, client.redirect_uris) == ("wiki:1", "Wiki", (body["callback"],))
    assert client.oauth1.methods == (SignatureMethod.RSA_SHA1,)
    assert client.scopes == ("pages:read",)
    assert (client.oauth1.two_legged, client.oauth1.impersonation) == (True, True)
    assert (await peer.ours.find(new)).incoming.level is Level.IMPERSONATION


async def test_a_consumer_that_is_known_is_changed(peer: RestPeer) -> None:
    """Ours: a peer that configures itself again is the same client, and keeps what users gave it."""
    before = await find_client(peer, peer.link.id)
    body = consumer(name="New name", publicKey="", twoLOAllowed=True)
    assert (await peer.call("PUT", at(PEER_ID, "consumer"), body)).status == 201
    after = await find_client(peer, peer.link.id)
    assert (after.id, after.name, after.scopes, after.oauth1.public_keys) == (
        before.id,
        "New name",
        before.scopes,
        before.oauth1.public_keys,
    )
    assert (after.oauth1.two_legged, after.oauth1.execute_as) == (True, "")


@pytest.mark.parametrize(
    "values",
    [
        {"publicKey": "garbage"},
        {"signatureMethod": "RSA-MD5"},
        {"signatureMethod": "HMAC-SHA1"},
        {"executingTwoLOUser": "nobody-here"},
        {"callback": "javascript:alert(1)"},
        {"key": "two words", "publicKey": bare_key()},
        {"sharedSecret": 1},
    ],
)
async def test_a_consumer_that_cannot_be_is_refused(peer: RestPeer, values: dict[str, Any]) -> None:
    """Ours: the rules of the page hold for peers, too."""
    before = await find_client(peer, peer.link.id)
    assert (await peer.call("PUT", at(PEER_ID, "consumer"), consumer(**values))).status == 400
    assert await find_client(peer, peer.link.id) == before


async def test_a_consumer_of_another_link_is_not_taken_over(peer: RestPeer) -> None:
    """House §5: a client belongs to exactly one link."""
    new = await make_link(peer)
    assert (await peer.call("PUT", at(new, "consumer"), consumer())).status == 409


async def test_a_peer_says_which_consumer_we_are_there(peer: RestPeer) -> None:
    """Atlassian wire: authentication/consumer with outgoing."""
    body = {"key": "us", "sharedSecret": "both know it", "signatureMethod": "HMAC-SHA1", "outgoing": True}
    assert (await peer.call("PUT", at(PEER_ID, "consumer"), body)).status == 201
    registration = await peer.ours.storage.outgoing.find_registration(peer.link.id)
    assert registration is not None
    assert registration.client_secret is not None
    assert (registration.client_id, registration.client_secret.reveal()) == ("us", "both know it")
    new = await make_link(peer)
    assert (await peer.call("PUT", at(new, "consumer"), {"key": "us", "outgoing": "true"})).status == 201
    assert (await peer.ours.find(new)).outgoing.is_enabled


def serve_documents(peer: RestPeer, url: str) -> None:
    """Let the other application say what it is and by which key it signs."""
    xml = (("Content-Type", "application/xml"),)
    manifest = AtlassianManifest(id=PEER_ID, name="Board", type_id="jira", url=url)
    info = ConsumerInfo(key=PEER_KEY, name="Board of all", public_key=make_rsa_key(1024).public_key())
    answers = peer.network.answers

    def answer(body: bytes) -> Any:
        return lambda _request: Response(status=200, headers=xml, body=body)

    answers[f"{url}/rest/applinks/1.0/manifest"] = answer(format_manifest_xml(manifest))
    answers[f"{url}/rest/applinks/3.0/capabilities"] = lambda _request: Response(status=404)
    answers[f"{url}/plugins/servlet/oauth/consumer-info"] = answer(format_consumer_info(info))


async def test_a_peer_that_configures_itself_is_asked_where_the_link_leads(peer: RestPeer) -> None:
    """Atlassian wire: autoConfigure; only the address that an administrator typed is asked."""
    serve_documents(peer, URL)
    path = f"{at(PEER_ID, 'consumer')}?autoConfigure=true"
    answer = await peer.call("PUT", path, {"key": "whatever it says", "twoLOAllowed": True})
    assert answer.status == 201, answer.body
    client = await find_client(peer, peer.link.id)
    assert (client.client_id, client.name) == (PEER_KEY, "Board of all")
    assert client.oauth1.two_legged


async def test_a_peer_that_says_nothing_of_itself_has_to_send_its_consumer(peer: RestPeer) -> None:
    """Ours: nothing is guessed."""
    new = await make_link(peer)
    answer = await peer.call("PUT", f"{at(new, 'consumer')}?autoConfigure=true", {"key": "x"})
    assert answer.status in {400, 409, 502}
    assert (await peer.call("PUT", f"{REST}/status/{new}/oauth", {"incoming": ON, "outgoing": OFF})).status == 409
    assert (await peer.call("PUT", f"{REST}/status/{new}/oauth", {"incoming": OFF, "outgoing": ON})).status == 204
    link: Link = await peer.ours.find(new)
    registration = await peer.ours.storage.outgoing.find_registration(new)
    assert registration is not None
    assert registration.endpoints is not None
    assert registration.endpoints.token == "https://wiki.example/wiki/plugins/servlet/oauth/access-token"
    assert link.outgoing.level is Level.OAUTH
