"""Every page and state, as axe and the accessibility tree see it."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.pages.browsing import show, write
from tests.pages.samples import EVERY_PAGE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

_CHECK = """
async rules => {
  const options = {resultTypes: ["violations"]};
  if (rules) options.runOnly = rules;
  const found = await axe.run(document, options);
  return found.violations.map(each => [each.id, each.nodes.map(node => node.html)]);
}
"""
_NAMES = """
() => [...document.querySelectorAll("a[href], button:not([hidden]), input:not([type=hidden]), select, summary")].map(
  each => {
    const labels = each.labels ? [...each.labels].map(label => label.textContent).join(" ") : "";
    const name = each.getAttribute("aria-label") || labels || each.textContent;
    const form = each.form ? each.form.getAttribute("action") || "" : "";
    const leads = each.getAttribute("href") || [form, each.name, each.value].join(" ");
    return [each.tagName, name.replace(/\\s+/g, " ").trim(), leads];
  })
"""


@pytest.fixture(scope="module")
def checked(page: Page) -> Page:
    """A tab that holds axe, into which pages are written."""
    show(page, EVERY_PAGE[0])
    page.evaluate(Axe().axe_script)
    return page


@pytest.mark.parametrize("name", EVERY_PAGE)
def test_axe_finds_nothing_in_either_scheme(checked: Page, name: str) -> None:
    """WCAG 2.2 A and AA, and axe's best practices; a dark page differs from a light one in its colours alone."""
    checked.emulate_media(color_scheme="light")
    write(checked, name)
    assert checked.evaluate(_CHECK, None) == []
    checked.emulate_media(color_scheme="dark")
    assert checked.evaluate(_CHECK, ["color-contrast"]) == []


@pytest.mark.parametrize("name", EVERY_PAGE)
def test_every_control_has_a_name_of_its_own(page: Page, name: str) -> None:
    """WCAG 2.4.4, 4.1.2: read out alone, a button says what it does, and to what."""
    write(page, name)
    leads: dict[tuple[str, str], Any] = {}
    for tag, said, target in page.evaluate(_NAMES):
        assert said, f"{tag} {target}"
        assert leads.setdefault((tag, said), target) == target, said
