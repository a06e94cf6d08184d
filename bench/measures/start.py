"""How soon the commands answer, and how much memory the server holds."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.findings import Goal, Report, Table
from bench.load import run_load
from bench.measures.endpoints import build_issue
from bench.processes import find_port, run_server
from bench.rounds import Effort, compute_ratio, interleave
from bench.subject import Subject
from bench.subjects.applinks import PROGRAM, Kind

_HELP = Goal(target=1.5, moonshot=0.8, is_most=True)
_SERVE = Goal(target=5, moonshot=3, is_most=True)
_MEMORY = Goal(target=120, moonshot=80, is_most=True, unit="MiB")
_GROWN = Goal(target=1.05, moonshot=1.01, is_most=True)
_MEGABYTE = 1 << 20
_EARLY, _LATE = 10_000, 100_000


def measure_start(kind: Kind, folder: Path, effort: Effort, report: Report) -> None:
    """Compare our commands' start with the import of the library that is the largest part of it."""
    contestants = {
        "`python -c 'import sqlalchemy'`": _time_command([sys.executable, "-c", "import sqlalchemy"]),
        "`applinks --help`": _time_command([str(PROGRAM), "--help"]),
        "`applinks serve` until it takes connections": _time_server(kind, folder),
    }
    found = interleave(contestants, effort)
    bare, *ours = found
    rows = []
    for name, times in found.items():
        ratio = compute_ratio(times, found[bare])
        rows.append((name, f"{statistics.median(times) * 1000:,.0f}", f"{ratio:.2f} ×"))
    for name, goal in zip(ours, (_HELP, _SERVE), strict=True):
        report.add(f"start: {name} ÷ {bare}", compute_ratio(found[name], found[bare]), goal)
    note = "With a database that is there already."
    report.tables.append(Table(title="Start", head=("what", "ms", "it ÷ the import"), rows=rows, note=note))


def measure_memory(subject: Subject, effort: Effort, report: Report) -> None:
    """Ask for tokens, and look at the memory on the way."""
    script, words = build_issue(subject)
    held: dict[int, float] = {}
    done = 0
    for goal in (0, _EARLY, _LATE):
        while done < goal:
            seconds = effort.seconds if goal == _EARLY else 3
            done += run_load(subject.base_url, script, subject.process, seconds=seconds, environment=words).requests
        held[goal] = subject.process.read_memory() / _MEGABYTE
    rows = [(f"{requests:,}", f"{held[requests]:.0f}") for requests in held]
    report.tables.append(Table(title="Memory", head=("after requests", "MiB"), rows=rows, note=f"{subject.name}."))
    report.add("memory of `applinks serve` after 100,000 requests", held[_LATE], _MEMORY)
    report.add("memory: after 100,000 requests ÷ after 10,000", held[_LATE] / held[_EARLY], _GROWN)


def _time_command(command: list[str]) -> Callable[[], float]:
    def run() -> float:
        begun = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - begun

    return run


def _time_server(kind: Kind, folder: Path) -> Callable[[], float]:
    def run() -> float:
        port = find_port()
        begun = time.perf_counter()
        command = [PROGRAM, "serve", "--port", str(port)]
        with run_server(command, port=port, folder=folder, name="start", environment=kind.environment):
            return time.perf_counter() - begun

    return run
