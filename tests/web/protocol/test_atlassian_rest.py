"""What a Data Center peer sets up here, in the name of one of our administrators, and what it may not."""

from typing import Any

import pytest

from applinks.administration.by_hand import change_by_hand
from applinks.administration.hand_values import LinkChange, OAuth1ClientChange
from applinks.administration.oauth1_clients import change_oauth1_client
from applinks.wire.http import Request
from applinks.wire.linking.terms import Level
from tests.administration.hand import ADMIN, URL
from tests.linking.world import A_URL
from tests.web.protocol.atlassian import (
    FAR,
    NEW,
    OFF,
    ON,
    PEER_ID,
    PEER_KEY,
    REST,
    STATUS,
    THREE_LEGS,
    RestPeer,
    at,
    consumer,
    make_link,
    provider,
    read_json,
)

pytestmark = pytest.mark.anyio

CHANGES = [
    ("PUT", STATUS, {"incoming": ON, "outgoing": ON}),
    ("GET", f"{REST}/status/{PEER_ID}", None),
    ("PUT", f"{REST}/applicationlink", NEW),
    ("GET", "/rest/applinks/1.0/applicationlink", None),
    ("PUT", at(PEER_ID), provider()),
    ("PUT", at(PEER_ID, "consumer"), consumer()),
    ("PUT", f"{at(PEER_ID, 'consumer')}?autoConfigure=true", {"key": PEER_KEY}),
]


@pytest.mark.requirement("N-08")
@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
@pytest.mark.parametrize("caller", ["3", "2", None, "nobody"])
async def test_only_an_administrator_of_ours_sets_anything_up(
    peer: RestPeer, caller: str | None, method: str, path: str, body: Any
) -> None:
    """Atlassian wire: 401 not an administrator; known holes: a page that forgot its permission check."""
    client = OAuth1ClientChange(two_legged=True, execute_as="bot")
    await change_oauth1_client(PEER_KEY, client, actor=ADMIN, side=peer.ours.administration)
    before = await peer.find_link()
    answer = await peer.call(method, path, body, user=caller if caller != "nobody" else None, signed=caller != "nobody")
    assert (answer.status, b"permission_denied" in answer.body) == (401, True)
    assert await peer.find_link() == before
    assert len(await peer.ours.storage.linking.list_links()) == 1


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
async def test_an_administrator_has_to_be_lent_by_a_client_that_may(
    peer: RestPeer, method: str, path: str, body: Any
) -> None:
    """Ours: applinks:admin is given to a client whose record names it, and to no other."""
    await peer.get_token("1")
    less = OAuth1ClientChange(scopes=("pages:read",))
    await change_oauth1_client(PEER_KEY, less, actor=ADMIN, side=peer.ours.administration)
    answer = await peer.call(method, path, body)
    assert (answer.status, b"permission_denied" in answer.body) == (401, True)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"{", b"\xff", b'{"incoming":1}', b"x" * 70_000])
@pytest.mark.parametrize("path", [STATUS, f"{REST}/applicationlink", at(PEER_ID), at(PEER_ID, "consumer")])
async def test_a_body_that_cannot_be_read_is_refused(peer: RestPeer, path: str, body: bytes) -> None:
    """House §7: no input gives a 5xx."""
    before = await peer.find_link()
    assert (await peer.call("PUT", path, body)).status == 400
    assert await peer.find_link() == before


@pytest.mark.parametrize("name", ["unknown", "lnk_0000000000000000000000", "board", "", "%2e%2e", "%00"])
async def test_an_unknown_link_is_not_found(peer: RestPeer, name: str) -> None:
    """Atlassian wire: 404 unknown link."""
    assert (await peer.call("GET", f"{REST}/status/{name}/oauth", signed=False)).status == 404
    assert (await peer.call("PUT", f"{REST}/status/{name}/oauth", {"incoming": ON, "outgoing": ON})).status == 404
    assert (await peer.call("PUT", at(name), provider())).status == 404


async def test_anybody_may_read_how_a_link_is_set_up(peer: RestPeer) -> None:
    """Atlassian wire: status/{id}/oauth, anonymous."""
    for name in (PEER_ID, f"urn:uuid:{PEER_ID}", peer.link.id):
        answer = await peer.call("GET", f"{REST}/status/{name}/oauth", signed=False)
        assert (answer.status, answer.header("cache-control")) == (200, "no-store")
        assert read_json(answer) == {"incoming": THREE_LEGS, "outgoing": ON}


@pytest.mark.parametrize("incoming", [ON, THREE_LEGS, FAR, OFF])
@pytest.mark.parametrize("outgoing", [ON, FAR, OFF])
async def test_what_is_set_up_is_what_is_read_afterwards(
    peer: RestPeer, incoming: dict[str, bool], outgoing: dict[str, bool]
) -> None:
    """Atlassian wire: PUT the same; in our directions, which are a peer's the other way round."""
    answer = await peer.call("PUT", STATUS, {"incoming": incoming, "outgoing": outgoing})
    assert (answer.status, answer.body) == (204, b"")
    expected = {"incoming": incoming, "outgoing": outgoing}
    assert read_json(await peer.call("GET", STATUS, signed=False)) == expected
    link = await peer.find_link()
    assert (link.incoming.is_enabled, link.outgoing.is_enabled) == (incoming["enabled"], outgoing["enabled"])
    assert (link.incoming.level is Level.IMPERSONATION) is incoming["twoLoImpersonationEnabled"]
    assert (link.outgoing.level is Level.IMPERSONATION) is outgoing["twoLoImpersonationEnabled"]


async def test_our_own_id_means_the_link_over_which_a_peer_calls(peer: RestPeer) -> None:
    """Atlassian wire: {id} is our id as the peer knows us."""
    own = (await peer.ours.storage.keys.get_instance()).id.removeprefix("urn:uuid:")
    assert (await peer.call("GET", f"{REST}/status/{own}/oauth", signed=False)).status == 404
    assert (await peer.call("PUT", f"{REST}/status/{own}/oauth", {"incoming": ON, "outgoing": OFF})).status == 204
    assert not (await peer.find_link()).outgoing.is_enabled


async def test_an_administrator_reads_whether_a_link_works(peer: RestPeer) -> None:
    """Atlassian wire: status/{id}; nothing is called for it."""
    answer = read_json(await peer.call("GET", f"{REST}/status/{PEER_ID}"))
    assert (answer["working"], answer["error"], answer["remoteAuthentication"]) == (True, None, None)
    assert answer["localAuthentication"] == {"incoming": THREE_LEGS, "outgoing": ON}
    assert (answer["link"]["id"], answer["link"]["rpcUrl"]) == (PEER_ID, URL)
    off = LinkChange(outgoing=False)
    await change_by_hand(peer.link.id, off, actor=ADMIN, side=peer.ours.administration)
    answer = read_json(await peer.call("GET", f"{REST}/status/{PEER_ID}"))
    assert (answer["working"], answer["error"]["type"]) == (False, "NO_OUTGOING_AUTH")
    assert peer.network.seen == []


async def test_what_two_applinks_agreed_is_no_matter_of_rest(peer: RestPeer, both: Any) -> None:
    """Handshake §5: what both administrators approved is changed with both."""
    link_id = await both.link()
    before = await peer.ours.find(link_id)
    for path, body in (
        (f"{REST}/status/{link_id}/oauth", {"incoming": OFF, "outgoing": OFF}),
        (at(link_id), provider()),
        (at(link_id, "consumer"), consumer()),
    ):
        assert (await peer.call("PUT", path, body)).status == 409
    assert await peer.ours.find(link_id) == before


async def test_the_audit_names_the_administrator_in_whose_name_it_was(peer: RestPeer) -> None:
    """House §2: administration writes the audit event."""
    new = await make_link(peer)
    events = await peer.ours.storage.audit.list(limit=10, link_id=new)
    assert {event.actor for event in events} == {"user:1"}


async def test_a_call_that_is_repeated_changes_nothing(peer: RestPeer) -> None:
    """Security O1-03."""
    token = await peer.get_token("1")
    request = Request(method="PUT", url=A_URL + STATUS, body=b'{"incoming":{},"outgoing":{}}')
    signed = peer.sign(request, oauth_token=token)
    assert (await peer.answer(signed)).status == 204
    again = await peer.answer(signed)
    assert (again.status, b"nonce_used" in again.body) == (401, True)
