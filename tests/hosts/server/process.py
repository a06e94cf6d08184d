"""`applinks serve` and the commands beside it, as processes of their own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.interplay.serving import Port

# Bounds a machine under load, and is no assertion.
MOST_SECONDS = 60
LAST_LINE = "Ctrl-C ends it."


@dataclass(frozen=True)
class Machine:
    """A folder and an environment in which commands run."""

    folder: Path
    base_url: str
    environment: Mapping[str, str]

    def run(self, *arguments: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._build(arguments),
            cwd=self.folder,
            env=self._environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=MOST_SECONDS,
            check=False,
        )

    def run_json(self, *arguments: str) -> dict[str, Any]:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @contextmanager
    def serve(self, *arguments: str, ends_by: signal.Signals = signal.SIGTERM) -> Iterator["Serving"]:
        """Serve, and end it as a person or a supervisor does."""
        process = subprocess.Popen(
            self._build(("serve", *arguments)),
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        serving = Serving(process)
        try:
            serving.wait()
            yield serving
        finally:
            process.send_signal(ends_by)
            try:
                rest, serving.log = process.communicate(timeout=MOST_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                raise
            serving.said += rest

    @property
    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("APPLINKS_")}
        return kept | dict(self.environment)

    @staticmethod
    def _build(arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "applinks", *arguments]


@dataclass
class Serving:
    """A server that answers: what it said at its start and, once it has ended, its log."""

    process: subprocess.Popen[str]
    said: str = ""
    log: str = field(default="")

    def wait(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if line.strip() == LAST_LINE:
                return
        assert self.process.stderr is not None
        raise AssertionError(f"it did not start: {self.process.stderr.read()}")


def build_machine(folder: Path, **environment: str) -> Machine:
    """Give a machine whose base URL is at a port that is free; with a database of its own unless one is named."""
    port = Port()
    base_url = port.base_url
    port.listener.close()
    named = {"APPLINKS_BASE_URL": base_url, "APPLINKS_DATABASE": "sqlite:///x.db"}
    return Machine(folder, base_url, named | environment)
