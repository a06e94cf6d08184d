"""What a user of the demo does in her browser."""

import re

from applinks.demo.browser import Browser, Page
from tests.demo.running import Demo, find_gadget


def open_browser(demo: Demo) -> Browser:
    """Alicia's browser, logged in at Start page, alice's at Tracker."""
    browser = Browser()
    for url, name in ((demo.url("Start page"), "alicia"), (demo.url("Tracker"), "alice")):
        page = browser.open(f"{url}/login")
        form = page.find_form(input_name="password")
        assert form is not None
        browser.submit(page, form, username=name, password=demo.password(name))
    return browser


def open_dashboard(demo: Demo, browser: Browser) -> Page:
    return browser.open(demo.url("Start page") + "/")


def connect(demo: Demo, browser: Browser) -> Page:
    """Connect at Tracker, approving what it asks; the dashboard afterwards."""
    page = open_dashboard(demo, browser)
    if find_gadget(page.text) == "ready":
        return page
    assert find_gadget(page.text) == "connect"
    address = re.search(r'href="([^"]*/applinks/connect/[^"]*)"', page.text)
    assert address is not None
    return approve(browser, browser.open(address[1].replace("&amp;", "&")))


def approve(browser: Browser, consent: Page) -> Page:
    form = consent.find_form(button="approve")
    assert form is not None, consent.text
    return browser.submit(consent, form, button="approve")


def press(browser: Browser, page: Page, action: str, **typed: str) -> Page:
    form = next(each for each in page.forms if each.action == action)
    return browser.submit(page, form, **typed)


def send_notice(demo: Demo, browser: Browser) -> str:
    """Send a notice from Tracker to Start page, approving what that asks; the page that says so."""
    page = browser.open(demo.url("Tracker") + "/issues/TRK-1")
    page = approve(browser, press(browser, page, "/issues/TRK-1/notice"))
    # She comes back to where she was, and presses the button again.
    return press(browser, page, "/issues/TRK-1/notice").text
