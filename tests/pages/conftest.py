from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.pages.browsing import open_browser, open_page


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with open_browser(chromium_path) as browser:
        yield browser


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """One tab for the whole module; a test leaves it as it found it."""
    with open_page(browser, bypass_csp=True) as page:
        yield page
