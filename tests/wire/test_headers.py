import pytest

from applinks.wire.headers import format_challenge, parse_content_type


def test_a_challenge_is_written_with_quoted_strings():
    """RFC 6750 §3: its worked example."""
    written = format_challenge(
        "Bearer", {"realm": "example", "error": "invalid_token", "error_description": "The access token expired"}
    )
    assert written == 'Bearer realm="example", error="invalid_token", error_description="The access token expired"'
    assert format_challenge("Bearer") == "Bearer"


def test_nothing_breaks_out_of_a_challenge():
    """Ours: a quote, a backslash or a new line cannot end the value or the header."""
    assert format_challenge("Bearer", [("a", 'x"y\\z\r\nSet-Cookie: ü')]) == 'Bearer a="x\\"y\\\\z??Set-Cookie: ?"'


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("application/json", "application/json"),
        ("Application/JSON; charset=utf-8", "application/json"),
        (" application/jwt ", "application/jwt"),
        ("application/x-www-form-urlencoded;x=y", "application/x-www-form-urlencoded"),
        ("application/json, text/html", ""),
        ("json", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_a_content_type_is_its_media_type_alone(value, expected):
    """RFC 9110 §8.3.1."""
    assert parse_content_type(value) == expected
