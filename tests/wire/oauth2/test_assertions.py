import json

import pytest
from authlib.oauth2.rfc7523 import private_key_jwt_sign
from joserfc import jwt as oracle
from joserfc.jwk import ECKey, RSAKey

from applinks.wire.jose import JoseError, build_public_jwk, sign_jwt
from applinks.wire.oauth2.assertions import (
    CLIENT_ASSERTION_TYP,
    build_client_assertion,
    get_unverified_client_id,
    parse_client_assertion,
    verify_client_assertion,
)

NOW = 1_800_000_000
ISSUER = "https://two.example"
TOKEN_ENDPOINT = ISSUER + "/applinks/oauth2/token"
CLIENT = "https://one.example/applinks/oauth2/client.json"
KEY = ECKey.generate_key("P-256", private=True)
PRIVATE = KEY.as_dict(private=True)
PUBLIC = build_public_jwk(PRIVATE, algorithm="ES256")
CLAIMS = build_client_assertion(client_id=CLIENT, audience=ISSUER, jti="j" * 22, now=NOW)


def sign(claims, *, typ=CLIENT_ASSERTION_TYP):
    return sign_jwt(claims, typ=typ, private_key=PRIVATE, algorithm="ES256", kid=PUBLIC["kid"])


def verify(text, *, now=NOW, keys=(PUBLIC,), client_id=CLIENT, **changes):
    return verify_client_assertion(
        parse_client_assertion(text), keys=keys, client_id=client_id, issuer=ISSUER, now=now, **changes
    )


def refuse(text, code="invalid_claims", **changes):
    with pytest.raises(JoseError) as caught:
        verify(text, **changes)
    assert caught.value.code == code


def test_an_assertion_says_who_it_is_of_and_for():
    """RFC 7523 §3."""
    assert CLAIMS == {"iss": CLIENT, "sub": CLIENT, "aud": ISSUER, "iat": NOW, "exp": NOW + 60, "jti": "j" * 22}


@pytest.mark.requirement("AS-41")
def test_an_assertion_proves_its_client():
    """RFC 7523 §3."""
    text = sign(CLAIMS)
    assert get_unverified_client_id(parse_client_assertion(text)) == CLIENT
    proved = verify(text)
    assert (proved.client_id, proved.jti, proved.expires_at) == (CLIENT, "j" * 22, NOW + 60)
    assert proved.claimed_until == NOW + 120


@pytest.mark.requirement("AS-41")
def test_what_another_library_sends_is_taken_from_other_makers_clients_alone():
    """Looser than RFC 7523's successor: joserfc as oracle, with the plain type and the token endpoint as audience."""
    claims = CLAIMS | {"aud": TOKEN_ENDPOINT}
    for header in ({"alg": "ES256", "typ": "JWT"}, {"alg": "ES256"}, {"alg": "ES256", "kid": PUBLIC["kid"]}):
        text = oracle.encode(header, claims, KEY)
        assert verify(text, token_endpoint=TOKEN_ENDPOINT).client_id == CLIENT
        refuse(text, "invalid_request")


def test_what_authlib_signs_is_verified():
    """RFC 7523 §2.2: authlib's client as oracle."""
    rsa = RSAKey.generate_key(2048, private=True)
    public = build_public_jwk(rsa.as_dict(private=True), algorithm="RS256")
    claims = {"iat": NOW, "exp": NOW + 300}
    text = private_key_jwt_sign(rsa, client_id=CLIENT, token_endpoint=TOKEN_ENDPOINT, claims=claims)
    text = text.decode() if isinstance(text, bytes) else text
    assert verify(text, keys=[public], token_endpoint=TOKEN_ENDPOINT).client_id == CLIENT


@pytest.mark.requirement("AS-41")
@pytest.mark.parametrize(
    "audience", [TOKEN_ENDPOINT, [ISSUER], ISSUER + "/", "https://other.example", "", None, 1, [], {}]
)
def test_a_peers_assertion_is_for_our_issuer_alone(audience):
    """handshake.md, Registration: `aud` is our issuer."""
    refuse(sign(CLAIMS | {"aud": audience}))


@pytest.mark.requirement("AS-41")
@pytest.mark.parametrize(
    "audience", [[ISSUER, "https://other.example"], ["https://other.example"], [], [None], "x", {}]
)
def test_another_makers_assertion_is_for_nobody_else_besides(audience):
    """Ours: an assertion for two servers could be used at the other."""
    refuse(sign(CLAIMS | {"aud": audience}), token_endpoint=TOKEN_ENDPOINT)


@pytest.mark.requirement("AS-41")
@pytest.mark.parametrize(
    "changes",
    [
        {"exp": NOW + 301},
        {"exp": NOW},
        {"exp": NOW - 1},
        {"iat": NOW - 500, "exp": NOW - 200},
        {"iat": NOW - 120, "exp": NOW - 60},
        {"iat": NOW + 61, "exp": NOW + 100},
        {"nbf": NOW + 61},
        {"exp": None},
        {"exp": str(NOW + 60)},
        {"exp": True},
        {"exp": NOW + 60.5},
        {"exp": 1e300},
        {"iat": None},
        {"iat": "x"},
    ],
)
def test_an_assertion_outside_its_time_is_refused(changes):
    """AS-41: at most five minutes; 60 s of skew."""
    refuse(sign(CLAIMS | changes))


@pytest.mark.requirement("AS-41")
def test_five_minutes_and_a_minutes_skew_are_taken():
    """AS-41."""
    text = sign(CLAIMS | {"exp": NOW + 300})
    assert verify(text)
    assert verify(text, now=NOW - 60)
    assert verify(text, now=NOW + 359)
    refuse(text, now=NOW + 360)
    refuse(text, now=NOW - 61)


@pytest.mark.requirement("AS-41")
def test_without_a_time_of_issue_the_end_counts_from_now():
    """RFC 7523 §3: `iat` is optional; our own messages always have it."""
    claims = {name: value for name, value in CLAIMS.items() if name != "iat"}
    refuse(sign(claims))
    assert verify(sign(claims), token_endpoint=TOKEN_ENDPOINT)
    refuse(sign(claims | {"exp": NOW + 361}), token_endpoint=TOKEN_ENDPOINT)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "x"},
        {"sub": "x"},
        {"iss": None},
        {"sub": None},
        {"iss": [CLIENT], "sub": [CLIENT]},
        {"iss": "", "sub": ""},
    ],
)
def test_issuer_and_subject_are_both_the_client(changes):
    """RFC 7523 §3 MUST."""
    refuse(sign(CLAIMS | changes))


def test_an_assertion_of_another_client_is_refused():
    """RFC 7521 §4.2: client_id identifies the same client."""
    refuse(sign(CLAIMS), client_id="https://other.example")


@pytest.mark.parametrize("jti", [None, "", 1, [], "j" * 256])
def test_an_assertion_needs_a_name_that_can_be_claimed(jti):
    """AS-41: `jti` is claimed once."""
    refuse(sign(CLAIMS | {"jti": jti}))


@pytest.mark.requirement("AS-41")
def test_an_unknown_kid_is_an_error_and_not_an_exception():
    """AS-41."""
    other = ECKey.generate_key("P-256", private=True).as_dict(private=True)
    refuse(sign(CLAIMS), "unknown_key", keys=[build_public_jwk(other, algorithm="ES256")])
    refuse(sign(CLAIMS), "unknown_key", keys=[])


@pytest.mark.requirement("J-06")
@pytest.mark.parametrize("typ", ["applinks-statement+jwt", "applinks-proposal+jwt", "at+jwt"])
def test_a_message_of_the_handshake_is_no_assertion(typ):
    """RFC 8725 §3.11: one JWT is never used as another."""
    with pytest.raises(JoseError):
        parse_client_assertion(sign(CLAIMS, typ=typ))


def test_what_is_no_jwt_is_refused():
    """Ours: only our error escapes."""
    for text in ("", "a.b.c", "x" * 10_000, json.dumps(CLAIMS)):
        with pytest.raises(JoseError):
            parse_client_assertion(text)
