"""What is read by a shorter way is read as by the long one: the same value, or the same refusal."""

import base64
import binascii
import json
import zlib
from urllib.parse import unquote_to_bytes

from hypothesis import given
from hypothesis import strategies as st

from applinks.wire.base64url import format_base64url, parse_base64url
from applinks.wire.forms import collect_form, decode_form_text
from applinks.wire.strict_json import MalformedJsonError, parse_json
from applinks.wire.token_format import (
    TokenKind,
    format_row,
    format_token,
    get_secret_part,
    parse_row,
    parse_token,
)

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LARGEST_ROW = (1 << 63) - 1

near_forms = st.text("ab=&%+0fC3\x00\u00fc ", max_size=30)
near_base64url = st.text("AQgwBDC048-_+/=\n\u00e9", max_size=12)
rows = st.integers(0, _LARGEST_ROW)
near_rows = st.text(_BASE62 + "_", max_size=12) | rows.map(format_row).flatmap(
    lambda text: st.sampled_from([text, "0" + text, text[1:], text + "0"])
)
_JSON_MARKS = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    " ",
    "\ufeff",
    '"a"',
    '"b"',
    "1",
    "1e999",
    "9" * 21,
    "NaN",
    '{"a":1,"a":2}',
]
_JSON_TEXTS = ['"\\u0000"', '"\\ud800"', '"\\ud83d\\ude00"', '"\\\\u0000"', '"\x00"']
_JSON_DEPTHS = ["[" * 32 + "]" * 32, "[" * 33 + "]" * 33]
near_json = st.lists(st.sampled_from([*_JSON_MARKS, *_JSON_TEXTS, *_JSON_DEPTHS]), max_size=8).map("".join)


def format_base62(number: int) -> str:
    """One digit at a time."""
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return digits or "0"


@given(near_forms)
def test_a_form_text_without_escapes_is_decoded_as_one_with_them(text: str) -> None:
    """Ours: a text of nothing but plain characters is passed through."""
    expected: str | None = None
    if text.isascii() and all(
        len(part) > 1 and set(part[:2]) <= set("0123456789abcdefABCDEF") for part in text.split("%")[1:]
    ):
        try:
            expected = unquote_to_bytes(text.replace("+", " ")).decode("utf-8")
        except UnicodeDecodeError:
            expected = None
    assert decode_form_text(text) == (None if expected is None or "\0" in expected else expected)


@given(near_forms)
def test_the_first_value_of_a_name_counts(text: str) -> None:
    """RFC 6749 §3.1: one without a value counts as left out."""
    form = collect_form(text)
    for name in {"a", "b", "", *(name for name, _ in form)}:
        values = [value for key, value in form if key == name and value]
        assert form.get(name) == (values[0] if values and name not in form.faults else None)
    assert form.names == {name for name, value in form if value}


@given(near_base64url | st.binary(max_size=40).map(format_base64url))
def test_base64url_is_what_the_library_would_write(text: str) -> None:
    """Ours: one value has one spelling."""
    try:
        expected: bytes | None = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        expected = None
    if expected is not None and base64.urlsafe_b64encode(expected).decode().rstrip("=") != text:
        expected = None
    try:
        found: bytes | None = parse_base64url(text)
    except ValueError:
        found = None
    assert found == expected


@given(rows, st.binary(min_size=32, max_size=32), st.sampled_from(TokenKind))
def test_a_token_is_written_as_digit_by_digit(row: int, secret: bytes, kind: TokenKind) -> None:
    """Ours: two digits at a time are the same digits."""
    signed = f"al{kind.value}_{format_base62(row)}_{format_base64url(secret)}"
    text = format_token(kind, row, secret)
    assert text == f"{signed}_{format_base62(zlib.crc32(signed.encode())).rjust(6, '0')}"
    assert get_secret_part(text) == format_base64url(secret)


@given(near_rows)
def test_a_row_has_one_spelling(text: str) -> None:
    """Ours: a zero in front, or a number of more than 63 bits, is none."""
    number = 0
    for character in text:
        number = number * 62 + _BASE62.find(character)
    is_row = text.isalnum() and text.isascii() and number <= _LARGEST_ROW and format_base62(number) == text
    assert parse_row(text) == (number if is_row else None)
    signed = f"ala_{text}_{'A' * 43}"
    checksum = format_base62(zlib.crc32(signed.encode())).rjust(6, "0")
    parsed = parse_token(f"{signed}_{checksum}")
    assert (None if parsed is None else parsed.row) == (number if is_row else None)


@given(near_json)
def test_json_that_needs_no_second_look_gets_none_wrongly(text: str) -> None:
    """Ours: NUL, lone surrogates and depth are refused whether or not the document is looked through."""
    try:
        value = parse_json(text, limit=1000)
    except MalformedJsonError:
        return
    waiting = [(value, 1)]
    while waiting:
        found, depth = waiting.pop()
        if isinstance(found, str):
            assert "\0" not in found
            found.encode("utf-8")
        elif isinstance(found, dict | list):
            assert depth <= 32
            members = [*found, *found.values()] if isinstance(found, dict) else found
            waiting.extend((member, depth + 1) for member in members)
    assert value == json.loads(text)
