"""The whole story in a real browser, over either protocol: two administrators link, two users connect, each ends it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.chromium import CHROMIUM_ARGUMENTS
from tests.interplay.demo_process import Demo, find_user, run_demo

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=["oauth2", "oauth1"])
def protocol(request: pytest.FixtureRequest) -> str:
    spoken: str = request.param
    return spoken


@pytest.fixture(scope="module")
def demo(protocol: str) -> Iterator[Demo]:
    with run_demo("--protocol", protocol) as demo:
        yield demo


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(15_000)
    yield context
    context.close()


def log_in(page: Page, user: dict[str, object]) -> None:
    page.get_by_label("Name").fill(str(user["name"]))
    page.get_by_label("Password").fill(str(user["password"]))
    page.get_by_role("button", name="Log in").click()


def link(context: BrowserContext, demo: Demo) -> Page:
    """What the two administrators do, begun at Start page."""
    page = context.new_page()
    page.goto(f"{demo.start_page['url']}/applinks/new")
    log_in(page, find_user(demo.start_page, administrator=True))
    page.get_by_label("Address of the other application").fill(demo.tracker["url"])
    page.get_by_role("button", name="Find it").click()
    for scope in ("issues:read", "issues:write", "profile"):
        page.locator(f"input[value='{scope}']").check()
    page.get_by_role("button", name="Continue at Tracker").click()
    log_in(page, find_user(demo.tracker, administrator=True))
    page.get_by_role("button", name="Approve and link").click()
    expect_state(page, "Connected")
    return page


def expect_state(page: Page, words: str) -> None:
    """Read the page again until it says so: the two ends tell each other within seconds."""
    for _ in range(300):
        if page.locator(".al-title .al-state").inner_text() == words:
            return
        page.reload()
    expect(page.locator(".al-title .al-state")).to_have_text(words)


def connect(page: Page, demo: Demo, *, logged_in: bool = False) -> None:
    """What alicia does, from the gadget that asks her to."""
    page.get_by_role("link", name="Connect to Tracker").click()
    if not logged_in:
        log_in(page, find_user(demo.tracker, administrator=False))
    expect(page.get_by_role("heading", name="Let Start page use your Tracker account?")).to_be_visible()
    page.get_by_role("button", name="Approve", exact=True).click()


def test_two_applications_are_linked_used_revoked_and_paused(
    browser: Browser, context: BrowserContext, demo: Demo, protocol: str
) -> None:
    """Ours: what each protocol's part shows, as a person does it, without JavaScript."""
    start_page, tracker = demo.start_page["url"], demo.tracker["url"]
    administrator = link(context, demo)
    at_tracker = context.new_page()
    at_tracker.goto(f"{tracker}/applinks/")
    expect(at_tracker.get_by_text("Connected")).to_be_visible()
    at_tracker.get_by_role("link", name="Start page").first.click()
    expect(at_tracker.get_by_text("we are the service provider").first).to_be_visible()

    users = browser.new_context(java_script_enabled=False)
    users.set_default_timeout(15_000)
    page = users.new_page()
    page.goto(start_page)
    log_in(page, find_user(demo.start_page, administrator=False))
    connect(page, demo)
    gadget = page.locator("[data-gadget]")
    expect(gadget).to_contain_text("Import stops at 10,000 rows")
    expect(gadget).not_to_contain_text("Renew the certificate of the mail server")
    expect(gadget).to_contain_text("Connected as alice")

    page.get_by_label("New issue in Tracker").fill("Made from the gadget")
    page.get_by_role("button", name="Create").click()
    expect(gadget).to_contain_text("Made from the gadget")
    page.goto(tracker)
    expect(page.locator("body")).to_contain_text("Made from the gadget")

    revoke_at_tracker(page, tracker)
    page.goto(start_page)
    connect(page, demo, logged_in=True)
    expect(gadget).to_contain_text("Made from the gadget")

    disconnect_at_start_page(page, start_page)
    page.goto(f"{tracker}/applinks/account")
    if protocol == "oauth2":
        expect(page.get_by_role("button", name="Revoke Start page")).to_have_count(0)
    else:
        # OAuth 1.0a has no way to give a token back: what the user granted stands until she takes it back there.
        revoke_at_tracker(page, tracker)
    page.goto(start_page)
    connect(page, demo, logged_in=True)

    pause_and_resume(administrator, at_tracker, page, demo)
    users.close()


def test_one_link_has_both_protocols_and_the_page_of_a_user_lists_each_access(context: BrowserContext) -> None:
    """Issue, Shows: ``applinks demo --protocol both``; each application calls by what it prefers."""
    with run_demo("--protocol", "both", "--linked") as demo:
        page = context.new_page()
        page.goto(demo.start_page["url"])
        log_in(page, find_user(demo.start_page, administrator=False))
        connect(page, demo)
        expect(page.locator("[data-gadget=ready]")).to_be_visible()
        issue = f"{demo.tracker['url']}/issues/TRK-1"
        page.goto(issue)
        page.get_by_role("button", name="Send it to Start page").click()
        expect(page.get_by_role("heading", name="Let Tracker use your Start page account?")).to_be_visible()
        page.get_by_role("button", name="Approve", exact=True).click()
        page.goto(issue)
        page.get_by_role("button", name="Send it to Start page").click()
        expect(page.get_by_role("heading", name="Start page has your notice")).to_be_visible()
        for at, them in ((demo.tracker, "Start page"), (demo.start_page, "Tracker")):
            page.goto(f"{at['url']}/applinks/account")
            main = page.get_by_role("main")
            expect(main).to_contain_text("OAuth 2")
            expect(main).to_contain_text("OAuth 1.0a")
            expect(page.get_by_role("button", name=f"Revoke {them}")).to_have_count(1)
            expect(page.get_by_role("button", name=f"Disconnect {them}")).to_have_count(1)


def revoke_at_tracker(page: Page, tracker: str) -> None:
    page.goto(f"{tracker}/applinks/account")
    page.get_by_role("button", name="Revoke Start page").click()
    expect(page.get_by_role("button", name="Revoke Start page")).to_have_count(0)


def disconnect_at_start_page(page: Page, start_page: str) -> None:
    page.goto(f"{start_page}/applinks/account")
    page.get_by_role("button", name="Disconnect Tracker").click()
    page.goto(start_page)
    expect(page.get_by_role("link", name="Connect to Tracker")).to_be_visible()


def pause_and_resume(at_start_page: Page, at_tracker: Page, page: Page, demo: Demo) -> None:
    for here, there in ((at_tracker, at_start_page), (at_start_page, at_tracker)):
        here.get_by_role("link", name="Pause").click()
        here.get_by_role("button", name="Pause").click()
        expect_state(here, "Paused")
        there.reload()
        expect_state(there, "Paused")
        page.goto(demo.start_page["url"])
        expect(page.locator("[data-gadget=unusable]")).to_be_visible()
        here.get_by_role("button", name="Resume").click()
        expect_state(here, "Connected")
        there.reload()
        expect_state(there, "Connected")
        page.goto(demo.start_page["url"])
        expect(page.locator("[data-gadget=ready]")).to_be_visible()
