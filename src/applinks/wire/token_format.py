"""
The form of what we issue: ``al`` + kind, row, 43 characters of secret, 6 of checksum, joined by underscores.

The row says where the digest is stored, so a look-up reads one row; the secret alone opens it. The checksum is CRC-32,
as other makers of scannable tokens use it: it proves nothing, it lets a secret scanner (and us, before the database is
asked) tell a token from a look-alike or a cut-off copy without any key.
"""

import re
import zlib
from dataclasses import dataclass, field
from enum import StrEnum

from applinks.secret import digest_secret
from applinks.wire.base64url import format_base64url

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# Two digits at a time: this runs several times with every request.
_PAIR_BASE = 62 * 62
_PAIRS = tuple(high + low for high in _BASE62 for low in _BASE62)
_DIGITS = {digit: number for number, digit in enumerate(_BASE62)}
_SECRET_BYTES = 32
# Rows are signed 64-bit integers in every database.
_LARGEST_ROW = (1 << 63) - 1
# One number has one spelling: without a zero in front.
_CANONICAL = r"0|[1-9A-Za-z][0-9A-Za-z]{0,10}"
# The 43 characters may hold underscores themselves: lengths and the row's alphabet fix where they begin and end.
_TOKEN = re.compile(rf"al([arcsto])_({_CANONICAL})_([0-9A-Za-z_-]{{43}})_([0-9A-Za-z]{{6}})\Z")
_ROW = re.compile(rf"(?:{_CANONICAL})\Z")
_PREFIX = re.compile(r"al[arcsto]_")


class TokenKind(StrEnum):
    """What a value is good for."""

    ACCESS = "a"
    REFRESH = "r"
    CODE = "c"
    CLIENT_SECRET = "s"  # noqa: S105 - a letter
    TEMPORARY_CREDENTIALS = "t"
    TOKEN_CREDENTIALS = "o"  # noqa: S105 - a letter


_KINDS = {kind.value: kind for kind in TokenKind}


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedToken:
    """A value of our form: where to look, and the digest to compare with what is stored there."""

    kind: TokenKind
    row: int
    digest: bytes = field(repr=False)


def format_token(kind: TokenKind, row: int, secret: bytes) -> str:
    """Write a value of this kind; ``secret`` is 32 random bytes, ``row`` a number of at most 63 bits."""
    if len(secret) != _SECRET_BYTES or not 0 <= row <= _LARGEST_ROW:
        raise ValueError("a token needs 32 secret bytes and a row of 63 bits")
    signed = f"al{kind.value}_{_format_base62(row)}_{format_base64url(secret)}"
    return f"{signed}_{_compute_checksum(signed)}"


def get_secret_part(text: str) -> str:
    """Give the part of a value of our own making whose digest is stored."""
    return text[-50:-7]


def parse_token(text: str) -> ParsedToken | None:
    """Read a value of our form; None for every other text, a wrong checksum included."""
    found = _TOKEN.match(text)
    if found is None or _compute_checksum(text[:-7]) != found[4]:
        return None
    row = _parse_base62(found[2])
    if row > _LARGEST_ROW:
        return None
    return ParsedToken(kind=_KINDS[found[1]], row=row, digest=digest_secret(found[3]))


def has_token_prefix(text: str) -> bool:
    """Whether a bearer value claims to be ours, good or bad."""
    return _PREFIX.match(text) is not None


def format_row(row: int) -> str:
    """Write a row as it stands in a value: what names the value to people, and opens nothing."""
    return _format_base62(row)


def parse_row(text: str) -> int | None:
    """Read a row as `format_row` writes it; None for every other text."""
    if _ROW.match(text) is None:
        return None
    row = _parse_base62(text)
    return row if row <= _LARGEST_ROW else None


def _compute_checksum(text: str) -> str:
    # Six digits hold 32 bits.
    above, low = divmod(zlib.crc32(text.encode("ascii")), _PAIR_BASE)
    high, middle = divmod(above, _PAIR_BASE)
    return _PAIRS[high] + _PAIRS[middle] + _PAIRS[low]


def _format_base62(number: int) -> str:
    pairs = ""
    while number:
        number, pair = divmod(number, _PAIR_BASE)
        pairs = _PAIRS[pair] + pairs
    return pairs.lstrip("0") or "0"


def _parse_base62(text: str) -> int:
    number = 0
    for character in text:
        number = number * 62 + _DIGITS[character]
    return number
