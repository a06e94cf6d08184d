"""Other people's servers, and ours, as processes of their own, started and ended by a test."""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Bounds a machine under load, and is no assertion.
MOST_SECONDS = 60


@contextmanager
def run_process(
    command: Sequence[str | Path], *, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[dict[str, Any]]:
    """Run a server that prints a line of JSON once it serves, and give what that says; it is ended as by Ctrl-C."""
    errors = folder / f"{Path(command[-1]).stem}-{threading.get_native_id()}.log"
    with errors.open("ab") as log:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=os.environ | dict(environment or {}),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None
    bound = threading.Timer(MOST_SECONDS, process.kill)
    bound.start()
    try:
        line = next((line for line in process.stdout if line.startswith("{")), "")
        bound.cancel()
        assert line, errors.read_text("utf-8", "replace")
        yield json.loads(line)
    finally:
        bound.cancel()
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=MOST_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
