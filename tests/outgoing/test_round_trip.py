from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from applinks.errors import LinkUnusableError, PeerProtocolError, PeerRefusedError, RefusedError
from applinks.outgoing.errors import AccessDeniedError, WrongIssuerError
from applinks.outgoing.round_trip import begin, finish
from applinks.records.links import Pause
from applinks.secret import digest_secret
from applinks.wire.linking.terms import Allows
from applinks.wire.oauth2.pkce import is_code_challenge_of
from tests.outgoing.fakes import ALICIA, BOB, LINK_ID, OWN, PEER, World, error

pytestmark = pytest.mark.anyio

BROWSER = b"session-1"


async def start(world: World, *, return_to: str = "/dashboard", session: bytes = BROWSER) -> dict[str, str]:
    url = await begin("tracker", ALICIA, session, return_to, side=world.side)
    assert url.startswith(f"{PEER}/applinks/oauth2/authorize?")
    return {name: value for name, [value] in parse_qs(urlsplit(url).query, strict_parsing=True).items()}


def approve(world: World, asked: dict[str, str], **changes: str | None) -> str:
    code = f"alc_{len(world.peer.codes)}"
    world.peer.codes[code] = asked["code_challenge"]
    answer = {"code": code, "state": asked["state"], "iss": PEER} | changes
    return urlencode({name: value for name, value in answer.items() if value is not None})


async def end(world: World, query: str, *, session: bytes = BROWSER, user=ALICIA, link: str = LINK_ID):
    return await finish(link, query, session, user, side=world.side)


@pytest.mark.requirement("CL-20")
@pytest.mark.requirement("rfc7636-4.2-1")
@pytest.mark.requirement("rfc7636-4.3-1")
@pytest.mark.requirement("CL-11")
async def test_the_browser_is_sent_with_everything_that_the_peer_needs():
    """RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2.1."""
    asked = await start(World())
    assert asked.pop("state")
    assert len(asked.pop("code_challenge")) == 43
    assert asked == {
        "response_type": "code",
        "client_id": f"{OWN}/applinks/oauth2/client.json",
        "redirect_uri": f"{OWN}/applinks/callback/{LINK_ID}",
        "code_challenge_method": "S256",
        "scope": "issues:read issues:write",
        "resource": PEER,
    }


async def test_only_what_the_peer_serves_now_is_asked_for():
    """Handshake §5: below the terms each side lowers alone."""
    world = World()
    object.__setattr__(world.link.peer, "allows", Allows(user_scopes=("issues:read", "other")))
    assert (await start(world))["scope"] == "issues:read"
    object.__setattr__(world.link.peer, "allows", Allows())
    with pytest.raises(LinkUnusableError):
        await start(world)


async def test_the_journey_ends_with_a_stored_connection():
    """Product §5."""
    world = World()
    finished = await end(world, approve(world, await start(world)))
    assert (finished.return_to, finished.link) == ("/dashboard", world.link)
    stored = world.stored
    assert stored.access_token.reveal() in world.peer.access_tokens
    assert stored.refresh_token is not None
    assert (stored.issuer, stored.scopes) == (PEER, ("issues:read", "issues:write"))
    assert stored.expires_at == world.clock.now() + 3600
    [event] = world.store.events
    assert (event.actor, event.action, event.link_id) == ("user:u1", "connection.made", LINK_ID)


async def test_the_state_is_random_and_kept_as_a_digest_bound_to_the_session():
    """Issue: state bound to the browser."""
    world = World()
    asked, again = await start(world), await start(world)
    assert asked["state"] != again["state"]
    assert len(asked["state"]) == 43
    trip = world.store.trips[digest_secret(asked["state"])]
    assert trip.session == BROWSER
    assert asked["state"] not in repr(trip)
    assert trip.code_verifier.reveal() not in repr(trip)


@pytest.mark.requirement("rfc9700-2.1-3")
@pytest.mark.requirement("rfc9700-4.7.1-1")
@pytest.mark.requirement("CL-10")
async def test_a_state_works_once():
    """Security CL-10."""
    world = World()
    query = approve(world, await start(world))
    await end(world, query)
    with pytest.raises(RefusedError) as raised:
        await end(world, query)
    assert raised.value.code == "unknown_state"
    assert world.peer.count("/token") == 1


@pytest.mark.requirement("rfc9700-2.1-3")
@pytest.mark.requirement("rfc9700-2.1.1-2")
@pytest.mark.requirement("rfc9700-4.4.2-1")
@pytest.mark.requirement("rfc9700-4.7.1-1")
@pytest.mark.requirement("CL-10")
async def test_another_browser_cannot_finish_and_uses_nothing_up():
    """Security CL-10."""
    world = World()
    query = approve(world, await start(world))
    with pytest.raises(RefusedError):
        await end(world, query, session=b"session-2")
    assert world.peer.count("/token") == 0
    await end(world, query)


@pytest.mark.requirement("rfc9700-4.4.2.2-1")
@pytest.mark.requirement("rfc9700-4.4.2.2-2")
@pytest.mark.requirement("rfc9700-2.1-4")
@pytest.mark.requirement("CL-20")
async def test_a_journey_over_one_link_does_not_end_at_the_callback_of_another():
    """Security CL-20: each link has its own redirect URI."""
    world = World()
    query = approve(world, await start(world))
    with pytest.raises(RefusedError):
        await end(world, query, link="lnk_" + "b" * 22)
    await end(world, query)


@pytest.mark.requirement("CL-10")
async def test_parallel_tabs_both_arrive():
    """Security CL-10."""
    world = World()
    one = await start(world, return_to="/one")
    two = await start(world, return_to="/two")
    assert (await end(world, approve(world, two))).return_to == "/two"
    assert (await end(world, approve(world, one))).return_to == "/one"


async def test_the_user_who_began_has_to_finish():
    """Ours: on a shared machine somebody else may have logged in meanwhile."""
    world = World()
    with pytest.raises(RefusedError) as raised:
        await end(world, approve(world, await start(world)), user=BOB)
    assert raised.value.code == "wrong_user"
    assert world.store.connections == {}


async def test_a_journey_that_took_too_long_is_over():
    """Product §3: round trip 10 min."""
    world = World()
    query = approve(world, await start(world))
    world.clock.advance(600)
    with pytest.raises(RefusedError) as raised:
        await end(world, query)
    assert raised.value.code == "expired"


@pytest.mark.requirement("rfc9207-2.4-1")
@pytest.mark.requirement("rfc9207-2.4-2")
@pytest.mark.requirement("rfc9207-2.4-3")
@pytest.mark.requirement("rfc9207-2.4-4")
@pytest.mark.requirement("rfc9207-2.4-9")
@pytest.mark.requirement("rfc9700-2.1-4")
@pytest.mark.requirement("rfc9700-4.4.2.1-1")
@pytest.mark.requirement("CL-11")
@pytest.mark.requirement("CL-20")
@pytest.mark.parametrize("issuer", ["https://evil.example", f"{PEER}/", "HTTPS://tracker.example/app", None])
async def test_an_answer_of_another_issuer_is_refused_before_its_code_is_sent_anywhere(issuer):
    """RFC 9207 §2.4 MUST."""
    world = World()
    with pytest.raises(WrongIssuerError):
        await end(world, approve(world, await start(world), iss=issuer))
    assert world.peer.count("/token") == 0


@pytest.mark.requirement("rfc9207-2.4-5")
@pytest.mark.requirement("CL-11")
async def test_an_error_of_another_issuer_is_refused_too():
    """RFC 9207 §2.4."""
    world = World()
    asked = await start(world)
    with pytest.raises(WrongIssuerError):
        await end(world, urlencode({"error": "access_denied", "state": asked["state"], "iss": "https://evil.example"}))


async def test_a_no_of_the_user_is_told_as_such():
    """RFC 6749 §4.1.2.1."""
    world = World()
    asked = await start(world)
    with pytest.raises(AccessDeniedError):
        await end(world, urlencode({"error": "access_denied", "state": asked["state"], "iss": PEER}))


@pytest.mark.parametrize(("said", "code"), [("invalid_scope", "invalid_scope"), ("what_else", "peer_refused")])
async def test_another_error_carries_a_registered_code_only(said, code):
    """RFC 6749 §4.1.2.1."""
    world = World()
    asked = await start(world)
    with pytest.raises(PeerRefusedError) as raised:
        await end(world, urlencode({"error": said, "state": asked["state"], "iss": PEER}))
    assert raised.value.code == code
    assert said in raised.value.detail


@pytest.mark.requirement("rfc9207-4-2")
@pytest.mark.parametrize(
    "query",
    [
        "",
        "code=a",
        "state=a",
        "code=a&code=b&state=c",
        "code=a&state=b&state=c",
        f"code=a&state=b&iss={PEER}&iss=https://evil.example",
        "code=a&error=b&state=c",
        "code=%00&state=a",
    ],
)
async def test_a_malformed_callback_is_refused(query):
    """Security AS-07, as client: a repeated parameter is an error."""
    with pytest.raises(RefusedError) as raised:
        await end(World(), query)
    assert raised.value.status == 400


async def test_a_code_that_the_peer_refuses_stores_nothing_and_is_not_tried_again():
    """RFC 6749 §4.1.2: a code used twice ends what it gave."""
    world = World()
    world.peer.next_answers.append(error("invalid_grant"))
    with pytest.raises(PeerRefusedError):
        await end(world, approve(world, await start(world)))
    assert world.store.connections == {}
    assert world.peer.count("/token") == 1


async def test_a_link_paused_meanwhile_takes_no_connection():
    """Ours."""
    world = World()
    query = approve(world, await start(world))
    object.__setattr__(world.link, "pause", Pause(by="u0", at=1))
    with pytest.raises(LinkUnusableError):
        await end(world, query)
    assert world.peer.count("/token") == 0


@pytest.mark.requirement("rfc9700-2.1-2")
@pytest.mark.requirement("rfc9700-4.1.3-3")
@pytest.mark.requirement("rfc9700-4.11.1-1")
@pytest.mark.requirement("AS-09")
@pytest.mark.parametrize(
    "return_to",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\/evil",
        "",
        "dashboard",
        "/a\r\nb",
        "/a b",
        "/\t/evil.example",
        "javascript:alert(1)",
        "/" + "a" * 3000,
        "/é",
        "/a\\b",
    ],
)
async def test_a_way_back_that_leads_elsewhere_is_refused(return_to):
    """Security AS-09: no open redirect anywhere."""
    world = World()
    with pytest.raises(RefusedError):
        await start(world, return_to=return_to)
    assert world.store.trips == {}


@pytest.mark.parametrize("return_to", ["/", "/dashboard?tab=1#top", "/a//b"])
async def test_a_path_of_ours_is_a_way_back(return_to):
    """Ours."""
    world = World()
    assert (await end(world, approve(world, await start(world, return_to=return_to)))).return_to == return_to


@pytest.mark.requirement("CL-21")
async def test_nobody_is_sent_to_an_endpoint_elsewhere():
    """Security CL-21."""
    world = World()
    world.peer.metadata["authorization_endpoint"] = "https://evil.example/authorize"
    with pytest.raises(PeerProtocolError):
        await start(world)
    assert world.store.trips == {}


async def test_connecting_again_replaces_the_old_connection():
    """Ours: one connection for each link, user and name."""
    world = World()
    world.connect()
    await end(world, approve(world, await start(world)))
    assert world.stored.id != "con_1"
    assert len(world.store.connections) == 1


@pytest.mark.requirement("rfc7636-4.1-1")
@pytest.mark.requirement("rfc9700-2.1.1-2")
@pytest.mark.requirement("CL-11")
async def test_every_journey_has_a_verifier_of_its_own():
    """RFC 7636 §4.1 MUST; RFC 9700 §2.1.1 MUST: of one transaction."""
    world = World()
    asked, again = await start(world), await start(world)
    assert asked["code_challenge"] != again["code_challenge"]
    for each in (asked, again):
        verifier = world.store.trips[digest_secret(each["state"])].code_verifier.reveal()
        assert is_code_challenge_of(each["code_challenge"], verifier)


@pytest.mark.requirement("rfc7636-7.2-1")
async def test_a_peer_that_refuses_the_challenge_is_never_asked_with_a_plain_one():
    """RFC 7636 §7.2 MUST NOT."""
    world = World()
    asked = await start(world)
    with pytest.raises(PeerRefusedError):
        await end(world, urlencode({"error": "invalid_request", "state": asked["state"], "iss": PEER}))
    assert (await start(world))["code_challenge_method"] == "S256"


@pytest.mark.requirement("rfc9207-4-2")
@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")])
async def test_an_answer_of_two_issuers_is_of_none(order):
    """RFC 9207 §4 MUST; whichever comes first."""
    world = World()
    issuers = {"one": PEER, "two": "https://evil.example"}
    query = approve(world, await start(world), iss=None)
    query += "".join(f"&{urlencode({'iss': issuers[each]})}" for each in order)
    with pytest.raises(RefusedError):
        await end(world, query)
    assert world.peer.count("/token") == 0
