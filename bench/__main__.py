"""
Runs the benchmark and writes docs/reference/performance.md: ``python -m bench``, at most ten minutes.

``python -m bench --smoke`` asks every server for a little of everything and asserts no ratio; ``GROUP …`` runs those
alone and writes no page.
"""

import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench.findings import Report
from bench.measures.endpoints import measure_endpoints
from bench.measures.growth import LARGE, SMALL, measure_growth
from bench.measures.guard import measure_guard
from bench.measures.jwt import measure_jwt
from bench.measures.oauth1 import measure_oauth1
from bench.measures.outgoing import measure_outgoing
from bench.measures.start import measure_memory, measure_start
from bench.page import PAGE, write_page
from bench.processes import MissingPartError, get_program
from bench.rounds import SMOKE, Effort
from bench.subjects.applinks import Kind, build_postgresql, build_sqlite, run_applinks
from bench.subjects.authlib_flask import run_authlib
from bench.subjects.hosts import run_host
from bench.subjects.oidc_provider import run_oidc_provider
from bench.subjects.toolkit import run_toolkit
from bench.subjects.yardstick import run_yardstick
from tests import postgresql

GROUPS = ("endpoints", "guard", "jwt", "oauth1", "outgoing", "start", "growth")


def run(effort: Effort, groups: tuple[str, ...] = GROUPS, *, server: str | None = None) -> Report:
    """
    Measure; without the address of a server of PostgreSQL, one is started.

    Raises:
        MissingPartError: there is no wrk; anything else that is missing is named in the report.
    """
    get_program("wrk", "wrk")
    report = Report()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="applinks-bench-")))
        server = server or _start_postgresql(stack, report)
        if "endpoints" in groups:
            _run_endpoints(folder, server, effort, report)
        if "guard" in groups:
            _run_guard(folder, server, effort, report)
        if "jwt" in groups:
            measure_jwt(effort, report)
        if "oauth1" in groups:
            measure_oauth1(folder, effort, report)
        if "outgoing" in groups:
            with run_yardstick(folder) as yardstick:
                measure_outgoing(yardstick, folder, effort, report)
        # A smoke has started every server by now, and these begin no other.
        if "start" in groups and not effort.is_smoke:
            _run_start(folder, effort, report)
        if "growth" in groups and not effort.is_smoke:
            _run_growth(folder, effort, report)
    return report


def _list_ways(effort: Effort, first: str, *others: str) -> tuple[str, ...]:
    """Give all ways of doing the same; a smoke tries the first alone."""
    return (first,) if effort.is_smoke else (first, *others)


def _start_postgresql(stack: ExitStack, report: Report) -> str | None:
    programs = postgresql.find_programs()
    if programs is None:
        report.missing.append("PostgreSQL")
        return None
    return stack.enter_context(postgresql.run_server(programs))


def _run_endpoints(folder: Path, server: str | None, effort: Effort, report: Report) -> None:
    with ExitStack() as stack:
        kinds = [build_sqlite(folder, synchronous) for synchronous in _list_ways(effort, "NORMAL", "FULL")]
        if server is not None:
            kinds.append(build_postgresql(stack.enter_context(postgresql.make_database(server, "endpoints"))))
        subjects = [stack.enter_context(run_applinks(folder, kind)) for kind in kinds]
        subjects.append(stack.enter_context(run_yardstick(folder)))
        try:
            subjects += [stack.enter_context(run_oidc_provider(folder, in_memory=kind)) for kind in (True, False)]
        except MissingPartError as part:
            report.missing.append(str(part))
        subjects += [stack.enter_context(run_toolkit(folder)), stack.enter_context(run_authlib(folder))]
        measure_endpoints(subjects, folder, effort, report)


def _run_guard(folder: Path, server: str | None, effort: Effort, report: Report) -> None:
    with ExitStack() as stack:
        hosts = []
        for number, framework in enumerate(_list_ways(effort, "Starlette", "bare ASGI")):
            kinds: list[Kind | None] = [None, build_sqlite(folder, "NORMAL", name=f"guard{number}")]
            if server is not None:
                database = stack.enter_context(postgresql.make_database(server, f"guard{number}"))
                kinds.append(build_postgresql(database))
            hosts += [stack.enter_context(run_host(folder, framework, kind)) for kind in kinds]
        measure_guard(hosts, folder, effort, report)


def _run_start(folder: Path, effort: Effort, report: Report) -> None:
    kind = build_sqlite(folder, "NORMAL", name="start")
    with run_applinks(folder, kind) as subject:
        measure_memory(subject, effort, report)
    measure_start(kind, folder, effort, report)


def _run_growth(folder: Path, effort: Effort, report: Report) -> None:
    with ExitStack() as stack:
        kinds = {count: build_sqlite(folder, "NORMAL", name=f"growth{count}") for count in (SMALL, LARGE)}
        hosts = {count: stack.enter_context(run_host(folder, "bare ASGI", kind)) for count, kind in kinds.items()}
        databases = {count: Path(kind.database.removeprefix("sqlite:///")) for count, kind in kinds.items()}
        measure_growth(hosts, databases, effort, report)


def main(arguments: list[str]) -> int:
    """Run; the exit status."""
    effort = SMOKE if "--smoke" in arguments else Effort()
    groups = tuple(each for each in arguments if each in GROUPS) or GROUPS
    begun = time.monotonic()
    try:
        report = run(effort, groups)
    except MissingPartError as part:
        print(f"missing part: {part}", file=sys.stderr)
        return 1
    took = time.monotonic() - begun
    for finding in report.findings:
        print(f"{finding.goal.format(finding.value):>12}  {finding.verdict:10} {finding.name}")
    if not effort.is_smoke and groups == GROUPS:
        write_page(report, effort, took=took)
        print(
            f"wrote {PAGE.name} after {took:.0f} s; {len(report.missed)} of {len(report.findings)} missed their target"
        )
    for name in report.missing:
        print(f"left out, for want of: {name}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
