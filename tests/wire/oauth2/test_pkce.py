import pytest
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7636.challenge import create_s256_code_challenge

from applinks.wire.oauth2.pkce import compute_code_challenge, is_code_challenge, is_code_challenge_of, is_code_verifier

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.requirement("rfc7636-4.1-1")
@pytest.mark.requirement("AS-10")
def test_the_challenge_is_that_of_the_rfc():
    """RFC 7636 Appendix B: the worked example; authlib as a second oracle."""
    assert compute_code_challenge(VERIFIER) == CHALLENGE == create_s256_code_challenge(VERIFIER)
    assert "S256" in CodeChallenge.SUPPORTED_CODE_CHALLENGE_METHOD
    assert is_code_challenge_of(CHALLENGE, VERIFIER)


@pytest.mark.requirement("rfc7636-4.1-1")
@pytest.mark.requirement("AS-10")
@pytest.mark.parametrize("text", ["a" * 43, "a" * 128, VERIFIER, "-._~" + "A0" * 20])
def test_a_verifier_has_43_to_128_unreserved_characters(text):
    """RFC 7636 §4.1."""
    assert is_code_verifier(text)


@pytest.mark.requirement("rfc7636-4.1-1")
@pytest.mark.requirement("AS-10")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "a" * 42,
        "a" * 129,
        "a" * 42 + "+",
        "a" * 42 + "/",
        "a" * 42 + "=",
        "a" * 43 + "\n",
        "ä" * 43,
        "a" * 42 + " ",
    ],
)
def test_any_other_verifier_is_none(text):
    """RFC 7636 §4.1."""
    assert not is_code_verifier(text)
    assert not is_code_challenge_of(CHALLENGE, text)


@pytest.mark.requirement("rfc7636-4.1-1")
@pytest.mark.requirement("AS-10")
@pytest.mark.parametrize(
    "text", ["", "a" * 42, "a" * 44, CHALLENGE + "=", CHALLENGE[:-1] + ".", CHALLENGE + "\n", VERIFIER + "~"]
)
def test_any_other_challenge_is_none(text):
    """RFC 7636 §4.2: 32 bytes are 43 characters."""
    assert not is_code_challenge(text)
    assert not is_code_challenge_of(text, VERIFIER)


@pytest.mark.requirement("rfc7636-4.1-1")
@pytest.mark.requirement("AS-10")
def test_another_verifier_does_not_open_the_challenge():
    """RFC 7636 §4.6; plain would: the challenge itself is no answer to it."""
    assert not is_code_challenge_of(CHALLENGE, "a" * 43)
    assert not is_code_challenge_of(CHALLENGE, CHALLENGE)
