"""Pictures of every page in every state: ``python -m tests.pages.screenshots OUTDIR``."""

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from playwright.sync_api import Browser, sync_playwright

from applinks.web.pages.rendering import get_stylesheet
from tests.chromium import CHROMIUM_ARGUMENTS, find_chromium
from tests.pages.demo_samples import STYLESHEETS
from tests.pages.samples import EVERY_PAGE, render

SHAPES = {
    "": (1280, 800, "light"),
    "-dark": (1280, 800, "dark"),
    "-phone": (390, 844, "light"),
    "-tablet": (820, 1180, "light"),
    "-wide": (1920, 1080, "light"),
}


def write_pages(folder: Path) -> None:
    """Write every page as a file beside the stylesheet, as it is found under the address of the real one."""
    (folder / "applinks" / "static").mkdir(parents=True, exist_ok=True)
    (folder / "applinks" / "static" / "applinks.css").write_bytes(get_stylesheet())
    for name, text in STYLESHEETS.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name in EVERY_PAGE:
        (folder / f"{name}.html").write_text(render(name), encoding="utf-8")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


def _take(browser: Browser, address: str, folder: Path, names: list[str]) -> None:
    for ending, (width, height, scheme) in SHAPES.items():
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        tab = context.new_page()
        for name in names:
            tab.goto(f"{address}/{name}.html")
            overflow = tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
            if overflow:
                print(f"{name}{ending}: wider than the window")
            tab.screenshot(path=folder / f"{name}{ending}.png", full_page=True)
        context.close()


def main(arguments: list[str]) -> None:
    """Render the pages and take their pictures; further arguments name the pages wanted."""
    chromium = find_chromium()
    if chromium is None:
        sys.exit("Chromium is missing: install Debian's package chromium")
    if unknown := sorted(set(arguments[1:]) - set(EVERY_PAGE)):
        sys.exit(f"no page is called {unknown[0]}; there are: {', '.join(sorted(EVERY_PAGE))}")
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    write_pages(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
            _take(browser, f"http://127.0.0.1:{server.server_port}", folder, arguments[1:] or list(EVERY_PAGE))
            browser.close()
    finally:
        server.shutdown()


if __name__ == "__main__":
    main(sys.argv[1:])
