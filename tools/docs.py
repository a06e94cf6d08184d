"""
Writes the generated pages of docs/reference, and checks the rest.

``python -m tools.docs`` writes; with ``--check`` it only compares. Both look whether every link inside the documents
leads somewhere.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from applinks.bounds import Lifetimes, Sizes
from applinks.cli.main import app
from applinks.settings import Settings
from tools.deviations import find_deviations, format_deviations
from tools.endpoints import format_endpoints
from tools.errors import format_errors
from tools.requirements import format_page

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "applinks"
REFERENCE = ROOT / "docs" / "reference"
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def describe_attributes(documented: type[Any]) -> dict[str, str]:
    """Give the sentences of a docstring's ``Attributes`` section by name."""
    text = (documented.__doc__ or "").partition("Attributes:")[2]
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if match := re.match(r"\s{4,8}(\w+): (.*)", line):
            name = match[1]
            found[name] = match[2].strip()
        elif name and line.strip():
            found[name] += " " + line.strip()
    return {name: sentence.replace("``", "`") for name, sentence in found.items()}


def format_settings() -> str:
    """Give the page on every setting."""
    sentences = describe_attributes(Settings)
    lines = [
        "# Settings",
        "",
        "Each comes from a keyword argument of `Settings`, else from the environment, else from a file.",
        "The file is `applinks.toml` in the current folder.",
        "In the environment it is `APPLINKS_` and the name in capitals, as in `APPLINKS_BASE_URL`.",
        "They are checked at start, and a wrong one is refused in words.",
        "",
        "| setting | default | what |",
        "|---|---|---|",
    ]
    for each in fields(Settings):
        if each.name in {"lifetimes", "sizes"}:
            continue
        default = "" if each.name == "base_url" else repr(each.default).replace("|", "\\|")
        lines.append(
            f"| `{each.name}` | `{default}` | {sentences[each.name]} |"
            if default
            else f"| `{each.name}` | required | {sentences[each.name]} |"
        )
    for title, group in (("Lifetimes", Lifetimes), ("Sizes", Sizes)):
        lines += [
            "",
            f"## {title}",
            "",
            f"{(group.__doc__ or '').strip().splitlines()[0]}",
            f"In `applinks.toml` they stand in the table `[{title.lower()}]`, and the environment has none of them.",
            "",
        ]
        lines += ["| setting | default | what |", "|---|--:|---|"]
        what = describe_attributes(group)
        lines += [f"| `{each.name}` | {each.default:,} | {what[each.name]} |" for each in fields(group)]
    return "\n".join(lines) + "\n"


def build_pages() -> dict[Path, str]:
    """Give every generated page by its place."""
    return {
        REFERENCE / "settings.md": format_settings(),
        REFERENCE / "commands.md": format_commands(),
        REFERENCE / "endpoints.md": format_endpoints(),
        REFERENCE / "errors.md": format_errors(SOURCE),
        REFERENCE / "deviations.md": format_deviations(find_deviations(SOURCE)),
        REFERENCE / "requirements.md": format_page(),
    }


def format_commands() -> str:
    """Give the page on every command."""
    # The library takes the name of a command's usage from how this very process was called.
    called, sys.argv = sys.argv, ["applinks"]
    try:
        text = app.generate_docs(output_format="markdown", recursive=True, heading_level=1)
    finally:
        sys.argv = called
    return text.rstrip() + "\n"


def find_broken_links() -> Iterator[str]:
    """Give every link to a file, or to a heading of one, that is not there."""
    for page in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]):
        for target, heading in _LINK.findall(page.read_text("utf-8")):
            goal = page.parent / target if target else page
            if "://" in target:
                continue
            if not goal.exists():
                yield f"{page.relative_to(ROOT)}: {target} does not exist"
            elif heading and heading not in _list_headings(goal):
                yield f"{page.relative_to(ROOT)}: {target} has no heading {heading}"


def _list_headings(page: Path) -> set[str]:
    """Give the headings of a page as links name them."""
    titles = (re.sub(r"[^\w\- ]", "", title.lower()) for title in _HEADING.findall(page.read_text("utf-8")))
    return {title.strip().replace(" ", "-") for title in titles}


def main(arguments: list[str]) -> int:
    """Write or check; the exit status."""
    only_check = "--check" in arguments
    faults = []
    for path, text in build_pages().items():
        if only_check:
            if not path.exists() or path.read_text("utf-8") != text:
                faults.append(f"{path.relative_to(ROOT)} is not what the code says: run make docs")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
    faults += find_broken_links()
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
