"""Chromium with every sample page in it, without a server."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, Route, sync_playwright

from applinks.web.pages.rendering import get_stylesheet
from tests.chromium import CHROMIUM_ARGUMENTS
from tests.pages.demo_samples import STYLESHEETS
from tests.pages.samples import EVERY_PAGE, render

ADDRESS = "http://samples.test"


@contextmanager
def open_browser(path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def open_page(browser: Browser, **options: Any) -> Iterator[Page]:
    """Open a tab in which ``ADDRESS/NAME`` is a sample page; every form that is sent ends on an empty page."""
    context = browser.new_context(**options)
    context.set_default_timeout(15_000)
    context.route("**/*", _answer)
    yield context.new_page()
    context.close()


def show(page: Page, name: str) -> None:
    """Go to a sample page."""
    page.goto(f"{ADDRESS}/{name}")


def write(page: Page, name: str) -> None:
    """Write a sample page into a tab that shows another: quicker than going there, and scripts of ours stay."""
    if not page.url.startswith(ADDRESS):
        show(page, EVERY_PAGE[0])
    # The keyboard begins at the top, also where a field has the focus from the start.
    page.set_content(render(name).replace(" autofocus", ""))


def _answer(route: Route) -> None:
    path = route.request.url.partition("?")[0].removeprefix(f"{ADDRESS}/")
    if path == "applinks/static/applinks.css":
        route.fulfill(body=get_stylesheet(), content_type="text/css")
    elif path in STYLESHEETS:
        route.fulfill(body=STYLESHEETS[path], content_type="text/css")
    elif path in EVERY_PAGE and route.request.method == "GET":
        route.fulfill(body=render(path), content_type="text/html; charset=utf-8")
    else:
        title = "sent" if route.request.method == "POST" else "elsewhere"
        route.fulfill(body=f"<title>{title}</title>", content_type="text/html")
