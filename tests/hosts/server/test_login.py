"""The log-in page of the server form."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest

from applinks.administration import accounts
from applinks.hosts.server import login
from applinks.hosts.server.passwords import hash_password, verify_password
from applinks.secret import Secret, digest_secret
from tests.hosts.server.site import ACTOR, PASSWORD, Browser, ServerSite, build_site

pytestmark = pytest.mark.anyio

ACCOUNT = "/applinks/account"


def find_cookie(browser: Browser) -> str:
    (value,) = browser.http.cookies.values()
    return value


def count_sessions(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "x.db")) as raw:
        return raw.execute("SELECT count(*) FROM applinks_sessions").fetchone()[0]


def read_database(folder: Path) -> bytes:
    return b"".join(each.read_bytes() for each in folder.glob("x.db*"))


async def is_logged_in(browser: Browser) -> bool:
    return (await browser.get(ACCOUNT)).status_code == 200


async def test_a_page_leads_to_the_log_in_and_the_log_in_back_to_it(site: ServerSite) -> None:
    """Product §3: log-in of the server form."""
    await site.add_account()
    browser = site.open_browser()
    asked = await browser.get(f"{ACCOUNT}?x=1&y=a%20b")
    assert asked.status_code == 303
    answer = await browser.log_in(path=asked.headers["location"])
    assert (answer.status_code, answer.headers["location"]) == (303, f"{ACCOUNT}?x=1&y=a%20b")
    assert await is_logged_in(browser)


@pytest.mark.parametrize("name", ["Alice", "ALICE", "\uff41lice"])
async def test_a_name_counts_whatever_its_case_and_width(site: ServerSite, name: str) -> None:
    """Ours: two names that look alike cannot stand beside each other."""
    await site.add_account()
    browser = site.open_browser()
    await browser.log_in(name)
    assert await is_logged_in(browser)


async def test_a_wrong_password_and_an_unknown_name_look_alike(site: ServerSite) -> None:
    """Ours: nobody learns which names there are."""
    await site.add_account()
    await site.add_account("nobody-yet")
    browser = site.open_browser()
    wrong = await browser.log_in("alice", "something else")
    unknown = await browser.log_in("arthur", "something else")
    assert wrong.status_code == unknown.status_code == 403
    assert "Name or password is wrong" in wrong.text
    assert wrong.text.replace("alice", "arthur") == unknown.text
    assert not await is_logged_in(browser)


@pytest.mark.requirement("N-05")
async def test_what_was_typed_as_a_password_is_nowhere(
    site: ServerSite, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Security N-05: not on the page, not in the log, not in the database; nor the name, which may be one."""
    caplog.set_level("DEBUG")
    await site.add_account()
    page = await site.open_browser().log_in("mistyped-password", "looking-glass")
    await site.open_browser().log_in()
    assert "looking-glass" not in page.text
    logged = caplog.text
    stored = read_database(tmp_path)
    for text in ("looking-glass", "mistyped-password", PASSWORD):
        assert text not in logged
        assert text.encode() not in stored


@pytest.mark.requirement("N-08")
async def test_a_log_in_begins_a_session_with_a_new_id(site: ServerSite, tmp_path: Path) -> None:
    """Security N-08: what was in the browser before opens nothing."""
    await site.add_account()
    browser = site.open_browser()
    await browser.get("/applinks/login")
    before = find_cookie(browser)
    await browser.log_in()
    first = find_cookie(browser)
    assert before != first
    await browser.log_in()
    assert find_cookie(browser) != first
    assert count_sessions(tmp_path) == 1
    for old in (before, first):
        browser.http.cookies.clear()
        browser.http.cookies.set(await find_cookie_name(site), old)
        assert not await is_logged_in(browser)


async def find_cookie_name(site: ServerSite) -> str:
    instance = await (await site.server.applinks._run()).linking.keys.get_instance()
    return f"applinks-{instance.cookie_suffix}"


async def test_who_confirms_goes_on_with_what_she_began(site: ServerSite) -> None:
    """Ours: a form that was open stays good, and a journey that she began ends in her session."""
    await site.add_account()
    browser = site.open_browser()
    await browser.log_in()
    form = await browser.get("/applinks/account/revoke-everything")
    await browser.log_in()
    assert (await browser.send(form, revoke="1")).status_code == 303
    running = await site.server.applinks._run()
    session = await running.storage.sessions.find(digest_secret(find_cookie(browser)), now=site.clock.now())
    assert session is not None
    assert session.data["name"] != session.id.hex()


async def test_somebody_else_finds_nothing_of_the_one_before(site: ServerSite) -> None:
    """Ours: another user of the same browser begins anew."""
    await site.add_account()
    await site.add_account("bob")
    browser = site.open_browser()
    await browser.log_in()
    form = await browser.get("/applinks/account/revoke-everything")
    await browser.log_in("bob")
    assert (await browser.send(form, revoke="1")).status_code == 403


@pytest.mark.requirement("N-10")
async def test_who_only_looks_at_the_page_fills_no_table(site: ServerSite, tmp_path: Path) -> None:
    """Security N-10: strangers begin no session."""
    for _ in range(5):
        page = await site.open_browser().get("/applinks/login")
        assert "set-cookie" in page.headers
    assert count_sessions(tmp_path) == 0


@pytest.mark.requirement("AS-09")
@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/a\nb",
        "evil",
        "/\u00e9",
        "",
    ],
)
async def test_a_log_in_leads_nowhere_else(site: ServerSite, elsewhere: str) -> None:
    """Security AS-09."""
    await site.add_account()
    browser = site.open_browser()
    answer = await browser.log_in(path=f"/applinks/login?{urlencode({'next': elsewhere})}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_a_long_authorization_request_survives_the_log_in(site: ServerSite) -> None:
    """Ours: a state of several thousand letters."""
    await site.add_account()
    asked = f"/applinks/oauth2/authorize?state={'s' * 4000}"
    answer = await site.open_browser().log_in(path=f"/applinks/login?{urlencode({'next': asked})}")
    assert answer.headers["location"] == asked


@pytest.mark.requirement("N-08")
async def test_the_form_of_another_site_logs_nobody_in(site: ServerSite) -> None:
    """Security N-08: token and Fetch Metadata, before anybody is logged in, too."""
    await site.add_account()
    browser = site.open_browser()
    page = await browser.get("/applinks/login")
    fields = {"username": "alice", "password": PASSWORD}
    without = await browser.http.post("/applinks/login", data=fields)
    foreign = await site.open_browser().send(page, **fields)
    token = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    crossed = await browser.http.post(
        "/applinks/login", data=fields | {"csrf_token": token}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert [each.status_code for each in (without, foreign, crossed)] == [403, 403, 403]
    assert not await is_logged_in(browser)


async def test_while_nobody_is_an_administrator_the_page_says_which_command_makes_one(site: ServerSite) -> None:
    """Product §4 users."""
    await site.add_account()
    command = "applinks users add NAME --admin"
    assert command in (await site.open_browser().get("/applinks/login")).text
    await site.add_account("robin", is_administrator=True)
    assert command not in (await site.open_browser().get("/applinks/login")).text
    await accounts.pause_account("robin", actor=ACTOR, side=await site.administration())
    assert command in (await site.open_browser().get("/applinks/login")).text


async def test_a_paused_account_is_told_so_by_its_password_alone(site: ServerSite) -> None:
    """Ours: a stranger learns nothing of it."""
    await site.add_account()
    await accounts.pause_account("alice", actor=ACTOR, side=await site.administration())
    browser = site.open_browser()
    assert "paused" not in (await browser.log_in("alice", "wrong")).text
    told = await browser.log_in()
    assert told.status_code == 403
    assert "This account is paused" in told.text
    assert not await is_logged_in(browser)


async def test_a_pause_a_new_password_and_a_deletion_end_every_session_at_once(site: ServerSite) -> None:
    """Product §5: nobody stays logged in."""
    side = await site.administration()
    await site.add_account()
    browser = site.open_browser()
    await browser.log_in()
    await accounts.pause_account("alice", actor=ACTOR, side=side)
    assert not await is_logged_in(browser)
    await accounts.resume_account("alice", actor=ACTOR, side=side)
    assert not await is_logged_in(browser)
    await browser.log_in()
    await accounts.set_password("alice", await hash_password(Secret("another one")), actor=ACTOR, side=side)
    assert not await is_logged_in(browser)
    assert (await browser.log_in()).status_code == 403
    await browser.log_in(password="another one")
    await accounts.delete_account("alice", actor=ACTOR, side=side)
    assert not await is_logged_in(browser)


@pytest.mark.parametrize("change", ["password", "pause", "delete"])
async def test_a_change_during_a_log_in_ends_it(
    site: ServerSite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, change: str
) -> None:
    """Ours: an old password is compared for a while, and begins nothing once there is a new one."""
    side = await site.administration()
    await site.add_account()
    other = await hash_password(Secret("another one"))

    async def compare_slowly(password: Secret, stored: Secret | None) -> bool:
        is_right = await verify_password(password, stored)
        if change == "password":
            await accounts.set_password("alice", other, actor=ACTOR, side=side)
        elif change == "pause":
            await accounts.pause_account("alice", actor=ACTOR, side=side)
        else:
            await accounts.delete_account("alice", actor=ACTOR, side=side)
        return is_right

    monkeypatch.setattr(login, "verify_password", compare_slowly)
    browser = site.open_browser()
    assert (await browser.log_in()).status_code == 401
    assert count_sessions(tmp_path) == 0
    assert not await is_logged_in(browser)


async def test_a_session_that_a_page_began_is_no_log_in(site: ServerSite) -> None:
    """Ours: a page that is under way while its session ends may begin another, which proves nothing."""
    account = await site.add_account()
    browser = site.open_browser()
    await browser.log_in()
    running = await site.server.applinks._run()
    await running.storage.sessions.delete_of_user(account.id)
    page = await browser.get("/applinks/login")
    assert page.status_code == 200
    assert not await is_logged_in(browser)


async def test_a_log_out_ends_the_session_and_takes_the_cookie_back(site: ServerSite, tmp_path: Path) -> None:
    """Product §3: log-out, by a form of ours."""
    await site.add_account()
    browser = site.open_browser()
    await browser.log_in()
    page = await browser.get(ACCOUNT)
    assert 'action="/applinks/logout"' in page.text
    assert (await browser.get("/applinks/logout")).status_code == 405
    assert (await browser.http.post("/applinks/logout", data={"x": "1"})).status_code == 403
    gone = await browser.send(page, "/applinks/logout")
    assert gone.status_code == 303
    assert "Max-Age=0" in gone.headers["set-cookie"]
    assert count_sessions(tmp_path) == 0
    assert not await is_logged_in(browser)


async def test_the_page_says_what_somebody_logs_in_for(site: ServerSite) -> None:
    """Mockups, login.html."""
    await site.add_client()
    browser = site.open_browser()

    async def show(path: str) -> str:
        return (await browser.get(f"/applinks/login?{urlencode({'next': path})}")).text

    running = await site.server.applinks._run()
    link = await running.linking.store.find_link("probe")
    assert link is not None
    assert "to connect your account at Probe" in await show(f"/applinks/connect/{link.id}")
    assert "about a link" in await show("/applinks/link?request=x")
    assert "to " not in re.findall("<h1>.*?</h1>(.*)", await show("/applinks/account"))[0].partition("</header>")[0]


async def test_the_page_names_nobody_to_who_only_guesses(site: ServerSite) -> None:
    """Security AS-42: handles and client ids can be tried; a stranger's page is the same for those that are there."""
    client_id, _ = await site.add_client()
    browser = site.open_browser()

    async def show(path: str) -> str:
        text = (await browser.get(f"/applinks/login?{urlencode({'next': path})}")).text
        assert "Probe" not in text
        return text.partition("<h1>")[2].partition("</header>")[0]

    authorize = "/applinks/oauth2/authorize?client_id="
    asked = [await show(authorize + each) for each in (client_id, "nobody", "%zz", "%00")]
    assert set(asked) == {asked[0]}
    assert "to decide about the access of another application" in asked[0]
    connect = "/applinks/connect/"
    asked = [await show(connect + each) for each in ("probe", "nobody", "%00", f"lnk_{'0' * 22}", "lnk_", "")]
    assert set(asked) == {asked[0]}
    assert "to connect your account at another application" in asked[0]


async def test_who_is_asked_again_finds_her_name_there(site: ServerSite) -> None:
    """Ours: dangerous steps ask for a fresh log-in."""
    await site.add_account("robin", is_administrator=True)
    browser = site.open_browser()
    await browser.log_in("robin")
    page = await browser.get("/applinks/login?again=1")
    assert "Log in again" in page.text
    assert 'value="robin"' in page.text
    assert "Log in again" not in (await site.open_browser().get("/applinks/login?again=1")).text


@pytest.mark.parametrize(
    "path", ["/applinks/login?next=%zz", "/applinks/login?next=a&next=b", "/applinks/login?next=%ff"]
)
async def test_an_address_that_cannot_be_read_is_refused_in_words(site: ServerSite, path: str) -> None:
    """Security AS-07: never a 500."""
    answer = await site.open_browser().get(path)
    assert answer.status_code == 400
    assert "<h1>" in answer.text


async def test_below_a_prefix_everything_stays_below_it(tmp_path: Path) -> None:
    """Product §3: a base URL with a path; the cookie's path is the base URL's."""
    site = build_site(tmp_path, base="/tracker")
    await site.add_account()
    browser = site.open_browser()
    asked = await browser.get("/tracker/applinks/account")
    assert asked.headers["location"].startswith("/tracker/applinks/login?next=%2Ftracker%2Fapplinks%2Faccount")
    answer = await browser.log_in(path=asked.headers["location"])
    assert answer.headers["location"] == "/tracker/applinks/account"
    assert "Path=/tracker;" in answer.headers["set-cookie"]
    assert (await browser.get("/tracker/applinks/account")).status_code == 200
    await site.aclose()
