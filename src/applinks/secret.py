"""A value that must not be seen: not in a log, an exception, a repr or a page."""

import hashlib
import hmac
from typing import final

# What is compared where nothing is stored, so that the time does not tell.
_STAND_IN = bytes(32)


@final
class Secret:
    """
    A secret text that shows itself only when asked.

    ``repr``, ``str`` and formatting give a placeholder; pickling and JSON refuse.
    Comparison takes the same time whatever the values.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Give the text itself; the only way to it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(("applinks.Secret", self._value))

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not pickled")


def digest_secret(value: str) -> bytes:
    """
    Give the digest under which a token, code or session id is stored.

    SHA-256 alone: these values are 256 random bits, which no slow hash makes safer.
    """
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()


def is_same_digest(stored: bytes | None, presented: bytes) -> bool:
    """Compare two digests in constant time; where none is stored it takes as long, and they are not the same."""
    is_same = hmac.compare_digest(_STAND_IN if stored is None else stored, presented)
    return is_same and stored is not None
