"""The authorization endpoint, before anybody is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applinks.errors import RefusedError
from applinks.incoming.oauth2.authorization_request import AuthorizationRedirect, open_authorization_request
from applinks.records.links import Direction, Pause, Rest
from applinks.wire.forms import format_form
from tests.incoming.world import BASE, LINK, PEER_REDIRECT, PUBLIC_CLIENT, World, get_refusal, read_query

pytestmark = pytest.mark.anyio


async def open_query(world: World, query: str) -> RefusedError:
    return await get_refusal(open_authorization_request(query, side=world.side))


async def get_redirect(world: World, query: str) -> dict[str, str]:
    """Give the parameters that go back to the client by redirect."""
    refusal = await open_query(world, query)
    assert isinstance(refusal, AuthorizationRedirect)
    assert refusal.url.startswith(PEER_REDIRECT + "?")
    return read_query(refusal.build_url("AL-7KQ2-M9F4"))


WRONG_REDIRECTS = [
    PEER_REDIRECT + "?more=1",
    PEER_REDIRECT + ";more",
    PEER_REDIRECT + "#",
    PEER_REDIRECT + "#part",
    PEER_REDIRECT + "/",
    PEER_REDIRECT.replace("callback", "Callback"),
    PEER_REDIRECT.replace("callback", "c%61llback"),
    PEER_REDIRECT.replace("callback", "x/../callback"),
    PEER_REDIRECT.replace("https://", "https://user@"),
    PEER_REDIRECT.replace("start.example", "start.example:8443"),
    PEER_REDIRECT.replace("start.example", "start.example.evil.example"),
    PEER_REDIRECT.replace("start.example", "stärt.example"),
    PEER_REDIRECT.replace("start.example/", "start.example\\@evil.example/"),
    PEER_REDIRECT.replace("https://", "http://"),
    PEER_REDIRECT.upper(),
    "https://*.example/",
    "javascript:alert(1)",
]


@pytest.mark.requirement("rfc9700-2.1-2")
@pytest.mark.requirement("rfc9700-2.1-1")
@pytest.mark.requirement("rfc9700-4.1.3-1")
@pytest.mark.requirement("rfc9700-4.11.2-1")
@pytest.mark.requirement("AS-01")
@pytest.mark.requirement("AS-03")
@pytest.mark.parametrize("redirect_uri", WRONG_REDIRECTS)
async def test_a_redirect_uri_that_is_not_the_registered_one_gets_a_page_and_no_redirect(
    world: World, redirect_uri: str
) -> None:
    """RFC 9700 §2.1 MUST: exact comparison; RFC 6749 §4.1.2.1 MUST NOT redirect."""
    refusal = await open_query(world, world.query(redirect_uri=redirect_uri))
    assert not isinstance(refusal, AuthorizationRedirect)
    # The code under which the page has its own sentence.
    assert (refusal.status, refusal.code) == (400, "invalid_redirect_uri")


@pytest.mark.requirement("rfc9700-4.1.3-2")
@pytest.mark.requirement("AS-02")
@pytest.mark.parametrize("redirect_uri", ["http://127.0.0.1/done", "http://127.0.0.1:51004/done"])
async def test_the_port_of_a_loopback_redirect_may_vary(world: World, redirect_uri: str) -> None:
    """RFC 8252 §7.3 MUST."""
    query = world.query(client=PUBLIC_CLIENT, redirect_uri=redirect_uri)
    opened = await open_authorization_request(query, side=world.side)
    assert opened.redirect_uri == redirect_uri


@pytest.mark.requirement("rfc9700-2.1-1")
@pytest.mark.requirement("AS-02")
@pytest.mark.parametrize(
    "redirect_uri",
    [
        "http://127.0.0.1:80@evil.example/done",
        "http://127.0.0.1:51004/other",
        "http://localhost:51004/done",
        "https://127.0.0.1:51004/done",
        "http://127.0.0.1:/done",
        "http://127.0.0.1:99999/done",
        "http://127.0.0.1.evil.example/done",
    ],
)
async def test_nothing_but_the_port_of_a_loopback_redirect_may_vary(world: World, redirect_uri: str) -> None:
    """RFC 8252 §7.3; ours: userinfo never rides along."""
    refusal = await open_query(world, world.query(client=PUBLIC_CLIENT, redirect_uri=redirect_uri))
    assert not isinstance(refusal, AuthorizationRedirect)


@pytest.mark.requirement("rfc9700-2.1-2")
@pytest.mark.requirement("rfc9700-4.11.2-1")
@pytest.mark.requirement("AS-03")
@pytest.mark.parametrize(
    "changes", [{"client_id": None}, {"client_id": "nobody"}, {"redirect_uri": None}, {"redirect_uri": ""}]
)
async def test_without_a_valid_client_and_redirect_uri_nothing_goes_back(
    world: World, changes: dict[str, str | None]
) -> None:
    """RFC 6749 §4.1.2.1 MUST NOT."""
    refusal = await open_query(world, world.query(**changes))
    assert not isinstance(refusal, AuthorizationRedirect)


@pytest.mark.requirement("AS-03")
@pytest.mark.requirement("AS-07")
@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
async def test_a_repeated_client_or_redirect_uri_gets_a_page(world: World, name: str) -> None:
    """RFC 6749 §3.1 MUST NOT."""
    value = dict(p.split("=") for p in world.query().split("&"))[name]
    refusal = await open_query(world, f"{world.query()}&{name}={value}")
    assert not isinstance(refusal, AuthorizationRedirect)


@pytest.mark.requirement("AS-07")
@pytest.mark.parametrize(
    "more", ["scope=issues:read", "state=2", "response_type=code", "x=1&x=2", "x=%00", "x=%ff", "%ff=1", "x=%zz"]
)
async def test_whatever_else_is_repeated_or_malformed_goes_back_by_redirect(world: World, more: str) -> None:
    """RFC 6749 §3.1 MUST NOT; product: the error goes back when client and redirect URI are valid."""
    found = await get_redirect(world, f"{world.query()}&{more}")
    assert found["error"] == "invalid_request"


@pytest.mark.requirement("rfc9207-2-1")
@pytest.mark.requirement("AS-06")
async def test_an_error_response_holds_iss_state_and_the_reference(world: World) -> None:
    """RFC 9207 §2 MUST; RFC 6749 §4.1.2.1."""
    found = await get_redirect(world, world.query(response_type="token"))
    assert found["error"] == "unsupported_response_type"
    assert (found["iss"], found["state"], found["reference"]) == (BASE, "a state", "AL-7KQ2-M9F4")


@pytest.mark.requirement("rfc7636-1-1")
@pytest.mark.requirement("rfc7636-4.4.1-1")
@pytest.mark.requirement("rfc7636-4.4.1-2")
@pytest.mark.requirement("rfc9700-4.8.2-1")
@pytest.mark.requirement("rfc9700-2.1.1-1")
@pytest.mark.requirement("AS-10")
@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": "s256"},
        {"code_challenge_method": "S512"},
        {"code_challenge": "short"},
        {"code_challenge": "a" * 44},
        {"code_challenge": "+" * 43},
    ],
)
async def test_pkce_with_s256_is_required(world: World, changes: dict[str, str | None]) -> None:
    """RFC 7636 §4.4.1 MUST; RFC 9700 §2.1.1 MUST."""
    found = await get_redirect(world, world.query(**changes))
    assert found["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"request": "ey"}, "invalid_request"),
        ({"request_uri": "https://start.example/r"}, "invalid_request"),
        ({"scope": "issues:read unknown"}, "invalid_scope"),
        ({"scope": "issues:delete"}, "invalid_scope"),
        ({"scope": "applinks:check"}, "invalid_scope"),
        ({"scope": 'issues"'}, "invalid_scope"),
        ({"scope": "notes:read"}, "invalid_scope"),
        ({"resource": "https://elsewhere.example"}, "invalid_target"),
        ({"resource": BASE + ".evil.example"}, "invalid_target"),
        ({"resource": BASE + "/notes#part"}, "invalid_target"),
        ({"resource": BASE + "/notes/../api"}, "invalid_target"),
        ({"resource": BASE + "/n%6ftes"}, "invalid_target"),
    ],
)
async def test_what_cannot_be_granted_goes_back_with_its_code(
    world: World, changes: dict[str, str | None], code: str
) -> None:
    """RFC 6749 §4.1.2.1, RFC 8707 §2."""
    found = await get_redirect(world, world.query(**changes))
    assert found["error"] == code


@pytest.mark.parametrize(
    ("resource", "scope", "found"),
    [
        (None, None, BASE),
        (BASE, None, BASE),
        (BASE + "/", None, BASE),
        (BASE + "/api/issues?x=1", None, BASE),
        (BASE + "/notesbook", None, BASE),
        (BASE + "/notes", "notes:read", BASE + "/notes"),
        (BASE + "/notes/today", "notes:read", BASE + "/notes"),
    ],
)
async def test_a_resource_means_the_nearest_declared_one_above_it(
    world: World, resource: str | None, scope: str | None, found: str
) -> None:
    """RFC 8707 §2; product §3."""
    opened = await open_authorization_request(world.query(resource=resource, scope=scope), side=world.side)
    assert opened.resource.identifier == found


@pytest.mark.parametrize("scope", [None, "", "offline_access", "   "])
async def test_a_request_without_scope_means_the_declared_defaults(world: World, scope: str | None) -> None:
    """RFC 6749 §3.3; product §4: offline_access changes nothing."""
    opened = await open_authorization_request(world.query(scope=scope), side=world.side)
    assert opened.scopes == ("issues:read",)


async def test_scopes_are_shown_in_the_order_of_the_host_and_prompt_is_ignored(world: World) -> None:
    """Ours: the page reads the same, however a client asks."""
    query = world.query(scope="issues:write offline_access issues:read issues:write", prompt="none")
    opened = await open_authorization_request(query, side=world.side)
    assert [scope.name for scope in opened.asked] == ["issues:read", "issues:write"]


@pytest.mark.parametrize(
    "changes",
    [
        {"pause": Pause(by="user:9", at=1)},
        {"rest": frozenset({Rest.OUT_OF_STEP})},
        {"agreed": None, "pending": "confirming"},
    ],
)
async def test_a_link_that_cannot_be_used_for_now_says_so_by_redirect(world: World, changes: dict[str, object]) -> None:
    """Handshake §4: 503 and temporarily_unavailable; at the authorization endpoint by redirect."""
    if "pending" in changes:
        changes["pending"] = make_pending()
    await world.change_link(**changes)
    assert (await get_redirect(world, world.query()))["error"] == "temporarily_unavailable"
    assert world.early_calls == ([LINK] if "pending" in changes else [])


def make_pending() -> object:
    from applinks.records.links import LinkState, Pending
    from applinks.wire.linking.terms import Terms

    return Pending(
        revision=1, state=LinkState.CONFIRMING, proposal="p", proposal_digest="d", terms=Terms(access=()), until=0
    )


async def test_a_switched_off_link_and_a_paused_client_may_not_ask(world: World) -> None:
    """Ours: level Disabled is off."""
    await world.change_link(incoming=Direction())
    assert (await get_redirect(world, world.query()))["error"] == "unauthorized_client"
    await world.change_link(incoming=Direction(level="oauth", protocols=("oauth2",), user_scopes=("issues:read",)))
    await world.change_client(paused=True)
    assert (await get_redirect(world, world.query()))["error"] == "unauthorized_client"


async def test_a_client_without_the_grant_type_may_not_ask(world: World) -> None:
    """RFC 6749 §4.1.2.1."""
    await world.change_client(grant_types=("client_credentials",))
    assert (await get_redirect(world, world.query()))["error"] == "unauthorized_client"


@given(
    query=st.text(max_size=200)
    | st.lists(st.tuples(st.sampled_from(["client_id", "redirect_uri", "scope", "state"]), st.text())).map(format_form)
)
def test_no_query_ends_in_anything_but_a_refusal(query: str) -> None:
    """Ours: no input gives a 5xx."""
    import asyncio

    from applinks.incoming.store import IncomingStore

    class NoClients(IncomingStore):  # type: ignore[misc]
        async def find_client(self, client_id: str) -> None:
            return None

    class Side:
        store = NoClients()
        rules = None

    with pytest.raises(RefusedError):
        asyncio.run(open_authorization_request(query, side=Side()))  # type: ignore[arg-type]
