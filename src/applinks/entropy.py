"""Randomness, which the core may not reach for itself, and the names that are made of it."""

import secrets
from typing import Protocol

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# Without 0, O, 1, I, L and U: a reference is read aloud and typed from a screenshot.
_READABLE = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
# 62 to the power of 22 is the first that holds 128 bits.
_ID_LENGTH = 22


class Entropy(Protocol):
    """What the core needs of randomness."""

    def random_bytes(self, count: int) -> bytes:
        """``count`` bytes that nobody can foresee."""
        ...


class SystemEntropy:
    """The operating system's generator."""

    def random_bytes(self, count: int) -> bytes:
        return secrets.token_bytes(count)


def new_id(entropy: Entropy, prefix: str) -> str:
    """
    Make a random identifier of 128 bits, such as ``lnk_4pQ…``.

    ``prefix`` is the word before the underscore; 22 of ``0-9A-Za-z`` follow.
    """
    number = int.from_bytes(entropy.random_bytes(17))
    return f"{prefix}_{_digits(number, _BASE62, _ID_LENGTH)}"


def new_reference(entropy: Entropy) -> str:
    """Make the short name of a failure, such as ``AL-7KQ2-M9F4``."""
    letters = _digits(int.from_bytes(entropy.random_bytes(8)), _READABLE, 8)
    return f"AL-{letters[:4]}-{letters[4:]}"


def new_typed_code(entropy: Entropy) -> str:
    """Make a code that a person types: ten letters and digits, for what is good once, for minutes, with other proof."""
    return _digits(int.from_bytes(entropy.random_bytes(10)), _READABLE, 10)


def _digits(number: int, alphabet: str, length: int) -> str:
    found = []
    for _ in range(length):
        number, digit = divmod(number, len(alphabet))
        found.append(alphabet[digit])
    return "".join(found)


class Rows:
    """
    Allots the row numbers of tokens and codes, so that a value can carry its row before it is stored.

    Seconds in the high bits keep inserts at the end of the index; a counter from a random start in the
    low ones keeps processes apart. A number that is taken all the same fails its insert, and nothing is issued.
    """

    # Thirty-three low bits leave thirty for the seconds since 2025: a signed 64-bit row lasts until 2059.
    _LOW_BITS = 33
    _SINCE = 1_735_689_600

    def __init__(self, entropy: Entropy) -> None:
        self._next = int.from_bytes(entropy.random_bytes(8))

    def allot(self, now: int) -> int:
        """Give a row number that was not given before."""
        self._next = (self._next + 1) % (1 << self._LOW_BITS)
        return (max(now - self._SINCE, 0) << self._LOW_BITS) | self._next
