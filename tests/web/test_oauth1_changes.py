"""Links over OAuth 1.0a by hand on the pages: found, changed, and set up later."""

import re
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from applinks.secret import Secret
from applinks.wire.linking.terms import Level
from applinks.wire.oauth1.keys import parse_public_key
from applinks.wire.oauth1.signature import SignatureMethod
from tests.web.hand import ROBIN, add_alone, find_link, find_registration, look
from tests.web.oauth1 import CALLBACK, CLOUD, JIRA, NEW_JIRA, PRIVATE, PUBLIC, SHORT, add_client, find_client
from tests.web.site import Site, find_hidden
from tests.web.test_oauth1_pages import add_cloud

pytestmark = pytest.mark.anyio
_SECRET = re.compile(r'<div class="al-secret"><code class="al-value">([^<]+)</code>')
_KIND = "com.atlassian.applinks.api.auth.types.OAuthAuthenticationProvider"
FIELDS: dict[str, Any] = {
    "name": "Gadget",
    "public_key": "",
    "shared_secret": "",
    "three_legged": "1",
    "out_of_band": "1",
    "protects_administrators": "1",
    "callback": CALLBACK,
    "scope": ["issues:read"],
    "save": "1",
}


def publish_jira(site: Site, **changes: Any) -> None:
    """Let a Data Center peer say what it is."""
    manifest = {
        "id": "0a1b2c3d-0000-4000-8000-000000000001",
        "name": "Northwind Jira",
        "typeId": "jira",
        "version": "9.12.1",
        "buildNumber": 912001,
        "applinksVersion": "9.0.12",
        "inboundAuthenticationTypes": [_KIND],
        "outboundAuthenticationTypes": [_KIND],
        "publicSignup": False,
        "url": JIRA,
    }
    site.documents[f"{JIRA}/rest/applinks/1.0/manifest"] = manifest | changes


async def change(site: Site, path: str, **changes: Any) -> Any:
    return await site.submit(path, FIELDS | changes, user=ROBIN)


async def get_client_path(site: Site, **changes: Any) -> str:
    added = await add_client(site, **changes)
    return f"/applinks/links/{added.link.handle}/clients/{added.client.id}"


async def test_administering_links_is_offered_for_a_client_by_hand_and_kept_by_saving(site: Site) -> None:
    """Product §4: the administrative applinks:admin; only where a record names it."""
    path = await get_client_path(site)
    page = await site.get(path, user=ROBIN)
    assert "Manage the application links of this application" in page.text
    assert 'value="applinks:admin" checked' not in page.text
    await change(site, path, scope=["issues:read", "applinks:admin"])
    assert "applinks:admin" in (await find_client(site, path.split("/")[3])).scopes
    kept = await site.get(path, user=ROBIN)
    assert re.search(r'value="applinks:admin"[^>]*checked', kept.text)


async def test_a_data_center_peer_is_proposed_with_all_that_it_says(site: Site) -> None:
    """Issue 6: discovery proposes a 1.0a link to such a peer."""
    publish_jira(site)
    response = await look(site, JIRA)
    assert response.headers["location"] == NEW_JIRA
    page = await site.get(NEW_JIRA, user=ROBIN)
    assert "jira.example has Atlassian’s application links: jira" in page.text
    assert f'value="{JIRA}/plugins/servlet/oauth/request-token"' in page.text
    assert f'value="{JIRA}/plugins/servlet/applinks/oauth/login-dance/access"' in page.text
    # It did not say who it is as a client, so that side waits for an administrator.
    assert "It does not say by which key it proves itself when it calls" in page.text
    fields = FIELDS | {
        "name": "Northwind Jira",
        "enable_in": "1",
        "key": "Jira:4711",
        "public_key": PUBLIC,
        "enable_out": "1",
        "temporary_endpoint": f"{JIRA}/plugins/servlet/oauth/request-token",
        "token_endpoint": f"{JIRA}/plugins/servlet/oauth/access-token",
        "authorization_endpoint": f"{JIRA}/plugins/servlet/oauth/authorize",
        "signature_method": "RSA-SHA1",
        "out_level": "oauth",
        "display_url": "https://jira.northwind.example",
    }
    response = await site.post(NEW_JIRA, find_hidden(page) | fields, user=ROBIN)
    assert response.headers["location"] == "/applinks/links/northwind-jira"
    link = await find_link(site, "northwind-jira")
    assert (link.peer.kind, link.peer.id, link.peer.is_primary) == (
        "jira",
        "0a1b2c3d-0000-4000-8000-000000000001",
        True,
    )
    assert link.peer.display_url == "https://jira.northwind.example"
    assert (await find_registration(site, "northwind-jira")).client_id.startswith("applinks")
    page = await site.get("/applinks/links/northwind-jira", user=ROBIN)
    assert 'href="https://jira.northwind.example"' in page.text
    assert "jira, the primary of its type" in page.text
    again = await look(site, JIRA)
    assert "/applinks/links/" in again.text


async def test_a_peer_that_names_another_address_is_begun_anew_with(site: Site) -> None:
    """Atlassian's wire: nothing is followed on anybody's word."""
    publish_jira(site, url="https://other.example")
    page = await look(site, JIRA)
    assert "That application calls itself https://other.example" in page.text
    assert 'name="offer" value="https://other.example"' in page.text


async def test_a_peer_that_is_too_old_is_warned_about(site: Site) -> None:
    """Atlassian's wire: below 4.0.13 it is incompatible."""
    publish_jira(site, applinksVersion="3.9")
    await look(site, JIRA)
    assert "older than 4.0.13" in (await site.get(NEW_JIRA, user=ROBIN)).text


async def test_a_client_is_changed_on_its_own_page(site: Site) -> None:
    """Issue 6, per client: signature methods, callback, three-legged, two-legged, impersonation, dialect."""
    path = await get_client_path(site)
    page = await site.get(path, user=ROBIN)
    assert "Change gadget" in page.text
    assert "kept; type another one to replace it" in page.text
    response = await change(site, path, name="Other", two_legged="1", execute_as="alice", callback="", dialect_1_0="1")
    assert response.headers["location"] == "/applinks/links/gadget"
    client = await find_client(site, "gadget")
    assert client.oauth1 is not None
    assert (client.name, client.redirect_uris, client.scopes) == ("Other", (), ("issues:read",))
    assert (client.oauth1.two_legged, client.oauth1.execute_as, client.oauth1.dialect_1_0) == (True, "1", True)
    assert client.oauth1.shared_secret == Secret("a shared secret")
    assert (await find_link(site, "gadget")).incoming.user_scopes == ("issues:read",)


async def test_a_key_that_is_added_brings_its_methods(site: Site) -> None:
    """Ours: boxes that nobody changed follow what the client has."""
    path = await get_client_path(site)
    ticked = ["HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512"]
    await change(site, path, public_key=PUBLIC, method=ticked)
    client = await find_client(site, "gadget")
    assert client.oauth1 is not None
    assert SignatureMethod.RSA_SHA1 in client.oauth1.methods
    await change(site, path, public_key=PUBLIC, method=["RSA-SHA256"])
    client = await find_client(site, "gadget")
    assert client.oauth1 is not None
    assert client.oauth1.methods == (SignatureMethod.RSA_SHA256,)


async def test_what_cannot_be_is_said_and_nothing_is_saved(site: Site) -> None:
    """Ours: the form comes again."""
    path = await get_client_path(site)
    page = await change(site, path, public_key=PRIVATE, shared_secret="4ew0rds")
    assert page.status_code == 400
    assert "This is a private key" in page.text
    assert "4ew0rds" not in page.text
    assert PRIVATE.splitlines()[1] not in page.text
    page = await change(site, path, execute_as="robin", two_legged="1")
    assert "administers this application" in page.text
    client = await find_client(site, "gadget")
    assert client.oauth1 is not None
    assert not client.oauth1.two_legged


async def test_a_new_shared_secret_is_shown_once(site: Site) -> None:
    """Ours: both sides hold it, so the former one ends with it."""
    path = await get_client_path(site)
    page = await site.get("/applinks/links/gadget", user=ROBIN)
    assert f"{path}/secret" in page.text
    page = await site.get(f"{path}/secret", user=ROBIN)
    assert "ends at once" in page.text
    page = await site.post(f"{path}/secret", find_hidden(page) | {"make": "1"}, user=ROBIN)
    shown = _SECRET.search(page.text)
    assert shown is not None
    client = await find_client(site, "gadget")
    assert client.oauth1 is not None
    assert client.oauth1.shared_secret == Secret(shown[1])


async def test_a_secret_that_is_made_while_changing_is_shown_once(site: Site) -> None:
    """Ours: as when it is added."""
    path = await get_client_path(site)
    page = await change(site, path, makes_secret="1")
    shown = _SECRET.search(page.text)
    assert shown is not None
    assert shown[1] not in (await site.get("/applinks/links/gadget", user=ROBIN)).text


async def test_there_is_no_page_of_a_client_of_another_link(site: Site) -> None:
    """Ours: the address names both."""
    path = await get_client_path(site)
    page = await site.get(path.replace("/gadget/", "/probe/"), user=ROBIN)
    assert page.status_code == 404


async def test_the_level_of_calls_to_us_is_chosen_on_the_direction(site: Site) -> None:
    """Atlassian's wire: OAuth · OAuth with impersonation · Disabled."""
    await get_client_path(site, impersonation=True)
    path = "/applinks/links/gadget/incoming"
    page = await site.get(path, user=ROBIN)
    assert '<option value="impersonation" selected>' in page.text
    fields = {"enable_in": "1", "scope": ["issues:read"], "in_level": "oauth", "save": "1"}
    await site.post(path, find_hidden(page) | fields, user=ROBIN)
    assert (await find_link(site, "gadget")).incoming.level is Level.OAUTH
    await site.submit(path, {"save": "1"}, user=ROBIN)
    assert not (await find_link(site, "gadget")).incoming.is_enabled


async def test_what_we_are_at_a_server_is_changed(site: Site) -> None:
    """Atlassian's wire, What an administrator enters: the secret is write-only."""
    await add_cloud(site)
    path = "/applinks/links/cloud/outgoing"
    page = await site.get(path, user=ROBIN)
    assert "their secret" not in page.text
    assert "kept; type another one to replace it" in page.text
    fields = {
        "enable_out": "1",
        "temporary_endpoint": "/oauth/request",
        "token_endpoint": "/oauth/access",
        "authorization_endpoint": "/oauth/say-yes",
        "client_id": "tracker-4712",
        "signature_method": "HMAC-SHA256",
        "out_level": "impersonation",
        "display_url": "https://www.cloud.example",
        "save": "1",
    }
    await site.post(path, find_hidden(page) | fields, user=ROBIN)
    link, registration = await find_link(site, "cloud"), await find_registration(site, "cloud")
    assert (link.outgoing.level, link.peer.display_url) == (Level.IMPERSONATION, "https://www.cloud.example")
    assert registration.endpoints is not None
    assert registration.endpoints.authorization == f"{CLOUD}/oauth/say-yes"
    assert (registration.client_id, registration.client_secret) == ("tracker-4712", Secret("their secret"))
    page = await site.submit(path, fields | {"token_endpoint": ""}, user=ROBIN)
    assert page.status_code == 400
    await site.submit(path, {"save": "1"}, user=ROBIN)
    assert not (await find_link(site, "cloud")).outgoing.is_enabled


async def test_a_direction_is_set_up_later_over_the_other_protocol(site: Site) -> None:
    """Ours: a link by hand may have one protocol a direction."""
    await add_alone(site)
    await site.submit("/applinks/links/build-bot/outgoing", {"url": CLOUD, "look": "1"}, user=ROBIN)
    path = f"/applinks/links/build-bot/outgoing?url={CLOUD}&protocol=oauth1"
    fields = {
        "temporary_endpoint": "/oauth/request",
        "token_endpoint": "/oauth/access",
        "authorization_endpoint": "/oauth/authorize",
        "signature_method": "RSA-SHA1",
        "save": "1",
    }
    response = await site.submit(path, fields, user=ROBIN)
    assert response.headers["location"] == "/applinks/links/build-bot"
    link = await find_link(site, "build-bot")
    assert (link.incoming.protocols, link.outgoing.protocols) == (("oauth2",), ("oauth1",))
    await add_cloud(site, enable_out="", enable_in="1", name="Cloud", key="x", public_key=PUBLIC, three_legged="1")


async def test_a_server_is_let_call_us_later(site: Site) -> None:
    """Ours: as when the link is made."""
    await add_cloud(site)
    path = "/applinks/links/cloud/incoming?protocol=oauth1"
    page = await site.get(path, user=ROBIN)
    assert "Set up incoming" in page.text
    page = await change(site, path, key="", public_key=SHORT)
    assert page.status_code == 400
    response = await change(site, path, key="cloud", public_key=SHORT)
    assert response.headers["location"] == "/applinks/links/cloud"
    client = await find_client(site, "cloud")
    assert client.oauth1 is not None
    assert parse_public_key(client.oauth1.public_keys[0]).key_size == 1024


async def test_what_was_typed_waits_while_somebody_logs_in_again(site: Site) -> None:
    """Ours: save a secret, which is asked for again."""
    path = await get_client_path(site)
    page = await site.get(path, user=ROBIN)
    user = site.users.known[ROBIN]
    site.users.known[ROBIN] = replace(user, confirmed_at=site.context.clock.now() - 3600)
    answer = await site.post(path, find_hidden(page) | FIELDS | {"name": "Typed", "shared_secret": "typed"}, user=ROBIN)
    assert answer.headers["location"].startswith("/login?again=1")
    site.users.known[ROBIN] = replace(user, confirmed_at=site.context.clock.now())
    page = await site.get(path, user=ROBIN)
    assert 'value="Typed"' in page.text
    assert "Type the secret again" in page.text
    assert 'value="typed"' not in page.text


async def test_a_server_that_does_not_know_us_is_told_on_the_links_page(site: Site) -> None:
    """Ours: over OAuth 1.0a that shows before the user is sent there."""
    await add_cloud(site)
    link = await find_link(site, "cloud")

    def refuse(request: httpx2.Request) -> httpx2.Response:
        assert request.url.path == "/oauth/request"
        return httpx2.Response(401, text="oauth_problem=consumer_key_unknown")

    site.answers[f"{CLOUD}/oauth/request"] = refuse
    page = await site.get(f"/applinks/connect/{link.id}", user="1")
    assert page.status_code == 502
    assert "Cloud does not know" in page.text
    page = await site.get("/applinks/links/cloud", user=ROBIN)
    assert "Needs attention" in page.text
    assert "Enter the values" in page.text
