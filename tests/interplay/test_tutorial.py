"""The tutorial and the README are true: their code runs, and the tutorial's steps lead where it says."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from tests.interplay.serving import MOST_SECONDS, Port

from applinks.demo.browser import Browser, Page

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs" / "tutorial" / "two-applications.md"
README = ROOT / "README.md"
_FENCE = re.compile(r'^```(\w+)(?: title="([\w.]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def read_fences(path: Path, language: str) -> list[tuple[str, str]]:
    """Give the fenced blocks of a language: title and text."""
    return [(title, text) for found, title, text in _FENCE.findall(path.read_text()) if found == language]


@contextmanager
def run_uvicorn(module: str, port: Port, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run an application as the tutorial does, but on a port that listens already."""
    command = [sys.executable, "-m", "uvicorn", f"{module}:app", "--fd", str(port.listener.fileno())]
    process = subprocess.Popen(
        command,
        cwd=folder,
        pass_fds=[port.listener.fileno()],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    port.listener.close()
    try:
        yield process
    finally:
        process.terminate()
        try:
            print(process.communicate(timeout=MOST_SECONDS)[0])
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


class Tutorial:
    """What the tutorial's reader does, each thing by its words on the page."""

    def __init__(self, notebook: str, start_page: str, folder: Path) -> None:
        self.notebook, self.start_page, self.folder = notebook, start_page, folder

    def log_in(self, browser: Browser, page: Page, name: str, password: str) -> Page:
        form = page.find_form(input_name="username")
        assert form is not None, page.text
        return browser.submit(page, form, username=name, password=password)

    def follow(self, browser: Browser, page: Page, words: str) -> Page:
        found = re.search(rf'<a [^>]*?href="([^"]+)"[^>]*>(?:<svg.*?</svg>)?\s*{words}', page.text, re.DOTALL)
        assert found, f"{words}: {page.text}"
        url = found[1].replace("&amp;", "&")
        return browser.open(url if "://" in url else self.find_origin(page) + url)

    def press(self, browser: Browser, page: Page, words: str, **typed: str) -> Page:
        for form in page.forms:
            for button in form.buttons:
                if re.search(rf'<button[^>]*name="{button[0]}"[^>]*>[^<]*{words}', page.text):
                    return browser.submit(page, form, button=button[0], **typed)
        assert re.search(rf"<button[^>]*>(?:<svg.*?</svg>)?\s*{words}", page.text, re.DOTALL), f"{words}: {page.text}"
        form = next(form for form in page.forms if form.method == "post" and set(typed) <= dict(form.fields).keys())
        return browser.submit(page, form, **typed)

    def find_origin(self, page: Page) -> str:
        return self.notebook if page.url.startswith(self.notebook) else self.start_page


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tutorial]:
    """Both applications as the tutorial writes them, but for the two ports."""
    folder = tmp_path_factory.mktemp("linked")
    one, two = Port(), Port()
    ports = [port.base_url.rpartition(":")[2] for port in (one, two)]
    files = {title: text for title, text in read_fences(TUTORIAL, "python") if title}
    assert sorted(files) == ["notebook.py", "people.py", "start_page.py"]
    for title, text in files.items():
        (folder / title).write_text(text.replace(":8001", f":{ports[0]}").replace(":8002", f":{ports[1]}"))
    with ExitStack() as stack:
        stack.enter_context(run_uvicorn("notebook", one, folder))
        stack.enter_context(run_uvicorn("start_page", two, folder))
        yield Tutorial(f"http://127.0.0.1:{ports[0]}", f"http://localhost:{ports[1]}", folder)


def test_the_steps_of_the_tutorial_lead_where_it_says(tutorial: Tutorial) -> None:
    """Ours: steps 5 and 6, and what it says to try at the end."""
    administrator, user = Browser(), Browser()

    page = administrator.open(f"{tutorial.start_page}/applinks/")
    page = tutorial.log_in(administrator, page, "admin", "nottingham")
    page = tutorial.follow(administrator, page, "Link an application")
    page = tutorial.press(administrator, page, "Look", url=tutorial.notebook)
    page = tutorial.press(administrator, page, "Continue at Notebook")
    page = tutorial.log_in(administrator, page, "admin", "sherwood")
    assert "Start page" in page.text
    page = tutorial.press(administrator, page, "Approve and link")
    assert page.url.startswith(f"{tutorial.start_page}/applinks/links/")
    for _ in range(300):
        if "Connected" in page.text:
            break
        page = administrator.open(page.url)
    assert "Connected" in page.text

    page = tutorial.log_in(user, user.open(tutorial.start_page), "alicia", "looking-glass")
    page = tutorial.follow(user, page, "Connect to Notebook")
    page = tutorial.log_in(user, page, "alice", "wonderland")
    page = tutorial.press(user, page, "Approve")
    assert (page.url, "Buy bread" in page.text, "Call Robin" in page.text) == (f"{tutorial.start_page}/", True, True)


def test_every_piece_of_python_compiles() -> None:
    """House §10: code of the docs runs in the tests."""
    for path in (README, TUTORIAL):
        pieces = read_fences(path, "python")
        assert pieces
        for title, text in pieces:
            compile(text, f"{path.name}:{title}", "exec", flags=0x2000)  # ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
