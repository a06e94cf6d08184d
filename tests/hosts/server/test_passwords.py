"""Passwords."""

import asyncio
import unicodedata

import pytest

from applinks.errors import RefusedError
from applinks.hosts.server.passwords import LONGEST_PASSWORD, hash_password, verify_password
from applinks.secret import Secret

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("N-06")
async def test_a_hash_is_slow_salted_and_not_the_password() -> None:
    """Security N-06; RFC 9106: argon2id."""
    one, other = [(await hash_password(Secret("looking-glass"))).reveal() for _ in range(2)]
    assert one.startswith("$argon2id$")
    assert one != other
    assert "looking-glass" not in one


async def test_the_password_of_a_hash_is_right_and_no_other_is() -> None:
    """Ours: product §4 users."""
    stored = await hash_password(Secret("looking-glass"))
    assert await verify_password(Secret("looking-glass"), stored)
    for wrong in ("Looking-glass", "looking-glass ", "", "x" * (LONGEST_PASSWORD + 1), "\ud800"):
        assert not await verify_password(Secret(wrong), stored)


@pytest.mark.requirement("N-10")
async def test_who_comes_behind_too_many_does_not_wait() -> None:
    """Security N-10: two are compared, sixteen wait, and nobody's turn is lost by a refusal."""
    for _ in range(2):
        tries = [verify_password(Secret("x"), None) for _ in range(25)]
        done = await asyncio.gather(*tries, return_exceptions=True)
        refused = [each for each in done if isinstance(each, RefusedError)]
        assert (done.count(False), len(refused)) == (18, 7)
        assert {(each.code, each.status, each.headers) for each in refused} == {
            ("temporarily_unavailable", 503, (("Retry-After", "5"),))
        }


async def test_one_password_is_the_same_on_every_keyboard() -> None:
    """RFC 8265 §4.2.2: NFC."""
    stored = await hash_password(Secret(unicodedata.normalize("NFD", "Füße-é")))
    assert await verify_password(Secret(unicodedata.normalize("NFC", "Füße-é")), stored)


async def test_nothing_is_the_password_of_who_has_none() -> None:
    """Ours: an account without a password cannot be logged in to, nor can one that is not there."""
    for tried in ("", "the password of nobody", "x"):
        assert not await verify_password(Secret(tried), None)


async def test_what_stands_in_the_database_and_is_no_hash_opens_nothing() -> None:
    """Ours: a column that somebody filled by hand is no 500."""
    for stored in ("", "looking-glass", "$argon2id$v=19$broken"):
        assert not await verify_password(Secret("looking-glass"), Secret(stored))


@pytest.mark.parametrize("text", ["", "x" * (LONGEST_PASSWORD + 1), "\udcff"])
async def test_what_nobody_types_is_no_password(text: str) -> None:
    """Ours: empty, endless, or not text."""
    with pytest.raises(RefusedError, match="A password has 1 to 1000 characters"):
        await hash_password(Secret(text))
