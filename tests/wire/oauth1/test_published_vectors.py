"""What others published: the specifications before the RFC, the community's test cases, and servers' own pages."""

from base64 import b64encode

import pytest

from applinks.wire.http import Request
from applinks.wire.oauth1.base_string import build_base_string
from applinks.wire.oauth1.credentials import parse_temporary_credentials, parse_token_credentials
from applinks.wire.oauth1.encoding import encode, encode_form
from applinks.wire.oauth1.keys import parse_public_key
from applinks.wire.oauth1.signature import (
    SharedSecrets,
    SignatureInvalidError,
    SignatureMethod,
    sign_hmac,
    sign_plaintext,
    verify_rsa,
    verify_secrets,
)
from applinks.wire.oauth1.signed_request import parse_signed_request, sign_request
from tests.wire.oauth1.signers import SecretSigner, join

FORM = ("Content-Type", "application/x-www-form-urlencoded")
PHOTOS = "http://photos.example.net/photos"
CORE_SECRETS = join("kd94hf93k423kf44", "pfkkdhi9sl3r4s00")

# OAuth Core 1.0 appendix A.5.1, which is also wiki.oauth.net "TestCases", HMAC-SHA1 (section 9.2).
CORE_BASE_STRING = (
    "GET&http%3A%2F%2Fphotos.example.net%2Fphotos&file%3Dvacation.jpg%26oauth_consumer_key%3Ddpf43f3p2l4k3l03%26"
    "oauth_nonce%3Dkllo9940pd9333jh%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1191242096%26"
    "oauth_token%3Dnnch734d00sl2jdk%26oauth_version%3D1.0%26size%3Doriginal"
)
CORE_PARAMETERS = {
    "oauth_consumer_key": "dpf43f3p2l4k3l03",
    "oauth_token": "nnch734d00sl2jdk",
    "oauth_timestamp": "1191242096",
    "oauth_nonce": "kllo9940pd9333jh",
}
CORE_SIGNATURE = "tR3+Ty81lMeYAr/Fid0kMTYa/WM="

# wiki.oauth.net "TestCases", RSA-SHA1 (section 9.3): its certificate, of 1024 bits, and its own slip in "vacaction".
CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBpjCCAQ+gAwIBAgIBATANBgkqhkiG9w0BAQUFADAZMRcwFQYDVQQDDA5UZXN0
IFByaW5jaXBhbDAeFw03MDAxMDEwODAwMDBaFw0zODEyMzEwODAwMDBaMBkxFzAV
BgNVBAMMDlRlc3QgUHJpbmNpcGFsMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKB
gQC0YjCwIfYoprq/FQO6lb3asXrxLlJFuCvtinTF5p0GxvQGu5O3gYytUvtC2JlY
zypSRjVxwxrsuRcP3e641SdASwfrmzyvIgP08N4S0IFzEURkV1wp/IpH7kH41Etb
mUmrXSwfNZsnQRE5SYSOhh+LcK2wyQkdgcMv11l4KoBkcwIDAQABMA0GCSqGSIb3
DQEBBQUAA4GBAGZLPEuJ5SiJ2ryq+CmEGOXfvlTtEL2nuGtr9PewxkgnOjZpUy+d
4TvuXJbNQc8f4AMWL/tO9w0Fk80rWKp9ea8/df4qMq5qlFWlx6yOLQxumNOmECKb
WpkUQDIDJEoFUzKMVuJf4KO/FJ345+BNLGgbJ6WujreoM1X/gYfdnJ/J
-----END CERTIFICATE-----"""
RSA_QUERY = (
    "oauth_signature_method=RSA-SHA1&oauth_version=1.0&oauth_consumer_key=dpf43f3p2l4k3l03&"
    "oauth_timestamp=1196666512&oauth_nonce=13917289812797014437&file=vacaction.jpg&size=original&"
    "oauth_signature=jvTp%2FwX1TYtByB1m%2BPbyo0lnCOLIsyGCH7wke8AUs3BpnwZJtAuEJkvQL2%2F9n4s5wUmUl4aCI4BwpraNx4RtEXMe"
    "5qg5T1LVTGliMRpKasKsW%2F%2Fe%2BRinhejgCuzoH26dyF8iY2ZZ%2F5D1ilgeijhV%2FvBka5twt399mXwaYdCwFYE%3D"
)


@pytest.mark.requirement("O1-01")
def test_the_photo_of_oauth_core_is_signed_as_published():
    """OAuth Core 1.0 appendix A.5: base string, signature, and the request in all three places."""
    request = Request(method="GET", url=f"{PHOTOS}?file=vacation.jpg&size=original")
    signed = parse_signed_request(sign_request(request, CORE_PARAMETERS, SecretSigner(CORE_SECRETS)))
    assert (signed.base_string, signed.signature) == (CORE_BASE_STRING, CORE_SIGNATURE)


@pytest.mark.requirement("O1-01")
@pytest.mark.parametrize("place", ["header", "query"])
def test_the_requests_that_oauth_core_prints_verify(place):
    """OAuth Core 1.0 appendix A.5.3: header and query, as they are printed."""
    said = {**CORE_PARAMETERS, "oauth_signature_method": "HMAC-SHA1", "oauth_version": "1.0"}
    said["oauth_signature"] = CORE_SIGNATURE
    url, headers = f"{PHOTOS}?file=vacation.jpg&size=original", ()
    if place == "query":
        url += "".join(f"&{name}={encode(value)}" for name, value in said.items())
    else:
        pairs = ",".join(f'{name}="{encode(value)}"' for name, value in said.items())
        headers = (("Authorization", f'OAuth realm="http://photos.example.net/",{pairs}'),)
    signed = parse_signed_request(Request(method="GET", url=url, headers=headers))
    verify_secrets(signed.base_string, signed.method, CORE_SECRETS, signed.signature)


@pytest.mark.requirement("O1-05")
@pytest.mark.parametrize(
    ("token", "token_secret", "signature"),
    [("", "", "kd94hf93k423kf44&"), ("hh5s93j4hdidpola", "hdhd0244k9j7ao03", "kd94hf93k423kf44&hdhd0244k9j7ao03")],
)
def test_plaintext_of_oauth_core_is_both_secrets(token, token_secret, signature):
    """OAuth Core 1.0 appendix A.2, A.4."""
    secrets = join("kd94hf93k423kf44", token_secret)
    assert sign_plaintext(secrets) == signature
    verify_secrets("", SignatureMethod.PLAINTEXT, secrets, signature)


@pytest.mark.parametrize(
    ("pairs", "normalized"),
    [
        # wiki.oauth.net "TestCases", Normalize Request Parameters (section 9.1.1).
        ([("name", "")], "name="),
        ([("a", "b")], "a=b"),
        ([("a", "b"), ("c", "d")], "a=b&c=d"),
        ([("a", "x!y"), ("a", "x y")], "a=x%20y&a=x%21y"),
        ([("x!y", "a"), ("x", "a")], "x=a&x%21y=a"),
        # OAuth Core 1.0 §9.1.1.
        (
            [("f", "50"), ("a", "1"), ("z", "t"), ("c", "hi there"), ("f", "a"), ("z", "p"), ("f", "25")],
            "a=1&c=hi%20there&f=25&f=50&f=a&z=p&z=t",
        ),
    ],
)
@pytest.mark.requirement("O1-01")
def test_parameters_are_sorted_and_joined_as_published(pairs, normalized):
    """OAuth Core 1.0 §9.1.1, RFC 5849 §3.4.1.3.2 MUST."""
    encoded = [(encode(name), encode(value)) for name, value in pairs]
    assert build_base_string("GET", PHOTOS, encoded).split("&")[2] == encode(normalized)


@pytest.mark.parametrize(
    ("method", "url", "query", "base_string"),
    # wiki.oauth.net "TestCases", Concatenate Request Elements (section 9.1.3).
    [
        ("GET", "http://example.com/", "n=v", "GET&http%3A%2F%2Fexample.com%2F&n%3Dv"),
        ("GET", "http://example.com", "n=v", "GET&http%3A%2F%2Fexample.com%2F&n%3Dv"),
        (
            "POST",
            "https://photos.example.net/request_token",
            (
                "oauth_version=1.0&oauth_consumer_key=dpf43f3p2l4k3l03&oauth_timestamp=1191242090&"
                "oauth_nonce=hsu94j3884jdopsl&oauth_signature_method=PLAINTEXT"
            ),
            (
                "POST&https%3A%2F%2Fphotos.example.net%2Frequest_token&oauth_consumer_key%3Ddpf43f3p2l4k3l03%26"
                "oauth_nonce%3Dhsu94j3884jdopsl%26oauth_signature_method%3DPLAINTEXT%26oauth_timestamp%3D1191242090%26"
                "oauth_version%3D1.0"
            ),
        ),
    ],
)
@pytest.mark.requirement("O1-01")
def test_the_elements_are_joined_as_published(method, url, query, base_string):
    """OAuth Core 1.0 §9.1.3."""
    assert build_base_string(method, url, encode_form(query)) == base_string


@pytest.mark.parametrize(
    ("base_string", "client", "token", "signature"),
    [
        # wiki.oauth.net "TestCases", HMAC-SHA1 (section 9.2).
        ("bs", "cs", "", "egQqG5AJep5sJ7anhXju1unge2I="),
        ("bs", "cs", "ts", "VZVjXceV7JgPq/dOTnNmEfO0Fv8="),
        (CORE_BASE_STRING, "kd94hf93k423kf44", "pfkkdhi9sl3r4s00", CORE_SIGNATURE),
        # The JavaScript example of the community's first repository, "signature.html".
        (
            (
                "POST&http%3A%2F%2Fphotos.example.net%2Finitiate&oauth_consumer_key%3Ddpf43f3p2l4k3l03%26oauth_nonce"
                "%3DwIjqoS%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131200"
            ),
            "kd94hf93k423kf44",
            "",
            "2nxXYRjOKrs4qL666Zzr1felAdY=",
        ),
        # The test server of term.ie.
        (
            (
                "GET&http%3A%2F%2Fterm.ie%2Foauth%2Fexample%2Frequest_token.php&oauth_consumer_key%3Dkey%26oauth_nonce"
                "%3Daa228aed620b18b900bdb89ace002f26%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp"
                "%3D1389305661%26oauth_version%3D1.0"
            ),
            "secret",
            "",
            "0djt1IhpCY+dWqJWxEohGDhKRtg=",
        ),
    ],
)
def test_hmac_sha1_gives_the_published_signatures(base_string, client, token, signature):
    """RFC 5849 §3.4.2."""
    assert sign_hmac(base_string, SignatureMethod.HMAC_SHA1, join(client, token)) == signature


@pytest.mark.parametrize(
    ("method", "digest"),
    # RFC 2202 §3, RFC 4231 §4.3: test case 2 of both.
    [
        (SignatureMethod.HMAC_SHA1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        (SignatureMethod.HMAC_SHA256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (
            SignatureMethod.HMAC_SHA512,
            (
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
            ),
        ),
    ],
)
def test_each_digest_of_hmac_is_the_one_that_it_is_named_after(method, digest):
    """RFC 2202 §3, RFC 4231 §4.3."""
    expected = b64encode(bytes.fromhex(digest)).decode()
    assert sign_hmac("what do ya want for nothing?", method, SharedSecrets(b"Jefe")) == expected


@pytest.mark.requirement("O1-01")
def test_the_signature_by_key_of_the_wiki_verifies_with_its_certificate():
    """RFC 5849 §3.4.3: wiki.oauth.net "TestCases", RSA-SHA1 (section 9.3)."""
    signed = parse_signed_request(Request(method="GET", url=f"{PHOTOS}?{RSA_QUERY}"))
    key = parse_public_key(CERTIFICATE)
    verify_rsa(signed.base_string, signed.method, key, signed.signature)
    changed = parse_signed_request(Request(method="GET", url=f"{PHOTOS}?{RSA_QUERY.replace('vacaction', 'vacation')}"))
    with pytest.raises(SignatureInvalidError):
        verify_rsa(changed.base_string, changed.method, key, changed.signature)


@pytest.mark.parametrize(
    ("path", "signature"),
    # The page as it stands, and as it stood for the API's first version.
    [
        ("/1.1/statuses/update.json", "hCtSmYh+iHYCEqBWrE7C7hYmtUk="),
        ("/1/statuses/update.json", "tnnArxj06cWHq44gCs1OSKk/jLY="),
    ],
)
@pytest.mark.requirement("O1-01")
def test_the_tweet_of_creating_a_signature_is_signed_as_published(path, signature):
    """Twitter, "Creating a signature": query, form with escapes in lower case, and both secrets."""
    request = Request(
        method="POST",
        url=f"https://api.twitter.com{path}?include_entities=true",
        headers=(FORM,),
        body=b"status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OAuth%20request%21",
    )
    said = {
        "oauth_consumer_key": "xvz1evFS4wEEPTGEFPHBog",
        "oauth_nonce": "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
        "oauth_timestamp": "1318622958",
        "oauth_token": "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
    }
    secrets = join("kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw", "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE")
    signed = parse_signed_request(sign_request(request, said, SecretSigner(secrets)))
    assert signed.signature == signature
    assert signed.base_string.endswith(
        "%26status%3DHello%2520Ladies%2520%252B%2520Gentlemen%252C%2520a%2520signed%2520OAuth%2520request%2521"
    )


@pytest.mark.requirement("O1-01")
def test_the_signature_that_the_rfc_first_printed_is_not_one():
    """RFC 5849 erratum 2550: section 3.1 was printed with a signature that nobody can verify."""
    header = (
        'OAuth realm="Example", oauth_consumer_key="9djdj82h48djs9d2", oauth_token="kkk9d7dh3k39sjv7", '
        'oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131201", oauth_nonce="7d8f3e4a", '
        'oauth_signature="bYT5CMsGcbgUdFHObYMEfcx6bsw%3D"'
    )
    url = "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b"
    request = Request(method="POST", url=url, headers=(("Authorization", header), FORM), body=b"c2&a3=2+q")
    signed = parse_signed_request(request)
    with pytest.raises(SignatureInvalidError):
        verify_secrets(signed.base_string, signed.method, join("j49sk3j29djd", "dh893hdasih9"), signed.signature)


@pytest.mark.parametrize(
    ("said", "token_secret"),
    [
        (
            (
                'oauth_signature_method="PLAINTEXT", oauth_callback="http%3A%2F%2Fclient.example.net%2Fcb%3Fx%3D1", '
                'oauth_signature="ja893SD9%26"'
            ),
            "",
        ),
        (
            (
                'oauth_token="hdk48Djdsa", oauth_signature_method="PLAINTEXT", oauth_verifier="473f82d3", '
                'oauth_signature="ja893SD9%26xyz4992k83j47x0b"'
            ),
            "xyz4992k83j47x0b",
        ),
    ],
    ids=["§2.1", "§2.3"],
)
@pytest.mark.requirement("O1-05")
def test_the_exchanges_of_section_two_verify(said, token_secret):
    """RFC 5849 §2.1, §2.3, §3.4.4: without timestamp and nonce."""
    header = f'OAuth realm="Example", oauth_consumer_key="jd83jd92dhsh93js", {said}'
    request = Request(method="POST", url="https://server.example.com/request", headers=(("Authorization", header),))
    signed = parse_signed_request(request)
    verify_secrets(signed.base_string, signed.method, join("ja893SD9", token_secret), signed.signature)
    assert signed.unverified.get("oauth_callback") in {None, "http://client.example.net/cb?x=1"}


def test_the_answers_of_section_two_are_read():
    """RFC 5849 §2.1, §2.3."""
    temporary = parse_temporary_credentials(
        b"oauth_token=hdk48Djdsa&oauth_token_secret=xyz4992k83j47x0b&oauth_callback_confirmed=true"
    )
    assert (temporary.token, temporary.secret.reveal(), temporary.confirmed) == (
        "hdk48Djdsa",
        "xyz4992k83j47x0b",
        True,
    )
    credentials = parse_token_credentials(b"oauth_token=j49ddk933skd9dks&oauth_token_secret=ll399dj47dskfjdk")
    assert (credentials.token, credentials.secret.reveal()) == ("j49ddk933skd9dks", "ll399dj47dskfjdk")
