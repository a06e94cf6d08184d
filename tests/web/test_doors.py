"""Who may open which page, and what every request has to pass."""

import re
from urllib.parse import quote

import pytest

from applinks.web.pages.application import PAGES, Page
from applinks.web.pages.visit import Access
from tests.incoming.world import BASE, LINK
from tests.web.site import Site, find_token

pytestmark = pytest.mark.anyio

ALICE, AUDITOR, ROBIN = "1", "8", "9"
GETS = [page for page in PAGES if page.get is not None]
POSTS = [page for page in PAGES if page.post is not None]
GUARDED = [page for page in PAGES if page.access is not Access.USER]


def fill(page: Page) -> str:
    return "/applinks" + page.path.replace("{link}", LINK)


def name(page: Page) -> str:
    return page.path


@pytest.mark.requirement("N-08")
def test_every_page_but_a_users_own_is_for_administrators() -> None:
    """Security N-08: said here once more, so that a page cannot lose its role by a slip in the table."""
    own = {page.path for page in PAGES if page.access is Access.USER}
    assert own == {
        "/oauth1/authorize",
        "/oauth2/authorize",
        "/account",
        "/account/revoke",
        "/account/disconnect",
        "/account/revoke-everything",
        "/connect/{link}",
        "/callback/{link}",
    }
    changing = [page for page in POSTS if page.path not in own]
    assert {page.post_access or page.access for page in changing} == {Access.CHANGE}


@pytest.mark.requirement("N-08")
@pytest.mark.parametrize("page", GETS, ids=name)
async def test_nobody_is_sent_to_the_log_in_and_back(site: Site, page: Page) -> None:
    """Security N-08: a test walks them all as nobody."""
    response = await site.get(f"{fill(page)}?x=1")
    assert response.status_code == 303
    assert response.headers["location"].startswith("/login?next=%2Fapplinks")
    assert response.headers["location"].endswith("%3Fx%3D1")
    assert "set-cookie" not in response.headers


@pytest.mark.requirement("N-08")
@pytest.mark.parametrize("page", POSTS, ids=name)
async def test_nobody_changes_anything(site: Site, page: Page) -> None:
    """Security N-08: a form that nobody sends is refused."""
    response = await site.post(fill(page), {"approve": "1"})
    assert response.status_code == 401


@pytest.mark.requirement("LK-03")
@pytest.mark.requirement("N-08")
@pytest.mark.parametrize("page", GUARDED, ids=name)
async def test_an_ordinary_user_sees_no_administration_page(site: Site, page: Page) -> None:
    """Security N-08: a test walks them all as an ordinary user."""
    if page.get is not None:
        response = await site.get(fill(page), user=ALICE)
        assert response.status_code == 403
        assert "You are logged in as alice, who is no administrator of" in response.text
        assert f'href="/login?next={quote(fill(page), safe="")}">Log in as somebody else' in response.text
    if page.post is not None:
        token = find_token(await site.get("/applinks/account/revoke-everything", user=ALICE))
        response = await site.post(fill(page), {"csrf_token": token}, user=ALICE)
        assert response.status_code == 403


@pytest.mark.requirement("N-08")
@pytest.mark.parametrize("page", [page for page in GUARDED if page.post is not None], ids=name)
async def test_an_auditor_changes_nothing(site: Site, page: Page) -> None:
    """Ours: an auditor may look."""
    token = find_token(await site.get("/applinks/account/revoke-everything", user=AUDITOR))
    assert (await site.post(fill(page), {"csrf_token": token}, user=AUDITOR)).status_code == 403


@pytest.mark.parametrize("path", ["/", f"/links/{LINK}", f"/links/{LINK}/keys"])
async def test_an_auditor_may_look(site: Site, path: str) -> None:
    """Ours: an auditor sees links, and no button that changes one."""
    response = await site.get(f"/applinks{path}", user=AUDITOR)
    assert response.status_code == 200
    assert "Pause" not in response.text.replace("Paused", "")
    assert "Delete" not in response.text


@pytest.mark.requirement("AS-08")
@pytest.mark.requirement("handshake-10-5")
@pytest.mark.requirement("N-08")
@pytest.mark.parametrize("page", POSTS, ids=name)
@pytest.mark.parametrize("site_header", ["cross-site", "same-site", "none"])
async def test_a_form_of_another_site_is_refused(site: Site, page: Page, site_header: str) -> None:
    """Security N-08: Fetch Metadata, even with a good token."""
    token = find_token(await site.get("/applinks/account/revoke-everything", user=ROBIN))
    response = await site.post(fill(page), {"csrf_token": token}, user=ROBIN, sec_fetch_site=site_header)
    assert response.status_code == 403
    assert "did not come from a page" in response.text


@pytest.mark.requirement("AS-08")
@pytest.mark.requirement("handshake-10-5")
@pytest.mark.requirement("N-08")
@pytest.mark.parametrize("page", POSTS, ids=name)
async def test_a_form_without_our_token_is_refused(site: Site, page: Page) -> None:
    """Security N-08: the token, even from our own origin."""
    assert (await site.post(fill(page), {"csrf_token": "guessed"}, user=ROBIN)).status_code == 403
    assert (await site.post(fill(page), {}, user=ROBIN)).status_code == 403


@pytest.mark.requirement("N-08")
async def test_a_token_of_another_user_is_refused(site: Site) -> None:
    """Ours: a token ends with another user's log-in in the same browser."""
    token = find_token(await site.get("/applinks/account/revoke-everything", user=ALICE))
    response = await site.post("/applinks/account/revoke-everything", {"csrf_token": token}, user="2")
    assert response.status_code == 403


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"a=%00", "application/x-www-form-urlencoded", 400),
        (b"a=%ff", "application/x-www-form-urlencoded", 400),
        (b"a=%zz", "application/x-www-form-urlencoded", 400),
        (b"csrf_token=a&csrf_token=b", "application/x-www-form-urlencoded", 400),
        (b"{}", "application/json", 415),
        (b"--x", "multipart/form-data; boundary=x", 415),
        (b"a", "", 415),
        (b"a=" + b"b" * (1024 * 1024), "application/x-www-form-urlencoded", 413),
    ],
)
@pytest.mark.requirement("AS-07")
async def test_odd_forms_are_refused_and_never_a_500(site: Site, body: bytes, content_type: str, status: int) -> None:
    """Security AS-07: bodies are limited; strange types and NUL bytes give 400."""
    response = await site.post("/applinks/new", body, user=ROBIN, content_type=content_type)
    assert response.status_code == status
    assert re.search(r"AL-[2-9A-Z]{4}-[2-9A-Z]{4}", response.text)


@pytest.mark.requirement("AS-07")
@pytest.mark.parametrize("path", ["/?q=%00", "/?q=%ff&state=%zz", "/?state=a&state=b", "/link?request=a&request=b"])
async def test_odd_queries_are_refused_and_never_a_500(site: Site, path: str) -> None:
    """Security AS-07: a repeated parameter is an error."""
    assert (await site.get(f"/applinks{path}", user=ROBIN)).status_code == 400


@pytest.mark.parametrize(
    "path", ["/nope", "/links", "/static/../x", "/links/%00", "/links/nope", "/links/" + "x" * 3000]
)
async def test_what_is_not_there_gets_the_one_error_page(site: Site, path: str) -> None:
    """Ours: what happened, what to do, the reference, the time, a way back."""
    response = await site.get(f"/applinks{path}", user=ROBIN)
    assert response.status_code == 404
    assert "<time datetime=" in response.text
    assert "Back to" in response.text


async def test_a_wrong_method_gets_the_error_page(site: Site) -> None:
    """Ours: 405, with words."""
    assert (await site.get("/applinks/account/revoke", user=ALICE)).status_code == 405


@pytest.mark.parametrize("host", ["127.0.0.1", "tracker.example:8443", "tracker.example.evil.example"])
async def test_another_host_is_told_the_right_address(site: Site, host: str) -> None:
    """House §8: the base URL's address, and what stood in the query stays behind."""
    response = await site.get("/applinks/account?secret=1", user=ALICE, host=host)
    assert response.status_code == 421
    assert f'href="{BASE}/applinks/account"' in response.text
    assert "secret" not in response.text


async def test_the_default_port_is_the_same_host(site: Site) -> None:
    """RFC 9110 §7.2: a client may name the default port."""
    assert (await site.get("/applinks/account", user=ALICE, host="Tracker.example:443")).status_code == 200


@pytest.mark.requirement("N-07")
@pytest.mark.parametrize("path", ["/", "/account", "/new", f"/links/{LINK}", "/nope"])
@pytest.mark.requirement("AS-05")
async def test_every_page_carries_the_headers_that_protect_it(site: Site, path: str) -> None:
    """Security AS-05, N-07."""
    response = await site.get(f"/applinks{path}", user=ROBIN)
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "script-src" not in policy
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.requirement("AS-05")
async def test_a_page_that_leads_away_has_no_form_action(site: Site) -> None:
    """Security AS-05: Chromium applies it to every later redirect."""
    away = await site.get("/applinks/new", user=ROBIN)
    here = await site.get("/applinks/account", user=ROBIN)
    assert "form-action" not in away.headers["content-security-policy"]
    assert "form-action 'self'" in here.headers["content-security-policy"]


async def test_the_stylesheet_is_kept_by_browsers_and_needs_no_log_in(site: Site) -> None:
    """Ours: one stylesheet, whose name changes with its content."""
    page = await site.get("/applinks/account", user=ALICE)
    found = re.search(r'href="(/applinks/static/applinks\.css\?[0-9a-f]{8})"', page.text)
    assert found is not None
    response = await site.get(found[1])
    assert response.headers["content-type"].startswith("text/css")
    assert "max-age" in response.headers["cache-control"]


async def test_what_breaks_is_a_page_with_a_reference(site: Site) -> None:
    """House §8: even what nobody foresaw has the one error page."""
    site.users.known["1"] = None  # type: ignore[assignment]
    object.__setattr__(site.context, "outgoing", None)
    response = await site.get("/applinks/account", user=ROBIN)
    assert response.status_code == 500
    found = re.search(r"AL-[2-9A-Z]{4}-[2-9A-Z]{4}", response.text)
    assert found is not None
    kept = await site.world.storage.failures.find(found[0])
    assert kept is not None
    assert "AttributeError" in kept.detail
    assert "AttributeError" not in response.text
