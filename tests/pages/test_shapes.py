"""Every page on narrow screens, enlarged, and in the colours of the system."""

import pytest
from playwright.sync_api import Browser, Page

from tests.pages.browsing import open_page, write
from tests.pages.samples import EVERY_PAGE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

_OUTSIDE = """
() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const all = [...document.querySelectorAll("main *, header *, footer *")];
  return all.filter(each => each.getBoundingClientRect().right > width + 1).map(each => each.outerHTML.slice(0, 100));
}
"""
_OVERLAPS = """
() => {
  const all = [...document.querySelectorAll("main .al-btn, main .al-state, main h1, main h2, main p, main .al-id b")]
    .filter(each => each.checkVisibility() && !each.closest(".al-hide"));
  const boxes = all.map(each => [each, each.getBoundingClientRect()]).filter(([, box]) => box.width > 1);
  const found = [];
  for (const [one, a] of boxes) for (const [other, b] of boxes)
    if (one !== other && !one.contains(other) && !other.contains(one)
        && Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
        && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2)
      found.push(one.outerHTML.slice(0, 80) + " / " + other.outerHTML.slice(0, 80));
  return found;
}
"""
_WORDLESS = """
() => [...document.querySelectorAll("[data-state]")]
  .filter(each => each.checkVisibility() && !each.innerText.trim())
  .map(each => each.outerHTML.slice(0, 100))
"""
_UNFRAMED = """
() => [...document.querySelectorAll("main .al-btn")].filter(e => getComputedStyle(e).borderTopStyle === "none").length
"""
# A window of 1280 pixels at 200 %, a phone, and the width that WCAG 1.4.10 names.
_WIDTHS = (640, 390, 320)


@pytest.mark.parametrize("name", EVERY_PAGE)
def test_nothing_is_cut_off_or_covered_when_narrow_or_enlarged(page: Page, name: str) -> None:
    """WCAG 1.4.4, 1.4.10: no scrolling sideways, and nothing lies on anything else."""
    write(page, name)
    for width in _WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(_OUTSIDE) == [], width
        assert page.evaluate(_OVERLAPS) == [], width


@pytest.mark.parametrize("name", EVERY_PAGE)
def test_the_colours_of_the_system_leave_every_state_its_word(page: Page, name: str) -> None:
    """Mockups: always icon and word; colour is the third sign."""
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(forced_colors="active")
    write(page, name)
    wordless = page.evaluate(_WORDLESS)
    unframed = page.evaluate(_UNFRAMED)
    page.emulate_media(forced_colors="none")
    assert wordless == []
    assert unframed == 0


def test_texts_can_be_twice_as_large(browser: Browser) -> None:
    """WCAG 1.4.4: sizes are relative, so that a larger font of the browser enlarges everything."""
    with open_page(browser, viewport={"width": 1280, "height": 800}) as page:
        write(page, "link")
        heading = page.locator("h1").evaluate("each => parseFloat(getComputedStyle(each).fontSize)")
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.locator("h1").evaluate("each => parseFloat(getComputedStyle(each).fontSize)") == 2 * heading
        assert page.evaluate(_OUTSIDE) == []
