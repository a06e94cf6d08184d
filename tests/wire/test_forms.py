from urllib.parse import parse_qsl, urlencode

import pytest

from applinks.wire.forms import MalformedFormError, collect_form, format_form, parse_form, parse_query


def test_a_form_is_read_as_the_standard_library_reads_it():
    """RFC 6749 Appendix B: its worked example, and the standard library as oracle."""
    raw = "a=+%25%26%2B%C2%A3%E2%82%AC&b=2&c=%20x"
    assert parse_form(raw.encode()).get("a") == " %&+£€"
    assert list(parse_form(raw)) == parse_qsl(raw, keep_blank_values=True)


def test_a_value_without_text_counts_as_left_out():
    """RFC 6749 §3.1 MUST."""
    form = parse_form("state=&scope&code=x")
    assert form.get("state") is None
    assert form.get("scope") is None
    assert form.names == {"code"}


@pytest.mark.requirement("AS-07")
@pytest.mark.parametrize("raw", ["a=1&a=1", "a=1&a=2", "a=&a=1", "a&a", "%61=1&a=2"])
def test_a_repeated_parameter_is_an_error(raw):
    """RFC 6749 §3.1 MUST NOT."""
    with pytest.raises(MalformedFormError) as caught:
        parse_query(raw)
    assert caught.value.name == "a"


def test_a_parameter_that_may_repeat_gives_all_its_values():
    """Ours: a form with boxes sends one name several times."""
    form = parse_form("scope=a&scope=b&x=1", repeatable=frozenset({"scope"}))
    assert form.get_all("scope") == ("a", "b")


@pytest.mark.requirement("AS-07")
@pytest.mark.parametrize(
    "raw", [b"a=%00", b"%00=1", b"a=%ff", b"a=\xff", b"a=%", b"a=%4", b"a=%zz", b"a=%ed%a0%80", b"\xc3\xa4=1"]
)
def test_nul_broken_escapes_and_what_is_not_utf8_are_refused(raw):
    """Ours: 400, never 500."""
    with pytest.raises(MalformedFormError):
        parse_form(raw)


def test_the_rest_of_a_faulty_query_can_still_be_read():
    """product.md §5: an authorization error goes back although other parameters are wrong."""
    form = collect_form("client_id=c&redirect_uri=https%3A%2F%2Fh%2Fcb&scope=%ff&state=1&state=2&%ff=3")
    assert form.get("client_id") == "c"
    assert form.get("redirect_uri") == "https://h/cb"
    assert form.get("state") is None
    assert set(form.faults) == {"scope", "state", ""}


def test_pairs_are_written_as_the_standard_library_writes_them():
    """RFC 6749 Appendix B."""
    pairs = (("a b", "&=ü+"), ("c", ""))
    assert format_form(pairs) == urlencode(pairs)
    assert tuple(parse_form(format_form(pairs))) == pairs


def test_no_value_shows_in_a_repr():
    """N-05: a form may hold a code or a token."""
    assert "hush" not in repr(parse_form("code=hush"))
