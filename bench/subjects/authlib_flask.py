"""Authlib in Flask on SQLite, served by gunicorn."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from bench.processes import find_port, run_server
from bench.subject import Subject
from bench.subjects import CLIENT_ID, CLIENT_SECRET, PYTHON_PATH, SCOPE, USER
from bench.subjects.toolkit import WORKER

VERSION = f"Authlib {version('authlib')}, Flask {version('flask')}"


@contextmanager
def run_authlib(folder: Path, *, worker: Sequence[str] = WORKER) -> Iterator[Subject]:
    """Run it with one worker, and a user who consented."""
    port = find_port()
    environment = {
        "PYTHONPATH": PYTHON_PATH,
        "BENCH_SECRET_KEY": secrets.token_urlsafe(50),
        "BENCH_DATABASE": str(folder / "authlib.db"),
        "BENCH_CLIENT_ID": CLIENT_ID,
        "BENCH_CLIENT_SECRET": CLIENT_SECRET,
        "BENCH_REDIRECT_URI": str(Subject.__dataclass_fields__["redirect_uri"].default),
        "BENCH_SCOPE": SCOPE,
        "BENCH_USER": USER,
        # Authlib refuses http otherwise.
        "AUTHLIB_INSECURE_TRANSPORT": "1",
    }
    seed = [sys.executable, "-m", "bench.peers.authlib_flask"]
    cookie = subprocess.run(seed, env=os.environ | environment, capture_output=True, text=True, check=True).stdout
    serve = [sys.executable, "-m", "gunicorn", "-w", "1", *worker, "-b", f"127.0.0.1:{port}"]
    command = [*serve, "bench.peers.authlib_flask:app"]
    with run_server(command, port=port, folder=folder, name="authlib", environment=environment) as process:
        yield Subject(
            name="Authlib in Flask, SQLite",
            process=process,
            base_url=f"http://127.0.0.1:{port}",
            token_path="/token",
            introspection_path="/introspect",
            authorization_path="/authorize",
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            scope=SCOPE,
            cookie=cookie.strip(),
        )
