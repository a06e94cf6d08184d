"""
Draws the pictures of the README from a running demo: ``python -m tests.interplay.pictures FOLDER``.

They show what a person sees after the steps that the demo prints, and nothing that was put there for the picture.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.interplay.demo_process import Demo, find_user, run_demo
from tests.interplay.test_story import CHROMIUM_ARGUMENTS, connect, expect_state, link, log_in


def draw(browser: Browser, demo: Demo, folder: Path) -> None:
    """Link, connect, and take the two pictures."""
    administrators = browser.new_context(java_script_enabled=False, viewport={"width": 1120, "height": 900})
    page = link(administrators, demo)
    users = browser.new_context(java_script_enabled=False, viewport={"width": 1120, "height": 560})
    dashboard = users.new_page()
    dashboard.goto(demo.start_page["url"])
    log_in(dashboard, find_user(demo.start_page, administrator=False))
    connect(dashboard, demo)
    dashboard.locator("[data-gadget=ready]").screenshot(path=folder / "gadget.png")
    page.goto(f"{demo.tracker['url']}/applinks/")
    page.get_by_role("link", name="Start page").first.click()
    expect_state(page, "Connected")
    page.screenshot(path=folder / "link.png")


def main(folder: Path) -> None:
    """Draw into a folder, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is missing: install Debian's package chromium")
    with run_demo() as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        draw(browser, demo, folder)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
