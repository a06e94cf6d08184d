"""The demo as a command of its own, started and ended by a test."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

# The demo of an idle machine is ready in two seconds; this bounds a loaded one, and is no assertion.
MOST_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo: what its one line said."""

    tracker: dict[str, Any]
    start_page: dict[str, Any]
    process: subprocess.Popen[str]


def find_user(application: dict[str, Any], *, administrator: bool) -> dict[str, Any]:
    """Give the account of an application that is, or is not, an administrator."""
    return next(user for user in application["users"] if user["administrator"] is administrator)


@contextmanager
def run_demo(*arguments: str) -> Iterator[Demo]:
    """Run `applinks demo --port 0 --json` and end it as Ctrl-C does."""
    process = subprocess.Popen(
        [sys.executable, "-m", "applinks", "demo", "--port", "0", "--json", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            _, errors = process.communicate(timeout=MOST_SECONDS)
            raise AssertionError(f"the demo did not start: {errors}")
        by_name = {each["name"]: each for each in json.loads(line)["applications"]}
        yield Demo(by_name["Tracker"], by_name["Start page"], process)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=MOST_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
