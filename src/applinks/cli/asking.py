"""What a command reads from whoever runs it: answers, secrets and bodies, from a terminal, a pipe or nothing at all."""

import getpass
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from applinks.cli.output import clean, end, print_note
from applinks.errors import RefusedError


def ask(question: str) -> bool:
    """Ask for a yes on standard error; anything else than y or yes is a no, also the end of the input."""
    with _interruptible():
        print(f"{clean(question)} [y/N] ", end="", file=sys.stderr, flush=True)
        return read_line(what="The answer").strip().casefold() in {"y", "yes"}


def confirm(question: str, *, yes: bool = False) -> None:
    """Ask before what cannot be undone, and end the command on a no; without a terminal nothing is asked."""
    if not yes and sys.stdin.isatty() and not ask(question):
        end("Nothing was changed.", code=1)


def ask_secret(what: str) -> str:
    """
    Ask for a secret, which the terminal does not show; the end of the input is an empty one.

    Raises:
        RefusedError: what was typed is no text.
    """
    with _reading(what):
        try:
            return getpass.getpass(f"{clean(what)}: ", stream=sys.stderr)
        except EOFError:
            print_note("")
            return ""


def read_line(*, what: str) -> str:
    """
    Read a line without its end; the end of the input is an empty one.

    Raises:
        RefusedError: it cannot be read, or is no text.
    """
    with _reading(what):
        return sys.stdin.readline().removesuffix("\n").removesuffix("\r")


def read_text(most: int, *, what: str) -> str:
    """
    Read all that comes, as far as ``most`` letters.

    Raises:
        RefusedError: it cannot be read, or is no text.
    """
    with _reading(what):
        return sys.stdin.read(most)


def read_bytes(*, what: str) -> bytes:
    """
    Read all that comes, whatever it is.

    Raises:
        RefusedError: it cannot be read.
    """
    with _reading(what):
        # One that was closed is replaced by an empty one before any command runs.
        return sys.stdin.buffer.read()


@contextmanager
def _reading(what: str) -> Iterator[None]:
    try:
        with _interruptible():
            yield
    except UnicodeError as error:
        raise RefusedError(f"{what} cannot be read: it is not text in the encoding of this terminal.") from error
    except OSError as error:
        raise RefusedError(f"{what} cannot be read: {error.strerror or error}.") from error


@contextmanager
def _interruptible() -> Iterator[None]:
    """
    Let Ctrl-C end the reading at once.

    Inside a running loop asyncio takes the first one, to cancel a task that cannot be cancelled while it reads.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
