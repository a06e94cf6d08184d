"""The yardstick on uvicorn: how much of a request's time is ours to lose."""

import secrets
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bench.peers.yardstick import TABLES, digest
from bench.processes import find_port, run_server
from bench.subject import Subject
from bench.subjects import CLIENT_ID, CLIENT_SECRET, PYTHON_PATH, SCOPE, USER


@contextmanager
def run_yardstick(folder: Path, *, synchronous: str = "NORMAL") -> Iterator[Subject]:
    """Run it with one worker, and a user who consented."""
    port, database, session = find_port(), folder / f"yardstick-{synchronous}.db", secrets.token_urlsafe(32)
    redirect_uri = str(Subject.__dataclass_fields__["redirect_uri"].default)
    with closing(sqlite3.connect(database)) as made, made:
        made.executescript(TABLES)
        made.execute(
            "INSERT OR REPLACE INTO clients VALUES (?, ?, ?, ?)",
            (CLIENT_ID, digest(CLIENT_SECRET), redirect_uri, SCOPE),
        )
        made.execute("INSERT INTO sessions VALUES (?, ?)", (digest(session), USER))
        made.execute("INSERT OR REPLACE INTO consents VALUES (?, ?, ?)", (USER, CLIENT_ID, SCOPE))
    command = [sys.executable, "-m", "uvicorn", "--factory", "bench.peers.yardstick:build", "--port", str(port)]
    environment = {
        "PYTHONPATH": PYTHON_PATH,
        "BENCH_DATABASE": str(database),
        "BENCH_SYNCHRONOUS": synchronous,
    }
    with run_server(
        [*command, "--no-access-log", "--log-level", "warning"],
        port=port,
        folder=folder,
        name=f"yardstick-{synchronous}",
        environment=environment,
    ) as process:
        yield Subject(
            name=f"yardstick, SQLite {synchronous}",
            process=process,
            base_url=f"http://127.0.0.1:{port}",
            token_path="/token",
            introspection_path="/introspect",
            authorization_path="/authorize",
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            scope=SCOPE,
            cookie=f"session={session}",
        )
