"""Where the demo keeps its data: one folder for each application, and what a later start has to know."""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from applinks.demo.applications import PROTOCOLS, ProtocolChoice
from applinks.errors import ApplinksError

_PORTS = "ports.json"
_PROTOCOL = "protocol.json"
_LOCK = "demo.lock"


class DemoError(ApplinksError):
    """The demo cannot start or go on; the description says why and what to do."""

    code = "demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateFolder:
    """The folder of one demo; ``is_kept`` tells a named one from a temporary one."""

    path: Path
    is_kept: bool

    def for_application(self, name: str) -> Path:
        """Give an application's own folder, made if need be."""
        folder = self.path / name
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise _cannot_write(folder, error) from error
        return folder

    def find_ports(self) -> tuple[int, int] | None:
        """Give the ports of the demo that was here before; None: there was none."""
        try:
            first, second = map(int, json.loads((self.path / _PORTS).read_text("utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise DemoError(f"{self.path / _PORTS} cannot be read: {error}. Use another --state-dir.") from error
        return first, second

    def find_protocol(self) -> ProtocolChoice | None:
        """Give what the demo spoke that was here before; None: there was none, or its settings' file said it."""
        try:
            found = json.loads((self.path / _PROTOCOL).read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise DemoError(f"{self.path / _PROTOCOL} cannot be read: {error}. Use another --state-dir.") from error
        return next((each for each in PROTOCOLS if each == found), None)

    def save_protocol(self, protocol: ProtocolChoice) -> None:
        """Remember what both speak, since the links in here are over it."""
        try:
            (self.path / _PROTOCOL).write_text(json.dumps(protocol), "utf-8")
        except OSError as error:
            raise _cannot_write(self.path, error) from error

    def save_ports(self, ports: tuple[int, int]) -> None:
        """Remember the ports, since the links in here are between exactly these addresses."""
        try:
            (self.path / _PORTS).write_text(json.dumps(ports), "utf-8")
        except OSError as error:
            raise _cannot_write(self.path, error) from error


@contextmanager
def open_folder(state_dir: Path | None) -> Iterator[StateFolder]:
    """
    Make or take the folder, for this process alone, until the block ends.

    Without ``state_dir`` it is a temporary one that is removed afterwards.

    Raises:
        DemoError: it cannot be written, or another demo runs on it.
    """
    if state_dir is None:
        temporary = Path(tempfile.mkdtemp(prefix="applinks-demo-"))
        try:
            yield StateFolder(path=temporary, is_kept=False)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return
    path = state_dir.expanduser().absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        raise DemoError(f"{state_dir} is a file; --state-dir needs a folder.") from None
    except OSError as error:
        raise _cannot_write(path, error) from error
    with _locked(path):
        yield StateFolder(path=path, is_kept=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the folder's lock; the system gives it back however this process ends."""
    try:
        lock = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(f"A demo runs on {path} already. End that one, or use another --state-dir.") from None
        yield
    finally:
        with suppress(OSError):
            os.close(lock)


def _cannot_write(path: Path, error: OSError) -> DemoError:
    return DemoError(f"{path} cannot be written: {error.strerror or error}. Use another --state-dir.")
