"""How a command takes a secret: from a file or from standard input, never as a word that the process list shows."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from applinks.cli.asking import ask_secret, read_text
from applinks.errors import RefusedError
from applinks.secret import Secret

_MOST_LETTERS = 4096
_STANDARD_INPUT = Path("-")

SecretFileOption = Annotated[
    Path | None,
    Parameter(
        name="--client-secret-file",
        allow_leading_hyphen=True,
        help="The file with the client secret that they gave us; - reads it from standard input.",
    ),
]


def read_secret(path: Path, *, what: str) -> Secret:
    """
    Read a secret from a file, or from standard input where the file is ``-``; a terminal does not show it.

    Raises:
        RefusedError: there is none that can be read.
    """
    text = ask_secret(what) if path == _STANDARD_INPUT and sys.stdin.isatty() else _read(path, what)
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise RefusedError(f"{what}: {_say_source(path)} is empty. Nothing was changed.")
    if len(text) > _MOST_LETTERS or not text.isprintable():
        raise RefusedError(
            f"{what}: {_say_source(path)} has to hold the secret alone, on one line. Nothing was changed."
        )
    return Secret(text)


def _read(path: Path, what: str) -> str:
    if path == _STANDARD_INPUT:
        return read_text(_MOST_LETTERS + 2, what=what)
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(_MOST_LETTERS + 2)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not text"
        raise RefusedError(f"{what}: {_say_source(path)} cannot be read: {reason}.") from error


def _say_source(path: Path) -> str:
    return "standard input" if path == _STANDARD_INPUT else str(path)
