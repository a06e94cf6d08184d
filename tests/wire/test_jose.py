import base64
import hashlib
import hmac
import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from joserfc import jwt as oracle
from joserfc.jwk import ECKey, KeySet

from applinks.wire.jose import JoseError, digest_jwt, parse_jwt, sign_jwt, verify_jwt
from tests.wire.jose_keys import KEYS, PRIVATE, PUBLIC, encode

TYP = "applinks-statement+jwt"
TYPES = frozenset({TYP})
CLAIMS = {"iss": "https://one.example", "n": 1, "text": "ü"}


def sign(algorithm="ES256"):
    return sign_jwt(CLAIMS, typ=TYP, private_key=PRIVATE[algorithm], algorithm=algorithm, kid=PUBLIC[algorithm]["kid"])


def read(text, **changes):
    return parse_jwt(text, **{"limit": 8192, "typ": TYPES} | changes)


def forge(header, claims=CLAIMS, signature=b"x" * 64):
    return ".".join((encode(header), encode(claims), encode(signature)))


def refuse(text, code="invalid_request", **changes):
    with pytest.raises(JoseError) as caught:
        read(text, **changes)
    assert caught.value.code == code


GOOD_HEADER = {"alg": "ES256", "typ": TYP, "kid": PUBLIC["ES256"]["kid"]}


def test_es256_is_what_cryptography_verifies():
    """RFC 7518 §3.4: cryptography as oracle."""
    signing_input, _, signature = sign("ES256").rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    KEYS["ES256"].public_key.verify(der, signing_input.encode(), ec.ECDSA(hashes.SHA256()))


def test_ed25519_is_what_cryptography_verifies():
    """RFC 8037 §3.1: cryptography as oracle."""
    signing_input, _, signature = sign("EdDSA").rpartition(".")
    KEYS["EdDSA"].public_key.verify(base64.urlsafe_b64decode(signature + "=="), signing_input.encode())


def test_what_cryptography_signs_with_es256_is_verified():
    """RFC 7518 §3.4: cryptography as oracle."""
    signing_input = f"{encode(GOOD_HEADER)}.{encode(CLAIMS)}"
    r, s = decode_dss_signature(KEYS["ES256"].private_key.sign(signing_input.encode(), ec.ECDSA(hashes.SHA256())))
    text = f"{signing_input}.{encode(r.to_bytes(32) + s.to_bytes(32))}"
    assert verify_jwt(read(text), [PUBLIC["ES256"]]) == CLAIMS


def test_what_cryptography_signs_with_rsa_and_ed25519_is_verified():
    """RFC 7518 §3.3, §3.5, RFC 8037: cryptography as oracle."""
    sha = hashes.SHA256()
    pss = padding.PSS(mgf=padding.MGF1(sha), salt_length=32)
    ways = {
        "RS256": lambda key, text: key.sign(text, padding.PKCS1v15(), sha),
        "PS256": lambda key, text: key.sign(text, pss, sha),
        "EdDSA": lambda key, text: key.sign(text),
        "Ed25519": lambda key, text: key.sign(text),
    }
    for name, way in ways.items():
        signing_input = f"{encode({'alg': name, 'typ': TYP, 'kid': PUBLIC[name]['kid']})}.{encode(CLAIMS)}"
        text = f"{signing_input}.{encode(way(KEYS[name].private_key, signing_input.encode()))}"
        assert verify_jwt(read(text), [PUBLIC[name]]) == CLAIMS


@pytest.mark.parametrize("name", ["ES256", "Ed25519", "PS256", "RS256"])
def test_what_we_sign_another_library_verifies(name):
    """RFC 7515: joserfc's own decoder as oracle."""
    token = oracle.decode(sign(name), KeySet([type(KEYS[name]).import_key(PUBLIC[name])]), algorithms=[name])
    assert token.claims == CLAIMS
    assert token.header == {"alg": name, "typ": TYP, "kid": PUBLIC[name]["kid"]}


@pytest.mark.parametrize("name", KEYS)
def test_a_signed_jwt_gives_its_claims(name):
    """Ours: both halves together, for each algorithm, with every key of the peer at hand."""
    jwt = read(sign(name))
    assert (jwt.kid, jwt.algorithm, jwt.unverified_claims) == (PUBLIC[name]["kid"], name, CLAIMS)
    assert verify_jwt(jwt, list(PUBLIC.values())) == CLAIMS


def test_the_digest_is_of_the_signing_input():
    """handshake.md: so re-encoding a signature changes nothing."""
    text = sign()
    signing_input = text.rpartition(".")[0]
    assert digest_jwt(text) == encode(hashlib.sha256(signing_input.encode()).digest()) == read(text).digest
    assert digest_jwt(signing_input + ".other") == digest_jwt(text)


@pytest.mark.requirement("handshake-10-1")
@pytest.mark.requirement("J-01")
def test_none_is_refused_however_it_is_spelled():
    """RFC 8725 §3.2."""
    for alg in ("none", "None", "NONE", "nOnE", ""):
        refuse(forge(GOOD_HEADER | {"alg": alg}))
    refuse(forge(GOOD_HEADER | {"alg": "none"}, signature=b""))


@pytest.mark.requirement("AS-41")
@pytest.mark.requirement("handshake-10-1")
@pytest.mark.requirement("J-01")
def test_the_key_fixes_the_algorithm():
    """RFC 8725 §3.1."""
    signing_input = f"{encode(GOOD_HEADER | {'alg': 'PS256', 'kid': PUBLIC['RS256']['kid']})}.{encode(CLAIMS)}"
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
    signature = KEYS["RS256"].private_key.sign(signing_input.encode(), pss, hashes.SHA256())
    jwt = read(f"{signing_input}.{encode(signature)}")
    unnamed = {name: value for name, value in PUBLIC["RS256"].items() if name != "alg"}
    for key in (PUBLIC["RS256"], unnamed):
        with pytest.raises(JoseError) as caught:
            verify_jwt(jwt, [key])
        assert caught.value.code == "invalid_signature"


@pytest.mark.requirement("handshake-10-1")
@pytest.mark.requirement("J-02")
@pytest.mark.requirement("J-07")
@pytest.mark.parametrize("member", ["jwk", "jku", "x5u", "x5c", "b64", "zip", "crit", "enc"])
@pytest.mark.parametrize("exact", [True, False])
def test_a_member_that_brings_a_key_is_refused_even_where_others_are_ignored(member, exact):
    """RFC 8725 §3.10."""
    refuse(forge(GOOD_HEADER | {member: "x"}), exact=exact)


@pytest.mark.requirement("handshake-10-1")
@pytest.mark.requirement("J-03")
def test_crit_is_refused_even_if_it_names_what_we_know():
    """RFC 7515 §4.1.11 MUST."""
    refuse(forge(GOOD_HEADER | {"crit": ["exp"], "exp": 1}), exact=False)


@pytest.mark.requirement("handshake-10-1")
@pytest.mark.requirement("J-04")
def test_hmac_with_a_public_key_is_refused():
    """RFC 8725 §2.1."""
    header = GOOD_HEADER | {"alg": "HS256"}
    signing_input = f"{encode(header)}.{encode(CLAIMS)}"
    for secret in (json.dumps(PUBLIC["ES256"]).encode(), KEYS["RS256"].as_pem(private=False), b""):
        signature = hmac.new(secret, signing_input.encode(), hashlib.sha256).digest()
        refuse(f"{signing_input}.{encode(signature)}")


@pytest.mark.requirement("J-05")
def test_what_is_too_large_is_refused_before_it_is_read():
    """Ours."""
    text = sign()
    assert read(text, limit=len(text))
    refuse(text, limit=len(text) - 1)


@pytest.mark.requirement("J-06")
@pytest.mark.parametrize(
    "typ", ["JWT", "at+jwt", "", None, 1, "applinks-answer+jwt", "application/" + TYP, TYP.upper()]
)
def test_a_jwt_of_another_type_is_refused(typ):
    """RFC 8725 §3.11; ours is spelled in one way."""
    refuse(forge(GOOD_HEADER | {"typ": typ}))


@pytest.mark.requirement("LK-02")
@pytest.mark.parametrize("member", ["cty", "x5t", "x5t#S256", "nonce", "anything"])
def test_our_own_messages_have_no_further_header_member(member):
    """handshake.md §2: header exactly alg, typ, kid."""
    refuse(forge(GOOD_HEADER | {member: "x"}))
    assert read(forge(GOOD_HEADER | {member: "x"}), exact=False)


@pytest.mark.requirement("LK-02")
@pytest.mark.parametrize("member", ["alg", "typ", "kid"])
def test_our_own_messages_lack_no_header_member(member):
    """handshake.md §2."""
    refuse(forge({name: value for name, value in GOOD_HEADER.items() if name != member}))


def test_another_makers_assertion_may_lack_type_and_kid():
    """RFC 7523 §3: libraries send the plain type or none."""
    allowed = {"exact": False, "typ": frozenset({"JWT"})}
    for typ in ("JWT", "jwt", "application/jwt"):
        assert read(forge({"alg": "ES256", "typ": typ}), **allowed).kid is None
    assert read(forge({"alg": "ES256"}), **allowed).kid is None
    refuse(forge({"alg": "ES256", "typ": TYP}), **allowed)
    refuse(forge({"alg": "ES256", "kid": 1}), **allowed)


@pytest.mark.requirement("J-08")
def test_an_empty_key_or_none_at_all_verifies_nothing():
    """RFC 8725 §3.5."""
    jwt = read(sign())
    kid = PUBLIC["ES256"]["kid"]
    for keys in (
        [],
        [{}],
        [{"kty": "oct", "k": "", "kid": kid}],
        [PUBLIC["RS256"]],
        [{"kid": kid}],
        [PUBLIC["ES256"] | {"x": ""}],
    ):
        with pytest.raises(JoseError):
            verify_jwt(jwt, keys)


def test_without_a_kid_there_has_to_be_only_one_key():
    """security.md AS-41: an unknown kid is an error and not an exception."""
    signed = oracle.encode({"alg": "ES256"}, CLAIMS, KEYS["ES256"])
    jwt = read(signed, exact=False, typ=frozenset({"JWT"}))
    assert verify_jwt(jwt, [PUBLIC["ES256"]]) == CLAIMS
    with pytest.raises(JoseError) as caught:
        verify_jwt(jwt, [PUBLIC["ES256"], PUBLIC["RS256"]])
    assert caught.value.code == "unknown_key"


def test_a_kid_that_is_not_known_is_an_unknown_key():
    """handshake.md §5: it changes nothing."""
    with pytest.raises(JoseError) as caught:
        verify_jwt(read(sign()), [PUBLIC["Ed25519"]])
    assert caught.value.code == "unknown_key"


def test_a_signature_by_another_key_of_the_same_kid_is_refused():
    """RFC 7515 §5.2."""
    other = ECKey.generate_key("P-256", private=True).as_dict(private=False) | {"kid": PUBLIC["ES256"]["kid"]}
    with pytest.raises(JoseError) as caught:
        verify_jwt(read(sign()), [other])
    assert caught.value.code == "invalid_signature"


@pytest.mark.parametrize("name", KEYS)
def test_flipping_any_bit_of_a_signed_jwt_fails(name):
    """LK-02: every bit of every character counts, unused bits of the last one too."""
    text = sign(name)
    for position in range(0, len(text), 1 if name == "ES256" else 7):
        for bit in range(7):
            flipped = text[:position] + chr(ord(text[position]) ^ 1 << bit) + text[position + 1 :]
            with pytest.raises(JoseError):
                verify_jwt(read(flipped), [PUBLIC[name]])


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "...",
        "a.b",
        "a.b.c.d",
        "e30.e30.",
        "e30..AA",
        ".e30.AA",
        "e30.e30.AA",
        "e30=.e30.AA",
        "\ud800.a.b",
        "ä.b.c",
    ],
)
def test_what_is_no_jwt_is_refused(text):
    """RFC 7515 §7.1."""
    refuse(text)


@pytest.mark.parametrize(
    "header",
    [
        b'{"alg":"ES256","alg":"ES256","typ":"x","kid":"k"}',
        b"[]",
        b'"x"',
        b"null",
        b"{",
        b"\xff",
        b"[" * 5000,
        b'{"alg":NaN}',
        b'{"alg":["ES256"],"typ":"x","kid":"k"}',
    ],
)
def test_a_header_that_is_not_strict_json_is_refused_with_our_error(header):
    """libraries.md: the library takes duplicates and fails with TypeError and RecursionError."""
    refuse(forge(header, signature=b"x"))


@pytest.mark.parametrize("claims", [b'{"iss":"a","iss":"b"}', b"[]", b"1", b"", b"{", b'{"a":NaN}', b'{"a":"\\u0000"}'])
def test_claims_that_are_not_strict_json_are_refused(claims):
    """RFC 8725 §2.7."""
    refuse(forge(GOOD_HEADER, claims))


def test_a_public_key_does_not_sign():
    """Ours: only our error escapes."""
    with pytest.raises(JoseError):
        sign_jwt(CLAIMS, typ=TYP, private_key=PUBLIC["ES256"], algorithm="ES256", kid="k")
    with pytest.raises(JoseError):
        sign_jwt(CLAIMS, typ=TYP, private_key=PRIVATE["ES256"], algorithm="RS256", kid="k")


def test_no_claim_shows_in_a_repr():
    """N-05: an assertion is a credential for its lifetime."""
    assert "one.example" not in repr(read(sign()))
    assert sign().rpartition(".")[2] not in repr(read(sign()))


@pytest.mark.parametrize("algorithm", sorted(PUBLIC))
def test_a_key_that_served_before_is_judged_anew_by_what_it_says(algorithm):
    """RFC 8725 §3.1: the very numbers under another algorithm are another key."""
    jwt, key = read(sign(algorithm)), PUBLIC[algorithm]
    assert verify_jwt(jwt, [key]) == verify_jwt(jwt, [dict(key)]) == CLAIMS
    other = "RS256" if key["kty"] != "RSA" else "ES256"
    for changes in ({"alg": other}, {next(name for name in ("n", "x") if name in key): "AAAA"}):
        with pytest.raises(JoseError):
            verify_jwt(jwt, [key | changes])
    assert verify_jwt(jwt, [key]) == CLAIMS


def test_what_was_read_of_a_header_cannot_be_changed():
    """Ours: it is kept for the next JWT that begins alike."""
    jwt = read(sign())
    with pytest.raises(TypeError):
        jwt.unverified_header["alg"] = "none"
    assert read(sign()).unverified_header["alg"] == "ES256"
    refuse(sign(), typ=frozenset({"other+jwt"}))
