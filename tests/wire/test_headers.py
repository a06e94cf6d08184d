import pytest

from applinks.wire.headers import format_challenge, parse_bearer, parse_content_type


@pytest.mark.parametrize("value", ["Bearer abc", "bearer abc", "BEARER  abc", "Bearer abc "])
def test_a_bearer_token_is_found_whatever_the_case_of_its_scheme(value):
    """RFC 9110 §11.1: schemes have no case."""
    assert parse_bearer(value) == "abc"


@pytest.mark.requirement("RS-21")
@pytest.mark.parametrize(
    "value",
    [
        "BearerX abc",
        "Bearer",
        "Bearer ",
        "Bearer\tabc",
        "Basic abc",
        "Bearer a b",
        "Bearer a,b",
        'Bearer "a"',
        "Bearer ä",
        "Bearer =",
        "",
    ],
)
def test_what_is_no_single_bearer_token_is_none(value):
    """RFC 6750 §2.1 b64token."""
    assert parse_bearer(value) is None


def test_the_characters_of_our_tokens_are_bearer_characters():
    """Ours: base64url, underscores and a letter prefix."""
    assert parse_bearer("Bearer ala_1_a-_A.~+/==") == "ala_1_a-_A.~+/=="


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
