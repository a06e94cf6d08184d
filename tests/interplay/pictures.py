"""
Draws the pictures of the README and of the how-tos: ``python -m tests.interplay.pictures FOLDER``.

They come from a running demo, by the steps that the how-tos tell, and show what a person sees then. The one state that
a healthy demo never has, keys that changed unannounced, comes from the sample pages.
"""

import sys
import tempfile
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

from tests.chromium import CHROMIUM_ARGUMENTS, find_chromium
from tests.interplay.demo_process import Demo, find_user, run_demo
from tests.interplay.test_story import connect, expect_state, log_in
from tests.pages.screenshots import _Quiet, write_pages

# Room around what is cut out, so that a card keeps its shadow.
_MARGIN = 16
_SCOPES = ("issues:read", "issues:write", "profile")


def draw(browser: Browser, demo: Demo, folder: Path) -> None:
    """Link, connect, change, and take a picture wherever a how-to has one."""
    administrators = browser.new_context(java_script_enabled=False, viewport={"width": 1120, "height": 900})
    page = draw_linking(administrators, demo, folder)
    users = browser.new_context(java_script_enabled=False, viewport={"width": 1120, "height": 560})
    draw_connecting(users.new_page(), demo, folder)
    draw_outgoing(page, demo, folder)
    draw_incoming(page, demo, folder)


def draw_linking(administrators: BrowserContext, demo: Demo, folder: Path) -> Page:
    """What the two administrators do, begun at Start page."""
    page = administrators.new_page()
    page.goto(f"{demo.start_page['url']}/applinks/new")
    log_in(page, find_user(demo.start_page, administrator=True))
    page.get_by_label("Address of the other application").fill(demo.tracker["url"])
    cut_out(page, folder / "link-address.png", page.locator("form").first)
    page.get_by_role("button", name="Find it").click()
    for scope in _SCOPES:
        page.locator(f"input[value='{scope}']").check()
    cut_out(
        page, folder / "link-choices.png", page.locator("form .al-two"), page.get_by_role("button", name="Continue")
    )
    page.get_by_role("button", name="Continue at Tracker").click()
    log_in(page, find_user(demo.tracker, administrator=True))
    cut_out(page, folder / "link-approve.png", page.locator("article"))
    page.get_by_role("button", name="Approve and link").click()
    expect_state(page, "Connected")
    return page


def draw_connecting(page: Page, demo: Demo, folder: Path) -> None:
    """What alicia of Start page, who is alice at Tracker, does and sees."""
    page.goto(demo.start_page["url"])
    log_in(page, find_user(demo.start_page, administrator=False))
    page.get_by_role("link", name="Connect to Tracker").click()
    log_in(page, find_user(demo.tracker, administrator=False))
    cut_out(page, folder / "consent.png", page.locator("article"))
    page.go_back()
    page.goto(demo.start_page["url"])
    connect(page, demo, logged_in=True)
    page.locator("[data-gadget=ready]").screenshot(path=folder / "gadget.png")
    page.goto(f"{demo.start_page['url']}/applinks/account")
    cut_out(page, folder / "account-outgoing.png", get_card(page, "My accounts at other applications"))
    page.goto(f"{demo.tracker['url']}/applinks/account")
    cut_out(page, folder / "account-incoming.png", get_card(page, "Applications with access to my account"))


def draw_outgoing(page: Page, demo: Demo, folder: Path) -> None:
    """The outgoing side, at Start page."""
    open_link(page, demo.start_page, "Tracker")
    cut_out(page, folder / "outgoing.png", get_card(page, "Outgoing"))
    page.get_by_role("link", name="Change outgoing").click()
    cut_out(page, folder / "change-outgoing.png", page.locator(".al-crumbs"), page.locator("main form"))
    # As when somebody opens the return address of a journey once more, from the history of the browser.
    returned = f"{demo.start_page['url']}/applinks/callback/lnk_{'0' * 22}"
    page.goto(f"{returned}?code=once&state=used&iss={demo.tracker['url']}")
    cut_out(page, folder / "refused.png", page.locator("article"))


def draw_incoming(page: Page, demo: Demo, folder: Path) -> None:
    """The incoming side, at Tracker, and all that an administrator can do with a link there."""
    open_link(page, demo.tracker, "Start page")
    page.screenshot(path=folder / "link.png")
    cut_out(page, folder / "incoming.png", get_card(page, "Incoming"))
    cut_out(page, folder / "addresses.png", get_card(page, "Addresses and keys"))
    link = page.url
    page.get_by_role("link", name="Change incoming").click()
    page.locator("input[value='issues:write']").uncheck()
    cut_out(page, folder / "change-incoming.png", page.locator(".al-crumbs"), page.locator("main form"))
    page.goto(f"{link}/delete")
    cut_out(page, folder / "delete.png", page.locator("article"))
    page.goto(f"{link}/pause")
    page.get_by_label("Reason").fill("until the migration is over")
    cut_out(page, folder / "pause.png", page.locator("article"))
    page.get_by_role("button", name="Pause the link").click()
    expect_state(page, "Paused")
    cut_out(page, folder / "paused.png", page.locator(".al-crumbs"), page.locator(".al-bridge"))


def draw_changed_keys(browser: Browser, folder: Path) -> None:
    """The page on which changed keys are compared."""
    with tempfile.TemporaryDirectory() as samples:
        write_pages(Path(samples))
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=samples))
        Thread(target=server.serve_forever, daemon=True).start()
        page = browser.new_context(viewport={"width": 1120, "height": 900}).new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/keys.html")
        cut_out(page, folder / "keys-changed.png", page.locator(".al-crumbs"), page.locator("main section").first)
        server.shutdown()
        server.server_close()


def open_link(page: Page, application: dict[str, object], name: str) -> None:
    """Go to the page of a link from the list."""
    page.goto(f"{application['url']}/applinks/")
    if urlsplit(page.url).path == "/login":
        log_in(page, find_user(application, administrator=True))
    page.get_by_role("link", name=name).first.click()
    expect_state(page, "Connected")


def get_card(page: Page, heading: str) -> Locator:
    """Find the card of that heading."""
    return page.locator("section.al-card").filter(has=page.get_by_role("heading", name=heading, level=2)).first


def cut_out(page: Page, path: Path, *shown: Locator) -> None:
    """Take what is shown, with a margin, out of the whole page."""
    boxes = [box for each in shown if (box := each.bounding_box()) is not None]
    left, top = min(box["x"] for box in boxes), min(box["y"] for box in boxes)
    right, bottom = max(box["x"] + box["width"] for box in boxes), max(box["y"] + box["height"] for box in boxes)
    x, y = max(left - _MARGIN, 0), max(top - _MARGIN, 0)
    clip = {"x": x, "y": y, "width": right + _MARGIN - x, "height": bottom + _MARGIN - y}
    page.screenshot(path=path, full_page=True, clip=clip)


def main(folder: Path) -> None:
    """Draw into a folder, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    chromium = find_chromium()
    if chromium is None:
        sys.exit("Chromium is missing: install Debian's package chromium")
    with run_demo() as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        draw(browser, demo, folder)
        draw_changed_keys(browser, folder)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
