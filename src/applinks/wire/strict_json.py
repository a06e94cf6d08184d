"""JSON of a stranger, read strictly: what two parsers could understand differently is refused."""

import json
import math
from typing import Any

# Our deepest document has a depth of five; a limit far below the interpreter's own keeps it out of reach.
_DEPTH = 32
# 64-bit numbers have at most 20 characters; nothing on the wire needs longer ones.
_DIGITS = 20


class MalformedJsonError(ValueError):
    """The text is no JSON that we accept; the message says why, without quoting it."""


def parse_json(data: bytes | str, *, limit: int) -> Any:
    """
    Read one JSON value.

    RFC 8259, RFC 7493.

    Stricter than RFC 8259 §4: a member that occurs twice is refused, because two parsers could take different ones.
    Refused as well: more than ``limit`` bytes, what is not UTF-8, NaN and infinities, integers of more
    than 20 digits, a depth above 32, and NUL or lone surrogates in strings.

    Raises:
        MalformedJsonError: and nothing else, whatever the bytes.
    """
    try:
        raw = data.encode("utf-8") if isinstance(data, str) else bytes(data)
        if len(raw) > limit:
            raise MalformedJsonError("too large")
        value = _DECODER.decode(raw.decode("utf-8"))
    except UnicodeError:
        raise MalformedJsonError("not UTF-8") from None
    except RecursionError:
        raise MalformedJsonError("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise MalformedJsonError(f"not JSON at character {error.pos}") from None
    # What UTF-8 cannot hold, and what JSON has no raw form of, comes of escapes alone; a depth needs its brackets.
    if b"\\u" in raw or raw.count(b"[") + raw.count(b"{") > _DEPTH:
        _check_depth_and_strings(value)
    return value


def parse_json_object(data: bytes | str, *, limit: int) -> dict[str, Any]:
    """
    Read one JSON object, as `parse_json` does.

    Raises:
        MalformedJsonError: and nothing else, whatever the bytes.
    """
    value = parse_json(data, limit=limit)
    if not isinstance(value, dict):
        raise MalformedJsonError("not an object")
    return value


def _collect_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedJsonError("a member occurs twice")
    return members


def _refuse_constant(_name: str) -> Any:
    raise MalformedJsonError("NaN or infinity")


def _parse_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise MalformedJsonError("a number out of range")
    return value


def _parse_int(text: str) -> int:
    if len(text) > _DIGITS:
        raise MalformedJsonError("a number out of range")
    return int(text)


# Made once: it is half of what a short document costs.
_DECODER = json.JSONDecoder(
    object_pairs_hook=_collect_members,
    parse_constant=_refuse_constant,
    parse_float=_parse_float,
    parse_int=_parse_int,
)


def _check_depth_and_strings(value: Any) -> None:
    waiting = [(value, 1)]
    while waiting:
        found, depth = waiting.pop()
        if isinstance(found, str):
            _check_string(found)
        elif isinstance(found, dict | list):
            if depth > _DEPTH:
                raise MalformedJsonError("nested too deeply")
            if isinstance(found, dict):
                waiting.extend((name, depth + 1) for name in found)
                waiting.extend((member, depth + 1) for member in found.values())
            else:
                waiting.extend((item, depth + 1) for item in found)


def _check_string(text: str) -> None:
    if "\0" in text:
        raise MalformedJsonError("NUL in a string")
    # An escape such as \ud800 makes a string that no encoder will take later.
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise MalformedJsonError("a lone surrogate in a string")
