"""Server processes: started as their makers say, watched by what the kernel counts of them."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PATIENCE_SECONDS = 30


class MissingPartError(Exception):
    """The machine lacks something; the text is its name."""


@dataclass(frozen=True, slots=True)
class Process:
    """A running server, with every process that it started."""

    pid: int

    def read_cpu_seconds(self) -> float:
        """Give the processor time of the whole tree so far."""
        return sum(int(each[13]) + int(each[14]) for each in map(_read_stat, self._list_tree()) if each) / _TICKS

    def read_memory(self) -> int:
        """Give the bytes of memory that the whole tree holds now."""
        return sum(int(each[23]) * _PAGE for each in map(_read_stat, self._list_tree()) if each)

    def _list_tree(self) -> list[int]:
        tree = [self.pid]
        for pid in tree:
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                tree.extend(int(child) for child in task.read_text("ascii").split())
        return tree


def _read_stat(pid: int) -> list[str]:
    """Give the fields of proc(5) stat, counted from 0; the name in parentheses may hold spaces."""
    try:
        before, _, after = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")
    except FileNotFoundError:
        return []
    return [*before.split(" (", 1), *after.split()]


def find_port() -> int:
    """Give a port of the loopback address that nobody uses now."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])


def get_program(name: str, package: str) -> str:
    """Give where a program is; a machine without it is told the name of its package."""
    found = shutil.which(name)
    if found is None:
        raise MissingPartError(f"{name} (Debian's package {package})")
    return found


@contextmanager
def run_server(
    command: Sequence[object], *, port: int, folder: Path, name: str, environment: Mapping[str, str] | None = None
) -> Iterator[Process]:
    """Start a server in a folder and give it once it takes connections; what it said stands in ``<name>.log``."""
    log = folder / f"{name}.log"
    with (
        log.open("wb") as written,
        subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=os.environ | dict(environment or {}),
            stdout=written,
            stderr=written,
        ) as server,
    ):
        try:
            wait_for_port(port, server, log)
            yield Process(server.pid)
        finally:
            server.terminate()
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()


def wait_for_port(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    """Come back as soon as the server takes connections."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as place:
            if place.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.005)
    raise RuntimeError(f"the server did not start: {log.read_text('utf-8', 'replace')[-4000:]}")
