"""The load: wrk with 32 connections in one thread, and what the server's processor did meanwhile."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.processes import Process, get_program

CONNECTIONS = 32
_SCRIPTS = Path(__file__).parent / "wrk"
_SAID = re.compile(r"^BENCH requests=(\d+) microseconds=(\d+) wrong=(\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Round:
    """What one round gave; ``cpu_microseconds`` are the server's, a request."""

    requests: int
    per_second: float
    cpu_microseconds: float


def run_load(
    url: str, script: str, process: Process, *, seconds: float, environment: Mapping[str, str] | None = None
) -> Round:
    """
    Ask for so many seconds, and take no wrong answer.

    Raises:
        RuntimeError: an answer was wrong, or there was none.
        MissingPartError: there is no wrk.
    """
    # wrk takes whole seconds alone.
    command = [get_program("wrk", "wrk"), "-t", "1", "-c", str(CONNECTIONS), "-d", f"{max(1, round(seconds))}s"]
    begun = process.read_cpu_seconds()
    done = subprocess.run(
        [*command, "-s", str(_SCRIPTS / script), url],
        env=os.environ | dict(environment or {}) | {"LUA_PATH": f"{_SCRIPTS}/?.lua;;"},
        capture_output=True,
        text=True,
        check=False,
    )
    took = process.read_cpu_seconds() - begun
    found = _SAID.search(done.stdout)
    if found is None:
        raise RuntimeError(f"wrk {url} {script}: {done.stdout} {done.stderr}")
    count, microseconds, wrong = (int(part) for part in found.groups())
    if wrong or not count:
        raise RuntimeError(f"{url} {script}: {wrong} of {count} answers were wrong\n{done.stdout}")
    return Round(count, count / microseconds * 1e6, took / count * 1e6)
