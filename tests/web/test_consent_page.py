"""The consent page."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from applinks.incoming.rules import build_rules
from tests.incoming.world import HIDDEN, PEER_REDIRECT, PUBLIC_CLIENT, READ, RESOURCES, WRITE
from tests.web.site import Site, find_hidden, find_token

pytestmark = pytest.mark.anyio
AUTHORIZE = "/applinks/oauth2/authorize"


def read(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


@pytest.mark.requirement("rfc9700-4.16-1")
@pytest.mark.requirement("AS-08")
async def test_the_page_says_who_as_whom_what_and_whereto(site: Site) -> None:
    """Security AS-08: shows the redirect host."""
    page = await site.get(f"{AUTHORIZE}?{site.world.query()}", user="1")
    assert page.status_code == 200
    for text in ("Let Start use your", "See your issues", "Create and change issues", "start.example", "alice"):
        assert text in page.text
    assert "form-action" not in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


@pytest.mark.requirement("AS-05")
@pytest.mark.requirement("rfc9700-2.1-5")
@pytest.mark.requirement("rfc9700-4.12-1")
@pytest.mark.requirement("AS-06")
async def test_approving_takes_a_code_back(site: Site) -> None:
    """RFC 6749 §4.1.2, RFC 9207 §2."""
    path = f"{AUTHORIZE}?{site.world.query()}"
    response = await site.submit(path, {"approve": "1"}, user="1")
    assert response.status_code == 303
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "no-referrer"
    answer = read(response.headers["location"])
    assert answer["state"] == "a state"
    assert answer["iss"] == "https://tracker.example"
    assert (await site.world.exchange(answer["code"]))["access_token"]


async def test_denying_takes_the_refusal_back(site: Site) -> None:
    """RFC 6749 §4.1.2.1."""
    path = f"{AUTHORIZE}?{site.world.query()}"
    response = await site.submit(path, {"deny": "1"}, user="1")
    assert read(response.headers["location"])["error"] == "access_denied"


@pytest.mark.requirement("AS-08")
async def test_a_remembered_consent_asks_nothing(site: Site) -> None:
    """Security AS-08: remembered for confidential clients, asked again when the scope grows."""
    narrow = f"{AUTHORIZE}?{site.world.query(scope='issues:read')}"
    await site.submit(narrow, {"approve": "1"}, user="1")
    again = await site.get(narrow, user="1")
    assert "code" in read(again.headers["location"])
    assert (await site.get(f"{AUTHORIZE}?{site.world.query()}", user="1")).status_code == 200


@pytest.mark.requirement("AS-08")
async def test_a_public_client_is_warned_of_and_asked_each_time(site: Site) -> None:
    """Security AS-08; the safe answer is the main button."""
    path = f"{AUTHORIZE}?{site.world.query(client=PUBLIC_CLIENT)}"
    page = await site.get(path, user="1")
    assert "cannot tell who made it" in page.text
    assert 'al-btn--main" name="deny"' in page.text
    answer = await site.post(path, find_hidden(page) | {"approve": "1"}, user="1")
    assert "code" in read(answer.headers["location"])
    assert (await site.get(path, user="1")).status_code == 200


@pytest.mark.requirement("AS-03")
@pytest.mark.parametrize("changes", [{"client_id": "unknown"}, {"redirect_uri": "https://evil.example/"}])
async def test_nobody_is_redirected_to_an_address_that_is_not_registered(site: Site, changes: dict[str, str]) -> None:
    """Security AS-03: our page, with a reference that the failure inbox explains."""
    page = await site.get(f"{AUTHORIZE}?{site.world.query(**changes)}", user="1")
    assert page.status_code == 400
    assert "location" not in page.headers
    assert "AL-" in page.text
    assert "evil.example" not in page.text


async def test_a_refusal_by_redirect_carries_its_reference(site: Site) -> None:
    """Ours: every refusal has one."""
    response = await site.get(f"{AUTHORIZE}?{site.world.query(scope='unknown')}", user="1")
    answer = read(response.headers["location"])
    assert answer["error"] == "invalid_scope"
    assert await site.world.storage.failures.find(answer["reference"]) is not None


async def test_a_form_that_says_neither_yes_nor_no_decides_nothing(site: Site) -> None:
    """Ours: no default."""
    response = await site.submit(f"{AUTHORIZE}?{site.world.query()}", {}, user="1")
    assert response.status_code == 400


async def test_what_was_granted_stands_on_the_account_page_until_it_is_revoked(site: Site) -> None:
    """Ours: she sees and revokes what has access."""
    await site.submit(f"{AUTHORIZE}?{site.world.query()}", {"approve": "1"}, user="1")
    page = await site.get("/applinks/account", user="1")
    assert "Start" in page.text
    grants = await site.context.incoming.store.list_grants_of_user("1")
    fields = {"csrf_token": find_token(page), "grant": grants[0].grant.id}
    # Another user's form with the same id ends nothing.
    await site.submit(
        "/applinks/account/revoke-everything", {"grant": fields["grant"]}, user="2", to="/applinks/account/revoke"
    )
    assert await site.context.incoming.store.list_grants_of_user("1")
    token = find_token(await site.get("/applinks/account", user="1"))
    await site.post("/applinks/account/revoke", fields | {"csrf_token": token}, user="1")
    assert not await site.context.incoming.store.list_grants_of_user("1")


@pytest.mark.requirement("rfc9700-2.6-3")
async def test_no_script_of_another_origin_reads_the_page(site: Site) -> None:
    """RFC 9700 §2.6 MUST NOT: no CORS at the authorization endpoint."""
    path = f"{AUTHORIZE}?{site.world.query()}"
    page = await site.get(path, user="1", origin="https://start.example")
    assert not [name for name in page.headers if name.startswith("access-control-")]
    asked = await site.client.options(path, headers={"origin": "https://start.example", "x-user": "1"})
    assert asked.status_code == 405
    assert not [name for name in asked.headers if name.startswith("access-control-")]


@pytest.mark.requirement("rfc9700-4.11.2-2")
@pytest.mark.parametrize(
    "changes", [{}, {"scope": "unknown"}, {"response_type": "token"}, {"redirect_uri": "https://e"}]
)
async def test_nobody_is_redirected_before_she_logged_in(site: Site, changes: dict[str, str]) -> None:
    """RFC 9700 §4.11.2 MUST: neither with a code nor with an error."""
    answer = await site.get(f"{AUTHORIZE}?{site.world.query(**changes)}")
    assert answer.headers["location"].startswith("/login?next=")


@pytest.mark.requirement("AS-08")
async def test_looking_at_the_page_decides_nothing(site: Site) -> None:
    """Ours: what an address says is no approval."""
    for button in ("approve", "deny"):
        page = await site.get(f"{AUTHORIZE}?{site.world.query()}&{button}=1", user="1")
        assert page.status_code == 200


async def test_what_is_granted_is_what_was_shown(site: Site) -> None:
    """Security AS-08: where the request means something else by now, she is asked again, and nothing is granted."""
    path = f"{AUTHORIZE}?{site.world.query()}"
    page = await site.get(path, user="1")
    more = replace(WRITE, description="Create, change and delete issues")
    changed = (replace(RESOURCES[0], scopes=(READ, more, HIDDEN)), RESOURCES[1])
    site.world.side.rules = build_rules(site.context.settings, changed)
    again = await site.post(path, find_hidden(page) | {"approve": "1"}, user="1")
    assert again.status_code == 409
    assert "What is asked has changed" in again.text
    assert "Create, change and delete issues" in again.text
    assert not await site.context.incoming.store.list_grants_of_user("1")
    answer = await site.post(path, find_hidden(again) | {"approve": "1"}, user="1")
    assert "code" in read(answer.headers["location"])


@pytest.mark.parametrize(
    "changes", [{"name": "Somebody else"}, {"redirect_uris": (PEER_REDIRECT, "https://start.example/other")}]
)
async def test_another_name_or_place_than_was_shown_is_asked_about_again(site: Site, changes: dict[str, Any]) -> None:
    """Security AS-08: who asks and where the answer goes is part of what she decides."""
    path = f"{AUTHORIZE}?{site.world.query()}"
    page = await site.get(path, user="1")
    if "name" in changes:
        await site.change_link(**changes)
    else:
        await site.world.change_client(**changes)
        path = f"{AUTHORIZE}?{site.world.query(redirect_uri='https://start.example/other')}"
    again = await site.post(path, find_hidden(page) | {"approve": "1"}, user="1")
    assert again.status_code == 409
    assert not await site.context.incoming.store.list_grants_of_user("1")


async def test_scopes_added_to_the_address_after_the_page_was_shown_are_not_granted(site: Site) -> None:
    """Security AS-08: the address of the form is not what is decided, but what stood on the page."""
    shown = await site.get(f"{AUTHORIZE}?{site.world.query(scope='issues:read')}", user="1")
    path = f"{AUTHORIZE}?{site.world.query()}"
    for fields in (find_hidden(shown), {"csrf_token": find_token(shown)}):
        again = await site.post(path, fields | {"approve": "1"}, user="1")
        assert again.status_code == 409
        assert "Create and change issues in your name" in again.text
    assert not await site.context.incoming.store.list_grants_of_user("1")
