"""What the guard costs a host: hello with a token of ours against hello without anything."""

import statistics
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bench.findings import Goal, Report, Table
from bench.load import Round, run_load
from bench.measures.endpoints import write_access_tokens
from bench.rounds import Effort, compute_ratio, interleave
from bench.subject import Subject

_SQLITE = Goal(target=0.55, moonshot=0.75)
_POSTGRESQL = Goal(target=0.5, moonshot=0.75)


def measure_guard(hosts: Sequence[Subject], folder: Path, effort: Effort, report: Report) -> None:
    """Compare each guarded host with the unguarded one of its framework."""
    found = interleave({host.name: _build(host, folder, effort) for host in hosts}, effort)
    speeds = {name: [each.per_second for each in rounds] for name, rounds in found.items()}
    rows = []
    for name, rounds in found.items():
        unguarded = f"{name.partition(', ')[0]}, unguarded"
        ratio = compute_ratio(speeds[name], speeds[unguarded])
        cost = statistics.median(each.cpu_microseconds for each in rounds)
        rows.append((name, f"{statistics.median(speeds[name]):,.0f}", f"{cost:,.0f}", f"{ratio:.2f} ×"))
        if name != unguarded:
            report.add(f"guard: {name}", ratio, _POSTGRESQL if name.endswith("PostgreSQL") else _SQLITE)
    report.tables.append(
        Table(
            title="The guard",
            head=("host", "requests/s", "CPU µs a request", "it ÷ unguarded"),
            rows=rows,
            note="Hello on uvicorn; guarded, each request carries one of 200 opaque access tokens,"
            " which is looked up each time.",
        )
    )


def _build(host: Subject, folder: Path, effort: Effort) -> "partial[Round]":
    words = {"BENCH_PATH": "/hello"}
    if host.client_id:
        words["BENCH_TOKENS"] = str(write_access_tokens(host, folder / f"hello-{host.name}"))
    return partial(run_load, host.base_url, "get.lua", host.process, seconds=effort.seconds, environment=words)
