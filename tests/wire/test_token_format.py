import hashlib
import zlib

import pytest

from applinks.wire.token_format import TokenKind, format_token, has_token_prefix, parse_token

ZEROS = "ala_0_" + "A" * 43


def test_a_token_is_kind_row_secret_and_checksum():
    """house.md §8, Tokens."""
    token = format_token(TokenKind.ACCESS, 61, bytes(32))
    assert token.startswith("ala_z_" + "A" * 43 + "_")
    assert len(token) == len("ala_z_") + 43 + 1 + 6


def test_a_token_gives_its_kind_row_and_the_digest_of_its_secret():
    """Ours: the digest is SHA-256 of the 43 characters."""
    for kind in TokenKind:
        for row in (0, 1, 61, 62, 1 << 40, (1 << 63) - 1):
            parsed = parse_token(format_token(kind, row, b"\xff" * 32))
            assert (parsed.kind, parsed.row) == (kind, row)
            assert parsed.digest == hashlib.sha256(("_" * 42 + "8").encode()).digest()


def test_the_checksum_is_crc_32_in_base_62():
    """Ours: so that a secret scanner can be told in one line; zlib is the oracle."""
    token = format_token(TokenKind.REFRESH, 7, bytes(32))
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    value = 0
    for character in token[-6:]:
        value = value * 62 + digits.index(character)
    assert value == zlib.crc32(token[:-7].encode())


def test_changing_any_character_makes_it_no_token():
    """Ours: the checksum tells a look-alike before the database is asked."""
    token = format_token(TokenKind.CODE, 12345, bytes(range(32)))
    for position in range(len(token)):
        for other in "aZ0_-":
            changed = token[:position] + other + token[position + 1 :]
            assert changed == token or parse_token(changed) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ala",
        "ala__",
        ZEROS,
        ZEROS + "_000000",
        "alx_0_" + "A" * 43 + "_000000",
        "\ud800",
        "ala_" * 1000,
        "Bearer x",
    ],
)
def test_every_other_text_is_none(text):
    """Ours: total, whatever the text."""
    assert parse_token(text) is None


def checked(text):
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    number, written = zlib.crc32(text.encode()), ""
    while number:
        number, digit = divmod(number, 62)
        written = digits[digit] + written
    return f"{text}_{written.rjust(6, '0')}"


def test_a_row_has_one_spelling_and_fits_a_database():
    """Ours: leading zeros and rows above 63 bits are refused, although the checksum is right."""
    assert parse_token(checked(ZEROS)) is not None
    for row in ("00", "0z", "AzL8n0Y58m8", "zzzzzzzzzzz"):
        assert parse_token(checked(f"ala_{row}_" + "A" * 43)) is None


def test_only_thirty_two_bytes_and_a_63_bit_row_make_a_token():
    """Ours: an invalid token cannot be made."""
    for row, secret in ((0, b""), (0, b"x" * 31), (-1, bytes(32)), (1 << 63, bytes(32))):
        with pytest.raises(ValueError, match="32 secret bytes"):
            format_token(TokenKind.ACCESS, row, secret)


def test_a_bearer_value_with_our_prefix_is_ours_good_or_bad():
    """product.md §5: what is ours and bad is refused at once."""
    assert all(map(has_token_prefix, ("ala_", "alr_x", "alc_0_x")))
    assert not any(map(has_token_prefix, ("", "al", "ala", "ALA_", "alx_1", "xala_")))
