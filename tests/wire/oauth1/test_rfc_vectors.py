"""What RFC 5849 itself works out, with its errata."""

import pytest

from applinks.wire.http import Request
from applinks.wire.oauth1.signature import SignatureInvalidError, SignatureMethod, verify_secrets
from applinks.wire.oauth1.signed_request import parse_signed_request
from tests.wire.oauth1.signers import join

PHOTOS = "https://photos.example.net"
FORM = ("Content-Type", "application/x-www-form-urlencoded")

# RFC 5849 §1.2: address, method, parameters, the token's secret, signature. Secrets of §1.2: kd94hf93k423kf44.
STEPS = {
    "initiate": (
        "POST",
        f"{PHOTOS}/initiate",
        (
            'oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131200", oauth_nonce="wIjqoS", '
            'oauth_callback="http%3A%2F%2Fprinter.example.com%2Fready", '
            'oauth_signature="74KNZJeDHnMBp0EMJ9ZHt%2FXKycU%3D"'
        ),
        "",
    ),
    "token": (
        "POST",
        f"{PHOTOS}/token",
        (
            'oauth_token="hh5s93j4hdidpola", oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131201", '
            'oauth_nonce="walatlh", oauth_verifier="hfdp7dh39dks9884", '
            'oauth_signature="gKgrFCywp7rO0OXSjdot%2FIHF7IU%3D"'
        ),
        "hdhd0244k9j7ao03",
    ),
    "photos": (
        "GET",
        "http://photos.example.net/photos?file=vacation.jpg&size=original",
        (
            'oauth_token="nnch734d00sl2jdk", oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131202", '
            'oauth_nonce="chapoH", oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D"'
        ),
        "pfkkdhi9sl3r4s00",
    ),
}


def build_step(name: str) -> Request:
    method, url, parameters, _ = STEPS[name]
    header = f'OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", {parameters}'
    return Request(method=method, url=url, headers=(("Authorization", header),))


@pytest.mark.requirement("O1-01")
@pytest.mark.parametrize("name", STEPS)
def test_the_three_steps_of_the_introduction_verify(name):
    """RFC 5849 §1.2: each of the three signatures."""
    signed = parse_signed_request(build_step(name))
    verify_secrets(signed.base_string, signed.method, join("kd94hf93k423kf44", STEPS[name][3]), signed.signature)
    assert signed.unverified_client == "dpf43f3p2l4k3l03"


@pytest.mark.requirement("O1-01")
@pytest.mark.parametrize("name", STEPS)
def test_no_step_verifies_with_another_secret(name):
    """RFC 5849 §3.2 MUST: the signature is compared."""
    signed = parse_signed_request(build_step(name))
    with pytest.raises(SignatureInvalidError):
        verify_secrets(signed.base_string, signed.method, join("kd94hf93k423kf45", STEPS[name][3]), signed.signature)


@pytest.mark.requirement("O1-01")
def test_the_base_string_is_that_of_the_example():
    """RFC 5849 §3.4.1.1, whose header §3.4.1.3.1 spells with ``oauth_signature`` of erratum 2550."""
    header = (
        'OAuth realm="Example", oauth_consumer_key="9djdj82h48djs9d2", oauth_token="kkk9d7dh3k39sjv7", '
        'oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131201", oauth_nonce="7d8f3e4a", '
        'oauth_signature="r6%2FTJjbCOr97%2F%2BUU0NsvSne7s5g%3D"'
    )
    signed = parse_signed_request(
        Request(
            method="POST",
            url="http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b",
            headers=(("Authorization", header), FORM),
            body=b"c2&a3=2+q",
        )
    )
    assert signed.base_string == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D"
        "%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-"
        "SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )
    verify_secrets(signed.base_string, signed.method, join("j49sk3j29djd", "dh893hdasih9"), signed.signature)


@pytest.mark.requirement("O1-05")
def test_plaintext_is_both_secrets_joined():
    """RFC 5849 §3.4.4, with the secrets of the example of §2.1: an ampersand stands even without a token's secret."""
    assert join("djr9rjt0jd78jf88", "jjd999tj88uiths3").key == b"djr9rjt0jd78jf88&jjd999tj88uiths3"
    verify_secrets("", SignatureMethod.PLAINTEXT, join("djr9rjt0jd78jf88"), "djr9rjt0jd78jf88&")
    with pytest.raises(SignatureInvalidError):
        verify_secrets("", SignatureMethod.PLAINTEXT, join("djr9rjt0jd78jf88"), "djr9rjt0jd78jf88")
