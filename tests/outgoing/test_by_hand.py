"""Calls over links with servers that are no Applinks."""

import json
from dataclasses import replace

import httpx2
import pytest

from applinks.errors import (
    AuthorizationNeeded,
    LinkUnusableError,
    PeerError,
    PeerProtocolError,
    PeerRefusedError,
    PeerUnreachableError,
)
from applinks.outgoing.connection import PeerConnection
from applinks.outgoing.disconnection import disconnect
from applinks.outgoing.errors import WrongIssuerError
from applinks.records.clients import ClientAuthentication
from applinks.records.connections import ConnectionState
from applinks.records.registrations import ServerEndpoints
from applinks.secret import Secret
from tests.outgoing.fakes import ALICIA, LINK_ID, OWN
from tests.outgoing.foreign import APP, CLIENT_ID, ISSUER, SECRET, HandWorld, make_hand_link

pytestmark = pytest.mark.anyio

ENDPOINTS = ServerEndpoints(authorization=f"{ISSUER}/auth", token=f"{ISSUER}/token", revocation=f"{ISSUER}/revoke")


def hold(world: HandWorld, user_id: str | None = "u1") -> PeerConnection:
    return PeerConnection("app", user_id=user_id, side=world.side)


@pytest.mark.requirement("CL-11")
async def test_the_browser_is_sent_with_pkce_and_a_nonce_and_without_a_resource():
    """RFC 7636 §4.3, OpenID Connect Core §3.1.2.1; ours: `resource` only where it is entered."""
    asked = await HandWorld().start()
    assert asked.pop("state")
    assert len(asked.pop("code_challenge")) == len(asked.pop("nonce")) == 43
    assert asked == {
        "x": "1",
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": f"{OWN}/applinks/callback/{LINK_ID}",
        "code_challenge_method": "S256",
        "scope": "openid things",
    }


async def test_the_resource_that_was_entered_is_sent_everywhere():
    """RFC 8707 §2."""
    world = HandWorld(resource=APP)
    assert (await world.start())["resource"] == APP
    await world.connect()
    world.clock.advance(600)
    await hold(world).get("/things")
    await hold(world, None).get("/things")
    assert [form["resource"] for form in world.server.forms] == [APP] * 3


async def test_offline_access_asks_for_consent():
    """OpenID Connect Core §11: else there is no refresh token."""
    link = make_hand_link()
    link = replace(link, outgoing=replace(link.outgoing, user_scopes=("openid", "offline_access")))
    assert (await HandWorld(link=link).start())["prompt"] == "consent"


@pytest.mark.requirement("CL-20")
async def test_a_user_connects_and_calls():
    """Issue: the same `applinks.connection(...)`."""
    world = HandWorld()
    assert (await world.connect()).return_to == "/dashboard"
    assert (world.stored.issuer, world.stored.account) == (ISSUER, "alicia@id")
    answer = await hold(world).get("/things")
    assert answer.json() == {"by": "Bearer at-1"}
    assert str(world.server.log[-1].url) == f"{APP}/things"


@pytest.mark.parametrize(
    ("registration", "proof"),
    [
        ({}, ("basic", f"{CLIENT_ID} {SECRET}")),
        ({"authentication": ClientAuthentication.CLIENT_SECRET}, ("basic", f"{CLIENT_ID} {SECRET}")),
        ({"authentication": ClientAuthentication.CLIENT_SECRET_POST}, ("body", f"{CLIENT_ID} {SECRET}")),
        ({"authentication": ClientAuthentication.NONE, "client_secret": None}, ("body", f"{CLIENT_ID} -")),
        ({"authentication": ClientAuthentication.PRIVATE_KEY_JWT, "client_secret": None}, ("key", CLIENT_ID)),
    ],
)
async def test_we_prove_ourselves_as_we_are_registered_and_in_one_way(registration, proof):
    """RFC 6749 §2.3, §2.3.1, RFC 7523 §2.2."""
    world = HandWorld(**registration)
    await world.connect()
    await disconnect(world.stored, actor="user:u1", side=world.side)
    assert world.server.proofs == [proof] * 2


@pytest.mark.requirement("rfc9207-2.4-7")
async def test_entered_endpoints_are_used_and_no_metadata_is_read():
    """Issue: by metadata if it publishes any, else by hand; the administrator entered the issuer, which counts."""
    world = HandWorld(endpoints=ENDPOINTS)
    world.server.metadata = {}
    with pytest.raises(WrongIssuerError):
        await world.connect(iss="https://evil.example")
    await world.connect(iss=None)
    assert world.stored.account == ""
    assert not [request for request in world.server.log if ".well-known" in str(request.url)]


@pytest.mark.requirement("CL-20")
@pytest.mark.requirement("rfc9207-2.4-8")
@pytest.mark.parametrize("iss", [None, "https://evil.example", f"{ISSUER}/"])
async def test_a_server_that_promised_its_name_has_to_give_it(iss):
    """RFC 9207 §2.4 MUST."""
    world = HandWorld()
    with pytest.raises(WrongIssuerError):
        await world.connect(iss=iss)
    assert world.server.forms == []


@pytest.mark.requirement("CL-20")
@pytest.mark.requirement("rfc9207-2.4-8")
async def test_a_server_that_promised_nothing_may_leave_its_name_out_but_not_give_another():
    """RFC 9207 §2.4."""
    world = HandWorld()
    del world.server.metadata["authorization_response_iss_parameter_supported"]
    await world.connect(iss=None)
    with pytest.raises(WrongIssuerError):
        await world.connect(iss="https://evil.example")


@pytest.mark.requirement("CL-21")
@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://other.example"},
        {"token_endpoint": "http://id.example/token"},
        {"authorization_endpoint": None},
        {"jwks_uri": 1},
    ],
)
async def test_metadata_of_another_or_without_tls_is_not_used(changes):
    """RFC 8414 §3.3 MUST."""
    world = HandWorld()
    world.server.metadata |= changes
    with pytest.raises(PeerProtocolError):
        await world.start()


@pytest.mark.parametrize(
    ("registration", "missing"),
    [
        ({"client_id": ""}, "the client ID"),
        ({"client_secret": None}, "the client secret"),
        ({"client_id": "", "client_secret": None}, "the client ID and the client secret"),
    ],
)
async def test_a_link_that_is_not_complete_says_what_is_missing(registration, missing):
    """Issue: links by hand."""
    world = HandWorld(**registration)
    for attempt in (world.start(), hold(world).get("/things"), hold(world, None).get("/things")):
        with pytest.raises(LinkUnusableError) as refused:
            await attempt
        assert missing in refused.value.description
        assert refused.value.code == "registration_incomplete"
    assert world.server.log == []


async def test_a_link_without_registration_or_address_is_not_called():
    """Issue: an incoming side alone."""
    world = HandWorld()
    del world.store.registrations[LINK_ID]
    with pytest.raises(LinkUnusableError):
        await hold(world).get("/things")
    world = HandWorld(link=make_hand_link(peer=replace(make_hand_link().peer, url="")))
    with pytest.raises(LinkUnusableError):
        await hold(world).get("/things")


async def test_who_is_not_connected_is_sent_to_connect():
    """Product §5."""
    with pytest.raises(AuthorizationNeeded) as needed:
        await hold(HandWorld()).get("/things")
    assert needed.value.url == f"{OWN}/applinks/connect/{LINK_ID}"


async def test_the_application_calls_in_its_own_name():
    """RFC 6749 §4.4."""
    world = HandWorld()
    answer = await hold(world, None).get("/things")
    assert answer.json() == {"by": "Bearer at-1"}
    assert world.server.forms == [{"grant_type": "client_credentials", "scope": "things"}]


@pytest.mark.requirement("CL-20")
async def test_credentials_of_a_former_issuer_are_never_sent():
    """RFC 9700 §4.4."""
    world = HandWorld()
    await world.connect()
    link = world.link
    world.store.links[LINK_ID] = replace(link, peer=replace(link.peer, issuer="https://new.example"))
    with pytest.raises(AuthorizationNeeded):
        await hold(world).get("/things")
    assert not await disconnect(world.stored, actor="user:u1", side=world.side)
    assert len(world.server.forms) == 1


async def test_disconnecting_revokes_where_the_server_can():
    """RFC 7009 §2."""
    world = HandWorld()
    await world.connect()
    assert await disconnect(world.stored, actor="user:u1", side=world.side)
    assert world.server.forms[-1] == {"token": "rt-1"}
    del world.server.metadata["revocation_endpoint"]
    world.clock.advance(300)
    await world.connect()
    assert not await disconnect(world.stored, actor="user:u1", side=world.side)


@pytest.mark.requirement("CL-30")
@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"token_type": "BEARER", "expires_in": "600", "scope": None, "extra": {"a": [1]}}, ("openid", "things")),
        ({"expires_in": 600.0, "scope": "openid"}, ("openid",)),
        ({"expires_in": None, "refresh_token": None}, ("openid", "things")),
        ({"refresh_token": "", "scope": "repo,gist openid"}, ("repo,gist", "openid")),
    ],
)
async def test_an_answer_in_another_maker_s_manner_is_understood(changes, kept):
    """RFC 6749 §5.1, and what servers make of it."""
    world = HandWorld()
    world.server.answer = changes
    await world.connect()
    assert world.stored.scopes == kept


@pytest.mark.requirement("CL-30")
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx2.Response(200, json={"error": "bad_verification_code"}), PeerProtocolError),
        (httpx2.Response(200, content=b"access_token=x&token_type=bearer"), PeerProtocolError),
        (httpx2.Response(200, text="<html>log in</html>"), PeerProtocolError),
        (httpx2.Response(200, json=[1]), PeerProtocolError),
        (httpx2.Response(200, json={"access_token": "a\nb", "token_type": "bearer"}), PeerProtocolError),
        (httpx2.Response(200, json={"access_token": "a", "token_type": "mac"}), PeerProtocolError),
        (httpx2.Response(200, json={"access_token": "a", "token_type": "bearer", "id_token": 1}), PeerProtocolError),
        (httpx2.Response(302, headers={"Location": "https://evil.example"}), PeerProtocolError),
        (httpx2.Response(401, json={"error": "invalid_client"}), PeerRefusedError),
        (httpx2.Response(503, text="later"), PeerUnreachableError),
        (httpx2.Response(200, content=b"[" * 100_000, headers={"Content-Type": "application/json"}), PeerProtocolError),
        (
            httpx2.Response(200, content=b'{"a":1,"a":2}', headers={"Content-Type": "application/json"}),
            PeerProtocolError,
        ),
    ],
)
async def test_a_hostile_answer_is_refused_in_words_and_stores_nothing(answer, error):
    """RFC 6749 §5; ours: hostile answers from servers that are not ours."""
    world = HandWorld()
    world.server.raw = answer
    with pytest.raises(error) as refused:
        await world.connect()
    assert refused.value.description
    assert SECRET not in refused.value.detail
    assert world.store.connections == {}


@pytest.mark.requirement("CL-30")
async def test_what_the_server_ended_is_asked_anew():
    """RFC 6749 §5.2."""
    world = HandWorld()
    await world.connect()
    world.clock.advance(600)
    world.server.raw = httpx2.Response(400, json={"error": "invalid_grant"})
    with pytest.raises(AuthorizationNeeded):
        await hold(world).get("/things")
    assert world.stored.state is ConnectionState.ENDED_BY_PEER


@pytest.mark.requirement("N-05")
async def test_no_secret_is_in_what_can_be_printed():
    """Ours."""
    world = HandWorld(authentication=ClientAuthentication.CLIENT_SECRET_POST, client_secret=Secret("geheim"))
    world.server.raw = httpx2.Response(400, text=json.dumps({"error": "x"}))
    with pytest.raises(PeerError) as refused:
        await world.connect()
    assert "geheim" not in f"{world.registration!r}{refused.value!r}{refused.value.detail}{world.store.trips!r}{ALICIA}"
