"""Writes docs/reference/performance.md."""

import os
import platform
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.findings import Report, Table, find_cause
from bench.load import CONNECTIONS
from bench.rounds import Effort
from tests.javascript import find_node, read_packages
from tests.postgresql import find_programs
from tools.proofs import format_table

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "performance.md"
_PACKAGES = (
    *("uvicorn", "httptools", "starlette", "cryptography"),
    *("django-oauth-toolkit", "django", "authlib", "oauthlib", "flask", "gunicorn"),
)


_METHOD = (
    f"`wrk` with one thread and {CONNECTIONS} connections on the same machine; each server has one worker.",
    "The servers take turns, in rounds; a ratio is taken inside each round, and the median is shown.",
    "Processor time is that of the server's process with its children, from `/proc`, without a database server's.",
    "A wrong answer ends the run; rotated tokens and codes are real ones, each used once.",
    "The peers write to SQLite with `synchronous=NORMAL`; ours with FULL is held to 0.8 of the targets.",
    "`oidc-provider` is measured with and without the RS256 ID token that it signs where it is asked for one.",
    "The targets of refresh and code flow were set against the peer with its ID token; ours has none.",
    "django-oauth-toolkit and Authlib run under gunicorn's synchronous worker, the fastest that was tried.",
    "Their clients' secrets are not hashed as passwords are, which would cost 200 ms a request.",
    "The yardstick (`bench/peers/yardstick.py`) is bare ASGI with digests in SQLite and nothing else.",
    "OAuth 1.0a is signed and verified in one thread, and processor time counts; each library keeps nonces in a set.",
    "The set-up of every server is in `bench/peers` and `bench/subjects`.",
)


def write_page(report: Report, effort: Effort, *, took: float) -> None:
    """Write the page anew."""
    PAGE.write_text("\n".join(_format(report, effort, took)) + "\n", "utf-8")


def _format(report: Report, effort: Effort, took: float) -> Iterator[str]:
    yield "# Performance"
    yield ""
    yield "Written by `make bench`; every number is of one run on one machine, and the ratios are what counts."
    yield ""
    yield "## Targets"
    yield ""
    yield "“Ours” is this package. A number at its target or better has a word, one short of it is **missed**."
    yield ""
    head = ("measure", "measured", "target", "moonshot", "reached")
    rows = [
        (
            each.name,
            each.goal.format(each.value),
            f"{'≤' if each.goal.is_most else '≥'} {each.goal.format(each.goal.target)}",
            f"{'≤' if each.goal.is_most else '≥'} {each.goal.format(each.goal.moonshot)}",
            each.verdict,
        )
        for each in report.findings
    ]
    yield format_table(head, rows, right=(1, 2, 3))
    yield ""
    yield from _format_missed(report)
    for table in report.tables:
        yield from _format_numbers(table)
    yield from _format_method(effort, took)
    yield from _format_machine()
    if report.missing:
        yield "Left out, for want of: " + ", ".join(report.missing) + "."


def _format_missed(report: Report) -> Iterator[str]:
    yield "## What misses its target, and why"
    yield ""
    if not report.missed:
        yield "Nothing does."
        yield ""
        return
    rows = [(each.name, each.goal.format(each.value), find_cause(each.name)) for each in report.missed]
    yield format_table(("measure", "measured", "cause"), rows, right=(1,))
    yield ""


def _format_numbers(table: Table) -> Iterator[str]:
    yield f"## {table.title}"
    yield ""
    if table.note:
        yield table.note
        yield ""
    yield format_table(table.head, table.rows, right=range(1, len(table.head)))
    yield ""


def _format_method(effort: Effort, took: float) -> Iterator[str]:
    yield "## How it is measured"
    yield ""
    for sentence in _METHOD:
        yield f"- {sentence}"
    yield ""
    rounds = f"{effort.rounds} rounds of {effort.seconds} s each, after one that does not count"
    yield f"This run: {rounds}; {took / 60:.0f} minutes in all."
    yield ""


def _format_machine() -> Iterator[str]:
    yield "## Machine and versions"
    yield ""
    rows = [("when", datetime.now(UTC).strftime("%Y-%m-%d")), ("processor", f"{os.cpu_count()} × {_read_processor()}")]
    rows += [("system", f"{platform.system()} {platform.release()}"), ("Python", platform.python_version())]
    node, postgresql = find_node(), find_programs()
    if node:
        rows += [("Node.js", _ask(node, "--version")), ("oidc-provider", read_packages()["oidc-provider"])]
    if postgresql:
        rows.append(("PostgreSQL", _ask(str(postgresql / "postgres"), "--version")))
    rows += [(name, version(name)) for name in _PACKAGES]
    yield format_table(("what", "which"), rows)
    yield ""


def _read_processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
    return found[1] if found else platform.machine()


def _ask(program: str, question: str) -> str:
    said = subprocess.run([program, question], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\d+(?:\.\d+)+", said)
    return found[0] if found else said.strip()
