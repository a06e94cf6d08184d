"""Percent-encoding as OAuth 1.0a means it: the same text always becomes the same characters."""

import re
from urllib.parse import quote, unquote_to_bytes

# RFC 3986 §2.3: what is never escaped; and an escape of anything else, in upper case. The loops are unrolled: a run of
# plain characters is one step of the matcher, which knows by each next character where it is, and never goes back.
_PLAIN = "[A-Za-z0-9._~-]"
_ESCAPE = "%(?:[01][0-9A-F]|2[0-9A-CF]|3[A-F]|40|5[B-E]|60|7[B-DF]|[89A-F][0-9A-F])"
ENCODED_VALUE = rf"{_PLAIN}*(?:{_ESCAPE}{_PLAIN}*)*"
ENCODED_NAME = rf"(?:{_PLAIN}|{_ESCAPE}){ENCODED_VALUE}"
_IS_UNRESERVED = re.compile(rf"{_PLAIN}*\Z")
_IS_BASE64 = re.compile(r"[A-Za-z0-9._~+/=-]*\Z")
_IS_ENCODED = re.compile(rf"{ENCODED_VALUE}\Z")
_IS_ENCODED_FORM = re.compile(rf"{ENCODED_NAME}(?:={ENCODED_VALUE})?(?:&{ENCODED_NAME}(?:={ENCODED_VALUE})?)*\Z")


class MalformedEncodingError(ValueError):
    """A value is not UTF-8 once its escapes are undone."""


def encode(text: str) -> str:
    """
    Escape everything but letters, digits, ``-``, ``.``, ``_`` and ``~``.

    RFC 5849 §3.6.
    """
    if _IS_UNRESERVED.match(text):
        return text
    # A signature is in every request, and `quote` goes through it letter by letter.
    if _IS_BASE64.match(text):
        return text.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    return quote(text, safe="")


def decode(text: str) -> str:
    """
    Undo the escapes of a value.

    RFC 5849 §3.6.

    Raises:
        MalformedEncodingError: what comes out is not UTF-8.
    """
    if "%" not in text:
        return text
    # What a signature has: base64 needs no more, and is in every request.
    plain = text.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=")
    if "%" not in plain:
        return plain
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedEncodingError("not UTF-8 in percent-encoding") from error


def encode_form(text: str) -> list[tuple[str, str]]:
    """
    Give the pairs of a query or form body, each name and value encoded anew.

    RFC 5849 §3.4.1.3.1, §3.4.1.3.2.

    ``text`` is as it came, its bytes as Latin-1 where they are not ASCII. Every text has such a form: a raw ``[``, an
    escape in lower case, one that is none, bytes that are no UTF-8. What is in that form already is passed through.
    """
    if _IS_ENCODED_FORM.match(text):
        return [_split(part) for part in text.split("&")]
    return [(_encode_anew(name), _encode_anew(value)) for name, value in map(_split, filter(None, text.split("&")))]


def encode_value(text: str) -> str:
    """Encode a value of the Authorization header anew; a plus sign means itself there."""
    return text if _IS_ENCODED.match(text) else quote(unquote_to_bytes(_to_bytes(text)), safe="")


def _split(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name, value


def _encode_anew(text: str) -> str:
    if _IS_ENCODED.match(text):
        return text
    return quote(unquote_to_bytes(_to_bytes(text.replace("+", " "))), safe="")


def _to_bytes(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        # Not from the wire: a caller of ours wrote it as text.
        return text.encode("utf-8", "surrogatepass")
