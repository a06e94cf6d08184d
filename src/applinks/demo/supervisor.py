"""Runs the demo: two applications, each in a process of its own, until somebody ends it or one of them dies."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from applinks.demo.administrators import are_linked, link_applications
from applinks.demo.applications import Application, ProtocolChoice, build_applications
from applinks.demo.folder import DemoError, StateFolder, open_folder
from applinks.demo.ports import BoundPorts, bind_ports
from applinks.settings import Settings

DEFAULT_PORT = 8001

# Both start within two seconds on two cores; a loaded machine may take long, one that hangs must not take for ever.
_SECONDS_TO_START = 60.0
_SECONDS_TO_END = 6.0
_LAST_LINES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """
    What was asked on the command line.

    Attributes:
        port: None: the one of the folder, else 8001; 0: any two.
        protocol: None: that of the folder, else that of the settings' file, else OAuth 2.
    """

    port: int | None = None
    is_linked: bool = False
    state_dir: Path | None = None
    config: Path | None = None
    protocol: ProtocolChoice | None = None


@dataclass(frozen=True, slots=True)
class _Server:
    application: Application
    process: subprocess.Popen[bytes]


def run_demo(options: DemoOptions, announce: Callable[[Sequence[Application], bool], None]) -> None:
    """
    Start both applications, call ``announce`` when both are ready, and return when somebody ends the demo.

    ``announce`` is told the applications, and whether they are linked.

    Raises:
        DemoError: it cannot start, or one application ended; the description says which and why.
        SettingsError: the file of the options cannot be used.
    """
    if options.config is not None:
        # Here, so that it is one sentence, and not the last words of a process.
        Settings.load(config=options.config, environment={}, default_base_url="http://127.0.0.1")
    with suppress(KeyboardInterrupt), ExitStack() as stack:
        stack.enter_context(_interruptible())
        folder = stack.enter_context(open_folder(options.state_dir))
        bound = stack.enter_context(_bind(options.port, folder))
        folder.save_ports(bound.ports)
        tracker, start_page = build_applications(
            bound.ports,
            folder.for_application("tracker"),
            folder.for_application("start-page"),
            protocol=_choose_protocol(options, folder),
        )
        servers = [
            stack.enter_context(_serve(tracker, bound.first, options.config)),
            stack.enter_context(_serve(start_page, bound.second, options.config)),
        ]
        bound.close()
        for server in servers:
            _wait_until_ready(server.application, lambda: _check_alive(servers))
        if options.is_linked:
            link_applications(start_page, tracker, is_alive=lambda: _check_alive(servers))
        # What a kept folder holds may be linked already.
        is_linked = options.is_linked or (options.state_dir is not None and are_linked(start_page, tracker))
        announce((tracker, start_page), is_linked)
        while True:
            _check_alive(servers)
            time.sleep(0.2)


def _bind(port: int | None, folder: StateFolder) -> AbstractContextManager[BoundPorts]:
    """
    Take the two ports.

    A folder keeps its ports, because the links in it are between exactly these addresses.
    """
    kept = folder.find_ports()
    if kept is None:
        first = DEFAULT_PORT if port is None else port
        return bind_ports(first, first + 1) if first else bind_ports(0, 0)
    belongs = f"{folder.path} belongs to the ports {kept[0]} and {kept[1]}: its links are between these addresses."
    if port and port != kept[0]:
        raise DemoError(f"{belongs} Leave --port out, or use another --state-dir.")
    return bind_ports(*kept, advice=f"{belongs} End what listens there, or use another --state-dir.")


def _choose_protocol(options: DemoOptions, folder: StateFolder) -> ProtocolChoice | None:
    """Give what both speak, and keep it: a link of the folder is over what both spoke when it was made."""
    protocol = options.protocol or folder.find_protocol() or ("oauth2" if options.config is None else None)
    if protocol is not None:
        folder.save_protocol(protocol)
    return protocol


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end the demo as Ctrl-C does; while it ends, a second one does nothing."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for each in handled:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    handled = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(each, interrupt) for each in handled]
    try:
        yield
    finally:
        for each, handler in zip(handled, before, strict=True):
            signal.signal(each, handler)


@contextmanager
def _serve(application: Application, sockets: Sequence[socket.socket], config: Path | None) -> Iterator[_Server]:
    """Run one application; when the block ends, it ends."""
    numbers = [each.fileno() for each in sockets]
    asked = {
        "module": application.module,
        "name": application.name,
        "kind": application.kind,
        "base_url": application.base_url,
        "database": application.database,
        "folder": str(application.folder),
        "protocols": application.protocols,
        "config": str(config.absolute()) if config else None,
        "sockets": numbers,
    }
    try:
        log = application.log.open("wb")
    except OSError as error:
        raise DemoError(f"{application.log} cannot be written: {error.strerror}. Use another --state-dir.") from error
    with log:
        # A session of its own, so that Ctrl-C reaches this process alone, which then ends both in order.
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-P", "-m", "applinks.demo.server", json.dumps(asked)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=numbers,
            start_new_session=True,
        )
    try:
        yield _Server(application, process)
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close the pipe that the server watches, and kill it if it does not end."""
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _check_alive(servers: Sequence[_Server]) -> None:
    """
    Look whether both run.

    Raises:
        DemoError: one ended; with its last words.
    """
    for server in servers:
        code = server.process.poll()
        if code is not None:
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            raise DemoError(f"{server.application.name} ended ({how}).{_read_last_lines(server.application.log)}")


def _read_last_lines(log: Path) -> str:
    with suppress(OSError):
        lines = log.read_text("utf-8", "replace").strip().splitlines()[-_LAST_LINES:]
        return "".join(f"\n  {line}" for line in lines)
    return ""


def _wait_until_ready(application: Application, check_alive: Callable[[], None]) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while not _answers(application):
        check_alive()
        if time.monotonic() > deadline:
            raise DemoError(f"{application.name} does not answer at {application.base_url}.")
        time.sleep(0.05)


def _answers(application: Application) -> bool:
    # The socket listens already, so this waits in its queue until the server is there; the timeout is for looking
    # now and then whether it still lives.
    connection = http.client.HTTPConnection(application.base_url.partition("://")[2], timeout=2)
    try:
        connection.request("GET", "/.well-known/application-link")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
