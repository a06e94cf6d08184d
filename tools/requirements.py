"""
Which duties there are, and which test proves which.

The tables are in tests/requirements; a test names a duty with ``@pytest.mark.requirement``. The tests are read, not
run, so that it is the same in every process.
"""

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TABLES = ROOT / "tests" / "requirements"
_MARK = "requirement"
_KNOWN = frozenset({"id", "section", "duty", "not_for_us", "later", "built"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """
    One line of a table.

    Attributes:
        duty: what has to hold, in our own words.
        not_for_us: why it does not concern us; such a line has no test.
        later: what of it is built later; the test is for the rest.
        is_built: False where nothing of it is.
    """

    id: str
    duty: str
    section: str = ""
    not_for_us: str = ""
    later: str = ""
    is_built: bool = True

    @property
    def needs_test(self) -> bool:
        """Whether a test has to prove it now."""
        return self.is_built and not self.not_for_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The duties of one specification."""

    name: str
    title: str
    source: str
    duties: tuple[Duty, ...]


@dataclass(frozen=True, slots=True, order=True)
class Proof:
    """A test that names a duty; ``path`` is below tests."""

    path: str
    test: str


def read_tables() -> tuple[Table, ...]:
    """Read every table, the checklist first."""
    paths = sorted(TABLES.glob("*.toml"), key=lambda path: (path.stem != "checklist", path.stem))
    return tuple(_read_table(path) for path in paths)


def find_proofs() -> dict[str, tuple[Proof, ...]]:
    """Give the tests of every duty that one names."""
    found: dict[str, set[Proof]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        place = path.relative_to(ROOT / "tests").as_posix()
        for duty, test in _read_tests(ast.parse(path.read_text("utf-8"))):
            found.setdefault(duty, set()).add(Proof(place, test))
    return {duty: tuple(sorted(proofs)) for duty, proofs in found.items()}


def format_summary() -> list[str]:
    """Give the short table: how many duties there are, and how many have their test."""
    proofs = find_proofs()
    rows = [("", "duties", "covered", "missing", "later", "not for us")]
    missing: list[str] = []
    for table in read_tables():
        needed = [duty.id for duty in table.duties if duty.needs_test]
        without = [each for each in needed if each not in proofs]
        missing += without
        counts = (
            len(table.duties),
            len(needed) - len(without),
            len(without),
            sum(not duty.is_built for duty in table.duties),
            sum(bool(duty.not_for_us) for duty in table.duties),
        )
        rows.append((table.title, *map(str, counts)))
    width = max(len(row[0]) for row in rows)
    lines = [row[0].ljust(width) + "".join(f"{cell:>12}" for cell in row[1:]) for row in rows]
    return [*lines, *(f"no test proves {each}" for each in missing)]


def format_page() -> str:
    """Give the page with every duty and its tests."""
    proofs = find_proofs()
    lines = [
        "# Requirements",
        "",
        "What has to hold, and the tests that prove it. A line without a test, and a test that names no line, fail the",
        "build; `make test` ends with the counts.",
        "",
        "```text",
        *format_summary(),
        "```",
    ]
    for table in read_tables():
        source = f"<{table.source}>" if "://" in table.source else table.source
        lines += ["", f"## {table.title}", "", source, ""]
        for duty in table.duties:
            lines += _format_duty(duty, proofs.get(duty.id, ()))
    return "\n".join(lines) + "\n"


def _format_duty(duty: Duty, proofs: tuple[Proof, ...]) -> Iterator[str]:
    place = f" §{duty.section}" if duty.section else ""
    yield f"- **{duty.id}**{place}: {duty.duty}"
    if duty.not_for_us:
        yield f"  - Not for us: {duty.not_for_us}"
    if duty.later:
        yield f"  - Built later: {duty.later}."
    by_path: dict[str, list[str]] = {}
    for proof in proofs:
        by_path.setdefault(proof.path, []).append(proof.test)
    for path, tests in by_path.items():
        yield f"  - `{path}`: " + ", ".join(f"`{test}`" for test in tests)


def _read_table(path: Path) -> Table:
    document = tomllib.loads(path.read_text("utf-8"))
    return Table(
        name=path.stem,
        title=document["title"],
        source=document["source"],
        duties=tuple(_read_duty(each, path) for each in document["duty"]),
    )


def _read_duty(entry: dict[str, Any], path: Path) -> Duty:
    if unknown := entry.keys() - _KNOWN:
        raise ValueError(f"{path.name}: {entry.get('id')} has the unknown member {min(unknown)}")
    return Duty(
        id=entry["id"],
        duty=entry["duty"],
        section=entry.get("section", ""),
        not_for_us=entry.get("not_for_us", ""),
        later=entry.get("later", ""),
        is_built=entry.get("built", True),
    )


def _read_tests(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Give each duty with each test that names it, by its own mark or its module's."""
    everywhere: set[str] = set()
    for node in module.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(name, ast.Name) and name.id == "pytestmark" for name in node.targets
        ):
            everywhere |= _read_marks(node.value)
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            named = everywhere.union(*(_read_marks(each) for each in node.decorator_list))
            yield from ((duty, node.name) for duty in named)


def _read_marks(node: ast.AST) -> set[str]:
    """Give what every ``pytest.mark.requirement`` inside a node names, those of single parameters too."""
    return {
        argument.value
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == _MARK
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }
