import json

import pytest

from applinks.wire.strict_json import MalformedJsonError, parse_json, parse_json_object


def refuse(data, *, limit=10_000):
    with pytest.raises(MalformedJsonError):
        parse_json(data, limit=limit)


def test_ordinary_json_is_read_as_the_standard_library_reads_it():
    """RFC 8259: the standard library is the oracle."""
    text = '{"a": [1, -2.5, true, null, "\\u00e9 \\ud83d\\ude00"], "b": {"c": ""}}'
    assert parse_json(text, limit=1000) == json.loads(text)
    assert parse_json(text.encode(), limit=1000) == json.loads(text)


def test_a_member_that_occurs_twice_is_refused_at_any_depth():
    """RFC 8725 §2.7, RFC 7493 §2.3 MUST."""
    refuse('{"a": 1, "a": 1}')
    refuse('[{"b": {"a": 1, "\\u0061": 2}}]')


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 21, "[NaN]"])
def test_numbers_that_json_does_not_have_or_nobody_needs_are_refused(text):
    """RFC 7493 §2.2."""
    refuse(text)


@pytest.mark.parametrize(
    "data", [b"\xff", b'"\xed\xa0\x80"', '"\ud800"', '"\\ud800"', '{"\\udfff": 1}', b"\xef\xbb\xbf{}"]
)
def test_what_is_not_unicode_text_is_refused(data):
    """RFC 7493 §2.1 MUST NOT."""
    refuse(data)


@pytest.mark.parametrize("text", ['"\\u0000"', '{"a\\u0000": 1}', '["\\u0000"]', '"\0"'])
def test_nul_in_a_string_is_refused(text):
    """Ours: a database or a header would cut the text there."""
    refuse(text)


@pytest.mark.parametrize(
    "text", ["", " ", "{", "{}{}", "{'a': 1}", '{"a": 1,}', "[1 2]", "nul", '"\n"', "01", "+1", "1.", "//"]
)
def test_what_is_not_json_is_refused(text):
    """RFC 8259."""
    refuse(text)


@pytest.mark.requirement("J-05")
def test_thirty_two_levels_are_read_and_no_more():
    """Ours: a limit far below the interpreter's own."""
    assert parse_json("[" * 32 + "]" * 32, limit=1000) is not None
    refuse("[" * 33 + "]" * 33)
    refuse('{"a":' * 33 + "1" + "}" * 33)


@pytest.mark.requirement("J-05")
def test_a_hundred_thousand_levels_are_refused_like_any_other():
    """Ours: RecursionError never escapes."""
    refuse("[" * 100_000 + "]" * 100_000, limit=1_000_000)
    refuse('{"a":' * 100_000, limit=1_000_000)


@pytest.mark.requirement("J-05")
def test_the_limit_counts_bytes():
    """Ours: a limit on characters would be four times as generous."""
    assert parse_json('"éé"', limit=6) == "éé"
    refuse('"éé"', limit=5)


def test_only_an_object_is_an_object():
    """Ours: a document or a part of a JWT is always one."""
    assert parse_json_object("{}", limit=10) == {}
    for text in ("[]", '"a"', "1", "null"):
        with pytest.raises(MalformedJsonError):
            parse_json_object(text, limit=10)
