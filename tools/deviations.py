"""The deviations that docstrings tag, ``Stricter than … : …`` and ``Looser than … : …``, as one page."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_TAG = re.compile(r"\b(Stricter|Looser) than ([^:]{1,80}):\s+(.*?\.)(?=\s|$)", re.DOTALL)
_INTRODUCTION = """\
# Deviations

Where Applinks asks for more, or accepts more, than a standard says (or than the rest of Applinks does).
The list is written from the source, where each stands beside the code that it is about.
"""
_SECTIONS = {
    "Stricter": "What the standard allows and Applinks refuses.",
    "Looser": "What the standard refuses, or asks for, and Applinks lets pass; each with its reason.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One tag: from what, how, and where it is done."""

    kind: str
    standard: str
    sentence: str
    place: str


def find_deviations(source: Path) -> tuple[Deviation, ...]:
    """Give every tagged deviation below a folder, by standard."""
    found = [each for path in sorted(source.rglob("*.py")) for each in _read(path, source)]
    return tuple(sorted(found, key=lambda each: (each.standard, each.place)))


def format_deviations(deviations: tuple[Deviation, ...]) -> str:
    """Give the page."""
    lines = [_INTRODUCTION]
    for kind, text in _SECTIONS.items():
        lines += [f"## {kind}", "", text, "", "| than | what | where |", "|---|---|---|"]
        for each in deviations:
            if each.kind == kind:
                lines.append(f"| {each.standard} | {each.sentence} | `{each.place}` |")
        lines.append("")
    return "\n".join(lines)


def _read(path: Path, source: Path) -> Iterator[Deviation]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        place = str(path.relative_to(source)) + ("" if isinstance(node, ast.Module) else f": {node.name}")
        for kind, standard, sentence in _TAG.findall(ast.get_docstring(node) or ""):
            yield Deviation(kind=kind, standard=_join(standard), sentence=_join(sentence), place=place)


def _join(text: str) -> str:
    joined = " ".join(text.split()).replace("``", "`").replace("|", "\\|")
    return joined[0].upper() + joined[1:] if joined[0].isalpha() and not joined.startswith("draft") else joined
