"""Base64url without padding, read strictly: one value has one spelling."""

import re
from binascii import a2b_base64, b2a_base64

_ALPHABET = re.compile(r"[A-Za-z0-9_-]*\Z")
_TO_URL = bytes.maketrans(b"+/", b"-_")
# By how many characters stand in the last, unfinished four: those whose unused bits are zero.
_LAST = {2: frozenset("AQgw"), 3: frozenset("AEIMQUYcgkosw048")}


def format_base64url(raw: bytes) -> str:
    """
    Write bytes as base64url without padding.

    RFC 7515 §2.
    """
    return b2a_base64(raw, newline=False).translate(_TO_URL, b"=").decode("ascii")


def parse_base64url(text: str) -> bytes:
    """
    Read base64url without padding.

    RFC 7515 §2.

    Unused bits that are not zero are refused, or a signed message could be spelled in sixteen ways.

    Raises:
        ValueError: it is anything else.
    """
    unfinished = len(text) % 4
    if unfinished == 1 or not _ALPHABET.match(text):
        raise ValueError("not base64url")
    if unfinished and text[-1] not in _LAST[unfinished]:
        raise ValueError("base64url with unused bits set")
    return a2b_base64(text.replace("-", "+").replace("_", "/") + "=" * (-unfinished % 4))
