import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from joserfc.jwk import OKPKey, RSAKey

from applinks.wire.jose import JoseError, build_public_jwk, check_public_jwks, compute_thumbprint
from tests.wire.jose_keys import KEYS, PRIVATE, PUBLIC, encode


def test_a_thumbprint_is_that_of_the_rfc():
    """RFC 7638 §3.1: the worked example."""
    key = {
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1"
        "L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4"
        "QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbO"
        "pbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csF"
        "Cur-kEgU8awapJzKnqDKgw",
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29",
    }
    assert compute_thumbprint(key) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@pytest.mark.parametrize("name", KEYS)
def test_a_thumbprint_is_that_of_another_library(name):
    """RFC 7638: joserfc as oracle; private members and kid do not take part."""
    assert compute_thumbprint(PRIVATE[name]) == KEYS[name].thumbprint() == compute_thumbprint(PUBLIC[name])


@pytest.mark.parametrize(
    "key", [{}, {"kty": "oct", "k": "AA"}, {"kty": "EC"}, {"kty": []}, {"kty": "EC", "crv": 1, "x": "", "y": ""}]
)
def test_what_is_no_key_has_no_thumbprint(key):
    """Ours: only our error escapes."""
    with pytest.raises(JoseError):
        compute_thumbprint(key)


def test_a_key_set_of_a_peer_is_taken():
    """handshake.md §1: ES256, Ed25519, PS256 and RS256; unknown members are dropped."""
    keys = [key | {"x5t": "AA", "note": 1} for key in PUBLIC.values()]
    assert check_public_jwks({"keys": keys, "other": 1}) == tuple(PUBLIC.values())


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
def test_a_private_member_in_a_key_set_is_refused(member):
    """Ours: a peer that publishes its private key has lost it."""
    with pytest.raises(JoseError, match="private"):
        check_public_jwks({"keys": [PUBLIC["RS256"] | {member: "AA"}]})


def weak(bits, **changes):
    jwk = RSAKey.import_key(rsa.generate_private_key(65537, bits).public_key()).as_dict(private=False) | changes
    return jwk | {"kid": compute_thumbprint(jwk)}


def renamed(**changes):
    key = PUBLIC["ES256"] | changes
    return key | {"kid": compute_thumbprint(key)}


def of_size(bits):
    number = (1 << bits - 1) + 1
    jwk = {"kty": "RSA", "e": "AQAB", "n": encode(number.to_bytes((bits + 7) // 8))}
    return jwk | {"kid": compute_thumbprint(jwk)}


def padded_modulus():
    key = PUBLIC["RS256"] | {"n": encode(b"\0" + base64.urlsafe_b64decode(PUBLIC["RS256"]["n"] + "=="))}
    return key | {"kid": compute_thumbprint(key)}


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize(
    "make",
    [
        lambda: PUBLIC["ES256"] | {"kid": "k"},
        lambda: {name: value for name, value in PUBLIC["ES256"].items() if name != "kid"},
        lambda: weak(1024),
        lambda: weak(2048, e="Aw", n=""),
        lambda: of_size(2047),
        lambda: of_size(8193),
        padded_modulus,
        lambda: renamed(x=encode(b"x" * 32)),
        lambda: renamed(y=encode(b"x" * 31)),
        lambda: renamed(crv="P-384"),
        lambda: renamed(crv="secp256k1"),
        lambda: PUBLIC["ES256"] | {"alg": "RS256"},
        lambda: PUBLIC["RS256"] | {"alg": "RS512"},
        lambda: PUBLIC["RS256"] | {"alg": "HS256"},
        lambda: PUBLIC["RS256"] | {"alg": "none"},
        lambda: PUBLIC["RS256"] | {"alg": 1},
        lambda: PUBLIC["ES256"] | {"use": "enc"},
        lambda: PUBLIC["ES256"] | {"key_ops": ["sign"]},
        lambda: {"kty": "oct", "k": "AA"},
        lambda: {"kty": "oct", "kid": "x"},
        lambda: {"kty": "XX"},
        dict,
        lambda: "x",
        lambda: None,
    ],
)
def test_a_weak_foreign_or_misnamed_key_refuses_the_set(make):
    """handshake.md §1, RFC 7518 §3.3 MUST."""
    with pytest.raises(JoseError) as caught:
        check_public_jwks({"keys": [PUBLIC["Ed25519"], make()]})
    assert caught.value.code == "invalid_request"


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"keys": []},
        {"keys": {}},
        {"keys": "x"},
        {"keys": [PUBLIC["ES256"]] * 2},
        {"keys": [{"kty": ["EC"]}]},
    ],
)
def test_a_key_set_holds_one_to_sixteen_different_keys(document):
    """handshake.md §1."""
    with pytest.raises(JoseError):
        check_public_jwks(document)


def test_sixteen_keys_are_taken_and_seventeen_are_not():
    """handshake.md §1."""
    made = [OKPKey.import_key(ed25519.Ed25519PrivateKey.generate()).as_dict(private=True) for _ in range(17)]
    keys = [build_public_jwk(key, algorithm="EdDSA") for key in made]
    assert len(check_public_jwks({"keys": keys[:16]})) == 16
    with pytest.raises(JoseError):
        check_public_jwks({"keys": keys})


@pytest.mark.parametrize("bits", [2048, 3072, 4096, 8192])
def test_an_rsa_key_of_a_fair_size_is_taken(bits):
    """handshake.md §1: 2048 bits or more; above 8192 a verification costs a peer nothing and us milliseconds."""
    assert check_public_jwks({"keys": [of_size(bits)]})
