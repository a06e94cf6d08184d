"""Who a user is at an OpenID server, asked while she connects."""

from dataclasses import replace

import httpx2
import pytest

from applinks.errors import PeerProtocolError, PeerUnreachableError
from applinks.fetching.transport import Fetcher
from applinks.outgoing.peers import get_server_metadata
from applinks.records.registrations import ServerEndpoints
from tests.outgoing.foreign import CLIENT_ID, ISSUER, HandWorld, make_hand_link

pytestmark = pytest.mark.anyio


async def refuse(world: HandWorld, error: type[Exception] = PeerProtocolError) -> None:
    with pytest.raises(error) as refused:
        await world.connect()
    assert getattr(refused.value, "description", "")
    assert world.store.connections == {}


@pytest.mark.requirement("CL-11")
@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": [CLIENT_ID, "another"]},
        {"azp": "another"},
        {"exp": 1},
        {"exp": None},
        {"iat": 99_999_999_999},
        {"nonce": "another"},
        {"nonce": None},
        {"at_hash": "x"},
        {"at_hash": 1},
        {"sub": ""},
        {"sub": None},
    ],
)
async def test_a_bad_id_token_fails_closed(claims):
    """OpenID Connect Core §3.1.3.7."""
    world = HandWorld()
    world.server.claims = claims
    await refuse(world)


@pytest.mark.requirement("CL-11")
@pytest.mark.parametrize("id_token", [None, "", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
async def test_no_id_token_or_an_unsigned_one_fails_closed(id_token):
    """OpenID Connect Core §3.1.3.3 REQUIRED; RFC 8725 §3.1."""
    world = HandWorld()
    world.server.answer = {"id_token": id_token}
    await refuse(world)


@pytest.mark.requirement("CL-11")
@pytest.mark.parametrize("jwks", [{"keys": []}, {"keys": 1}, [], {"keys": [{"kty": "EC"}] * 101}])
async def test_a_server_that_names_keys_has_to_have_the_one_that_signed(jwks):
    """OpenID Connect Core §3.1.3.7 (6)."""
    world = HandWorld()
    world.server.jwks = jwks
    await refuse(world)


OPENID = "/.well-known/openid-configuration"
OAUTH = "https://id.example/.well-known/oauth-authorization-server/realms/x"


def publish_less(world: HandWorld, **openid: object) -> list[str]:
    """Let RFC 8414 metadata leave out what the OpenID configuration has; gives what is asked of both."""
    server, asked = world.server, []
    plain = {name: value for name, value in server.metadata.items() if name not in {"userinfo_endpoint", "jwks_uri"}}
    server.metadata = {name: value for name, value in (server.metadata | openid).items() if value is not None}

    async def answer(request: httpx2.Request) -> httpx2.Response:
        if "/.well-known/" in str(request.url):
            asked.append(str(request.url))
        return httpx2.Response(200, json=plain) if str(request.url) == OAUTH else await server(request)

    world.side = replace(world.side, fetcher=Fetcher(world.side.settings, transport=httpx2.MockTransport(answer)))
    return asked


@pytest.mark.requirement("CL-11")
async def test_the_openid_configuration_makes_up_for_what_other_metadata_leaves_out():
    """OpenID Connect Discovery §4: django-oauth-toolkit names its userinfo endpoint there alone."""
    world = HandWorld()
    asked = publish_less(world)
    await world.connect()
    assert world.stored.account == "alicia@id"
    assert asked == [OAUTH, f"{ISSUER}{OPENID}"]
    world.server.jwks = {"keys": []}
    with pytest.raises(PeerProtocolError):
        await world.connect()


@pytest.mark.requirement("CL-21")
@pytest.mark.parametrize(
    "openid",
    [
        {"issuer": "https://evil.example"},
        {"issuer": f"{ISSUER}/"},
        {"token_endpoint": "https://evil.example/token"},
        {"userinfo_endpoint": "http://id.example/me"},
        {"authorization_endpoint": None},
    ],
)
async def test_an_openid_configuration_that_does_not_agree_is_left_aside(openid):
    """RFC 8414 §3.3; ours: two documents of one server name one token endpoint."""
    world = HandWorld()
    publish_less(world, **openid)
    metadata = await get_server_metadata(world.link, side=world.side)
    assert (metadata.userinfo_endpoint, metadata.jwks_uri) == (None, None)
    assert metadata.token_endpoint == f"{ISSUER}/token"


async def test_without_openid_among_the_scopes_nobody_asks_for_its_configuration():
    """Ours: a server without OpenID is not asked for it every few minutes."""
    link = make_hand_link()
    world = HandWorld(link=replace(link, outgoing=replace(link.outgoing, user_scopes=("things",))))
    asked = publish_less(world)
    await world.connect()
    assert asked == [OAUTH]


@pytest.mark.requirement("CL-11")
async def test_a_key_of_another_name_does_not_count():
    """OpenID Connect Core §10.1."""
    world = HandWorld()
    world.server.kid = "two"
    await refuse(world)


@pytest.mark.requirement("CL-11")
async def test_keys_that_cannot_be_read_fail_closed():
    """Ours: an attacker who stops the reading must not win by it."""
    world = HandWorld()
    world.server.metadata["jwks_uri"] = f"{ISSUER}/nothing"
    await refuse(world)


async def test_without_metadata_the_channel_is_the_proof():
    """OpenID Connect Core §3.1.3.7 (6): received from the token endpoint over TLS."""
    endpoints = ServerEndpoints(authorization=f"{ISSUER}/auth", token=f"{ISSUER}/token", userinfo=f"{ISSUER}/me")
    world = HandWorld(endpoints=endpoints)
    world.server.metadata = {}
    await world.connect()
    assert world.stored.account == "alicia@id"
    world.server.claims = {"nonce": "another"}
    with pytest.raises(PeerProtocolError):
        await world.connect()


async def test_several_audiences_are_taken_where_we_are_the_authorized_party():
    """OpenID Connect Core §2 azp."""
    world = HandWorld()
    world.server.claims = {"aud": [CLIENT_ID, "another"], "azp": CLIENT_ID}
    await world.connect()
    assert world.stored.account == "alicia@id"


async def test_without_openid_there_is_no_nonce_no_check_and_no_name():
    """OpenID Connect Core §3.1.2.1: without the scope it is no OpenID request."""
    link = make_hand_link()
    world = HandWorld(link=replace(link, outgoing=replace(link.outgoing, user_scopes=("things",))))
    assert "nonce" not in await world.start()
    world.server.answer = {"id_token": "not looked at"}
    await world.connect()
    assert world.stored.account == ""


async def test_a_server_that_did_not_give_openid_owes_no_id_token():
    """RFC 6749 §3.3: the scope of the answer counts."""
    world = HandWorld()
    world.server.answer = {"scope": "things", "id_token": None}
    await world.connect()
    assert (world.stored.scopes, world.stored.account) == (("things",), "")


@pytest.mark.parametrize(
    ("userinfo", "claims", "name"),
    [
        (None, {"preferred_username": "alicia", "name": "Alicia A."}, "alicia"),
        (None, {"preferred_username": "", "name": "Alicia\n A."}, "Alicia A."),
        (None, {"preferred_username": 1, "name": []}, ""),
        ({"sub": "u-17"}, {"name": "Alicia A."}, "Alicia A."),
        ({"sub": "u-18", "name": "Somebody else"}, {"name": "Alicia A."}, "Alicia A."),
        ({"sub": "u-17", "email": "a@b.example"}, {"name": "Alicia A."}, "a@b.example"),
    ],
)
async def test_where_the_userinfo_endpoint_gives_no_name_the_id_token_may(userinfo, claims, name):
    """OpenID Connect Core §5.1; django-oauth-toolkit refuses tokens there that are for one resource."""
    world = HandWorld()
    world.server.claims = claims
    world.server.userinfo = userinfo
    if userinfo is None:
        world.server.metadata["userinfo_endpoint"] = f"{ISSUER}/nothing"
    await world.connect()
    assert world.stored.account == name
    del world.server.metadata["userinfo_endpoint"]
    world.clock.advance(600)
    await world.connect()
    assert world.stored.account == (name if name != "a@b.example" else "Alicia A.")


@pytest.mark.parametrize(
    ("userinfo", "name"),
    [
        ({"sub": "u-17", "name": "Alicia A.", "email": "a@b.example"}, "Alicia A."),
        ({"sub": "u-17", "preferred_username": "", "name": 1, "email": "a@b.example"}, "a@b.example"),
        ({"sub": "u-17"}, "u-17"),
        ({"sub": "u-17", "name": "a\u202eb\n\tc" + "x" * 500}, "a b c" + "x" * 95),
        ({"sub": "u-18", "name": "Somebody else"}, ""),
        ({"name": "Nobody"}, ""),
        ([], ""),
    ],
)
async def test_the_name_is_what_the_userinfo_endpoint_says_of_the_same_user(userinfo, name):
    """OpenID Connect Core §5.3.2 MUST."""
    world = HandWorld()
    world.server.userinfo = userinfo
    await world.connect()
    assert world.stored.account == name


async def test_a_userinfo_endpoint_that_fails_costs_only_the_name():
    """Ours: a name is no reason to lose tokens."""
    world = HandWorld()
    world.server.metadata["userinfo_endpoint"] = f"{ISSUER}/nothing"
    await world.connect()
    assert world.stored.account == ""


async def test_a_server_that_is_down_before_the_code_is_exchanged_is_unreachable():
    """Ours: a passing fault is told apart."""
    world = HandWorld()
    world.server.raw = httpx2.Response(502)
    await refuse(world, PeerUnreachableError)
