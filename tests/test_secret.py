"""A value that must not be seen."""

import json
import logging
import pickle

import pytest

from applinks.secret import Secret, digest_secret, is_same_digest

CLEAR = "a value that nobody may see"


@pytest.mark.requirement("N-05")
def test_a_secret_shows_itself_to_nobody_who_does_not_ask(caplog: pytest.LogCaptureFixture) -> None:
    """Security N-05: not in a log, an exception, a repr or a page."""
    secret = Secret(CLEAR)
    logging.getLogger("applinks.test").error("secret=%s %r", secret, secret)
    seen = [repr(secret), str(secret), f"{secret}", f"{secret!r:>40}", f"{[secret]}", caplog.text]
    seen.append(str(ValueError(secret)))
    assert not [each for each in seen if CLEAR in each]
    assert secret.reveal() == CLEAR


@pytest.mark.requirement("N-05")
def test_a_secret_is_neither_pickled_nor_written_as_json() -> None:
    """Ours: whoever stores one has to say so."""
    with pytest.raises(TypeError):
        pickle.dumps(Secret(CLEAR))
    with pytest.raises(TypeError):
        json.dumps({"secret": Secret(CLEAR)})


def test_secrets_are_equal_by_what_they_hold() -> None:
    """Ours: and only to other secrets."""
    assert Secret("a") == Secret("a") != Secret("b")
    assert len({Secret("a"), Secret("a")}) == 1
    assert Secret("a") != "a"


@pytest.mark.requirement("N-06")
def test_a_digest_does_not_hold_the_value() -> None:
    """Security N-06: SHA-256, of any text."""
    assert digest_secret(CLEAR) != CLEAR.encode()
    assert len(digest_secret(CLEAR)) == len(digest_secret("\ud800")) == 32


def test_what_is_not_stored_is_the_same_as_nothing() -> None:
    """Ours: not even as the stand-in that is compared instead."""
    assert is_same_digest(digest_secret(CLEAR), digest_secret(CLEAR))
    assert not is_same_digest(digest_secret(CLEAR), digest_secret("another"))
    assert not is_same_digest(None, digest_secret(CLEAR))
    assert not is_same_digest(None, bytes(32))
