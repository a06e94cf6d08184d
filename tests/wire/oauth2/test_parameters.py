import pytest

from applinks.wire.forms import collect_form
from applinks.wire.oauth2.parameters import (
    MalformedRequestError,
    format_error_description,
    format_scopes,
    get_required,
    get_scopes,
    is_error_code,
    list_present,
)


def test_a_required_parameter_is_given_once_and_has_a_value():
    """RFC 6749 §3.1."""
    assert get_required(collect_form("a=1"), "a") == "1"
    for query in ("", "a=", "a=1&a=2", "a=%00"):
        with pytest.raises(MalformedRequestError):
            get_required(collect_form(query), "a")


def test_a_scope_of_spaces_names_no_scope():
    """RFC 6749 §3.3: then the default holds."""
    for query in ("", "scope=", "scope=+", "scope=%20%20"):
        assert get_scopes(collect_form(query)) is None
    assert get_scopes(collect_form("scope=a+b")) == ("a", "b")
    assert format_scopes(None) is None
    assert format_scopes(("a", "b")) == "a b"


def test_only_parameters_with_a_value_are_sent():
    """RFC 6749 §3.1."""
    assert list_present((("a", "1"), ("b", None))) == (("a", "1"),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("access_denied", True), ("a b", True), ("", False), ('a"', False), ("a\\", False), ("é", False), ("a\n", False)],
)
def test_an_error_code_has_the_characters_of_the_rfc(text, expected):
    """RFC 6749 §4.1.2.1."""
    assert is_error_code(text) is expected


def test_a_description_is_cut_and_cleaned():
    """RFC 6749 §5.2 MUST NOT."""
    assert format_error_description('say "no"\r\n') == "say 'no'??"
    assert len(format_error_description("x" * 1000)) == 500
