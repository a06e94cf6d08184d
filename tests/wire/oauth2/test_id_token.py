"""ID tokens of other makers, signed by a library that knows nothing of us."""

import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from applinks.wire.base64url import format_base64url
from applinks.wire.jose import JoseError, list_usable_keys
from applinks.wire.oauth2.id_token import IdToken, compute_nonce, verify_id_token

NOW = 1_800_000_000
NONCE = compute_nonce("v" * 43)
EC = ECKey.generate_key("P-256", {"kid": "ec"})
OTHER = ECKey.generate_key("P-256", {"kid": "other"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
P384 = ECKey.generate_key("P-384", {"kid": "p384"})
WEAK = RSA.as_dict(private=False) | {"kid": "weak", "n": "AQAB"}
KEYS = list_usable_keys({"keys": [*(key.as_dict(private=False) for key in (EC, RSA, P384)), WEAK]})
GOOD = {"iss": "https://id.example", "sub": "u", "aud": "me", "iat": NOW, "exp": NOW + 60, "nonce": NONCE}


def make(key: Any = EC, alg: str = "ES256", header: Any = None, **claims: Any) -> str:
    named = {"alg": alg, "typ": "JWT", "kid": key.kid} | (header or {})
    said = {name: value for name, value in (GOOD | claims).items() if value is not None}
    return jwt.encode({name: value for name, value in named.items() if value is not None}, said, key, algorithms=[alg])


def verify(text: str, keys: Any = KEYS) -> IdToken:
    return verify_id_token(
        text,
        keys=keys,
        issuer="https://id.example",
        client_id="me",
        nonce=NONCE,
        access_token="token",
        now=NOW,
    )


@pytest.mark.parametrize(("key", "alg"), [(EC, "ES256"), (RSA, "RS256")])
@pytest.mark.parametrize("header", [{}, {"kid": None}, {"typ": None}])
def test_what_another_library_signed_is_proved(key, alg, header):
    """OpenID Connect Core §3.1.3.7, §10.1."""
    assert verify(make(key, alg, header)).subject == "u"


@pytest.mark.requirement("CL-11")
def test_the_hash_of_the_access_token_is_compared():
    """OpenID Connect Core §3.1.3.6: half of SHA-256 of the token, base64url."""
    assert verify(make(at_hash="PEaenWxYddN6Q_NT1PiOYQ")).subject == "u"
    with pytest.raises(JoseError):
        verify(make(at_hash="PEaenWxYddN6Q_NT1PiOYR"))


@pytest.mark.parametrize(("named", "good"), [(None, ("RS256", "PS256")), ("RS256", ("RS256",)), ("PS256", ("PS256",))])
def test_an_rsa_key_that_names_no_algorithm_takes_either_padding(named, good):
    """Looser than RFC 8725 §3.1: Keycloak and others sign with PS256 by a key that says nothing."""
    key = RSA.as_dict(private=False) | ({"alg": named} if named else {})
    keys = list_usable_keys({"keys": [key]})
    for alg in ("RS256", "PS256"):
        if alg in good:
            assert verify(make(RSA, alg), keys).subject == "u"
        else:
            with pytest.raises(JoseError):
                verify(make(RSA, alg), keys)


@pytest.mark.requirement("J-01")
@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS256"}, {"alg": "ES256"}, {"alg": "RS512"}])
def test_an_rsa_key_that_names_no_algorithm_takes_nothing_else(header):
    """RFC 8725 §3.1: the public key is no secret of an HMAC."""
    keys = list_usable_keys({"keys": [RSA.as_dict(private=False)]})
    head = format_base64url(json.dumps({"typ": "JWT", "kid": "rsa"} | header).encode())
    body = make(RSA, "RS256").split(".")[1]
    signature = hmac.digest(RSA.as_pem(private=False), f"{head}.{body}".encode(), "sha256")
    for signed in (format_base64url(signature), make(RSA, "RS256").rpartition(".")[2], ""):
        with pytest.raises(JoseError):
            verify(f"{head}.{body}.{signed}", keys)


@pytest.mark.parametrize("kid", ["signing key 1", "Schlüssel", "k" * 200])
def test_a_key_may_have_any_name_that_can_be_shown(kid):
    """RFC 7515 §4.1.4: its structure is unspecified."""
    key = ECKey.import_key(EC.as_dict(private=True) | {"kid": kid})
    assert verify(make(key), list_usable_keys({"keys": [key.as_dict(private=False)]})).subject == "u"


@pytest.mark.parametrize("kid", ["", "k" * 201, "a\nb", "a\x00", "\u202e"])
def test_a_name_that_cannot_be_shown_or_is_too_long_is_refused(kid):
    """Stricter than RFC 7515 §4.1.4: it comes into our log."""
    with pytest.raises(JoseError):
        verify(make(ECKey.import_key(EC.as_dict(private=True) | {"kid": kid})))


@pytest.mark.requirement("J-01")
@pytest.mark.requirement("J-04")
def test_a_signature_by_a_secret_or_by_nobody_is_refused():
    """RFC 8725 §3.1; stricter than OpenID Connect Core §3.1.3.7 (8)."""
    secret = OctKey.import_key("geheim" * 8, {"kid": "ec"})
    for text in (make(secret, "HS256"), make(alg="ES256").rpartition(".")[0] + "."):
        with pytest.raises(JoseError):
            verify(text)


def test_keys_that_we_cannot_trust_are_passed_over():
    """RFC 7517 §5: unknown keys are ignored."""
    assert [each["kid"] for each in KEYS] == ["ec", "rsa"]


def test_without_a_name_the_only_key_of_the_kind_is_meant():
    """OpenID Connect Core §10.1."""
    two = list_usable_keys({"keys": [EC.as_dict(private=False), OTHER.as_dict(private=False)]})
    assert verify(make(), two)
    with pytest.raises(JoseError):
        verify(make(header={"kid": None}), two)


def test_a_key_set_with_a_private_key_does_not_give_that_key():
    """Ours: whoever shows its private key does not prove anything with it."""
    assert list_usable_keys({"keys": [EC.as_dict(private=True)]}) == ()


@pytest.mark.parametrize("keys", [KEYS, None])
@pytest.mark.parametrize(
    "times", [{"exp": NOW - 60}, {"iat": NOW + 61}, {"nbf": NOW + 61}, {"exp": True}, {"iat": "1"}]
)
def test_times_are_checked_with_a_minute_between_the_clocks(times, keys):
    """OpenID Connect Core §3.1.3.7 (9); house: 60 s for JWTs."""
    assert verify(make(exp=NOW - 59, iat=NOW + 60), keys)
    with pytest.raises(JoseError):
        verify(make(**times), keys)


def test_the_nonce_is_of_the_verifier_and_does_not_tell_it():
    """OpenID Connect Core §15.5.2."""
    assert compute_nonce("v" * 43) != compute_nonce("w" * 43)
    assert len(NONCE) == 43
    assert "v" * 4 not in NONCE


@given(st.text() | st.builds(lambda a: f"{make()}{a}", st.text(max_size=3)))
def test_no_text_raises_anything_but_our_error(text):
    """House §7: every parser raises only our error."""
    try:
        verify(text)
    except JoseError:
        return
    assert text == make()[: len(text)] or text.startswith(make().rpartition(".")[0])


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_no_key_set_raises_anything_but_our_error(document):
    """House §7."""
    for candidate in (document, {"keys": document}, {"keys": [document]}, {"keys": [{"kty": "EC", "x": document}]}):
        try:
            assert isinstance(list_usable_keys(json.loads(json.dumps(candidate))), tuple)
        except JoseError:
            continue
