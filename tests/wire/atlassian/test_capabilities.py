"""What a Data Center peer says that it can do."""

import contextlib
from json import dumps

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applinks.wire.atlassian.capabilities import MalformedCapabilitiesError, parse_capabilities


def test_the_names_are_read_in_their_order():
    """Ours: atlassian-wire, Discovery."""
    assert parse_capabilities(b'["STATUS_API", "MIGRATION_API"]') == ("STATUS_API", "MIGRATION_API")
    assert parse_capabilities(b"[]") == ()


@pytest.mark.parametrize(
    "value", [None, {}, "STATUS_API", [1], [None], [["STATUS_API"]], [""], ["x" * 101], ["a\u202e"], ["a"] * 101]
)
def test_what_is_no_short_list_of_names_is_our_error(value):
    """Ours: a peer may say anything."""
    with pytest.raises(MalformedCapabilitiesError):
        parse_capabilities(dumps(value).encode())


@given(st.binary())
def test_any_bytes_are_names_or_our_error(data):
    """Ours: the parser raises nothing else."""
    with contextlib.suppress(MalformedCapabilitiesError):
        assert all(parse_capabilities(data))
