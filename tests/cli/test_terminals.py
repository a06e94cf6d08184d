"""The commands in a process of their own: on a terminal of any size, at its prompts, and with what is closed."""

import asyncio
import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Run, open_database

_APPLINKS = (sys.executable, "-c", "from applinks.cli.main import main; main()")
_SECONDS = 30


@pytest.fixture(autouse=True)
def made(run_server: Run) -> None:
    """A database in the environment, which a process of its own finds as well."""


class Terminal:
    """A terminal on which a command runs."""

    def __init__(self, *arguments: str, columns: int = 80) -> None:
        self.shown = ""
        self._end, there = os.openpty()
        fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        # A terminal of its own, so that Ctrl-C reaches the command and nobody else.
        code = f"import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); {_APPLINKS[2]}"
        self._process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdin=there,
            stdout=there,
            stderr=there,
            start_new_session=True,
            env={name: value for name, value in os.environ.items() if name != "COLUMNS"},
        )
        os.close(there)

    def wait_for(self, text: str) -> None:
        """Read on until the text is shown."""
        deadline = time.monotonic() + _SECONDS
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            if select.select([self._end], [], [], 1)[0]:
                self.shown += os.read(self._end, 4096).decode()

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._end, keys)

    def finish(self) -> int:
        """Read to the end; gives the exit code."""
        try:
            while select.select([self._end], [], [], _SECONDS)[0] and (read := os.read(self._end, 4096)):
                self.shown += read.decode()
        except OSError:
            pass  # So Linux says that nobody holds the other end any more.
        os.close(self._end)
        return self._process.wait(_SECONDS)


def run_closed(closed: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command with streams that are closed or full, as a shell names them."""
    command = ["sh", "-c", f'"$@" {closed}', "sh", *_APPLINKS, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("arguments", "prompt"),
    [(("users", "add", "alice"), "Password for alice: "), (("users", "delete", "alice"), "[y/N] ")],
)
@pytest.mark.parametrize(("keys", "codes"), [(b"\x03", {130}), (b"\x04", {1})])
def test_one_key_ends_a_prompt(arguments: tuple[str, ...], prompt: str, keys: bytes, codes: set[int]) -> None:
    """Ours: Ctrl-C at once, although a loop runs; Ctrl-D is no answer. Neither is a traceback."""
    terminal = Terminal(*arguments)
    terminal.wait_for(prompt)
    terminal.type(keys)
    assert terminal.finish() in codes, terminal.shown
    assert "Traceback" not in terminal.shown


def test_ctrl_c_ends_the_reading_of_a_name() -> None:
    """Ours: inside a running loop, where asyncio would take the first one."""
    reading = subprocess.Popen(
        [*_APPLINKS, "tokens", "revoke", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert reading.stdin is not None
    # It reads once it neither runs nor ends.
    deadline = time.monotonic() + _SECONDS
    while "pipe" not in Path(f"/proc/{reading.pid}/wchan").read_text() and time.monotonic() < deadline:
        select.select([], [], [], 0.05)
    reading.send_signal(signal.SIGINT)
    _, said = reading.communicate(timeout=_SECONDS)
    assert (reading.returncode, b"Traceback" in said) == (130, False)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("users", "add", "bob"), 2, "No password"),
        (("users", "add", "bob", "--password-stdin"), 1, "Standard input is empty"),
        (("users", "password", "alice", "--password-stdin"), 1, "Standard input is empty"),
        (("users", "delete", "nobody"), 1, "There is no user"),
        (("links", "delete", "nothing"), 1, "There is no such link."),
        (("tokens", "revoke", "-"), 2, "Standard input is empty"),
        (("links", "edit", "nothing", "--client-id", "x", "--client-secret-file", "-"), 1, "There is no such link."),
        (("out", "nothing", "/", "--data", "-"), 1, "There is no such link."),
    ],
)
def test_a_closed_standard_input_is_an_empty_one(
    run_server: Run, arguments: tuple[str, ...], code: int, said: str
) -> None:
    """Ours: as cron and containers start a command; never a traceback."""
    assert run_server("users", "add", "alice", "--password", "wonderland").code == 0
    done = run_closed("<&-", *arguments)
    assert (done.returncode, said in done.stderr, "Traceback" in done.stderr) == (code, True, False), done.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_output_is_no_failure(closed: str) -> None:
    """Ours: what nobody reads is not written into the next file that is opened."""
    done = run_closed(closed, "users", "list")
    assert (done.returncode, done.stderr) == (0, "")


def test_an_output_that_is_full_is_said() -> None:
    """Ours: never a traceback."""
    done = run_closed("> /dev/full", "users", "list")
    assert done.returncode == 1
    assert done.stderr == "applinks: The output cannot be written: No space left on device.\n"


def test_a_password_that_is_no_text_is_refused() -> None:
    """Ours: a line of another encoding on standard input."""
    done = subprocess.run(
        [*_APPLINKS, "users", "add", "bob", "--password-stdin"],
        input=b"w\xffnderland\n",
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert b"no" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_nothing_that_is_to_be_copied_is_cut(database: str, run_server: Run, columns: int) -> None:
    """Ours: however narrow the terminal; a table that has no room is a block for each row."""
    uri = "https://tool.example/a/rather/long/path/to/come/back/to/after/consent/callback"
    for name in ("Probe", "A tool with a long name, which says in many words what it is"):
        assert run_server("clients", "add", "--name", name, "--redirect-uri", uri, "--scope", "profile").code == 0

    async def list_ids() -> list[str]:
        storage = await open_database(database)
        try:
            return [found.client.client_id for found in await storage.incoming.list_clients()]
        finally:
            await storage.close()

    ids = asyncio.run(list_ids())
    terminal = Terminal("clients", "list", columns=columns)
    assert terminal.finish() == 0
    assert "\N{HORIZONTAL ELLIPSIS}" not in terminal.shown
    assert all(each in terminal.shown for each in ids), terminal.shown
    terminal = Terminal("clients", "show", ids[0], columns=columns)
    assert terminal.finish() == 0
    assert uri in terminal.shown
