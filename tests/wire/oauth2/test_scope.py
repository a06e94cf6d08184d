import pytest
from authlib.oauth2.rfc6749 import list_to_scope, scope_to_list

from applinks.wire.oauth2.scope import MalformedScopeError, format_scope, parse_scope


def test_a_scope_is_a_list_of_tokens():
    """RFC 6749 §3.3: authlib as oracle."""
    text = "issues:read issues:write profile"
    assert list(parse_scope(text)) == scope_to_list(text)
    assert format_scope(parse_scope(text)) == list_to_scope(scope_to_list(text)) == text


def test_order_is_kept_and_repetition_is_dropped():
    """RFC 6749 §3.3: the order does not matter, so a repetition says nothing."""
    assert parse_scope("b a b  a ") == ("b", "a")
    assert parse_scope("") == parse_scope("  ") == ()


@pytest.mark.parametrize("text", ['a"b', "a\\b", "a\tb", "a\nb", "ä", "a\0", "a\x7f"])
def test_a_character_that_is_not_allowed_is_refused(text):
    """RFC 6749 §3.3."""
    with pytest.raises(MalformedScopeError):
        parse_scope(text)
