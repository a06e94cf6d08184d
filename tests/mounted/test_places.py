"""Everything works wherever a host is mounted, though nobody ran its lifespan."""

import re
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2
import pytest

from applinks.wire.forms import format_form
from applinks.wire.oauth2.pkce import compute_code_challenge
from tests.mounted.hosts import LINK, ORIGIN, REDIRECT, Site

pytestmark = pytest.mark.anyio

VERIFIER = "a-verifier-of-the-client-that-is-long-enough-0123"
DOCUMENTS = (
    "/.well-known/application-link",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-protected-resource/notes",
    "/applinks/oauth2/jwks",
    "/applinks/oauth2/client.json",
)
PAGES = ("/applinks/", "/applinks/new", f"/applinks/links/{LINK}", "/applinks/account")
EVIL = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}


async def authorize(site: Site, **more: str) -> str:
    """Let alice approve on the real page; the code."""
    query = {
        "response_type": "code",
        "client_id": "desktop",
        "redirect_uri": REDIRECT,
        "code_challenge": compute_code_challenge(VERIFIER),
        "code_challenge_method": "S256",
        "state": "s",
    }
    page = await site.get("/applinks/oauth2/authorize?" + format_form((query | more).items()))
    answer = await site.press(page, "approve")
    found = parse_qs(urlsplit(answer.headers["location"]).query)
    assert found["iss"] == [site.place.base_url]
    return found["code"][0]


async def exchange(site: Site, code: str) -> httpx2.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": "desktop",
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
    }
    return await site.http.post(site.url("/applinks/oauth2/token"), data=form)


def bear(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.requirement("N-07")
async def test_the_whole_way_from_consent_to_a_call_and_its_end(site: Site) -> None:
    """Ours: pages, token endpoint, guard, `requires` on both kinds of handlers and revocation, wherever mounted."""
    answer = await exchange(site, await authorize(site))
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    tokens = answer.json()
    for path in ("/api/issues", "/api/sync"):
        called = await site.get(path, headers=bear(tokens["access_token"]))
        assert (called.status_code, called.json()) == (200, {"of": "alice"})
    revoked = await site.http.post(
        site.url("/applinks/oauth2/revoke"), data={"token": tokens["refresh_token"], "client_id": "desktop"}
    )
    assert revoked.status_code == 200
    assert (await site.get("/api/issues", headers=bear(tokens["access_token"]))).status_code == 401


@pytest.mark.requirement("RS-20")
async def test_a_token_for_a_part_of_the_host_does_not_open_the_rest(site: Site) -> None:
    """RFC 8707 §2."""
    code = await authorize(site, resource=site.url("/notes"), scope="notes:read")
    token = (await exchange(site, code)).json()["access_token"]
    refused = await site.get("/api/issues", headers=bear(token))
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_token")


@pytest.mark.requirement("N-03")
async def test_every_document_is_below_the_base_url_and_names_only_it(site: Site) -> None:
    """Product §3: every URL is built from the configured base URL, never from a Host header."""
    for path in DOCUMENTS:
        for headers in ({}, EVIL):
            answer = await site.get(path, headers=headers)
            assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json"), path
            urls = re.findall(r'"(https?://[^"]*)"', answer.text)
            assert all(url == site.place.base_url or url.startswith(f"{site.place.base_url}/") for url in urls)
            assert "evil" not in answer.text + str(answer.headers)


@pytest.mark.requirement("N-07")
async def test_the_endpoints_that_the_documents_name_are_there(site: Site) -> None:
    """RFC 8414 §2, handshake §1: what we say of ourselves is true."""
    metadata = (await site.get("/.well-known/oauth-authorization-server")).json()
    manifest = (await site.get("/.well-known/application-link")).json()
    assert metadata["issuer"] == manifest["url"] == site.place.base_url
    for url in (metadata["token_endpoint"], metadata["revocation_endpoint"], manifest["link_statement_endpoint"]):
        answer = await site.http.post(url)
        assert (answer.status_code // 100, answer.headers["cache-control"]) == (4, "no-store"), url
        assert answer.status_code != 404
        assert (await site.http.get(url)).status_code == 405
    assert (await site.http.get(metadata["jwks_uri"])).json()["keys"]
    assert (await site.http.get(manifest["check_endpoint"])).status_code == 401


@pytest.mark.requirement("N-03")
@pytest.mark.requirement("RS-22")
async def test_a_challenge_names_metadata_that_can_be_read(site: Site) -> None:
    """RFC 9728 §5.1."""
    refused = await site.get("/api/issues", headers=EVIL)
    challenge = refused.headers["www-authenticate"]
    assert (refused.status_code, "error=" in challenge) == (401, False)
    url = re.findall(r'resource_metadata="([^"]*)"', challenge)[0]
    assert (await site.http.get(url)).json()["resource"] == site.place.base_url


async def test_every_address_on_a_page_leads_somewhere(site: Site) -> None:
    """House §8: links of pages are made with the base URL's path."""
    for path in PAGES:
        page = await site.get(path)
        assert page.status_code == 200, path
        addresses = {urljoin(str(page.url), each) for each in re.findall(r'(?:href|src)="([^"#]+)"', page.text)}
        own = {each for each in addresses if each.startswith(f"{ORIGIN}/") and each != site.url("/")}
        assert any("/static/applinks.css" in each for each in own)
        for address in own:
            assert address.startswith(site.place.base_url)
            assert (await site.http.get(address)).status_code in {200, 303}, address


async def test_a_form_leads_back_to_a_page_of_ours(site: Site) -> None:
    """House §8: redirects carry the base URL's path."""
    done = await site.press(await site.get(f"/applinks/links/{LINK}/pause"))
    assert done.status_code == 303
    page = await site.http.get(urljoin(str(done.url), done.headers["location"]))
    assert (page.status_code, "Paused" in page.text) == (200, True)


async def test_the_cookie_is_kept_to_the_base_url(site: Site) -> None:
    """Product §3, Cookies."""
    header = (await site.get("/applinks/account")).headers["set-cookie"]
    uuid = (await site.get("/.well-known/application-link")).json()["id"].removeprefix("urn:uuid:")
    prefix = "__Secure-" if site.place.path else "__Host-"
    assert header.startswith(f"{prefix}applinks-{uuid[:6]}=")
    attributes = {each.strip().lower() for each in header.split(";")[1:]}
    assert attributes == {"httponly", "secure", "samesite=lax", f"path={site.place.path or '/'}"}
    assert "set-cookie" not in (await site.get("/applinks/account")).headers


async def test_a_page_under_another_host_tells_the_right_address(site: Site) -> None:
    """House §8, Error page."""
    for path in PAGES:
        page = await site.get(path, headers=EVIL)
        assert page.status_code >= 400
        assert site.place.base_url in page.text
        assert "evil" not in page.text + str(page.headers)


async def test_what_is_not_ours_passes_untouched(site: Site) -> None:
    """Product §5: a host may have bearer tokens of its own; `requires` answers them with invalid_token."""
    for value in ("Bearer of-the-host", "Basic YTpi", "OAuth oauth_consumer_key=x", "BearerX ala_1"):
        answer = await site.get("/api/open", headers={"Authorization": value})
        assert answer.json() == {"caller": None, "got": value}
    for path in ("/api/issues", "/api/sync"):
        refused = await site.get(path, headers=bear("of-the-host"))
        assert (refused.status_code, 'error="invalid_token"' in refused.headers["www-authenticate"]) == (401, True)


@pytest.mark.requirement("RS-21")
async def test_a_token_in_the_query_is_refused_where_a_scope_is_needed(site: Site) -> None:
    """RFC 9700 §4.3.2."""
    token = (await exchange(site, await authorize(site))).json()["access_token"]
    for headers in ({}, bear(token)):
        assert (await site.get(f"/api/issues?access_token={token}", headers=headers)).status_code == 400


async def test_what_is_ours_and_bad_is_refused_on_every_route(site: Site) -> None:
    """Product §5: with a correct challenge, before the host sees it."""
    for path in ("/api/open", "/api/issues", "/nowhere"):
        refused = await site.get(path, headers=bear("ala_1_" + "x" * 50))
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_token")
        assert "AL-" in refused.text


@pytest.mark.requirement("rfc9700-2.6-3")
async def test_scripts_of_other_origins_cannot_read_a_page(site: Site) -> None:
    """RFC 9700 §2.6 MUST NOT: no CORS, neither at the authorization endpoint nor at any other page."""
    asks = {"Origin": "https://other.example", "Access-Control-Request-Method": "GET"}
    for path in ("/applinks/oauth2/authorize", *PAGES):
        for method in ("GET", "OPTIONS"):
            answer = await site.http.request(method, site.url(path), headers=asks)
            assert not [name for name in answer.headers if name.startswith("access-control-")], path


@pytest.mark.requirement("rfc9700-4.12-1")
async def test_no_redirect_is_built_from_the_host_header(site: Site) -> None:
    """Product §3, AS-05: not even the one that mends a slash; and never 307."""
    for path in ("/applinks", "/applinks/account/", "/applinks/new/", "/applinks//", "/applinks/link/"):
        for headers in ({}, EVIL):
            answer = await site.get(path, headers=headers)
            assert answer.status_code in {303, 400, 404, 421}, path
            assert answer.headers.get("location", site.url("/applinks/")) == site.url("/applinks/")
