import base64

import pytest

from applinks.wire.base64url import format_base64url, parse_base64url


def test_bytes_are_written_without_padding():
    """RFC 7515 Appendix C: the worked example."""
    assert format_base64url(bytes([3, 236, 255, 224, 193])) == "A-z_4ME"


def test_what_was_written_is_read_again():
    """Ours: the standard library is the oracle for every length of padding."""
    for length in range(6):
        raw = bytes(range(250, 250 + length))
        assert base64.urlsafe_b64encode(raw).decode().rstrip("=") == format_base64url(raw)
        assert parse_base64url(format_base64url(raw)) == raw


@pytest.mark.parametrize("text", ["A", "AA==", "A+/A", "AA\n", " AA", "AB", "AAB", "AAAAA", "ÄA"])
def test_every_other_spelling_is_refused(text):
    """Ours: one value has one spelling, or a signature could be spelled in sixteen ways."""
    with pytest.raises(ValueError, match="base64url"):
        parse_base64url(text)
