"""Signing and verifying, against oauthlib and authlib on either side."""

from types import SimpleNamespace

import pytest
from authlib.oauth1 import ClientAuth
from authlib.oauth1.rfc5849.signature import verify_hmac_sha1
from authlib.oauth1.rfc5849.wrapper import OAuth1Request
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.common import Request as OauthlibRequest
from oauthlib.oauth1 import Client
from oauthlib.oauth1.rfc5849 import signature as oauthlib_signature

from applinks.secret import Secret
from applinks.wire.http import Request
from applinks.wire.oauth1.keys import format_public_key
from applinks.wire.oauth1.parameters import MalformedSignedRequestError, Transmission
from applinks.wire.oauth1.problems import Problem
from applinks.wire.oauth1.signature import (
    SharedSecrets,
    SignatureInvalidError,
    SignatureMethod,
    sign_hmac,
    sign_rsa,
    verify_rsa,
    verify_secrets,
)
from applinks.wire.oauth1.signed_request import parse_signed_request, sign_request
from tests.wire.oauth1.signers import KeySigner, SecretSigner, join

URL = "https://api.example.org:8443/rest/api/2/search?jql=a%20%3D%20%22b%22&tag=x&tag=&empty"
FORM = ("Content-Type", "application/x-www-form-urlencoded")
PARAMETERS = {
    "oauth_consumer_key": "probe",
    "oauth_token": "tok/en+1",
    "oauth_timestamp": "1764000000",
    "oauth_nonce": "nonce-1",
}
HMAC = [method for method in SignatureMethod if method.is_hmac]
RSA = [method for method in SignatureMethod if method.is_rsa]
KEY = generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
SECRETS = join("s&cret", "t=ken")


def build_oauthlib_client(method: str, **more) -> Client:
    return Client(
        "probe",
        client_secret="s&cret",
        resource_owner_key="tok/en+1",
        resource_owner_secret="t=ken",
        signature_method=method,
        timestamp="1764000000",
        nonce="nonce-1",
        **more,
    )


@pytest.mark.parametrize("method", HMAC)
@pytest.mark.parametrize("transmission", Transmission)
def test_what_oauthlib_signs_with_secrets_verifies(method, transmission):
    """RFC 5849 §3.4.2: oauthlib as the client, in header, query and form."""
    kind = {Transmission.HEADER: "AUTH_HEADER", Transmission.FORM: "BODY", Transmission.QUERY: "QUERY"}[transmission]
    client = build_oauthlib_client(method.value, signature_type=kind)
    url, headers, body = client.sign(URL, "POST", body="b=2&a=1&a=%C3%A9", headers=dict([FORM]))
    request = Request(method="POST", url=url, headers=tuple(headers.items()), body=body.encode())
    signed = parse_signed_request(request)
    assert signed.transmission is transmission
    verify_secrets(signed.base_string, signed.method, SECRETS, signed.signature)


@pytest.mark.parametrize("method", RSA)
def test_what_oauthlib_signs_with_a_key_verifies(method):
    """RFC 5849 §3.4.3: oauthlib as the client."""
    url, headers, _ = build_oauthlib_client(method.value, rsa_key=PEM).sign(URL)
    signed = parse_signed_request(Request(method="GET", url=url, headers=tuple(headers.items())))
    verify_rsa(signed.base_string, signed.method, KEY.public_key(), signed.signature)


@pytest.mark.parametrize("method", ["HMAC-SHA1", "RSA-SHA1"])
def test_what_authlib_signs_verifies(method):
    """RFC 5849 §3.4: authlib as the client."""
    client = ClientAuth("probe", "s&cret", token="tok/en+1", token_secret="t=ken", signature_method=method, rsa_key=PEM)
    url, headers, body = client.prepare("POST", URL, dict([FORM]), b"b=2&a=1")
    body = body.encode() if isinstance(body, str) else body
    signed = parse_signed_request(Request(method="POST", url=url, headers=tuple(headers.items()), body=body))
    if signed.method.is_rsa:
        verify_rsa(signed.base_string, signed.method, KEY.public_key(), signed.signature)
    else:
        verify_secrets(signed.base_string, signed.method, SECRETS, signed.signature)


@pytest.mark.parametrize("method", HMAC)
@pytest.mark.parametrize("transmission", Transmission)
def test_oauthlib_verifies_what_we_sign_with_secrets(method, transmission):
    """RFC 5849 §3.4.2: oauthlib as the server."""
    request = Request(method="POST", url=URL, headers=(FORM,), body=b"b=2&a=1&a=x+y")
    found = read_as_oauthlib(
        sign_request(request, PARAMETERS, SecretSigner(SECRETS, method), transmission=transmission)
    )
    verify = {
        "HMAC-SHA1": oauthlib_signature.verify_hmac_sha1,
        "HMAC-SHA256": oauthlib_signature.verify_hmac_sha256,
        "HMAC-SHA512": oauthlib_signature.verify_hmac_sha512,
    }[method.value]
    assert verify(found, "s&cret", "t=ken")


@pytest.mark.parametrize("method", RSA)
def test_oauthlib_verifies_what_we_sign_with_a_key(method):
    """RFC 5849 §3.4.3: oauthlib as the server."""
    found = read_as_oauthlib(sign_request(Request(method="GET", url=URL), PARAMETERS, KeySigner(KEY, method)))
    verify = {
        "RSA-SHA1": oauthlib_signature.verify_rsa_sha1,
        "RSA-SHA256": oauthlib_signature.verify_rsa_sha256,
        "RSA-SHA512": oauthlib_signature.verify_rsa_sha512,
    }[method.value]
    assert verify(found, format_public_key(KEY.public_key()))


def test_authlib_verifies_what_we_sign():
    """RFC 5849 §3.4.2: authlib as the server."""
    signed = sign_request(Request(method="GET", url=URL), PARAMETERS, SecretSigner(SECRETS), realm="Photos")
    found = OAuth1Request("GET", signed.url, None, dict(signed.headers))
    holder = SimpleNamespace(get_client_secret=lambda: "s&cret", get_oauth_token_secret=lambda: "t=ken")
    found.client = found.credential = holder
    assert verify_hmac_sha1(found)


def read_as_oauthlib(request: Request) -> OauthlibRequest:
    """Give the request as oauthlib's own endpoints see it."""
    found = OauthlibRequest(request.url, request.method, request.body.decode(), dict(request.headers))
    pairs = oauthlib_signature.collect_parameters(
        uri_query=request.url.partition("?")[2],
        body=request.body.decode() if request.header("content-type") else [],
        headers=dict(request.headers),
        exclude_oauth_signature=False,
    )
    found.signature = dict(pairs)["oauth_signature"]
    found.params = [pair for pair in pairs if pair[0] != "oauth_signature"]
    return found


@pytest.mark.requirement("O1-01")
@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_flipping_any_bit_of_the_base_string_or_the_signature_fails(position, flip):
    """RFC 5849 §3.2 MUST."""
    base_string = "GET&https%3A%2F%2Fexample.org%2F&a%3D1"
    signature = sign_hmac(base_string, SignatureMethod.HMAC_SHA256, SECRETS)
    place = position % len(signature)
    changed = signature[:place] + chr(ord(signature[place]) ^ flip) + signature[place + 1 :]
    with pytest.raises(SignatureInvalidError):
        verify_secrets(base_string, SignatureMethod.HMAC_SHA256, SECRETS, changed)
    with pytest.raises(SignatureInvalidError):
        verify_secrets(base_string + "x", SignatureMethod.HMAC_SHA256, SECRETS, signature)


@pytest.mark.requirement("O1-07")
@pytest.mark.parametrize("signature", ["", "=", "ä", "\ud800", "AAAA", "not base64!", "AA==\n", "\0"])
@pytest.mark.parametrize("method", SignatureMethod)
def test_garbage_is_an_invalid_signature_and_nothing_worse(method, signature):
    """Ours: no text that somebody sends raises another error."""
    verify, key = (verify_rsa, KEY.public_key()) if method.is_rsa else (verify_secrets, SECRETS)
    with pytest.raises(SignatureInvalidError):
        verify("GET&a&b", method, key, signature)


@pytest.mark.requirement("O1-05")
def test_a_client_without_a_secret_cannot_be_verified_by_one():
    """Ours: an empty secret would let anybody sign for a client that has a key."""
    with pytest.raises(ValueError, match="without a secret"):
        SharedSecrets.join(Secret(""), Secret("token"))
    with pytest.raises(ValueError, match="not verified with secrets"):
        verify_secrets("GET&a&b", SignatureMethod.RSA_SHA1, SECRETS, "x")


def test_a_signature_of_another_digest_fails():
    """RFC 5849 §3.4.3: the method names the digest."""
    signature = sign_rsa("GET&a&b", SignatureMethod.RSA_SHA256, KEY)
    with pytest.raises(SignatureInvalidError):
        verify_rsa("GET&a&b", SignatureMethod.RSA_SHA512, KEY.public_key(), signature)


def test_no_secret_shows_in_a_repr():
    """N-05."""
    signed = parse_signed_request(sign_request(Request(method="GET", url=URL), PARAMETERS, SecretSigner(SECRETS)))
    assert "s%26cret" not in repr(SECRETS)
    assert signed.signature not in repr(signed)
    assert "tok/en+1" not in repr(signed)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"oauth_consumer_key": ""}, Problem.PARAMETER_ABSENT),
        ({"oauth_signature": ""}, Problem.PARAMETER_ABSENT),
        ({"oauth_signature_method": ""}, Problem.PARAMETER_ABSENT),
        ({"oauth_signature_method": "HMAC-MD5"}, Problem.SIGNATURE_METHOD_REJECTED),
        ({"oauth_version": "2.0"}, Problem.VERSION_REJECTED),
        ({"oauth_version": ""}, Problem.VERSION_REJECTED),
        ({"oauth_timestamp": ""}, Problem.PARAMETER_ABSENT),
        ({"oauth_nonce": ""}, Problem.PARAMETER_ABSENT),
        ({"oauth_timestamp": "-1"}, Problem.TIMESTAMP_REFUSED),
        ({"oauth_timestamp": "1764000000.5"}, Problem.TIMESTAMP_REFUSED),
        ({"oauth_timestamp": "1764000000000"}, Problem.TIMESTAMP_REFUSED),
        ({"oauth_timestamp": "١٧٦٤"}, Problem.TIMESTAMP_REFUSED),
        ({"oauth_nonce": "n" * 257}, Problem.PARAMETER_REJECTED),
    ],
)
def test_what_a_signed_request_needs_is_there_once_and_readable(changed, problem):
    """RFC 5849 §3.1: each has its problem."""
    said = {**PARAMETERS, "oauth_signature_method": "HMAC-SHA1", "oauth_signature": "x", **changed}
    header = "OAuth " + ", ".join(f'{name}="{quote(value)}"' for name, value in said.items())
    with pytest.raises(MalformedSignedRequestError) as raised:
        parse_signed_request(Request(method="GET", url=URL, headers=(("Authorization", header),)))
    assert raised.value.problem is problem


def quote(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def test_plaintext_needs_neither_timestamp_nor_nonce():
    """RFC 5849 §3.1."""
    signer = SecretSigner(SECRETS, SignatureMethod.PLAINTEXT)
    signed = parse_signed_request(sign_request(Request(method="GET", url=URL), {"oauth_consumer_key": "probe"}, signer))
    assert (signed.timestamp, signed.nonce) == (None, "")
    verify_secrets(signed.base_string, signed.method, SECRETS, signed.signature)


@pytest.mark.parametrize(("token", "seen"), [("", ""), (None, None), ("t", "t")])
def test_a_token_that_is_there_and_empty_is_told_from_one_left_out(token, seen):
    """Ours: two legs are spoken both ways."""
    parameters = {name: value for name, value in PARAMETERS.items() if name != "oauth_token"}
    if token is not None:
        parameters["oauth_token"] = token
    signed = parse_signed_request(sign_request(Request(method="GET", url=URL), parameters, SecretSigner(SECRETS)))
    assert signed.unverified_token == seen


def test_credentials_do_not_go_into_a_body_that_is_no_form():
    """RFC 5849 §3.5.2 MUST be form-encoded."""
    request = Request(method="POST", url=URL, headers=(("Content-Type", "application/json"),), body=b"{}")
    with pytest.raises(ValueError, match="no form"):
        sign_request(request, PARAMETERS, SecretSigner(SECRETS), transmission=Transmission.FORM)
