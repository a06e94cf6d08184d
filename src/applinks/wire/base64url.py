"""Base64url without padding, read strictly: one value has one spelling."""

import base64
import binascii
import re

_ALPHABET = re.compile(r"[A-Za-z0-9_-]*\Z")


def format_base64url(raw: bytes) -> str:
    """
    Write bytes as base64url without padding.

    RFC 7515 §2.
    """
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def parse_base64url(text: str) -> bytes:
    """
    Read base64url without padding.

    RFC 7515 §2.

    Unused bits that are not zero are refused, or a signed message could be spelled in sixteen ways.

    Raises:
        ValueError: it is anything else.
    """
    if not _ALPHABET.match(text):
        raise ValueError("not base64url")
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise ValueError("not base64url") from None
    if format_base64url(raw) != text:
        raise ValueError("base64url with unused bits set")
    return raw
