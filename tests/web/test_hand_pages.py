"""Links by hand on the pages: found and made."""

from urllib.parse import quote

import pytest

from applinks.records.clients import ClientAuthentication
from applinks.records.links import LinkKind
from applinks.wire.token_format import parse_token
from tests.incoming.world import BASE
from tests.web.hand import (
    ALONE,
    CALLBACK,
    CLOUD,
    NEW,
    ROBIN,
    add_alone,
    add_cloud,
    find_client,
    find_link,
    find_registration,
    find_secret,
    look,
    publish_metadata,
)
from tests.web.site import Site, find_hidden

pytestmark = pytest.mark.anyio


async def test_an_address_without_applinks_leads_on_to_linking_by_hand(site: Site) -> None:
    """Product §5 Links: discovery reads what the other side says of itself."""
    publish_metadata(site)
    response = await look(site)
    assert response.headers["location"] == NEW
    page = await site.get(NEW, user=ROBIN)
    assert "cloud.example has no Applinks, but it says where its OAuth endpoints are" in page.text
    assert 'value="openid profile"' in page.text
    assert "authorization_endpoint" not in page.text


@pytest.mark.requirement("N-02")
async def test_a_private_server_that_an_address_names_is_named_in_the_question(site: Site) -> None:
    """Ours: a stranger's document names whom we shall call; who says yes has to see whom."""
    site.documents[f"{CLOUD}/.well-known/oauth-protected-resource"] = {
        "resource": CLOUD,
        "authorization_servers": ["https://inner.example:8443/as"],
    }

    async def is_private(url: str) -> bool:
        return "inner.example" in url

    site.context.linking.fetcher.is_private = is_private  # type: ignore[method-assign]
    await add_alone(site)
    link = "build-bot"
    for path, form in (("/applinks/new", "/applinks/new"), (f"/applinks/links/{link}/outgoing",) * 2):
        answer = await site.submit(form, {"url": CLOUD, "look": "1"}, user=ROBIN)
        assert answer.headers["location"].startswith(f"{path}?url=")
        page = await site.get(answer.headers["location"], user=ROBIN)
        assert "This address is in a private network: <code>inner.example:8443</code>" in page.text


@pytest.mark.requirement("N-02")
async def test_a_confirmed_private_server_opens_no_other_that_is_named_meanwhile(site: Site) -> None:
    """Ours: who says yes means what the page shows; the stranger's document may say something else by then."""
    document = {"resource": CLOUD, "authorization_servers": ["https://inner.example:8443/as"]}
    site.documents[f"{CLOUD}/.well-known/oauth-protected-resource"] = document

    async def is_private(url: str) -> bool:
        return "example:8" in url or url == CLOUD

    site.context.linking.fetcher.is_private = is_private  # type: ignore[method-assign]
    answer = await look(site)
    for host in ("cloud.example", "inner.example:8443"):
        page = await site.get(answer.headers["location"], user=ROBIN)
        assert f"in a private network: <code>{host}</code>" in page.text
        if host != "cloud.example":
            document["authorization_servers"] = ["https://inner.example:8444/as"]
        answer = await site.post("/applinks/new", find_hidden(page) | {"url": CLOUD, "private": host}, user=ROBIN)
    page = await site.get(answer.headers["location"], user=ROBIN)
    assert "in a private network: <code>inner.example:8444</code>" in page.text
    stale = {"url": CLOUD, "private": "inner.example:8443"}
    answer = await site.post("/applinks/new", find_hidden(page) | stale, user=ROBIN)
    assert answer.headers["location"].startswith("/applinks/new?url=")
    page = await site.get(answer.headers["location"], user=ROBIN)
    document["authorization_servers"] = ["https://inner.example:8443/as"]
    publish_metadata(site)
    site.documents["https://inner.example:8443/.well-known/oauth-authorization-server/as"] = {
        "issuer": "https://inner.example:8443/as",
        "authorization_endpoint": "https://inner.example:8443/as/a",
        "token_endpoint": "https://inner.example:8443/as/t",
    }
    answer = await look(site)
    for host in ("cloud.example", "inner.example:8443"):
        page = await site.get(answer.headers["location"], user=ROBIN)
        answer = await site.post("/applinks/new", find_hidden(page) | {"url": CLOUD, "private": host}, user=ROBIN)
    assert answer.headers["location"] == NEW
    page = await site.get(NEW, user=ROBIN)
    fields = {"name": "Cloud", "enable_out": "1", "out_scopes": "x", "authentication": "client_secret_post", "add": "1"}
    await site.post(NEW, find_hidden(page) | fields, user=ROBIN)
    link = await find_link(site, "cloud")
    assert link.peer.private_origins == (CLOUD, "https://inner.example:8443")
    assert link.peer.token_endpoint == "https://inner.example:8443/as/t"


async def test_a_server_that_says_nothing_is_described_by_hand(site: Site) -> None:
    """Issue 5: by metadata if it publishes any, else by hand."""
    assert (await look(site)).headers["location"] == NEW
    page = await site.get(NEW, user=ROBIN)
    assert "does not say where its OAuth endpoints are" in page.text
    fields = {
        "name": "Cloud",
        "enable_out": "1",
        "issuer": CLOUD,
        "authorization_endpoint": f"{CLOUD}/authorize",
        "token_endpoint": f"{CLOUD}/token",
        "out_scopes": "files.read  files.write",
        "client_id": "tracker",
        "client_secret": "s3cret",
        "authentication": "client_secret_post",
        "add": "1",
    }
    response = await site.post(NEW, find_hidden(page) | fields, user=ROBIN)
    assert response.headers["location"] == "/applinks/links/cloud"
    link, registration = await find_link(site, "cloud"), await find_registration(site, "cloud")
    assert link.outgoing.user_scopes == ("files.read", "files.write")
    assert registration.endpoints is not None
    assert registration.endpoints.token == f"{CLOUD}/token"
    assert registration.is_complete


async def test_a_host_that_does_not_answer_can_be_linked_all_the_same(site: Site) -> None:
    """Product §5 Links: a host that does not answer (offer to go on)."""
    site.documents[CLOUD] = None
    response = await look(site)
    assert "Nothing answers at that address." in response.text
    assert "Or go on all the same" in response.text
    page = await site.get(NEW, user=ROBIN)
    assert "Token endpoint" in page.text


async def test_an_address_that_nobody_looked_at_is_looked_at_first(site: Site) -> None:
    """Ours: nothing is linked that was not found in this session."""
    response = await site.get(NEW, user=ROBIN)
    assert response.headers["location"] == f"/applinks/new?url={quote(CLOUD, safe='')}"


async def test_an_incoming_link_shows_its_values_and_its_secret_once(site: Site) -> None:
    """Issue 5: incoming gives the values to enter at the other side; secrets are shown once."""
    page = await add_alone(site)
    assert page.status_code == 200
    secret, found = find_secret(page), await find_client(site, "build-bot")
    parsed = parse_token(secret)
    assert parsed is not None
    assert [each.digest for each in found.client.secrets] == [parsed.digest]
    for value in (BASE, found.client.client_id, f"{BASE}/applinks/oauth2/token", CALLBACK):
        assert f'<code class="al-value">{value}</code>' in page.text
    again = await site.get("/applinks/links/build-bot", user=ROBIN)
    assert secret not in again.text
    assert found.client.secrets[0].hint in again.text
    assert "Ready" in again.text


async def test_loading_the_answer_again_makes_nothing_twice(site: Site) -> None:
    """Ours: an answer that shows a secret cannot be a redirect, so the form counts once."""
    page = await site.get(ALONE, user=ROBIN)
    fields = find_hidden(page) | {"name": "Bot", "redirect_uris": CALLBACK, "scope": ["issues:read"], "add": "1"}
    assert (await site.post(ALONE, fields, user=ROBIN)).status_code == 200
    again = await site.post(ALONE, fields, user=ROBIN)
    assert again.headers["location"] == "/applinks/links/bot"
    assert "That was done already" in (await site.get("/applinks/links/bot", user=ROBIN)).text
    links = await site.context.linking.store.list_links()
    assert [link.kind for link in links if link.name == "Bot"] == [LinkKind.BY_HAND]


async def test_a_public_client_has_no_secret(site: Site) -> None:
    """Product §4 Defaults: a public client may use code and refresh token."""
    response = await add_alone(site, name="Helper", public="1", redirect_uris="http://localhost/done")
    assert response.headers["location"] == "/applinks/links/helper"
    found = await find_client(site, "helper")
    assert found.client.authentication is ClientAuthentication.NONE
    page = await site.get("/applinks/links/helper", user=ROBIN)
    assert "It cannot keep a secret" in page.text
    assert "Make a new secret" not in page.text


@pytest.mark.requirement("AS-02")
async def test_the_page_warns_of_a_redirect_to_localhost(site: Site) -> None:
    """Security AS-02: the client's page warns."""
    page = await add_alone(site, redirect_uris="http://localhost/done")
    assert "A redirect URI goes to “localhost”" in page.text
    assert "A redirect URI goes to" not in (await add_alone(site, name="Other")).text


async def test_what_is_wrong_stands_under_its_field_and_what_was_typed_stays(site: Site) -> None:
    """Mockups: error under the field, a summary with links, what was typed stays."""
    typed = f"{CALLBACK}\nhttp://ci.example/callback"
    page = await add_alone(site, name="", redirect_uris=typed)
    assert page.status_code == 400
    assert "Nothing is saved yet: 2 fields need a change" in page.text
    assert "Line 2: http is allowed only for 127.0.0.1, [::1] and localhost" in page.text
    assert "http://ci.example/callback</textarea>" in page.text
    assert 'value="issues:read" checked' in page.text


async def test_what_administration_refuses_stands_under_its_field(site: Site) -> None:
    """Ours: one check for pages and commands."""
    page = await add_alone(site, redirect_uris="", public="1")
    assert page.status_code == 400
    assert "Name the redirect URI to which users come back." in page.text
    assert 'aria-invalid="true"' in page.text


async def test_a_typed_secret_is_never_sent_back(site: Site) -> None:
    """Security N-05: no secret on a page."""
    page = await add_cloud(site, out_scopes="", client_id="tracker", client_secret="s3cret-value")
    assert page.status_code == 400
    assert 'value="tracker"' in page.text
    assert "s3cret-value" not in page.text


async def test_one_of_the_two_sides_has_to_be_there(site: Site) -> None:
    """Ours: a link without any direction is none."""
    publish_metadata(site)
    await look(site)
    page = await site.submit(NEW, {"name": "Cloud", "add": "1"}, user=ROBIN)
    assert page.status_code == 400
    assert "tick at least one of the two sides" in page.text


async def test_a_server_that_understands_documents_needs_no_secret(site: Site) -> None:
    """Issue 5: a client id document of its own where it understands one."""
    publish_metadata(site, client_id_metadata_document_supported=True)
    await look(site)
    page = await site.get(NEW, user=ROBIN)
    assert 'name="document" value="1" checked' in page.text
    fields = {"name": "Cloud", "enable_out": "1", "out_scopes": "openid", "document": "1", "add": "1"}
    await site.post(NEW, find_hidden(page) | fields, user=ROBIN)
    registration = await find_registration(site, "cloud")
    assert registration.document
    assert registration.is_complete
    assert registration.client_id in (await site.get("/applinks/links/cloud", user=ROBIN)).text


@pytest.mark.requirement("CL-21")
async def test_a_token_endpoint_at_another_host_is_flagged(site: Site) -> None:
    """Security CL-21."""
    publish_metadata(site, token_endpoint="https://elsewhere.example/token")
    await look(site)
    assert "Its token endpoint is at another host: elsewhere.example" in (await site.get(NEW, user=ROBIN)).text


async def test_both_sides_at_once(site: Site) -> None:
    """Issue 5: either alone or both."""
    page = await add_cloud(site, enable_in="1", redirect_uris=CALLBACK, scope=["issues:write"])
    assert find_secret(page)
    link = await find_link(site, "cloud")
    assert link.incoming.user_scopes == ("issues:write",)
    assert link.outgoing.user_scopes == ("openid", "profile")
    assert link.peer.url == CLOUD


async def test_an_address_that_is_linked_already_is_said_on_the_form(site: Site) -> None:
    """Product §5: refused at once and in words: a duplicate."""
    await add_cloud(site)
    page = await add_cloud(site, name="Cloud again")
    assert page.status_code == 400
    assert "is linked with this application already" in page.text
    assert 'value="Cloud again"' in page.text
