from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from applinks.errors import LinkUnusableError, PeerProtocolError, PeerRefusedError, PeerUnreachableError, RefusedError
from applinks.outgoing.errors import AccessDeniedError, WrongIssuerError
from applinks.outgoing.journeys.oauth1 import digest_state
from applinks.outgoing.round_trip import begin, finish
from applinks.secret import Secret
from applinks.settings import Settings
from applinks.wire.linking.terms import Level
from applinks.wire.oauth1.signature import SignatureMethod
from tests.outgoing.fakes import ALICIA, BOB, CONSUMER_KEY, LINK_ID, OWN, PEER
from tests.outgoing.oauth1_peer import (
    BROWSER,
    ENDPOINTS,
    OAuth1World,
    make_hand_link,
    make_oauth1_link,
    register,
)

pytestmark = pytest.mark.anyio


async def end(world: OAuth1World, query: str, *, session: bytes = BROWSER, user=ALICIA, link: str = LINK_ID):
    return await finish(link, query, session, user, side=world.side)


@pytest.mark.requirement("rfc5849-2.1-1")
async def test_temporary_credentials_are_asked_for_with_the_links_own_callback():
    """RFC 5849 §2.1."""
    world = OAuth1World()
    url = await world.start()
    [asked], [said] = world.peer.log, world.peer.seen
    assert (asked.method, str(asked.url), asked.content) == ("POST", ENDPOINTS.temporary, b"")
    assert said["oauth_callback"] == f"{OWN}/applinks/callback/{LINK_ID}"
    assert said["oauth_consumer_key"] == CONSUMER_KEY
    assert said["oauth_signature_method"] == "RSA-SHA1"
    assert "oauth_token" not in said
    assert dict(parse_qsl(urlsplit(url).query)) == {"x": "1", "oauth_token": "temporary 0"}


@pytest.mark.parametrize("method", list(SignatureMethod))
async def test_a_user_connects_whatever_signs(method):
    """RFC 5849 §3.4: every method, judged by oauthlib."""
    world = OAuth1World(registration=register(method))
    finished = await world.connect()
    assert (finished.return_to, finished.link) == ("/dashboard", world.link)
    assert {said["oauth_signature_method"] for said in world.peer.seen} == {method.value}
    assert (await world.hold().get("/api/issues")).status_code == 200


async def test_the_journey_ends_with_a_stored_connection():
    """Product §5; the session extension."""
    world = OAuth1World()
    await world.connect()
    stored, now = world.stored, world.clock.now()
    assert (stored.protocol, stored.issuer, stored.user_id) == ("oauth1", PEER, "u1")
    assert (stored.access_token, stored.token_secret) == (Secret("token/1"), Secret("s&cret 1"))
    assert stored.refresh_token == Secret("handle+1")
    assert (stored.expires_at, stored.session_expires_at) == (now + 3600, now + 86400)
    assert stored.scopes == ("issues:read", "issues:write")
    [event] = world.store.events
    assert (event.action, event.detail["protocol"]) == ("connection.made", "oauth1")


async def test_what_a_server_does_not_say_of_time_is_not_known():
    """RFC 5849 §2.3: token and secret are all that there has to be."""
    world = OAuth1World(registration=register())
    world.peer.handles = False
    await world.connect()
    assert (world.stored.expires_at, world.stored.session_expires_at, world.stored.refresh_token) == (0, 0, None)


async def test_the_journey_is_kept_as_a_digest_with_its_secret_hidden():
    """Ours: what stands in the database starts nothing."""
    world = OAuth1World()
    await world.start()
    [trip] = world.store.trips.values()
    assert trip.state == digest_state(LINK_ID, Secret("temporary 0"))
    assert (trip.protocol, trip.session, trip.code_verifier) == ("oauth1", BROWSER, Secret("temp&secret"))
    assert "temp&secret" not in repr(trip)


async def test_a_server_that_does_not_confirm_the_callback_is_not_used():
    """RFC 5849 §2.1 MUST: else a stranger could finish what a user began."""
    world = OAuth1World(registration=register())
    world.peer.confirms = False
    with pytest.raises(PeerProtocolError) as raised:
        await world.start()
    assert raised.value.code == "callback_not_confirmed"
    assert world.store.trips == {}


@pytest.mark.requirement("CL-10")
async def test_a_journey_is_finished_once():
    """RFC 5849 §2.2; security CL-10."""
    world = OAuth1World()
    query = world.peer.approve(await world.start())
    await end(world, query)
    with pytest.raises(RefusedError) as raised:
        await end(world, query)
    assert raised.value.code == "unknown_state"
    assert world.peer.count("/access-token") == 1


@pytest.mark.requirement("CL-10")
@pytest.mark.parametrize("foreign", [{"session": b"session-2"}, {"link": "lnk_" + "b" * 22}])
async def test_another_browser_or_link_cannot_finish_and_uses_nothing_up(foreign):
    """Security CL-10."""
    world = OAuth1World()
    query = world.peer.approve(await world.start())
    with pytest.raises(RefusedError):
        await end(world, query, **foreign)
    assert world.peer.count("/access-token") == 0
    await end(world, query)


async def test_another_user_cannot_finish():
    """Security CL-10: a log-in in between."""
    world = OAuth1World()
    with pytest.raises(RefusedError) as raised:
        await end(world, world.peer.approve(await world.start()), user=BOB)
    assert raised.value.code == "wrong_user"


async def test_a_journey_that_took_too_long_is_over():
    """Product §3: ten minutes."""
    world = OAuth1World()
    query = world.peer.approve(await world.start())
    world.clock.advance(600)
    with pytest.raises(RefusedError) as raised:
        await end(world, query)
    assert raised.value.code == "expired"


@pytest.mark.parametrize(
    "query",
    [
        "oauth_token=temporary+0&oauth_verifier=denied",
        "oauth_token=temporary+0&oauth_problem=user_refused",
        "oauth_token=temporary+0&oauth_problem=permission_denied&oauth_verifier=x",
        "denied=temporary+0",
    ],
)
async def test_a_user_who_says_no_is_told_so(query):
    """Atlassian's wire: ``oauth_verifier=denied``; and what other servers say."""
    world = OAuth1World()
    await world.start()
    with pytest.raises(AccessDeniedError) as raised:
        await end(world, query)
    assert (raised.value.return_to, raised.value.code) == ("/dashboard", "access_denied")
    assert world.peer.count("/access-token") == 0
    assert world.store.trips == {}


@pytest.mark.parametrize(
    "query",
    [
        "oauth_token=temporary+0",
        "oauth_verifier=x",
        "oauth_token=temporary+0&oauth_token=other&oauth_verifier=x",
        "oauth_token=temporary+0&oauth_verifier=%ff",
        "oauth_problem=token_expired",
        "",
    ],
)
async def test_an_answer_that_cannot_be_read_uses_nothing_up(query):
    """RFC 5849 §2.2."""
    world = OAuth1World()
    await world.start()
    with pytest.raises(RefusedError):
        await end(world, query)
    assert len(world.store.trips) == 1


async def test_an_answer_of_oauth_2_does_not_finish_a_journey_of_oauth_1():
    """Ours: a journey remembers its protocol."""
    world = OAuth1World()
    await world.start()
    with pytest.raises(RefusedError) as raised:
        await end(world, urlencode({"state": "temporary 0", "code": "c", "oauth_token": "temporary 0"}))
    assert raised.value.code == "unknown_state"


async def test_a_wrong_verifier_is_refused_with_the_servers_problem():
    """RFC 5849 §2.3."""
    world = OAuth1World()
    with pytest.raises(PeerRefusedError) as raised:
        await world.connect(oauth_verifier="guessed")
    assert raised.value.code == "verifier_invalid"
    assert "guessed" not in raised.value.detail
    assert world.store.connections == {}


async def test_a_link_that_leads_elsewhere_by_now_gets_nothing():
    """CL-21: credentials belong to whom they were asked of."""
    world = OAuth1World()
    query = world.peer.approve(await world.start())
    link = world.link
    world.store.links[LINK_ID] = replace(link, peer=replace(link.peer, url="https://other.example"))
    with pytest.raises(WrongIssuerError):
        await end(world, query)
    assert world.peer.count("/access-token") == 0


async def test_a_link_that_speaks_oauth_1_no_more_gets_nothing():
    """Ours: the terms changed meanwhile."""
    world = OAuth1World()
    query = world.peer.approve(await world.start())
    world.store.links[LINK_ID] = replace(world.link, outgoing=replace(world.link.outgoing, protocols=("oauth2",)))
    with pytest.raises(LinkUnusableError):
        await end(world, query)


async def test_a_server_that_is_down_begins_nothing():
    """Ours: nothing is kept of a journey that never began."""
    world = OAuth1World()
    world.peer._give_temporary = lambda _: world.peer.refuse("permission_denied", 503)
    with pytest.raises(PeerUnreachableError):
        await world.start()
    assert world.store.trips == {}


async def test_a_handshake_that_gives_users_nothing_begins_nothing():
    """Handshake §5; by hand nobody knows scopes, and the server asks the user itself."""
    with pytest.raises(LinkUnusableError):
        await OAuth1World(make_oauth1_link(user_scopes=())).start()
    await OAuth1World(make_hand_link(), register()).start()


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"client_id": ""}, "the consumer key"),
        ({"client_secret": None}, "the shared secret"),
        ({"client_secret": Secret("")}, "the shared secret"),
        ({"signature_method": None}, "the shared secret"),
        ({"endpoints": None}, "the three URLs"),
        ({"endpoints": replace(ENDPOINTS, temporary="")}, "the three URLs"),
    ],
)
async def test_what_is_still_to_be_entered_is_said(changes, missing):
    """Ours: an administrator reads it."""
    with pytest.raises(LinkUnusableError) as raised:
        await OAuth1World(registration=register(**changes)).start()
    assert raised.value.code == "registration_incomplete"
    assert missing in raised.value.description


async def test_a_manifest_that_says_nothing_of_oauth_1_cannot_be_called():
    """Ours: a peer of before."""
    link = make_oauth1_link()
    world = OAuth1World(replace(link, peer=replace(link.peer, manifest={})))
    with pytest.raises(LinkUnusableError):
        await world.start()


@pytest.mark.requirement("O1-05", "rfc5849-3.4.4-1")
async def test_plaintext_is_signed_over_tls_alone():
    """RFC 5849 §3.4.4; security O1-05."""
    endpoints = replace(ENDPOINTS, token="http://localhost:8002/token")
    world = OAuth1World(registration=register(SignatureMethod.PLAINTEXT, endpoints=endpoints))
    with pytest.raises(LinkUnusableError):
        await world.start()
    assert world.peer.log == []


async def test_our_settings_say_which_protocols_are_spoken():
    """Product §4: a link holds those that both sides have."""
    world = OAuth1World(make_oauth1_link(protocols=("oauth1", "oauth2")))
    assert (await world.start()).startswith(ENDPOINTS.authorization)
    object.__setattr__(world.side, "settings", Settings(base_url=OWN, protocols=("oauth2",)))
    world.store.links[LINK_ID] = make_oauth1_link()
    with pytest.raises(LinkUnusableError):
        await begin("tracker", ALICIA, BROWSER, "/", side=world.side)


async def test_a_link_that_is_switched_off_begins_nothing():
    """Atlassian's levels: Disabled."""
    with pytest.raises(LinkUnusableError):
        await OAuth1World(make_oauth1_link(level=Level.DISABLED)).start()
