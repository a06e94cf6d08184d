from base64 import b64encode

import httpx2
import pytest

from applinks.wire.headers import format_challenge, parse_basic_credentials, parse_content_type


def encode(text):
    return "Basic " + b64encode(text if isinstance(text, bytes) else text.encode()).decode()


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


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", ("Aladdin", "open sesame")),
        ("basic   QWxhZGRpbjpvcGVuIHNlc2FtZQ==", ("Aladdin", "open sesame")),
        (encode("a:b:c"), ("a", "b:c")),
        (encode("a:"), ("a", "")),
        (encode(":b"), ("", "b")),
        (encode("test:123\N{POUND SIGN}"), ("test", "123\N{POUND SIGN}")),
    ],
)
def test_basic_credentials_part_at_the_first_colon(value, expected):
    """RFC 7617 §2, §2.1: its worked examples."""
    assert parse_basic_credentials(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        *(
            "",
            "Basic",
            "Basic ",
            "Basic =",
            "Basic ====",
            "Basic a",
            "Basic YTpiYw",
            "Basic QUJD",
            "Bearer QTpC",
            "BasicQTpC",
        ),
        *("Basic\tQTpC", "Basic QTpC x", "Basic QTpC, Basic QTpC", "Basic QTp C", "Basic QTpC\n", "Basic QTpC=x"),
        *("Basic QTpC\N{SNOWMAN}", "Basic _-pC", "Basic QTpC====", encode(b"\xff:\xfe"), "Digest QTpC", "\0"),
    ],
)
def test_what_is_not_exactly_basic_gives_nothing(value):
    """RFC 7617 §2, RFC 7235 §2.1."""
    assert parse_basic_credentials(value) is None


@pytest.mark.parametrize(("user", "password"), [("cli", "secret"), ("a", ""), ("user", "a:b"), ("u", "p\xe9")])
def test_what_httpx_sends_is_read(user, password):
    """RFC 7617: httpx as oracle."""
    request = httpx2.Request("GET", "https://h")
    sent = next(httpx2.BasicAuth(user, password).auth_flow(request)).headers["authorization"]
    assert parse_basic_credentials(sent) == (user, password)
