"""
What the two administrators do in the browser to link the demo's applications, done for them.

The same pages and forms, so the same handshake: nothing is linked behind its back.
"""

import re
import time
from collections.abc import Callable

from applinks.demo.applications import Application
from applinks.demo.browser import Browser, Page
from applinks.demo.folder import DemoError

# Both ends are tested within a second or two; a slow machine may take some more.
_SECONDS_TO_CONNECT = 20.0
_STEP_LIMIT = 12
_STATE = re.compile(r'data-state="([a-z]+)"')
# Connected, paused or in need of attention; not: waiting for somebody's approval.
_IN_FORCE = frozenset({"ok", "rest", "warn"})


def link_applications(one: Application, other: Application, *, is_alive: Callable[[], None]) -> None:
    """
    Link the two, as the administrators of both, and wait until both say *Connected*; what is linked stays as it is.

    ``is_alive`` raises when one of the applications has ended.

    Raises:
        DemoError: a page said something else; it says what.
    """
    browser = Browser()
    if _is_linked(browser, one, other):
        return  # By an earlier start on the same folder; whoever paused it since meant it.
    page = _log_in(browser, browser.open(one.base_url + "/applinks/new"), (one, other))
    _go_through(browser, page, (one, other), peer=other)
    deadline = time.monotonic() + _SECONDS_TO_CONNECT
    while not (_is_connected(browser, one, other) and _is_connected(browser, other, one)):
        is_alive()
        if time.monotonic() > deadline:
            raise DemoError(f"{one.name} and {other.name} are linked, but do not say Connected: see {one.links_url}")
        time.sleep(0.1)


def _go_through(
    browser: Browser, page: Page, applications: tuple[Application, Application], *, peer: Application
) -> None:
    """Press the main button of each page, until one has none of those that lead to a link."""
    for _ in range(_STEP_LIMIT):
        page = _log_in(browser, page, applications)
        if page.status >= 400:
            raise DemoError(f"Linking stopped at {page.url} with status {page.status}.")
        for button in ("approve", "propose", "private", "offer"):
            if form := page.find_form(button=button):
                # All that each side offers, so that everything can be tried; not the boxes that leave a side out.
                ticked = [box for box in form.boxes if not box[0].endswith("_off")] if button == "propose" else []
                page = browser.submit(page, form, button=button, ticked=ticked)
                break
        else:
            form = page.find_form(button="look")
            if form is None:
                return
            page = browser.submit(page, form, button="look", url=peer.base_url)


def _log_in(browser: Browser, page: Page, applications: tuple[Application, Application]) -> Page:
    form = page.find_form(input_name="password")
    if form is None:
        return page
    here = next(each for each in applications if page.url.startswith(each.base_url + "/"))
    administrator = here.administrator
    return browser.submit(page, form, username=administrator.name, password=administrator.password)


def are_linked(one: Application, other: Application) -> bool:
    """Whether the page of links at the first shows one with the other that is in force, paused or not."""
    return _is_linked(Browser(), one, other)


def _is_linked(browser: Browser, one: Application, other: Application) -> bool:
    return _find_state(browser, one, other) in _IN_FORCE


def _is_connected(browser: Browser, one: Application, other: Application) -> bool:
    return _find_state(browser, one, other) == "ok"


def _find_state(browser: Browser, one: Application, other: Application) -> str:
    """Give the state that the list of links shows; empty: it shows no such link."""
    page = _log_in(browser, browser.open(one.links_url), (one, other))
    row = page.text.partition(_host(other))[2].partition("</li>")[0]
    found = _STATE.search(row)
    return found[1] if found else ""


def _host(application: Application) -> str:
    return application.base_url.partition("://")[2]
