"""The tutorial and the README are true: their code runs, and the tutorial's steps lead where it says."""

import html
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import pytest

from applinks.demo.browser import Browser, Page
from tests.interplay.serving import MOST_SECONDS, Port

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs" / "tutorial" / "two-applications.md"
README = ROOT / "README.md"
_FENCE = re.compile(r'^```(\w+)(?: title="([\w.]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
# What may stand between a link or a button and its words.
_ICON = r"(?:<svg(?:(?!</svg>).)*</svg>)?\s*"


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


class Reader:
    """Somebody who does what the tutorial says, each thing by the words that she sees on the page."""

    def __init__(self) -> None:
        self.browser = Browser()
        self.page = Page("", 0, "", ())

    def open(self, url: str) -> None:
        self.page = self.browser.open(url)

    def log_in(self, name: str, password: str) -> None:
        form = self.page.find_form(input_name="username")
        assert form is not None, self.page.text
        self.page = self.browser.submit(self.page, form, username=name, password=password)

    def follow(self, words: str) -> None:
        found = re.search(rf'<a [^>]*?href="([^"]+)"[^>]*>{_ICON}{words}', self.page.text, re.DOTALL)
        assert found, f"{words}: {self.page.text}"
        self.open(urljoin(self.page.url, html.unescape(found[1])))

    def press(self, words: str, **typed: str) -> None:
        """Press the button with these words, in the form that has it and what is typed."""
        found = re.search(rf"<button([^>]*)>{_ICON}{words}", self.page.text, re.DOTALL)
        assert found, f"{words}: {self.page.text}"
        name = re.search(r'name="(\w+)"', found[1])
        forms = [form for form in self.page.forms if form.method == "post" and set(typed) <= dict(form.fields).keys()]
        form = next(form for form in forms if name is None or form.find_button(name[1]))
        self.page = self.browser.submit(self.page, form, button=name[1] if name else "", **typed)

    def sees(self, *words: str) -> bool:
        return all(each in self.page.text for each in words)


@dataclass
class Tutorial:
    """Both applications, running in the reader's folder."""

    notebook: str
    start_page: str
    folder: Path

    def run_command(self, *arguments: str) -> str:
        """Run ``applinks`` in the folder; what it prints."""
        command = [sys.executable, "-m", "applinks", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, timeout=MOST_SECONDS, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


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
    administrator, user = Reader(), Reader()
    link(administrator, tutorial)
    connect(user, tutorial)

    user.open(f"{tutorial.notebook}/applinks/account")
    user.press("Revoke")
    user.open(tutorial.start_page)
    assert user.sees("Connect to Notebook")

    administrator.follow("Pause")
    administrator.press("Pause")
    user.open(tutorial.start_page)
    assert (user.page.status, user.sees("Notebook cannot be read: The link is paused.")) == (502, True)
    reference = re.findall(r"AL-\w{4}-\w{4}", user.page.text)[0]
    shown = tutorial.run_command("failures", "show", reference, "--database", "sqlite:///start.db")
    assert "The link is paused." in shown
    assert "Start page" in tutorial.run_command("links", "list", "--database", "sqlite:///notebook.db")


def link(administrator: Reader, tutorial: Tutorial) -> None:
    """Step 5."""
    administrator.open(f"{tutorial.start_page}/applinks/")
    administrator.log_in("admin", "nottingham")
    administrator.follow("Link an application")
    administrator.press("Find it", url=tutorial.notebook)
    assert administrator.sees("Notebook", "See your notes")
    administrator.press("Continue at Notebook")
    administrator.log_in("admin", "sherwood")
    assert administrator.sees("Start page", "See your notes")
    administrator.press("Approve and link")
    assert administrator.page.url.startswith(f"{tutorial.start_page}/applinks/links/")
    assert administrator.sees("Connected")


def connect(user: Reader, tutorial: Tutorial) -> None:
    """Step 6."""
    user.open(f"{tutorial.start_page}/")
    user.log_in("alicia", "looking-glass")
    user.follow("Connect to Notebook")
    user.log_in("alice", "wonderland")
    user.press("Approve")
    assert user.page.url == f"{tutorial.start_page}/"
    assert user.sees("Buy bread", "Call Robin")


def test_every_piece_of_python_compiles() -> None:
    """House §10: code of the docs runs in the tests."""
    for path in (README, TUTORIAL):
        pieces = read_fences(path, "python")
        assert pieces
        for title, text in pieces:
            compile(text, f"{path.name}:{title}", "exec", flags=0x2000)  # ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
