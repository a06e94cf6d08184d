"""Whether a million stored tokens cost more than a thousand."""

import secrets
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path

from applinks.entropy import Rows, SystemEntropy
from applinks.wire.token_format import TokenKind, format_token, parse_token
from bench.findings import Goal, Report, Table
from bench.load import Round, run_load
from bench.measures.endpoints import build_introspect, build_issue
from bench.rounds import Effort, compute_ratio, interleave
from bench.subject import Subject

SMALL, LARGE = 1_000, 1_000_000
_GOAL = Goal(target=0.8, moonshot=0.9)
# Enough that looking them up goes through the whole table, and few enough for the script to hold.
_PRESENTED = 20_000
_ISSUED_EACH_SECOND = 300
_INSERT = """
INSERT INTO applinks_access_tokens
  (row, digest, client, grant_id, family_id, user_id, scopes, resource, issued_at, expires_at, revoked_at)
VALUES (?, ?, ?, '', '', NULL, ?, ?, ?, ?, 0)
"""


def measure_growth(hosts: Mapping[int, Subject], databases: Mapping[int, Path], effort: Effort, report: Report) -> None:
    """Fill each database, and compare the two hosts over them."""
    tokens = {count: fill(databases[count], host, count) for count, host in hosts.items()}
    rows = []
    for what, build in (("issue", _issue), ("guard", _guard), ("introspect", _introspect)):
        found = interleave({str(count): build(host, tokens[count], effort) for count, host in hosts.items()}, effort)
        speeds = {name: [each.per_second for each in rounds] for name, rounds in found.items()}
        ratio = compute_ratio(speeds[str(LARGE)], speeds[str(SMALL)])
        rows.append(
            (what, *(f"{statistics.median(speeds[str(count)]):,.0f}" for count in (SMALL, LARGE)), f"{ratio:.2f} ×")
        )
        report.add(f"growth, SQLite NORMAL: {what} at a million tokens ÷ at a thousand", ratio, _GOAL)
    head = ("what", "requests/s at 1,000 tokens", "at 1,000,000", "ratio")
    report.tables.append(
        Table(title="Growth", head=head, rows=rows, note="A guarded host on bare ASGI, SQLite NORMAL.")
    )


def fill(database: Path, host: Subject, count: int) -> Path:
    """Store tokens as if they had been issued during the last hour; gives a file of some of them."""
    place = database.with_suffix(".tokens")
    kept: list[str] = []
    with closing(sqlite3.connect(database, timeout=30)) as raw, raw:
        client = raw.execute("SELECT id FROM applinks_clients WHERE client_id = ?", (host.client_id,)).fetchone()[0]
        raw.executemany(_INSERT, _make_rows(client, host, count, kept))
    place.write_text("".join(f"{token}\n" for token in kept), "ascii")
    return place


def _make_rows(client: str, host: Subject, count: int, kept: list[str]) -> Iterator[tuple[object, ...]]:
    rows, now = Rows(SystemEntropy()), int(time.time())
    each_kept = max(1, count // _PRESENTED)
    for number in range(count):
        at = now - (count - number) // _ISSUED_EACH_SECOND
        row, digest = rows.allot(at), secrets.token_bytes(32)
        if number % each_kept == 0:
            token = format_token(TokenKind.ACCESS, row, secrets.token_bytes(32))
            parsed = parse_token(token)
            assert parsed is not None
            digest = parsed.digest
            kept.append(token)
        yield row, digest, client, host.scope, host.base_url, at, now + 3600


def _issue(host: Subject, tokens: Path, effort: Effort) -> Callable[[], Round]:
    del tokens
    script, words = build_issue(host)
    return partial(run_load, host.base_url, script, host.process, seconds=effort.seconds, environment=words)


def _introspect(host: Subject, tokens: Path, effort: Effort) -> Callable[[], Round]:
    script, words = build_introspect(host, tokens)
    return partial(run_load, host.base_url, script, host.process, seconds=effort.seconds, environment=words)


def _guard(host: Subject, tokens: Path, effort: Effort) -> Callable[[], Round]:
    words = {"BENCH_PATH": "/hello", "BENCH_TOKENS": str(tokens)}
    return partial(run_load, host.base_url, "get.lua", host.process, seconds=effort.seconds, environment=words)
