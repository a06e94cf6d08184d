"""Links over OAuth 1.0a by hand on the pages: made."""

import html
import re
from typing import Any

import pytest

from applinks.records.clients import ClientAuthentication
from applinks.records.links import LinkKind
from applinks.wire.linking.terms import Level
from applinks.wire.oauth1.signature import SignatureMethod
from tests.incoming.world import BASE
from tests.web.hand import ROBIN, find_link, find_registration, look
from tests.web.oauth1 import ALONE, CALLBACK, CLOUD, NEW, PRIVATE, PUBLIC, SHORT, find_client
from tests.web.site import Site, find_hidden

pytestmark = pytest.mark.anyio
_SECRET = re.compile(r'<div class="al-secret"><code class="al-value">([^<]+)</code>')
_RSA = (SignatureMethod.RSA_SHA1, SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA512)


async def add_gadget(site: Site, **changes: Any) -> Any:
    """Link a client that only calls us."""
    fields = {
        "name": "Gadget",
        "key": "gadget",
        "public_key": PUBLIC,
        "three_legged": "1",
        "out_of_band": "1",
        "protects_administrators": "1",
        "callback": CALLBACK,
        "scope": ["issues:read"],
        "add": "1",
    }
    return await site.submit(ALONE, fields | changes, user=ROBIN)


async def add_cloud(site: Site, **changes: Any) -> Any:
    """Link a server that says nothing of itself."""
    await look(site)
    fields = {
        "name": "Cloud",
        "enable_out": "1",
        "temporary_endpoint": "/oauth/request",
        "token_endpoint": f"{CLOUD}/oauth/access",
        "authorization_endpoint": "/oauth/authorize",
        "client_id": "tracker-4711",
        "client_secret": "their secret",
        "signature_method": "HMAC-SHA1",
        "out_level": "oauth",
        "add": "1",
    }
    return await site.submit(NEW, fields | changes, user=ROBIN)


async def test_the_protocol_is_chosen_beside_the_other_one(site: Site) -> None:
    """Issue 6: incoming and outgoing forms for an application without Applinks."""
    page = await site.get("/applinks/new/by-hand", user=ROBIN)
    assert 'href="/applinks/new/by-hand?protocol=oauth1"' in page.text
    assert "Redirect URIs" in page.text
    page = await site.get(ALONE, user=ROBIN)
    assert "Client key (consumer key)" in page.text
    assert 'href="/applinks/new/by-hand?protocol=oauth2"' in page.text


async def test_a_client_is_added_and_its_page_has_the_values_to_enter(site: Site) -> None:
    """Issue 6: the values to give to the other side, each selectable with one click."""
    response = await add_gadget(site)
    assert response.headers["location"] == "/applinks/links/gadget"
    link, client = await find_link(site, "gadget"), await find_client(site, "gadget")
    assert link.kind is LinkKind.BY_HAND
    assert link.incoming.protocols == ("oauth1",)
    assert (client.client_id, client.name, client.authentication) == (
        "gadget",
        "Gadget",
        ClientAuthentication.SIGNATURE,
    )
    assert client.redirect_uris == (CALLBACK,)
    assert client.oauth1 is not None
    assert client.oauth1.methods == _RSA
    assert client.oauth1.protects_administrators
    page = await site.get("/applinks/links/gadget", user=ROBIN)
    for value in (
        "gadget",
        *(f"{BASE}/applinks/oauth1/{each}" for each in ("request-token", "access-token", "authorize")),
    ):
        assert f'<code class="al-value">{value}</code>' in page.text
    assert "RSA, 2048 bits" in page.text
    assert "has only" not in page.text


@pytest.mark.parametrize("text", [PUBLIC, "".join(PUBLIC.splitlines()[1:-1])])
async def test_a_key_is_taken_as_pem_and_as_bare_base64(site: Site, text: str) -> None:
    """Issue 6: PEM, certificate or bare base64 accepted."""
    await add_gadget(site, public_key=text)
    client = await find_client(site, "gadget")
    assert client.oauth1 is not None
    assert client.oauth1.public_keys == (PUBLIC,)


async def test_a_private_key_is_refused_in_words_and_stands_nowhere(site: Site) -> None:
    """Issue 6: a private key refused in words."""
    page = await add_gadget(site, public_key=PRIVATE)
    assert page.status_code == 400
    assert "This is a private key" in page.text
    assert PRIVATE.splitlines()[1] not in html.unescape(page.text)
    assert not [each for each in await site.context.linking.store.list_links() if each.handle == "gadget"]


async def test_a_short_key_is_taken_and_warned_about(site: Site) -> None:
    """Issue 6: short keys warned about."""
    await add_gadget(site, public_key=SHORT)
    assert "Its key has only 1024 bits" in (await site.get("/applinks/links/gadget", user=ROBIN)).text


async def test_a_secret_that_we_make_is_shown_once(site: Site) -> None:
    """Atlassian's wire, What an administrator enters: the shared secret is write-only."""
    page = await add_gadget(site, public_key="", makes_secret="1")
    shown, client = _SECRET.search(page.text), await find_client(site, "gadget")
    assert shown is not None
    assert client.oauth1 is not None
    assert client.oauth1.shared_secret is not None
    assert client.oauth1.shared_secret.reveal() == shown[1]
    assert shown[1] not in (await site.get("/applinks/links/gadget", user=ROBIN)).text


async def test_a_secret_that_was_typed_is_never_sent_back(site: Site) -> None:
    """Security N-07: what went in as a secret comes out nowhere."""
    page = await add_gadget(site, public_key="", shared_secret="what both know", key="")
    assert page.status_code == 400
    assert "what both know" not in page.text
    assert "Type the secret again" in page.text
    await add_gadget(site, public_key="", shared_secret="what both know")
    client = await find_client(site, "gadget")
    assert client.oauth1 is not None
    assert client.oauth1.shared_secret is not None
    assert client.oauth1.shared_secret.reveal() == "what both know"
    for path in ("/applinks/links/gadget", f"/applinks/links/gadget/clients/{client.id}"):
        assert "what both know" not in (await site.get(path, user=ROBIN)).text


async def test_everything_that_is_allowed_besides_is_kept(site: Site) -> None:
    """Issue 6, per client: two-legged with execute-as, impersonation with users it never reaches, 1.0 dialect."""
    await add_gadget(
        site,
        two_legged="1",
        execute_as="alice",
        impersonation="1",
        protected_users="bob, ada",
        protected_groups="board",
        dialect_1_0="1",
        method=["RSA-SHA256"],
    )
    client = await find_client(site, "gadget")
    oauth1 = client.oauth1
    assert oauth1 is not None
    assert (oauth1.two_legged, oauth1.execute_as) == (True, "1")
    assert (oauth1.impersonation, oauth1.dialect_1_0) == (True, True)
    assert oauth1.protected_users == ("2", "8")
    assert oauth1.protected_groups == ("board",)
    assert oauth1.methods == (SignatureMethod.RSA_SHA256,)
    assert (await find_link(site, "gadget")).incoming.level is Level.IMPERSONATION
    page = await site.get("/applinks/links/gadget", user=ROBIN)
    assert "OAuth with impersonation" in page.text
    assert "anybody but administrators, bob, ada, board" in page.text


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"key": ""}, "key", "The other application names it."),
        ({"key": "two words"}, "key", "no spaces"),
        ({"public_key": "nonsense"}, "public_key", "This is no public key"),
        ({"public_key": ""}, "public_key", "by a key or by a secret"),
        ({"callback": "ftp://x"}, "callback", "it begins with https://"),
        ({"two_legged": "1"}, "execute_as", "Name the user"),
        ({"two_legged": "1", "execute_as": "nobody"}, "execute_as", "There is no user"),
        ({"two_legged": "1", "execute_as": "robin"}, "execute_as", "administers this application"),
        ({"impersonation": "1", "protected_users": "nobody"}, "protected_users", "There is no user"),
        ({"name": ""}, "name", "Give it a name"),
    ],
)
async def test_what_is_wrong_is_said_under_its_field(site: Site, changes: Any, field: str, said: str) -> None:
    """Mockups: the error under the field, linked by aria-describedby; what was typed stays."""
    page = await add_gadget(site, **changes)
    assert page.status_code == 400
    error = page.text.split(f'id="{field}-e"')[1].split("</p>")[0]
    assert said in html.unescape(error)
    assert f'href="#i-{field}"' in page.text
    assert f'value="{CALLBACK}"' in page.text or field == "callback"


@pytest.mark.parametrize(
    ("changes", "name", "said"),
    [
        ({"method": ["HMAC-SHA1"]}, "methods", "needs a shared secret"),
        ({"scope": []}, "", ""),
        ({"three_legged": ""}, "users", "Nothing is left that the client may do"),
    ],
)
async def test_what_is_wrong_with_boxes_is_said_above_them(site: Site, changes: Any, name: str, said: str) -> None:
    """Mockups: an error stands where it can be mended; without scopes all that are default are meant."""
    page = await add_gadget(site, **changes)
    if not name:
        assert (await find_client(site, "gadget")).scopes == ("issues:read",)
        return
    section = page.text.split(f'id="i-{name}"')[1].split("</section>")[0]
    assert said in html.unescape(section)


async def test_a_key_that_is_taken_is_named(site: Site) -> None:
    """Ours: a consumer key names one client."""
    await add_gadget(site)
    page = await add_gadget(site, name="Other")
    assert "There is a client (consumer) with the key" in page.text


async def test_a_server_is_linked_with_what_it_gave_us(site: Site) -> None:
    """Atlassian's wire, What an administrator enters: outgoing; the three URLs may be relative to the link's."""
    response = await add_cloud(site)
    assert response.headers["location"] == "/applinks/links/cloud"
    link, registration = await find_link(site, "cloud"), await find_registration(site, "cloud")
    assert link.outgoing.protocols == ("oauth1",)
    assert registration.endpoints is not None
    assert registration.endpoints.temporary == f"{CLOUD}/oauth/request"
    assert registration.signature_method is SignatureMethod.HMAC_SHA1
    assert registration.client_secret is not None
    page = await site.get("/applinks/links/cloud", user=ROBIN)
    for value in ("tracker-4711", f"{CLOUD}/oauth/request", f"{BASE}/applinks/callback/{link.id}"):
        assert f'<code class="al-value">{value}</code>' in page.text
    assert "their secret" not in page.text
    assert "PUBLIC KEY" not in page.text


async def test_with_our_key_the_page_has_key_and_name_to_enter_there(site: Site) -> None:
    """Issue 6: the values to give to the other side."""
    await look(site)
    page = await site.get(NEW, user=ROBIN)
    own = re.search(r'name="client_id"[^>]* value="(applinks[0-9a-f]{22})"', page.text) or re.search(
        r'value="(applinks[0-9a-f]{22})"', page.text
    )
    assert own is not None
    await add_cloud(site, client_id=own[1], client_secret="", signature_method="RSA-SHA1")
    page = await site.get("/applinks/links/cloud", user=ROBIN)
    assert f'<code class="al-value">{own[1]}</code>' in page.text
    assert "-----BEGIN PUBLIC KEY-----" in page.text


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"temporary_endpoint": ""}, "temporary_endpoint", "temporary credentials"),
        ({"token_endpoint": "http://cloud.example/x"}, "token_endpoint", "cannot be the access token URL"),
        ({"client_id": ""}, "client_id", "Which consumer key"),
        ({"client_secret": ""}, "client_secret", "needs the shared secret"),
        ({"display_url": "javascript:alert(1)"}, "display_url", ""),
    ],
)
async def test_what_is_wrong_with_a_server_is_said_under_its_field(
    site: Site, changes: Any, field: str, said: str
) -> None:
    """Mockups: the error under the field."""
    page = await add_cloud(site, **changes)
    assert page.status_code == 400
    assert said in html.unescape(page.text.split(f'id="{field}-e"')[1].split("</p>")[0])
    assert "their secret" not in page.text


async def test_impersonation_is_a_level_of_the_link(site: Site) -> None:
    """Atlassian's wire: levels shown per direction."""
    await add_cloud(site, out_level="impersonation")
    assert (await find_link(site, "cloud")).outgoing.level is Level.IMPERSONATION
    page = await site.get("/applinks/links/cloud", user=ROBIN)
    assert "OAuth with impersonation" in page.text
    connect = f"/applinks/connect/{(await find_link(site, 'cloud')).id}"
    assert connect not in (await site.get("/applinks/account", user="1")).text


async def test_where_users_decide_they_are_offered_to_connect(site: Site) -> None:
    """Ours: a server of OAuth 1.0a knows no scopes, and has users all the same."""
    await add_cloud(site)
    link = await find_link(site, "cloud")
    assert f"/applinks/connect/{link.id}" in (await site.get("/applinks/account", user="1")).text


async def test_a_form_without_either_side_saves_nothing(site: Site) -> None:
    """Ours: a link has an incoming side, an outgoing side, or both."""
    page = await add_cloud(site, enable_out="")
    assert "tick at least one of the two sides" in page.text


async def test_a_form_that_is_sent_again_makes_nothing_more(site: Site) -> None:
    """Ours: reload after the secret was shown."""
    page = await site.get(ALONE, user=ROBIN)
    fields = {"name": "Gadget", "key": "gadget", "makes_secret": "1", "three_legged": "1", "add": "1"}
    await site.post(ALONE, find_hidden(page) | fields, user=ROBIN)
    again = await site.post(ALONE, find_hidden(page) | fields, user=ROBIN)
    assert again.headers["location"] == "/applinks/links/gadget"
