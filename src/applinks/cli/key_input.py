"""How a command takes a public key: from a file or from standard input, in any of the forms in which keys are kept."""

import sys
from base64 import b64encode
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from applinks.errors import RefusedError

# A certificate of many names, with its chain, has less.
_MOST_BYTES = 64 * 1024
_STANDARD_INPUT = Path("-")

PublicKeyOption = Annotated[
    Path | None,
    Parameter(
        name="--public-key",
        allow_leading_hyphen=True,
        help="The file with the public key that they sign by: PEM, a certificate, or base64; - reads it from standard"
        " input.",
    ),
]


def read_public_key(path: Path) -> str:
    """
    Read a key, as it is to be checked; what is no text is given as base64.

    Raises:
        RefusedError: there is none that can be read.
    """
    is_typed = path == _STANDARD_INPUT
    source = "standard input" if is_typed else str(path)
    try:
        with sys.stdin.buffer if is_typed else path.open("rb") as file:
            found = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise RefusedError(f"--public-key: {source} cannot be read: {error.strerror or error}.") from error
    if not found.strip():
        raise RefusedError(f"--public-key: {source} is empty. Nothing was changed.")
    if len(found) > _MOST_BYTES:
        raise RefusedError(f"--public-key: {source} is too large for a key. Nothing was changed.")
    try:
        return found.decode()
    except UnicodeDecodeError:
        return b64encode(found).decode()
