"""Attacks on the addresses at which Data Center peers set links up."""

import json
from typing import Any

import pytest

from applinks.incoming.caller import Caller
from applinks.records.scopes import ADMIN_SCOPE
from applinks.web.protocol import atlassian
from applinks.wire.http import Request
from tests.administration.oauth1 import bare_key
from tests.linking.world import A_URL
from tests.web.protocol.atlassian import (
    NEW,
    ON,
    REST,
    STATUS,
    RestPeer,
    at,
    consumer,
    find_client,
    make_link,
    provider,
    read_json,
)
from tests.web.protocol.test_atlassian_links import serve_documents

pytestmark = pytest.mark.anyio

CALLS: list[Any] = [
    ("GET", f"{REST}/applicationlink", None),
    ("PUT", f"{REST}/applicationlink", NEW),
    ("PUT", STATUS, {"incoming": ON, "outgoing": ON}),
]


@pytest.mark.requirement("N-08")
@pytest.mark.parametrize(("method", "path", "body"), CALLS)
async def test_a_bearer_token_sets_nothing_up(
    peer: RestPeer, monkeypatch: pytest.MonkeyPatch, method: str, path: str, body: Any
) -> None:
    """Atlassian wire: a 1.0a call; a token that leaked could be shown by anybody, and changes links."""
    clients = await peer.ours.storage.incoming.list_clients(link_id=peer.link.id)

    async def authenticate(*_: Any, **__: Any) -> Caller:
        return Caller(
            link=peer.link,
            client=clients[0].client,
            user=peer.users.known["1"],
            scopes=frozenset({ADMIN_SCOPE}),
            resource=A_URL,
            protocol="oauth2",
        )

    monkeypatch.setattr(atlassian, "authenticate", authenticate)
    answer = await peer.call(method, path, body, signed=False)
    assert (answer.status, b"permission_denied" in answer.body) == (401, True)


@pytest.mark.requirement("N-08")
async def test_a_consumer_is_not_added_to_what_two_applinks_agreed(peer: RestPeer, both: Any) -> None:
    """Handshake §5: not even under a key that nobody has yet."""
    link_id = await both.link()
    before = await peer.ours.storage.incoming.list_clients(link_id=link_id)
    for more in ({}, {"outgoing": True}, {"twoLOImpersonationAllowed": True}):
        answer = await peer.call("PUT", at(link_id, "consumer"), consumer(key="fresh", **more))
        assert (answer.status, b"unsupported_terms" in answer.body) == (409, True)
    assert await peer.ours.storage.incoming.list_clients(link_id=link_id) == before


@pytest.mark.requirement("N-02")
@pytest.mark.parametrize("url", ["https://10.1.2.3", "https://[fd00::1]/wiki", "https://intranet.example"])
async def test_a_peer_does_not_send_us_behind_our_wall(peer: RestPeer, url: str) -> None:
    """Atlassian wire, known holes: only an administrator here opens a private address, and not who calls as one."""

    async def is_private(_url: str) -> bool:
        return True

    peer.ours.linking.fetcher.is_private = is_private  # type: ignore[method-assign]
    answer = await peer.call("PUT", f"{REST}/applicationlink", NEW | {"rpcUrl": url, "displayUrl": url})
    if answer.status == 201:
        (created,) = read_json(answer)["resources-created"]
        serve_documents(peer, url)
        path = at(created["href"].rpartition("/")[2], "consumer")
        answer = await peer.call("PUT", f"{path}?autoConfigure=true", {"key": "x"})
    assert 400 <= answer.status < 500, answer.body
    assert peer.network.seen == []


@pytest.mark.requirement("N-08")
async def test_a_consumer_that_a_peer_adds_does_not_administer_links(peer: RestPeer) -> None:
    """Ours: applinks:admin is named in a client's record by one of our administrators, here, or nowhere."""
    second = consumer(key="second", publicKey=bare_key())
    assert (await peer.call("PUT", at(peer.link.id, "consumer"), second)).status == 201
    found = await peer.ours.incoming.oauth1.find_client("second")
    assert found is not None
    assert found.client.scopes == ("pages:read",)
    named = await make_link(peer)
    assert (await peer.call("PUT", at(named, "consumer"), consumer(key="third"))).status == 201
    assert (await find_client(peer, named)).scopes == ("pages:read",)


@pytest.mark.requirement("AS-04")
@pytest.mark.parametrize(
    "values",
    [
        {"displayUrl": "javascript:alert(1)"},
        {"displayUrl": "data:text/html,x"},
        {"rpcUrl": "javascript:alert(1)"},
        {"rpcUrl": "file:///etc/passwd"},
        {"displayUrl": "https://wiki.example\\@evil.example"},
        {"displayUrl": "https://user@evil.example"},
        {"name": "a\nb"},
        {"typeId": "a\u202eb"},
        {"name": "\0"},
        {"typeId": "\0"},
    ],
)
async def test_an_address_or_a_name_that_could_do_something_is_not_taken(
    peer: RestPeer, values: dict[str, str]
) -> None:
    """Atlassian wire, known holes: script in a display URL."""
    assert (await peer.call("PUT", f"{REST}/applicationlink", NEW | values)).status == 400


@pytest.mark.requirement("AS-04")
@pytest.mark.parametrize(
    "values",
    [
        {"callback": "javascript:alert(1)"},
        {"callback": "https://board.example/#x"},
        {"key": "a\0b"},
        {"key": "\ud800"},
        {"executingTwoLOUser": "root"},
        {"executingTwoLOUser": "a\0b"},
        {"sharedSecret": "\0"},
        {"publicKey": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"},
    ],
)
async def test_a_consumer_with_a_value_that_could_do_something_is_not_taken(
    peer: RestPeer, values: dict[str, Any]
) -> None:
    """Ours: as on our pages; and no input gives a 5xx."""
    answer = await peer.call("PUT", at(peer.link.id, "consumer"), json.dumps(consumer() | values).encode())
    assert answer.status == 400, answer.body


@pytest.mark.requirement("AS-07")
@pytest.mark.parametrize("name", ["%00", "a%00b", "%2500", "x" * 5000, "%F0%9F%92%A5", "%ff", "..%2f.."])
@pytest.mark.parametrize("path", ["status/{}", "status/{}/oauth", "applicationlink/{}/authentication/provider"])
async def test_no_name_in_an_address_gives_a_5xx(peer: RestPeer, path: str, name: str) -> None:
    """House §7."""
    where = f"{REST}/{path.format(name)}"
    for method, body, signed in (("GET", None, False), ("GET", None, True), ("PUT", provider(), True)):
        endpoint = peer.endpoints.find(where)
        if endpoint is None or method not in endpoint.methods:
            continue
        assert (await peer.call(method, where, body, signed=signed)).status in {400, 401, 404}


@pytest.mark.requirement("O1-03")
@pytest.mark.parametrize("scheme", ["OAuth", "oauth", "OAUTH\t", "\tOAuth"])
async def test_a_reading_with_a_bad_signature_is_refused_however_the_scheme_is_written(
    peer: RestPeer, scheme: str
) -> None:
    """Atlassian wire: how a peer tests that both sides fit; a 200 would say that they do."""
    request = Request(method="GET", url=f"{A_URL}{REST}/manifest", headers=(("Authorization", f"{scheme} x=y"),))
    assert (await peer.answer(request)).status == 400
    assert read_json(await peer.answer(Request(method="GET", url=f"{A_URL}{REST}/manifest.json")))
