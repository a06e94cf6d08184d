"""The base string of OAuth 1.0a: whatever is asked, however it is spelled, and wherever it stands."""

import contextlib
from types import SimpleNamespace
from urllib.parse import quote, unquote_to_bytes

import pytest
from authlib.oauth1.rfc5849.signature import generate_signature_base_string, verify_hmac_sha1
from authlib.oauth1.rfc5849.wrapper import OAuth1Request
from hypothesis import assume, given
from hypothesis import strategies as st
from oauthlib.oauth1.rfc5849 import signature as oauthlib_signature

from applinks.wire.http import Request
from applinks.wire.oauth1.base_string import build_base_string
from applinks.wire.oauth1.encoding import decode, encode, encode_form, encode_value
from applinks.wire.oauth1.parameters import (
    MalformedSignedRequestError,
    Transmission,
    collect_parameters,
    find_unverified_clients,
)
from applinks.wire.oauth1.signature import SignatureInvalidError, verify_secrets
from applinks.wire.oauth1.signed_request import parse_signed_request, sign_request
from tests.wire.oauth1.signers import SecretSigner, join

FORM = ("Content-Type", "application/x-www-form-urlencoded")
SECRETS = join("s&cret", "t=ken")
SAID = {"oauth_consumer_key": "key", "oauth_token": "t", "oauth_timestamp": "1764000000", "oauth_nonce": "n"}

# What has a meaning somewhere on the way: separators, escapes, what sorts between them, and letters of other scripts.
texts = st.text("ab09-._~ +&=%/?:;,#!*'()[]|\"\\\n\x7f\u00e9\u3001\U0001f600", max_size=8)
# Not the empty one, which some libraries drop, and none of OAuth's own.
names = texts.filter(lambda name: name and not name.startswith("oauth_"))
pair_lists = st.lists(st.tuples(names, texts), max_size=6)
urls = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["http", "https", "HTTP", "Https"]),
    st.sampled_from(["example.org", "EXAMPLE.org", "a.b-c.example", "127.0.0.1", "[::1]"]),
    st.sampled_from(["", ":80", ":443", ":8443"]),
    st.sampled_from(["/", "/a", "/a/b;c=1", "/a%20b", "/A//b/../c", "/%C3%A9", "/a'(b)"]),
)
methods = st.sampled_from(["GET", "POST", "get", "PUT", "DELETE", "PATCH"])
# Spellings of an escaped text that all mean the same in a query or a form.
spellings = st.sampled_from(["canonical", "lower", "plus", "everything"])


def spell(text: str, spelling: str) -> str:
    if spelling == "everything":
        return "".join(f"%{byte:02x}" for byte in text.encode())
    escaped = quote(text, safe="")
    if spelling == "lower":
        parts = escaped.split("%")
        return "%".join([parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])])
    return escaped.replace("%20", "+") if spelling == "plus" else escaped


def write(pairs: list[tuple[str, str]], spelling: str = "canonical") -> str:
    return "&".join(f"{spell(name, spelling)}={spell(value, spelling)}" for name, value in pairs)


@pytest.mark.requirement("O1-01")
@given(methods, urls, pair_lists.flatmap(lambda pairs: st.tuples(st.just(pairs), st.permutations(pairs))))
def test_the_order_of_the_parameters_does_not_matter(method, url, both):
    """RFC 5849 §3.4.1.3.2 MUST."""
    one, other = (build_base_string(method, url, encode_form(write(list(pairs)))) for pairs in both)
    assert one == other


@pytest.mark.requirement("O1-01")
@given(urls, pair_lists, spellings)
def test_the_spelling_of_the_parameters_does_not_matter(url, pairs, spelling):
    """RFC 5849 §3.4.1.3.1, §3.6: they are decoded, and encoded in one way."""
    expected = build_base_string("GET", url, [(encode(name), encode(value)) for name, value in pairs])
    assert build_base_string("GET", url, encode_form(write(pairs, spelling))) == expected


@pytest.mark.requirement("O1-01")
@given(urls, pair_lists, pair_lists, st.sampled_from(Transmission))
def test_what_is_signed_in_any_place_is_read_to_the_same_base_string(url, asked, posted, transmission):
    """RFC 5849 §3.5: sign and parse agree, and the signature verifies."""
    request = Request(method="POST", url=f"{url}?{write(asked)}", headers=(FORM,), body=write(posted).encode())
    signed = parse_signed_request(sign_request(request, SAID, SecretSigner(SECRETS), transmission=transmission))
    own = [*SAID.items(), ("oauth_signature_method", "HMAC-SHA1"), ("oauth_version", "1.0")]
    pairs = [(encode(name), encode(value)) for name, value in [*own, *asked, *posted]]
    assert signed.base_string == build_base_string("POST", url, pairs)
    assert signed.transmission is transmission
    verify_secrets(signed.base_string, signed.method, SECRETS, signed.signature)


@pytest.mark.requirement("O1-01")
@given(urls, pair_lists, st.tuples(names, texts), st.sampled_from(["query", "form", "method", "url"]))
def test_whatever_is_changed_after_signing_fails(url, pairs, added, place):
    """RFC 5849 §3.2 MUST: one parameter more, another method or another address."""
    request = Request(method="POST", url=f"{url}?{write(pairs)}", headers=(FORM,))
    signed = sign_request(request, SAID, SecretSigner(SECRETS))
    said = {"method": signed.method, "url": signed.url, "headers": signed.headers, "body": signed.body}
    changes = {
        "query": {"url": f"{signed.url}&{write([added])}"},
        "form": {"body": write([added]).encode()},
        "method": {"method": "PUT"},
        "url": {"url": signed.url.replace("?", "/more?", 1)},
    }
    changed = parse_signed_request(Request(**said | changes[place]))
    with pytest.raises(SignatureInvalidError):
        verify_secrets(changed.base_string, changed.method, SECRETS, changed.signature)


@pytest.mark.requirement("O1-01")
@given(methods, urls, pair_lists, pair_lists)
def test_oauthlib_reads_the_same_base_string_out_of_a_request(method, url, asked, posted):
    """RFC 5849 §3.4.1: oauthlib as the oracle of the whole, on requests whose query it takes."""
    request = Request(method=method, url=f"{url}?{write(asked)}", headers=(FORM,), body=write(posted).encode())
    signed = sign_request(request, SAID, SecretSigner(SECRETS))
    found = oauthlib_signature.collect_parameters(
        uri_query=signed.url.partition("?")[2], body=signed.body.decode(), headers=dict(signed.headers)
    )
    normalized = oauthlib_signature.normalize_parameters(found)
    base_uri = oauthlib_signature.base_string_uri(url)
    expected = oauthlib_signature.signature_base_string(method, base_uri, normalized)
    assert parse_signed_request(signed).base_string == expected


@pytest.mark.requirement("O1-01")
@given(methods, pair_lists, pair_lists)
def test_authlib_reads_the_same_base_string_out_of_a_request(method, asked, posted):
    """RFC 5849 §3.4.1: authlib as a second oracle; its ports and hosts are its own affair."""
    # It takes a form without an equals sign for no form.
    assume(posted)
    url = "https://example.org/a"
    request = Request(method=method, url=f"{url}?{write(asked)}", headers=(FORM,), body=write(posted).encode())
    signed = sign_request(request, SAID, SecretSigner(SECRETS))
    found = OAuth1Request(method, signed.url, signed.body.decode(), dict(signed.headers))
    assert parse_signed_request(signed).base_string == generate_signature_base_string(found)


@given(texts | st.text())
def test_encoding_is_that_of_the_standard_library_and_decoding_its_inverse(text):
    """RFC 5849 §3.6: the shorter ways through `encode` and `decode` give what the long ones do."""
    assume(not any("\ud800" <= letter <= "\udfff" for letter in text))
    assert encode(text) == quote(text, safe="")
    assert decode(encode(text)) == text
    assert encode(decode(encode(text))) == encode(text)


@given(st.text("aZ09-._~%2BFbf3Dd+/=&", max_size=24))
def test_a_text_with_any_escapes_is_decoded_as_by_the_standard_library(text):
    """Ours: the three escapes of base64 are undone by themselves, where there are no others."""
    expected = unquote_to_bytes(text)
    try:
        assert decode(text) == expected.decode()
    except ValueError:
        with pytest.raises(UnicodeDecodeError):
            expected.decode()


@given(st.text("ab=&%2BbFf3dE+~[|\u00e9 ", max_size=24))
def test_a_form_in_canonical_spelling_is_passed_through_as_any_other_is_read(text):
    """Ours: the one expression that tells a canonical form never takes one that is not."""

    def spell_anew(part: str) -> str:
        return quote(unquote_to_bytes(part.replace("+", " ").encode("latin-1")), safe="")

    parts = [part.partition("=") for part in text.split("&") if part]
    assert encode_form(text) == [(spell_anew(name), spell_anew(value)) for name, _, value in parts]


@given(st.lists(st.tuples(st.text("ab_%2Ff", min_size=1, max_size=6), st.text("ab%2Bb+/=", max_size=8)), min_size=1))
def test_a_header_in_canonical_spelling_is_read_as_any_other(pairs):
    """Ours: one that only differs in an extra comma takes the long way, and says the same."""
    pairs = [(f"x{number}{name}", value) for number, (name, value) in enumerate(pairs)]
    said = ", ".join(f'{name}="{value}"' for name, value in pairs)

    def collect(header: str) -> list[tuple[str, str]]:
        header = f'OAuth oauth_consumer_key="key", {header}'
        return list(
            collect_parameters(
                Request(method="GET", url="https://a.example/", headers=(("Authorization", header),))
            ).signed
        )

    expected = [("oauth_consumer_key", "key"), *((encode_value(name), encode_value(value)) for name, value in pairs)]
    assert collect(said) == collect(f"{said},,") == expected


near_headers = st.lists(
    st.sampled_from(
        [
            *(
                "oauth_consumer_key",
                "oauth_token",
                "oauth_signature",
                "oauth_signature_method",
                "oauth_version",
                "realm",
            ),
            *(
                "oauth_timestamp",
                "oauth_nonce",
                "=",
                '"',
                ",",
                " ",
                "%",
                "%FF",
                "%00",
                "HMAC-SHA1",
                "1.0",
                "1764000000",
            ),
            *("key", "\t", "&", "+", "\u00e9", "\\"),
        ]
    ),
    max_size=30,
).map("".join)


@pytest.mark.requirement("O1-07")
@given(near_headers | st.text(st.characters(max_codepoint=255)), near_headers, st.binary(max_size=60) | st.just(b"a=1"))
def test_requests_of_any_kind_are_read_or_refused_with_our_error(header, query, body):
    """Ours: the parser raises nothing else, and what it read has a base string."""
    said = "".join(f', {name}="{value}"' for name, value in SAID.items())
    for start in ("OAuth ", f'OAuth oauth_signature_method="HMAC-SHA1", oauth_signature="s"{said}, '):
        headers = (("Authorization", start + header), FORM)
        request = Request(method="POST", url=f"https://example.org/a?{query}", headers=headers, body=body)
        find_unverified_clients(request)
        with contextlib.suppress(MalformedSignedRequestError):
            assert parse_signed_request(request).base_string.isascii()


def test_a_hard_text_is_matched_in_a_moment():
    """Ours: none of the expressions goes back and forth in what is nearly canonical."""
    for hard in ("%41" * 20000, "a=" * 20000, "a&" * 20000 + "%", "%E" * 20000, 'a="%4' * 10000, "a" * 100000 + "\n"):
        assert encode_form(hard) is not None
        assert encode_value(hard)
        assert encode(hard)


@given(pair_lists)
def test_authlib_verifies_whatever_we_sign(pairs):
    """RFC 5849 §3.4.2."""
    signed = sign_request(
        Request(method="GET", url=f"https://example.org/a?{write(pairs)}"), SAID, SecretSigner(SECRETS)
    )
    found = OAuth1Request("GET", signed.url, None, dict(signed.headers))
    holder = SimpleNamespace(get_client_secret=lambda: "s&cret", get_oauth_token_secret=lambda: "t=ken")
    found.client = found.credential = holder
    assert verify_hmac_sha1(found)
