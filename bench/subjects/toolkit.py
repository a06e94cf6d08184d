"""django-oauth-toolkit on SQLite, served by gunicorn."""

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

VERSION = f"django-oauth-toolkit {version('django-oauth-toolkit')}, Django {version('django')}"
# Tried: one thread and four threads with connections kept, and a synchronous worker, which answered most.
WORKER = ("-k", "sync")


@contextmanager
def run_toolkit(folder: Path, *, worker: Sequence[str] = WORKER) -> Iterator[Subject]:
    """Run it with one worker, and a user who consented."""
    port = find_port()
    environment = {
        "DJANGO_SETTINGS_MODULE": "bench.peers.toolkit.settings",
        "PYTHONPATH": PYTHON_PATH,
        "BENCH_SECRET_KEY": secrets.token_urlsafe(50),
        "BENCH_DATABASE": str(folder / "toolkit.db"),
        "BENCH_CLIENT_ID": CLIENT_ID,
        "BENCH_CLIENT_SECRET": CLIENT_SECRET,
        "BENCH_REDIRECT_URI": str(Subject.__dataclass_fields__["redirect_uri"].default),
        "BENCH_SCOPE": SCOPE,
        "BENCH_USER": USER,
    }
    seed = [sys.executable, "-m", "bench.peers.toolkit.seed"]
    session = subprocess.run(seed, env=os.environ | environment, capture_output=True, text=True, check=True).stdout
    serve = [sys.executable, "-m", "gunicorn", "-w", "1", *worker, "-b", f"127.0.0.1:{port}"]
    command = [*serve, "bench.peers.toolkit.wsgi:application"]
    with run_server(command, port=port, folder=folder, name="toolkit", environment=environment) as process:
        yield Subject(
            name="django-oauth-toolkit, SQLite",
            process=process,
            base_url=f"http://127.0.0.1:{port}",
            token_path="/o/token/",
            introspection_path="/o/introspect/",
            authorization_path="/o/authorize/",
            client_id=CLIENT_ID,
            client_id_itself=f"{CLIENT_ID}-itself",
            client_secret=CLIENT_SECRET,
            scope=SCOPE,
            cookie=f"sessionid={session.strip()}",
        )
