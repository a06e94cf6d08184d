"""The call that says who calls."""

import pytest

from applinks.administration import accounts
from applinks.administration.links import pause
from applinks.hosts.server.scopes import SCOPES
from tests.hosts.server.site import ACTOR, ServerSite

pytestmark = pytest.mark.anyio

ME = "/applinks/api/v1/me"


async def obtain(site: ServerSite, scope: str, *scopes: str) -> dict[str, str]:
    client = await site.add_client(*scopes)
    browser = site.open_browser()
    await browser.log_in()
    return await site.exchange(client, await browser.authorize(client[0], scope))


async def test_a_call_for_a_user_says_who_she_is(site: ServerSite) -> None:
    """Product §4: the JSON that scripts rely on, with email where that scope was given."""
    await site.add_account(email="alice@hafen.example")
    client = await site.add_client()
    browser = site.open_browser()
    await browser.log_in()
    token = await site.exchange(client, await browser.authorize(client[0]))
    answer = await site.call(token["access_token"])
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "name": "alice",
        "link": "probe",
        "client": client[0],
        "scopes": ["email", "profile"],
        "protocol": "oauth2",
        "email": "alice@hafen.example",
    }


async def test_without_the_scope_there_is_no_address(site: ServerSite) -> None:
    """Product §3 /me."""
    await site.add_account(email="alice@hafen.example")
    token = await obtain(site, "profile")
    answer = (await site.call(token["access_token"])).json()
    assert answer["scopes"] == ["profile"]
    assert "email" not in answer


async def test_a_user_without_an_address_has_none(site: ServerSite) -> None:
    """Ours: null, so that a client need not guess."""
    await site.add_account()
    token = await obtain(site, "profile email")
    assert (await site.call(token["access_token"])).json()["email"] is None


async def test_a_call_for_no_user_names_none(site: ServerSite) -> None:
    """Product §4: null if none."""
    token = await site.request_token(await site.add_client(), grant_type="client_credentials")
    answer = (await site.call(token["access_token"])).json()
    assert (answer["name"], answer["scopes"]) == (None, ["profile"])
    assert "email" not in answer


@pytest.mark.parametrize("asked", ["email", "profile email", ""])
async def test_an_application_never_gets_the_address_scope_for_itself(site: ServerSite, asked: str) -> None:
    """Ours: what a client may have is cut to what is declared for applications, whenever a token is asked for."""
    client = await site.add_client()
    fields = {"grant_type": "client_credentials", "client_id": client[0], "client_secret": client[1]}
    sent = fields | ({"scope": asked} if asked else {})
    answer = (await site.open_browser().http.post(f"{site.base}/applinks/oauth2/token", data=sent)).json()
    assert "email" not in answer.get("scope", "").split()
    assert answer.get("scope") == "profile" or answer["error"] == "invalid_scope"


async def test_more_scope_is_needed_than_email(site: ServerSite) -> None:
    """RFC 6750 §3.1."""
    await site.add_account()
    token = await obtain(site, "email", "email")
    answer = await site.call(token["access_token"])
    assert answer.status_code == 403
    challenge = answer.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="profile"' in challenge


@pytest.mark.requirement("RS-22")
async def test_without_credentials_the_challenge_names_no_error(site: ServerSite) -> None:
    """Security RS-22."""
    answer = await site.open_browser().get(ME)
    assert answer.status_code == 401
    assert "error" not in answer.headers["www-authenticate"]
    assert "resource_metadata=" in answer.headers["www-authenticate"]


@pytest.mark.parametrize("header", ["Bearer nothing-of-ours", "Basic YTpi", "Bearer ala_1_x_y"])
async def test_credentials_that_are_not_ours_are_refused(site: ServerSite, header: str) -> None:
    """RFC 6750 §3.1."""
    answer = await site.open_browser().get(ME, headers={"Authorization": header})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@pytest.mark.requirement("RS-21")
async def test_a_token_in_the_query_is_refused(site: ServerSite) -> None:
    """Security RS-21."""
    token = await site.request_token(await site.add_client(), grant_type="client_credentials")
    answer = await site.open_browser().get(f"{ME}?access_token={token['access_token']}")
    assert answer.status_code == 400


async def test_it_is_read_and_nothing_else(site: ServerSite) -> None:
    """RFC 9110 §15.5.6."""
    for method in ("PUT", "DELETE", "PATCH"):
        answer = await site.open_browser().http.request(method, ME)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")
    # A form may hold the credentials of OAuth 1.0a; without any it says no more than a GET.
    assert (await site.open_browser().http.post(ME)).status_code == 401


@pytest.mark.requirement("AS-33")
async def test_a_paused_user_is_refused_with_her_next_call(site: ServerSite) -> None:
    """Security AS-33: at once, not when what was seen of her is forgotten; and served again afterwards."""
    side = await site.administration()
    await site.add_account()
    token = await obtain(site, "profile")
    assert (await site.call(token["access_token"])).status_code == 200
    await accounts.pause_account("alice", actor=ACTOR, side=side)
    assert (await site.call(token["access_token"])).status_code == 401
    await accounts.resume_account("alice", actor=ACTOR, side=side)
    assert (await site.call(token["access_token"])).status_code == 200
    await accounts.delete_account("alice", actor=ACTOR, side=side)
    assert (await site.call(token["access_token"])).status_code == 401


async def test_a_new_user_of_an_old_name_inherits_nothing(site: ServerSite) -> None:
    """House §8: ids are never used again."""
    side = await site.administration()
    await site.add_account()
    token = await obtain(site, "profile")
    await accounts.delete_account("alice", actor=ACTOR, side=side)
    await site.add_account()
    assert (await site.call(token["access_token"])).status_code == 401


async def test_a_paused_link_is_asked_to_wait(site: ServerSite) -> None:
    """Handshake §4: a pause passes."""
    token = await site.request_token(await site.add_client(), grant_type="client_credentials")
    await pause("probe", actor=ACTOR, side=await site.administration())
    assert (await site.call(token["access_token"])).status_code == 503


def test_what_the_server_form_declares() -> None:
    """Product §4 Defaults."""
    declared = [(scope.name, scope.default, scope.application) for scope in SCOPES]
    assert declared == [("profile", True, True), ("email", True, False)]
