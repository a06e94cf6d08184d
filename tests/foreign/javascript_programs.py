"""Runs the clients of tests/javascript: each lets alice visit an address, and tells what it found."""

import json
import subprocess
import threading
from typing import Any

from tests.foreign.browser import Browser
from tests.foreign.processes import MOST_SECONDS
from tests.foreign.served import Served
from tests.javascript import FOLDER


def run_client(
    node: str, program: str, given: dict[str, Any], served: Served, *, browser: Browser | None = None
) -> dict[str, Any]:
    """Run it with what it is given, approve where it sends alice, and give what it found."""
    with subprocess.Popen(
        [node, FOLDER / program, json.dumps(given)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        bound = threading.Timer(MOST_SECONDS, process.kill)
        bound.start()
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            said = process.stdout.readline()
            if "visit" in said:
                process.stdin.write(served.approve(json.loads(said)["visit"], browser=browser) + "\n")
                process.stdin.flush()
                said = ""
            printed, complained = process.communicate()
        finally:
            bound.cancel()
            process.kill()
    assert process.returncode == 0, complained
    found: dict[str, Any] = json.loads(said or printed)["found"]
    return found
