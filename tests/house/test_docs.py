"""The docs: complete, up to date, and right wherever they can be compared with the code."""

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest

from applinks.bounds import Lifetimes, Sizes
from applinks.cli.main import app
from applinks.settings import Settings
from applinks.web.pages.application import PAGES
from applinks.wire.oauth2.error_codes import ErrorCode
from tools.deviations import find_deviations
from tools.docs import ROOT, SOURCE, build_pages, describe_attributes, find_broken_links
from tools.errors import find_codes

DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
_PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
_FENCE = re.compile(r"^```python[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`]+)`")
# A row of a walk: its number, the files, and what happens there.
_STEP = re.compile(r"^\| \d+ \| (.+?) \| (.+) \|$", re.MULTILINE)
_SENTENCE_END = re.compile(r"[a-z)”*`][.?!] (?=[A-Z])")


def _read(name: str) -> str:
    return (REFERENCE / name).read_text("utf-8")


def test_the_generated_pages_are_what_the_code_says() -> None:
    """Ours: `make docs` was run."""
    built = build_pages()
    assert [path.name for path, text in built.items() if path.read_text("utf-8") != text] == []


def test_every_setting_is_in_the_docs() -> None:
    """Ours: a setting that is not in the docs fails a test."""
    page = _read("settings.md")
    names = {each.name for group in (Settings, Lifetimes, Sizes) for each in fields(group)} - {"lifetimes", "sizes"}
    assert {name for name in names if f"| `{name}` |" not in page} == set()


@pytest.mark.parametrize("group", [Settings, Lifetimes, Sizes])
def test_every_setting_says_what_it_is(group: type) -> None:
    """Ours: a name and a number explain nothing."""
    names = {each.name for each in fields(group)} - {"lifetimes", "sizes"}
    assert names - describe_attributes(group).keys() == set()


def test_every_setting_is_used_by_somebody() -> None:
    """Ours: a setting that changes nothing is a promise that is not kept."""
    code = "".join(path.read_text("utf-8") for path in SOURCE.rglob("*.py") if path.name != "settings.py")
    names = {each.name for group in (Lifetimes, Sizes) for each in fields(group)}
    assert {name for name in names if f".{name}" not in code} == set()


def test_every_command_is_in_the_docs() -> None:
    """Ours: a command that is not in the docs fails a test."""
    page = _read("commands.md")
    wanted = set()
    for name in app:
        if name.startswith("-"):
            continue
        verbs = [verb for verb in app[name] if not verb.startswith("-")]
        wanted |= {f"applinks {name} {verb}" for verb in verbs} or {f"applinks {name}"}
    assert len(wanted) > 5
    assert {each for each in wanted if f"# {each}\n" not in page} == set()


def test_every_page_of_the_application_is_in_the_docs() -> None:
    """Ours: an endpoint that is not in the docs fails a test."""
    page = _read("endpoints.md")
    methods = {(method, each.path) for each in PAGES for method, handler in _list_handlers(each) if handler}
    assert {row for row in methods if f"| {row[0]} | `/applinks{row[1]}` |" not in page} == set()


def test_every_error_code_is_in_the_docs() -> None:
    """Ours: an error that is not in the docs fails a test."""
    page = _read("errors.md")
    codes = find_codes(SOURCE)
    assert set(ErrorCode) < codes
    assert {code for code in codes if f"`{code}`" not in page} == set()


def test_deviations_are_found_where_the_checklist_names_them() -> None:
    """Ours: AS-02 and AS-41 say that they are looser, and the docstrings say so, too."""
    looser = {each.standard for each in find_deviations(SOURCE) if each.kind == "Looser"}
    assert {"RFC 8252 §8.3", "draft-ietf-oauth-rfc7523bis §4", "RFC 9700 §4.14.2"} <= looser


def test_every_deviation_that_is_looser_gives_a_reason() -> None:
    """Ours, house: `Looser than … : because …`."""
    assert [each for each in find_deviations(SOURCE) if each.kind == "Looser" and "because" not in each.sentence] == []


def test_no_tag_of_a_deviation_is_missed() -> None:
    """Ours: what the script cannot read is not listed."""
    texts = [path.read_text("utf-8") for path in SOURCE.rglob("*.py")]
    tags = sum(text.count("Stricter than ") + text.count("Looser than ") for text in texts)
    assert len(find_deviations(SOURCE)) == tags


def test_every_link_leads_somewhere() -> None:
    """Ours: to a file that is there, and to a heading of it."""
    assert list(find_broken_links()) == []


def test_every_picture_is_shown_somewhere() -> None:
    """Ours: a picture that no page shows is not drawn any more."""
    shown = "".join(page.read_text("utf-8") for page in _PAGES)
    assert {path.name for path in (DOCS / "images").iterdir() if f"images/{path.name}" not in shown} == set()


@pytest.mark.parametrize("page", [page for page in _PAGES if "```python" in page.read_text("utf-8")], ids=str)
def test_the_python_of_a_page_compiles(page: Path) -> None:
    """Ours: nobody copies a mistake."""
    for number, code in enumerate(_FENCE.findall(page.read_text("utf-8"))):
        compile(code, f"{page.name}[{number}]", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def test_a_walk_names_files_that_are_there() -> None:
    """Ours: the data flow is exact, file by file."""
    text = (DOCS / "explanation" / "data-flow.md").read_text("utf-8")
    named = {name for name in _CODE.findall(text) if name.endswith(".py")}
    assert len(named) > 40
    assert {name for name in named if not (SOURCE / name).exists()} == set()


def test_what_a_walk_says_of_a_file_stands_in_that_file() -> None:
    """Ours: a function that moved leaves no wrong sign behind."""
    text = (DOCS / "explanation" / "data-flow.md").read_text("utf-8")
    wrong = []
    for files, what in _STEP.findall(text):
        code = "".join((SOURCE / name).read_text("utf-8").lower() for name in _CODE.findall(files))
        names = [name for name in _CODE.findall(what) if re.fullmatch(r"[a-z_]+", name)]
        wrong += [f"{files}: {name}" for name in names if name not in code]
    assert wrong == []


def test_there_is_a_walk_for_each_way_through_the_code() -> None:
    """Ours: an incoming call, a token request, an outgoing call, the handshake, a pause, a signed request."""
    text = (DOCS / "explanation" / "data-flow.md").read_text("utf-8")
    assert len(re.findall(r"^## \d\. ", text, re.MULTILINE)) == 6


def test_the_changelog_says_what_is_new() -> None:
    """Ours: the newest entry is there and says something."""
    newest = (ROOT / "CHANGELOG.md").read_text("utf-8").split("\n## ")[1]
    assert re.match(r"Unreleased|\d+\.\d+\.\d+", newest)
    assert "\n- " in newest


@pytest.mark.parametrize("page", [page for page in _PAGES if page.parent != REFERENCE], ids=str)
def test_a_line_holds_one_sentence(page: Path) -> None:
    """Ours: one sentence a line, so that a change shows what changed; tables and lists apart."""
    prose = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    lines = [line for line in prose.splitlines() if line and not line.lstrip().startswith(("|", "-", "!", "#"))]
    listed = re.compile(r"\s*\d+\. ")
    found = [line for line in lines if not listed.match(line) and _SENTENCE_END.search(line)]
    assert found == []


def test_no_page_names_a_path_of_one_machine() -> None:
    """Ours: docs are for everybody's machine."""
    machine = re.compile(r"(?<![\w.])/(?:home|root|Users|tmp|work|opt)/")
    assert [page.name for page in _PAGES if machine.search(page.read_text("utf-8"))] == []


def _list_handlers(page: object) -> list[tuple[str, object]]:
    return [("GET", getattr(page, "get", None)), ("POST", getattr(page, "post", None))]


@pytest.mark.parametrize("page", sorted((DOCS / "howto").glob("*.md")), ids=lambda page: page.name)
def test_what_a_how_to_tells_to_click_is_on_a_page(page: Path) -> None:
    """Ours: the words of a button in the how-to are those of the button."""
    sources = [*(SOURCE / "web").rglob("*.html"), *(SOURCE / "web").rglob("*.py"), *(SOURCE / "cli").rglob("*.py")]
    sources += [*(SOURCE / "words").glob("*.py"), SOURCE / "demo" / "pages" / "gadget.html"]
    shown = "\n".join(_take_names_out(path.read_text("utf-8")) for path in sources)
    said = re.findall(r"(?<![*\w])\*([^*\n]+)\*(?!\*)", page.read_text("utf-8"))
    assert len(said) > 10 or not page.name.startswith("configure-")
    assert [text for text in said if _take_names_out(text) not in shown] == []


def _take_names_out(text: str) -> str:
    """Leave a mark where an application or a direction is named, in the docs and in a text that is filled in."""
    return re.sub(r"\{\{ ?[\w.]+ ?\}\}|\{\w+\}|Tracker|Start page|incoming|outgoing", "…", text).lower()
