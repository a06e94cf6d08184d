"""Hosts that say hello, with and without our guard, on uvicorn."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.peers.hosts import SCOPE
from bench.processes import find_port, run_server
from bench.subject import Subject
from bench.subjects import PYTHON_PATH
from bench.subjects.applinks import Kind, add_client

FACTORIES = {"Starlette": "build_starlette", "bare ASGI": "bare"}
GUARDED = {"Starlette": "build_guarded_starlette", "bare ASGI": "build_guarded_bare"}
_UVICORN = (sys.executable, "-m", "uvicorn", "--no-access-log", "--log-level", "warning")


@contextmanager
def run_host(folder: Path, framework: str, kind: Kind | None) -> Iterator[Subject]:
    """Run a host; with a database it is guarded, and an application may call it."""
    port = find_port()
    factory = FACTORIES[framework] if kind is None else GUARDED[framework]
    name = f"{framework}, {'unguarded' if kind is None else f'guarded, {kind.name}'}"
    environment = {"PYTHONPATH": PYTHON_PATH, "APPLINKS_BASE_URL": f"http://127.0.0.1:{port}"}
    environment |= kind.environment if kind else {}
    options = ["--factory"] if factory.startswith("build") else []
    command = [*_UVICORN, *options, f"bench.peers.hosts:{factory}", "--port", str(port)]
    log = name.replace(", ", "-").replace(" ", "-")
    client_id, client_secret = "", ""
    with run_server(command, port=port, folder=folder, name=log, environment=environment) as process:
        if kind is not None:
            redirect_uri = str(Subject.__dataclass_fields__["redirect_uri"].default)
            client_id, client_secret = add_client(kind, scopes=[SCOPE], redirect_uri=redirect_uri)
        yield Subject(
            name=name,
            process=process,
            base_url=f"http://127.0.0.1:{port}",
            token_path="/applinks/oauth2/token",
            introspection_path="/applinks/oauth2/introspect",
            authorization_path="/applinks/oauth2/authorize",
            client_id=client_id,
            client_secret=client_secret,
            scope=SCOPE,
        )
