"""The header fields that OAuth reads and writes."""

import binascii
import re
from base64 import b64decode
from collections.abc import Iterable, Mapping

_MEDIA_TYPE = re.compile(r"[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*(?:;|\Z)")
_BASIC = re.compile(r"(?i:basic) +([0-9A-Za-z+/]+={0,2})\Z")
_NOT_QUOTABLE = re.compile(r"[^\x20-\x7e]")


def format_challenge(scheme: str, params: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> str:
    """
    Write a ``WWW-Authenticate`` header.

    RFC 9110 §11.6.1, RFC 6750 §3.

    Values become quoted strings; what cannot stand in one becomes a question mark.
    """
    pairs = params.items() if isinstance(params, Mapping) else params
    written = ", ".join(f'{name}="{_quote(value)}"' for name, value in pairs)
    return f"{scheme} {written}" if written else scheme


def parse_content_type(value: str | None) -> str:
    """
    Give the media type of a ``Content-Type`` header, in lower case and without parameters.

    RFC 9110 §8.3.1.

    Empty for a missing or malformed header.
    """
    found = _MEDIA_TYPE.match(value or "")
    return found[1].lower() if found else ""


def parse_basic_credentials(value: str) -> tuple[str, str] | None:
    """
    Give the user id and the password of a Basic ``Authorization`` header; None for every other header.

    RFC 7617 §2: they part at the first colon, for a password may hold one.
    """
    found = _BASIC.match(value.strip(" \t"))
    if found is None:
        return None
    try:
        user_id, colon, password = b64decode(found[1], validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user_id, password) if colon else None


def _quote(value: str) -> str:
    return _NOT_QUOTABLE.sub("?", value).replace("\\", "\\\\").replace('"', '\\"')
