"""A demo in processes of its own, for tests."""

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# A process on a loaded machine may take long; one that hangs must not hold the tests for ever.
_SECONDS = 60
_COMMAND = [sys.executable, "-c", "from applinks.cli.main import main; main()"]


@dataclass(frozen=True)
class Demo:
    """A demo that has said that it is ready."""

    process: subprocess.Popen[str]
    told: dict[str, Any]

    def url(self, name: str) -> str:
        return str(self._application(name)["url"])

    def database(self, name: str) -> str:
        return str(self._application(name)["database"])

    def password(self, user: str) -> str:
        users = [each for application in self.told["applications"] for each in application["users"]]
        return str(next(each["password"] for each in users if each["name"] == user))

    def list_servers(self) -> list[int]:
        return list_children(self.process.pid)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal, and give the exit code and what was written to standard error."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> tuple[int, str]:
        _, err = self.process.communicate(timeout=_SECONDS)
        return self.process.returncode, err

    def _application(self, name: str) -> dict[str, Any]:
        return next(each for each in self.told["applications"] if each["name"] == name)


def start_demo(*arguments: str) -> Demo:
    """Start ``applinks demo --json`` and wait for its line."""
    process = subprocess.Popen(
        [*_COMMAND, "demo", "--json", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], _SECONDS)
    line = process.stdout.readline() if ready else ""
    if not line:
        process.kill()
        raise AssertionError(f"the demo did not start: {process.communicate()[1]}")
    return Demo(process, json.loads(line))


def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of ours to its end."""
    return subprocess.run([*_COMMAND, *arguments], capture_output=True, text=True, timeout=_SECONDS, check=False)


def read_json(*arguments: str) -> Any:
    return json.loads(run_command(*arguments, "--json").stdout)


def list_children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what another process does, as long as it needs."""
    deadline = time.monotonic() + _SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        select.select([], [], [], 0.1)


def find_gadget(text: str) -> str:
    """Give the state of the gadget on a dashboard."""
    found = re.search(r'data-gadget="(\w+)"', text)
    assert found is not None, text
    return found[1]


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
