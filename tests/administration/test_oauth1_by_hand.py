"""Links by hand over OAuth 1.0a: what we are at the other side, and what both sides of the link say of it."""

from dataclasses import replace
from typing import Any

import pytest

from applinks.administration.by_hand import add_link, add_outgoing, change_by_hand
from applinks.administration.hand_values import AddedLink, LinkChange, NewLink
from applinks.administration.values import InvalidValueError
from applinks.linking.discovery.atlassian import get_atlassian_endpoints
from applinks.linking.errors import LinkingError
from applinks.records.clients import ClientAuthentication
from applinks.records.links import Direction, Link
from applinks.records.registrations import Registration, ServerEndpoints
from applinks.secret import Secret
from applinks.wire.linking.terms import Level
from applinks.wire.oauth1.signature import SignatureMethod
from tests.administration.hand import ADMIN, URL, add_both, list_events, read_audit
from tests.administration.oauth1 import RELATIVE, SHARED, add, new_client, new_outgoing
from tests.linking.world import Application, World

pytestmark = pytest.mark.anyio

ABSOLUTE = get_atlassian_endpoints(URL)


async def link(application: Application, **values: Any) -> AddedLink:
    new = NewLink(**{"name": "Board", "url": URL, "outgoing": new_outgoing()} | values)
    return await add_link(new, actor=ADMIN, side=application.administration)


async def change(application: Application, link_id: str, **values: Any) -> Link:
    return await change_by_hand(link_id, LinkChange(**values), actor=ADMIN, side=application.administration)


async def find_registration(application: Application, link_id: str) -> Registration:
    found = await application.storage.outgoing.find_registration(link_id)
    assert found is not None
    return found


async def test_an_atlassian_peer_is_called_with_our_key_and_under_our_name(both: World) -> None:
    """Atlassian wire: outgoing to another Atlassian-like peer: RSA-SHA1 with our key; URLs may be relative."""
    added = await link(both.a, kind="jira", peer_id="6d1f", display_url="https://boards.example")
    instance = await both.a.storage.keys.get_instance()
    registration = await find_registration(both.a, added.link.id)
    assert registration == added.registration
    assert (registration.protocol, registration.client_id) == ("oauth1", instance.consumer_key)
    assert (registration.signature_method, registration.client_secret) == (SignatureMethod.RSA_SHA1, None)
    assert (registration.endpoints, registration.is_complete) == (ABSOLUTE, True)
    assert registration.authentication is ClientAuthentication.SIGNATURE
    assert added.link.outgoing == Direction(level=Level.OAUTH, protocols=("oauth1",))
    assert (added.link.issuer, added.link.is_usable) == (URL, True)
    peer = added.link.peer
    assert (peer.kind, peer.id, peer.display_url, peer.is_primary) == ("jira", "6d1f", "https://boards.example", True)


async def test_a_third_party_is_called_with_its_secret(both: World) -> None:
    """Atlassian wire: outgoing to a third party: HMAC-SHA1 with the shared secret."""
    added = await link(both.a, outgoing=new_outgoing(client_id="us", client_secret=SHARED, impersonation=True))
    registration = await find_registration(both.a, added.link.id)
    assert (registration.client_id, registration.client_secret) == ("us", SHARED)
    assert registration.signature_method is SignatureMethod.HMAC_SHA1
    assert added.link.outgoing.level is Level.IMPERSONATION
    assert SHARED.reveal() not in await read_audit(both.a)


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"endpoints": None}, "temporary_endpoint", "endpoint_missing"),
        ({"endpoints": replace(RELATIVE, authorization=" ")}, "authorization_endpoint", "endpoint_missing"),
        ({"endpoints": replace(RELATIVE, token="http://board.example/t")}, "token_endpoint", "plain_http"),
        ({"endpoints": replace(RELATIVE, token="javascript://x")}, "token_endpoint", "invalid_endpoint"),
        ({"endpoints": replace(RELATIVE, temporary="../up")}, "temporary_endpoint", "invalid_endpoint"),
        ({"client_secret": SHARED}, "client_id", "invalid_client_id"),
        ({"client_id": "two words"}, "client_id", "invalid_client_id"),
        ({"signature_method": SignatureMethod.HMAC_SHA256}, "client_secret", "secret_missing"),
        ({"client_id": "us", "client_secret": Secret("\u0000")}, "client_secret", "invalid_secret"),
    ],
)
async def test_what_cannot_be_called_is_refused_under_its_field(
    both: World, values: dict[str, Any], field: str, code: str
) -> None:
    """Atlassian wire, what an administrator enters, outgoing."""
    with pytest.raises(InvalidValueError) as refused:
        await link(both.a, outgoing=new_outgoing(**values))
    assert (refused.value.field, refused.value.code) == (field, code)
    assert await both.a.storage.linking.list_links() == []


async def test_the_three_urls_may_be_relative_to_an_address_with_a_path(both: World) -> None:
    """Atlassian wire: the three URLs may be relative to the link's URL."""
    added = await link(
        both.a,
        url=f"{URL}/jira",
        outgoing=new_outgoing(
            endpoints=ServerEndpoints(temporary="/r", authorization="a?x=1", token="https://login.board.example/t")
        ),
    )
    assert added.registration is not None
    assert added.registration.endpoints == ServerEndpoints(
        temporary=f"{URL}/jira/r", authorization=f"{URL}/jira/a?x=1", token="https://login.board.example/t"
    )


@pytest.mark.parametrize("endpoint", ["//evil.example/r", "javascript:alert(1)", "data:text/html,x", "r\\x", "/\\e.x"])
async def test_what_a_browser_reads_as_another_place_is_no_relative_address(both: World, endpoint: str) -> None:
    """Atlassian wire, known holes: script and other hosts where a path is expected."""
    endpoints = ServerEndpoints(temporary="/r", authorization=endpoint, token="/t")
    with pytest.raises(InvalidValueError) as refused:
        await link(both.a, outgoing=new_outgoing(endpoints=endpoints))
    assert refused.value.field == "authorization_endpoint"


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "//board.example", "http://board.example"]
)
async def test_browsers_are_led_to_the_web_only(both: World, address: str) -> None:
    """Atlassian wire, known holes: script in a display URL."""
    with pytest.raises(InvalidValueError) as refused:
        await link(both.a, display_url=address)
    assert refused.value.field == "display_url"
    made = (await link(both.a)).link
    with pytest.raises(InvalidValueError):
        await change(both.a, made.id, display_url=address)


async def test_one_link_of_a_type_is_the_primary_one(both: World) -> None:
    """Atlassian wire: every link has a type, and one is primary of its type."""
    first = (await link(both.a, kind="jira")).link
    second = (await link(both.a, url="https://two.example", kind="jira")).link
    other = (await link(both.a, url="https://three.example", kind="confluence")).link
    plain = (await link(both.a, url="https://four.example")).link
    primary = [first.peer.is_primary, second.peer.is_primary, other.peer.is_primary, plain.peer.is_primary]
    assert primary == [True, False, True, False]
    await change(both.a, second.id, is_primary=True)
    third = (await link(both.a, url="https://five.example", kind="jira", is_primary=True)).link
    found = {each.id: each.peer.is_primary for each in await both.a.storage.linking.list_links()}
    assert found == {first.id: False, second.id: False, other.id: True, plain.id: False, third.id: True}
    assert "link.shown_otherwise" in {action for _actor, action in await list_events(both.a, second.id)}


async def test_a_peer_that_is_linked_is_not_linked_again_under_another_address(both: World) -> None:
    """Handshake §3, LK-09: one live link per peer."""
    first = (await link(both.a, peer_id="6d1f")).link
    with pytest.raises(LinkingError) as refused:
        await link(both.a, url="https://other.example", peer_id="6d1f")
    assert (refused.value.code, refused.value.link_id) == ("duplicate_link", first.id)


async def test_what_we_are_there_changes_field_by_field(both: World) -> None:
    """Product §5 Outgoing."""
    made = (await link(both.a)).link
    await change(both.a, made.id, client_secret=SHARED, signature_method=SignatureMethod.HMAC_SHA256, client_id="us")
    registration = await find_registration(both.a, made.id)
    assert (registration.client_id, registration.client_secret) == ("us", SHARED)
    assert (registration.signature_method, registration.endpoints) == (SignatureMethod.HMAC_SHA256, ABSOLUTE)
    after = await change(both.a, made.id, outgoing_level=Level.IMPERSONATION, issuer="https://elsewhere.example")
    assert (after.outgoing.level, after.issuer) == (Level.IMPERSONATION, URL)
    elsewhere = replace(RELATIVE, token="/t")
    await change(both.a, made.id, endpoints=elsewhere, signature_method=SignatureMethod.RSA_SHA256)
    registration = await find_registration(both.a, made.id)
    assert (registration.client_secret, registration.client_id) == (None, "us")
    assert registration.endpoints == replace(ABSOLUTE, token=f"{URL}/t")
    with pytest.raises(InvalidValueError) as refused:
        await change(both.a, made.id, signature_method=SignatureMethod.HMAC_SHA1)
    assert (refused.value.field, refused.value.code) == ("client_secret", "secret_missing")


async def test_a_secret_that_is_shown_is_not_shown_elsewhere(both: World) -> None:
    """RFC 5849 §3.4.4; security CL-20: credentials belong to whom they were given by."""
    plain = new_outgoing(client_id="us", client_secret=SHARED, signature_method=SignatureMethod.PLAINTEXT)
    made = (await link(both.a, outgoing=plain)).link
    with pytest.raises(InvalidValueError) as refused:
        await change(both.a, made.id, endpoints=replace(RELATIVE, token="https://elsewhere.example/t"))
    assert (refused.value.field, refused.value.code) == ("client_secret", "secret_missing")


async def test_both_sides_of_a_link_are_made_at_once_and_one_after_the_other(both: World) -> None:
    """Product §5 Links: with anything else the page takes the other side's values."""
    made = await link(both.a, incoming=new_client(name="Board's consumer", impersonation=True))
    assert made.client is not None
    assert (made.client.name, made.link.incoming.level) == ("Board's consumer", Level.IMPERSONATION)
    one = await add(both.a, key="other")
    added = await add_outgoing(
        one.link.id, new_outgoing(), url="https://two.example", actor=ADMIN, side=both.a.administration
    )
    assert (added.link.peer.url, added.link.outgoing.protocols) == ("https://two.example", ("oauth1",))
    assert (await find_registration(both.a, one.link.id)).protocol == "oauth1"


async def test_oauth_2_knows_no_level_above_its_own(both: World) -> None:
    """Issue 6: impersonation over OAuth 1.0a alone."""
    made = (await add_both(both.a)).link
    for level in ({"incoming_level": Level.IMPERSONATION}, {"outgoing_level": Level.IMPERSONATION}):
        with pytest.raises(InvalidValueError) as refused:
            await change(both.a, made.id, **level)
        assert (refused.value.field, refused.value.code) == (next(iter(level)), "level_not_possible")


async def test_where_oauth_1_0a_is_switched_off_nothing_is_called_by_it(world: World) -> None:
    """Settings.protocols says what we speak."""
    with pytest.raises(InvalidValueError) as refused:
        await link(world.a)
    assert refused.value.code == "protocol_off"
