"""Every page by keyboard alone."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.pages.browsing import ADDRESS, open_page, show, write
from tests.pages.samples import EVERY_PAGE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

_CONTROLS = """
() => {
  const all = document.querySelectorAll("a[href], button:not(:disabled), input:not([type=hidden]):not(:disabled), "
    + "select, textarea, summary, [tabindex]");
  const closed = "details:not([open]) > :not(summary)";
  const reachable = [...all].filter(each => each.checkVisibility() && !each.closest(closed));
  reachable.forEach((each, number) => each.dataset.number = number);
  return reachable.length;
}
"""
_FOCUSED = """
() => {
  const each = document.activeElement;
  const box = each.getBoundingClientRect();
  const shows = style => style.boxShadow !== "none"
    || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2);
  return {
    number: Number(each.dataset.number),
    text: each.outerHTML.slice(0, 120),
    outlined: shows(getComputedStyle(each)) || shows(getComputedStyle(each, "::after")),
    width: box.width, height: box.height, left: box.left + scrollX, right: box.right + scrollX,
    top: box.top + scrollY, bottom: box.bottom + scrollY,
  };
}
"""
_DECISIONS = [
    "new-link",
    "approve-link",
    "approve-link-private",
    "answer",
    "consent",
    "consent-public",
    "pause",
    "delete",
    "keys",
]


def walk(page: Page) -> list[dict[str, Any]]:
    """Press Tab through the whole page; give what had the focus."""
    count = page.evaluate(_CONTROLS)
    found = []
    for _ in range(count):
        page.keyboard.press("Tab")
        found.append(page.evaluate(_FOCUSED))
    return found


@pytest.mark.parametrize("name", EVERY_PAGE)
def test_tab_reaches_every_control_in_reading_order_and_shows_where_it_is(page: Page, name: str) -> None:
    """WCAG 2.1.1, 2.4.3, 2.4.7."""
    write(page, name)
    steps = walk(page)
    assert [step["number"] for step in steps] == list(range(len(steps)))
    for before, after in zip([None, *steps], steps, strict=False):
        assert after["outlined"], after["text"]
        assert min(after["width"], after["height"]) >= 12, after["text"]
        # Back up is only ever to another column.
        is_back = before is not None and after["bottom"] <= before["top"] and after["left"] <= before["left"]
        assert not is_back, after["text"]


def test_the_first_tab_offers_to_skip_to_the_content(browser: Browser) -> None:
    """WCAG 2.4.1."""
    with open_page(browser) as page:
        show(page, "link")
        page.keyboard.press("Tab")
        skip = page.get_by_role("link", name="Skip to the content")
        box = skip.bounding_box()
        assert box is not None
        assert box["y"] >= 0
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")


@pytest.mark.parametrize("name", _DECISIONS)
def test_enter_in_a_field_decides_nothing(page: Page, name: str) -> None:
    """Handshake §7: nothing is preselected by Enter."""
    show(page, name)
    fields = page.locator("main form:not(:has([name=look])) input:not([type=hidden])")
    for number in range(fields.count()):
        fields.nth(number).press("Enter")
        assert page.title() != "sent"
    assert page.url == f"{ADDRESS}/{name}"


@pytest.mark.parametrize(("name", "button"), [("approve-link", "Refuse"), ("consent", "Deny"), ("consent", "Approve")])
def test_a_decision_is_made_with_the_keyboard(page: Page, name: str, button: str) -> None:
    """WCAG 2.1.1: a button that has the focus is pressed by Enter."""
    show(page, name)
    page.get_by_role("button", name=button, exact=True).press("Enter")
    page.wait_for_function("document.title === 'sent'")


def test_the_menu_opens_without_a_script(browser: Browser) -> None:
    """Product §3: every page works without JavaScript."""
    with open_page(browser, java_script_enabled=False) as page:
        show(page, "links")
        page.locator("summary").press("Enter")
        assert page.get_by_role("link", name="My account and access").is_visible()
        page.get_by_label("Filter by name or address").fill("wiki")
        page.keyboard.press("Enter")
        page.wait_for_url("**/links?q=wiki")
