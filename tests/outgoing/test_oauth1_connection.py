from dataclasses import replace

import httpx2
import pytest

from applinks.errors import (
    AuthorizationNeeded,
    LinkUnusableError,
    PeerRefusedError,
    UnsafeCallError,
)
from applinks.outgoing.connection import PeerConnection
from applinks.outgoing.disconnection import disconnect
from applinks.records.connections import ConnectionState
from applinks.settings import Settings
from applinks.wire.linking.terms import Level
from applinks.wire.oauth1.signature import SignatureMethod
from tests.outgoing.fakes import CONSUMER_KEY, LINK_ID, OWN, PEER, World, make_link
from tests.outgoing.oauth1_peer import (
    OAuth1World,
    list_parameters,
    make_hand_link,
    make_oauth1_link,
    register,
)

pytestmark = pytest.mark.anyio

HARD = [("a", "1"), ("a", ""), ("a", "1"), ("ä ö", "b c+d%&=/?[]|~"), ("", "x"), ("z", "日本")]


async def connected(*args, **options) -> OAuth1World:
    world = OAuth1World(*args, **options)
    await world.connect()
    return world


@pytest.mark.requirement("O1-01")
@pytest.mark.parametrize("method", list(SignatureMethod))
async def test_a_call_is_signed_with_the_users_token_and_hard_parameters(method):
    """RFC 5849 §3.4.1.3: repeated, empty, reserved and non-ASCII parameters, judged by oauthlib."""
    world = await connected(registration=register(method))
    response = await world.hold().get("/api/issues", params=HARD, headers={"X-Own": "1"})
    assert response.status_code == 200
    assert (response.json()["oauth_token"], response.json()["oauth_consumer_key"]) == ("token/1", CONSUMER_KEY)
    sent = world.peer.log[-1]
    assert sent.headers["x-own"] == "1"
    assert [pair for pair in list_parameters(sent) if not pair[0].startswith("oauth_")] == HARD


@pytest.mark.requirement("O1-01")
@pytest.mark.parametrize("path", ["/a%2Fb//c;d", "/%C3%A4?q", "/x?b=2&a=%20&b=1&=", "/x?", "/x?a=b%20c+d&a=%e4%bd%9c"])
async def test_a_path_is_signed_as_it_is_sent(path):
    """RFC 5849 §3.4.1.2, §3.4.1.3."""
    world = await connected()
    assert (await world.hold().get(path)).status_code == 200


@pytest.mark.requirement("O1-01", "rfc5849-3.4.1.3.1-1")
async def test_a_form_is_signed_and_any_other_body_is_not():
    """RFC 5849 §3.4.1.3.1."""
    world = await connected()
    hold = world.hold()
    assert (await hold.post("/x", data={"a": ["1", "2"], "b": "c d+&ä"}, params={"q": ""})).status_code == 200
    assert world.peer.log[-1].content == b"a=1&a=2&b=c+d%2B%26%C3%A4"
    assert (await hold.post("/x", json={"oauth_token": "a"})).status_code == 200
    assert (await hold.put("/x", content=b"\xff\x00")).status_code == 200
    assert (await hold.post("/x", files={"f": b"1"}, data={"oauth_nonce": "1"})).status_code == 200


async def test_a_stream_is_sent_unsigned_and_an_answer_is_streamed():
    """Product §5."""
    world = await connected()

    async def parts():
        yield b"1"
        yield b"2"

    async with world.hold().stream("POST", "/x", content=parts()) as response:
        assert response.status_code == 200
    with pytest.raises(UnsafeCallError):
        await world.hold().post(
            "/x", content=parts(), headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        )


@pytest.mark.parametrize(
    "options",
    [
        {"params": {"oauth_token": "other"}},
        {"params": {"xoauth_requestor_id": "admin"}},
        {"params": [("%6Fauth_token", "x"), ("oauth_x", "")]},
        {"data": {"oauth_callback": "x"}},
        {"data": {"xoauth_requestor_id": "admin"}},
        {"headers": {"Authorization": "OAuth x"}},
    ],
)
@pytest.mark.parametrize("user_id", ["u1", None])
async def test_what_only_the_signer_says_is_not_said_by_a_form_of_the_host(options, user_id):
    """Ours: whoever fills in a parameter must not choose as whom the call is made."""
    world = await connected()
    before = len(world.peer.log)
    with pytest.raises(UnsafeCallError):
        await world.hold(user_id).post("/x", **options)
    with pytest.raises(UnsafeCallError):
        await world.hold(user_id).get("/x?%78oauth_requestor_id=admin")
    assert len(world.peer.log) == before


@pytest.mark.requirement("rfc5849-3.3-2")
async def test_every_request_has_its_own_nonce_and_the_time():
    """RFC 5849 §3.3."""
    world = await connected()
    for _ in range(3):
        await world.hold().get("/x")
    said = world.peer.seen[-3:]
    assert len({each["oauth_nonce"] for each in said}) == 3
    assert {each["oauth_timestamp"] for each in said} == {str(world.clock.now())}


async def test_a_user_without_connection_is_sent_to_connect():
    """Product §5: `AuthorizationNeeded` as before."""
    for world in (OAuth1World(), OAuth1World(registration=register())):
        with pytest.raises(AuthorizationNeeded) as raised:
            await world.hold().get("/x")
        assert raised.value.url.endswith(f"/applinks/connect/{LINK_ID}")
        assert world.failures.recorded == []


@pytest.mark.parametrize(
    ("registration", "token"),
    [(None, ""), (register(SignatureMethod.RSA_SHA1), ""), (register(SignatureMethod.HMAC_SHA256), None)],
)
async def test_the_application_calls_in_its_own_name_with_two_legs(registration, token):
    """Atlassian's wire, two-legged: ``oauth_token`` there but empty; absent is common elsewhere."""
    world = OAuth1World(registration=registration)
    response = await world.hold(None).get("/x")
    assert response.status_code == 200
    assert response.json().get("oauth_token") == token
    assert world.store.connections == {}


async def test_two_legs_need_something_of_ones_own():
    """Handshake §5: application scopes; what a server by hand gives, only the call tells."""
    world = OAuth1World(make_oauth1_link(application_scopes=()))
    with pytest.raises(PeerRefusedError):
        await world.hold(None).get("/x")
    assert world.peer.log == []
    assert len(world.failures.recorded) == 1


async def test_a_call_with_two_legs_that_is_refused_is_not_repeated():
    """Ours: there is nothing to renew."""
    world = OAuth1World()
    world.peer.api = lambda _: world.peer.refuse("token_rejected")
    assert (await world.hold(None).get("/x")).status_code == 401
    assert len(world.peer.log) == 1


@pytest.mark.requirement("O1-06")
@pytest.mark.parametrize("path", ["/x", "/x?a=b&c=%2F", "/x?"])
async def test_impersonation_names_the_user_in_the_signed_query(path):
    """Atlassian's wire: ``xoauth_requestor_id``, instead of asking her."""
    world = OAuth1World(make_oauth1_link(level=Level.IMPERSONATION))
    said = (await world.hold("u2").get(path)).json()
    assert (said["xoauth_requestor_id"], said["oauth_token"]) == ("bob & co/ä", "")
    assert str(world.peer.log[-1].url).startswith(PEER + path)
    assert world.store.connections == {}


async def test_a_user_who_connected_is_not_impersonated():
    """Ours: what she granted herself comes first."""
    world = await connected(make_oauth1_link(level=Level.IMPERSONATION))
    said = (await world.hold().get("/x")).json()
    assert said["oauth_token"] == "token/1"
    assert "xoauth_requestor_id" not in said
    world.peer.tokens.clear()
    with pytest.raises(AuthorizationNeeded):
        await world.hold().get("/x")
    assert (await world.hold().get("/x")).json()["xoauth_requestor_id"] == "alicia"


async def test_a_user_who_is_gone_is_not_impersonated():
    """Ours: an id that the host does not know."""
    world = OAuth1World(make_oauth1_link(level=Level.IMPERSONATION))
    with pytest.raises(LinkUnusableError) as raised:
        await world.hold("u9").get("/x")
    assert raised.value.code == "unknown_user"


@pytest.mark.requirement("O1-06")
@pytest.mark.parametrize(
    ("link", "name"),
    [
        (make_oauth1_link(), ""),
        (make_oauth1_link(level=Level.IMPERSONATION), "second account"),
        (make_oauth1_link(level=Level.IMPERSONATION, user_scopes=()), ""),
        (make_link(outgoing=replace(make_link().outgoing, level=Level.IMPERSONATION)), ""),
    ],
)
async def test_nobody_is_impersonated_beyond_the_level_of_the_link(link, name):
    """Atlassian's levels, *OAuth with impersonation*; one of her accounts she chooses herself."""
    world = OAuth1World(link)
    with pytest.raises(AuthorizationNeeded):
        await world.hold("u1", name).get("/x")


@pytest.mark.parametrize("in_body", [False, True])
@pytest.mark.parametrize("problem", ["token_expired", "token_rejected"])
async def test_a_refused_token_is_renewed_once_and_the_call_repeated(problem, in_body):
    """The session extension: a token may end before its time."""
    world = await connected()
    world.peer.in_body = in_body
    token = world.peer.tokens.pop("token/1")
    world.peer.api = lambda request: httpx2.Response(200, json=world.peer.seen[-1])
    world.peer.refusals["token/1"] = problem
    renew = world.peer._give_token

    def give(said):
        world.peer.tokens["token/1"] = token
        return renew(said)

    world.peer._give_token = give
    # Its secret is still known there: the signature is good.
    world.peer.temporary["token/1"] = token
    assert (await world.hold().post("/x", json={"a": 1})).json()["oauth_token"] == "token/2"
    assert (world.stored.access_token.reveal(), world.stored.version) == ("token/2", 2)
    assert world.peer.log[-1].content == b'{"a":1}'


async def test_a_stream_renews_too():
    """Product §5."""
    world = await connected()
    world.peer.temporary["token/1"] = world.peer.tokens.pop("token/1")
    world.peer._give_token = lambda _: httpx2.Response(
        200, text="&".join(f"{name}={value}" for name, value in world.peer.give(secret="s").items())
    )
    async with world.hold().stream("GET", "/x") as response:
        assert response.status_code == 200


async def test_a_token_that_ended_for_good_asks_the_user_again():
    """Issue: else the connection ended; she is asked."""
    world = await connected()
    world.peer.temporary["token/1"] = world.peer.tokens.pop("token/1")
    with pytest.raises(AuthorizationNeeded):
        await world.hold().get("/x")
    assert world.stored.state is ConnectionState.ENDED_BY_PEER
    assert await world.hold().find_connection() is None


@pytest.mark.parametrize("in_body", [False, True])
@pytest.mark.parametrize(
    ("ahead", "sentence"), [(-700, "ours is 700 seconds behind."), (1000, "ours is 1000 seconds ahead.")]
)
async def test_clocks_that_differ_are_reported_in_words(ahead, sentence, in_body):
    """Problem reporting, ``timestamp_refused``."""
    world = OAuth1World()
    world.peer.in_body = in_body
    theirs = world.clock.now() - ahead
    acceptable = f"{theirs - 300}-{theirs + 300}"
    world.peer.api = lambda _: world.peer.refuse("timestamp_refused", oauth_acceptable_timestamps=acceptable)
    with pytest.raises(PeerRefusedError) as raised:
        await world.hold(None).get("/x")
    assert raised.value.code == "timestamp_refused"
    assert raised.value.description.endswith(sentence)
    assert acceptable in raised.value.detail
    assert raised.value.reference == "AL-TEST-0001"


async def test_clocks_that_differ_by_who_knows_what_are_reported():
    """Ours: a server that leaves out what it accepts, or writes nonsense."""
    world = OAuth1World()
    for said in ({}, {"oauth_acceptable_timestamps": "now-later"}):
        world.peer.api = lambda _, said=said: world.peer.refuse("timestamp_refused", **said)
        with pytest.raises(PeerRefusedError) as raised:
            await world.hold(None).get("/x")
        assert "differ too much" in raised.value.description


@pytest.mark.parametrize("problem", ["signature_invalid", "consumer_key_unknown", "nonce_used", "parameter_absent"])
async def test_a_server_that_refuses_how_the_link_is_set_up_is_a_failure(problem):
    """Ours: no answer of the application; an administrator has to know."""
    world = await connected()
    world.peer.more = {"oauth_signature_base_string": "GET&token%2F1", "oauth_parameters_absent": "token/1 s"}
    world.peer.api = lambda _: world.peer.refuse(problem)
    with pytest.raises(PeerRefusedError) as raised:
        await world.hold().get("/x")
    assert raised.value.code == problem
    assert "token/1" not in raised.value.detail
    assert "token%2F1" not in raised.value.detail
    with pytest.raises(PeerRefusedError):
        async with world.hold().stream("GET", "/x"):
            pass
    assert len(world.failures.recorded) == 2


@pytest.mark.parametrize("answer", [(403, {}), (401, {}), (401, {"WWW-Authenticate": 'Basic realm="x"'}), (500, {})])
async def test_an_answer_of_the_application_is_given_back(answer):
    """Ours: the host knows what its peer's 403 means."""
    world = await connected()
    status, headers = answer
    world.peer.api = lambda _: httpx2.Response(status, headers=headers, text="no")
    assert (await world.hold().get("/x")).status_code == status


@pytest.mark.parametrize("problem", ["permission_denied", "user_refused", "permission_unknown"])
async def test_what_the_user_may_not_do_is_an_answer(problem):
    """Ours: as 403 ``insufficient_scope`` of OAuth 2 is."""
    world = OAuth1World(make_oauth1_link(level=Level.IMPERSONATION))
    world.peer.api = lambda _: world.peer.refuse(problem)
    assert (await world.hold().get("/x")).status_code == 401
    assert world.failures.recorded == []


async def test_the_stored_connection_says_the_protocol_and_else_the_link_does():
    """Product §5: each connection remembers its own; the first usable protocol of the link calls."""
    world = await connected(make_oauth1_link(protocols=("oauth2", "oauth1")))
    object.__setattr__(world.side, "settings", Settings(base_url=OWN))
    assert (await world.hold().get("/x")).json()["oauth_token"] == "token/1"
    other = World(outgoing=replace(make_link().outgoing, protocols=("oauth1", "oauth2")))
    token = other.connect().access_token.reveal()
    object.__setattr__(other.side, "settings", Settings(base_url=OWN, protocols=("oauth1", "oauth2")))
    hold = PeerConnection("tracker", user_id="u1", side=other.side)
    assert (await hold.get("/x")).status_code == 200
    assert other.peer.log[-1].headers["authorization"] == f"Bearer {token}"


async def test_a_connection_of_a_protocol_that_the_link_speaks_no_more_is_none():
    """Ours: the terms changed."""
    world = await connected()
    world.store.links[LINK_ID] = make_link()
    with pytest.raises(AuthorizationNeeded) as raised:
        await world.hold().get("/x")
    assert "oauth1" in raised.value.detail


async def test_credentials_of_another_server_are_not_shown():
    """CL-21."""
    world = await connected(registration=register())
    link = world.link
    world.store.links[LINK_ID] = link.changed(peer=replace(link.peer, url="https://other.example"))
    with pytest.raises(AuthorizationNeeded):
        await world.hold().get("/x")


async def test_a_registration_that_changed_counts_at_once():
    """Ours: it is kept for one version of the link."""
    world = await connected(registration=register())
    world.peer.shared = "newer"
    assert world.side.registrations.find(world.link) == register()
    with pytest.raises(PeerRefusedError) as raised:
        await world.hold().get("/x")
    assert raised.value.code == "signature_invalid"
    world.store.registrations[LINK_ID] = register(client_secret=type(register().client_secret)("newer"))
    world.store.links[LINK_ID] = world.link.changed()
    assert (await world.hold().get("/x")).status_code == 200


async def test_the_private_key_is_parsed_once():
    """Performance: parsing takes longer than signing."""
    world = await connected()
    for _ in range(3):
        await world.hold().get("/x")
    assert len(world.side.oauth1_keys._kept) == 1


async def test_disconnecting_says_that_the_peer_knows_nothing_of_it():
    """Ours: OAuth 1.0a has no revocation."""
    world = await connected()
    before = len(world.peer.log)
    assert not await disconnect(world.stored, actor="user:u1", side=world.side)
    assert world.store.connections == {}
    assert len(world.peer.log) == before


async def test_no_secret_is_in_any_representation():
    """Security N-05."""
    world = await connected(make_hand_link(), register())
    await world.hold().get("/x")
    shown = repr(world.side) + repr(world.stored) + repr(world.side.registrations.find(world.link))
    assert not [secret for secret in ("sh&red", "s&cret", "token/1", "handle+1", "PRIVATE") if secret in shown]
