"""Which parameters there are, and which take part in the signature."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth1.rfc5849 import signature as oauthlib_signature

from applinks.wire.http import Request
from applinks.wire.oauth1.base_string import MalformedUrlError, build_base_string, build_base_uri
from applinks.wire.oauth1.encoding import decode, encode, encode_form
from applinks.wire.oauth1.parameters import MalformedSignedRequestError, Transmission, collect_parameters
from applinks.wire.oauth1.problems import Problem

URL = "https://api.example.org/photos"
HEADER = 'OAuth oauth_consumer_key="key", oauth_nonce="n", oauth_signature="s%3D"'
FORM = ("Content-Type", "application/x-www-form-urlencoded")


def collect(url: str = URL, header: str = HEADER, body: bytes = b"", content_type: str = FORM[1]):
    headers = (("Authorization", header), ("Content-Type", content_type))
    return collect_parameters(Request(method="POST", url=url, headers=headers if header else headers[1:], body=body))


@pytest.mark.parametrize(
    ("text", "encoded"),
    # OAuth Core 1.0 test cases, wiki.oauth.net "TestCases", Parameter Encoding.
    [
        ("abcABC123", "abcABC123"),
        ("-._~", "-._~"),
        ("%", "%25"),
        ("+", "%2B"),
        ("&=*", "%26%3D%2A"),
        ("\n", "%0A"),
        (" ", "%20"),
        ("\x7f", "%7F"),
        ("\x80", "%C2%80"),
        ("\u3001", "%E3%80%81"),
    ],
)
def test_everything_is_escaped_but_unreserved_characters(text, encoded):
    """RFC 5849 §3.6 MUST."""
    assert encode(text) == encoded
    assert decode(encoded) == text


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        ("", []),
        ("a", [("a", "")]),
        ("a=", [("a", "")]),
        ("a=b=c", [("a", "b%3Dc")]),
        ("a=1&&b=2&", [("a", "1"), ("b", "2")]),
        ("a=x+y", [("a", "x%20y")]),
        ("a=%7e%2d", [("a", "~-")]),
        ("a=%2f", [("a", "%2F")]),
        ("a[]=1&b=x|y", [("a%5B%5D", "1"), ("b", "x%7Cy")]),
        ('jql=project="A"', [("jql", "project%3D%22A%22")]),
        ("a=%FF", [("a", "%FF")]),
        ("a=%zz", [("a", "%25zz")]),
        ("a=%", [("a", "%25")]),
        ("caf\xc3\xa9=1", [("caf%C3%A9", "1")]),
        ("=x", [("", "x")]),
    ],
)
@pytest.mark.requirement("O1-01")
def test_a_query_has_one_encoded_form_however_it_came(query, pairs):
    """RFC 5849 §3.4.1.3.1, §3.4.1.3.2: decoded as a form, encoded anew."""
    assert encode_form(query) == pairs


@pytest.mark.requirement("O1-01")
@given(st.lists(st.tuples(st.text(), st.text()), max_size=6))
def test_pairs_written_as_a_form_are_read_as_they_were(pairs):
    """Ours: any text survives, and what is passed through is what would have been made."""
    text = "&".join(f"{encode(name)}={encode(value)}" for name, value in pairs)
    assert [(decode(name), decode(value)) for name, value in encode_form(text)] == pairs


@given(st.text(alphabet=st.characters(max_codepoint=255)))
def test_any_query_has_an_encoded_form(text):
    """Ours: nothing that comes over the wire raises, and the form is stable."""
    once = encode_form(text)
    again = encode_form("&".join(f"{name}={value}" for name, value in once))
    assert [pair for pair in again if pair != ("", "")] == [pair for pair in once if pair != ("", "")]


@given(st.lists(st.tuples(st.text(alphabet="ab-.~= &%\u00e9", min_size=1), st.text(alphabet="ab-.~= &%\u00e9"))))
def test_the_base_string_is_the_one_of_oauthlib(pairs):
    """RFC 5849 §3.4.1.1: oauthlib as the oracle of sorting and encoding."""
    ours = build_base_string("get", URL, [(encode(name), encode(value)) for name, value in pairs])
    normalized = oauthlib_signature.normalize_parameters(pairs)
    assert ours == oauthlib_signature.signature_base_string("GET", URL, normalized)


def test_names_are_sorted_before_values():
    """RFC 5849 §3.4.1.3.2: a dash sorts before the equals sign, which is no part of a name."""
    base_string = build_base_string("GET", URL, [("a-b", "1"), ("a", "2"), ("a", "10")])
    assert base_string.endswith("&a%3D10%26a%3D2%26a-b%3D1")


@pytest.mark.parametrize(
    ("url", "base_uri"),
    [
        ("HTTP://EXAMPLE.com:80/r%20v/X", "http://example.com/r%20v/X"),
        ("https://www.example.net:8080/", "https://www.example.net:8080/"),
        ("https://example.org:443/a", "https://example.org/a"),
        ("http://example.org:443/a", "http://example.org:443/a"),
        ("https://example.org", "https://example.org/"),
        ("https://example.org:/", "https://example.org/"),
        ("https://[2001:DB8::1]:8443/A", "https://[2001:db8::1]:8443/A"),
        ("https://example.org/a;p=1//b/../c", "https://example.org/a;p=1//b/../c"),
    ],
)
@pytest.mark.requirement("O1-01")
def test_the_base_uri_is_lower_case_without_a_default_port_and_with_the_path_as_it_came(url, base_uri):
    """RFC 5849 §3.4.1.2 MUST, with erratum 2550; the first two are the RFC's own."""
    assert build_base_uri(url) == base_uri


@pytest.mark.parametrize("url", ["", "/path", "https:///x", "example.org/x"])
def test_what_is_no_absolute_url_has_no_base_uri(url):
    """Ours: a slip of the caller is an error of its own."""
    with pytest.raises(MalformedUrlError):
        build_base_uri(url)


@pytest.mark.requirement("O1-01")
def test_the_realm_and_the_signature_take_no_part():
    """RFC 5849 §3.4.1.3.1 MUST."""
    found = collect(header='OAuth realm="a%20b", oauth_consumer_key="key", oauth_signature="s"')
    assert found.signed == [("oauth_consumer_key", "key")]
    assert found.unverified == {"oauth_consumer_key": "key", "oauth_signature": "s"}


@pytest.mark.requirement("O1-01")
@pytest.mark.parametrize("content_type", ["multipart/form-data", "application/json", "text/plain", ""])
def test_a_body_that_is_no_form_takes_no_part(content_type):
    """RFC 5849 §3.4.1.3.1: only with the form content type."""
    assert collect(body=b"a=1", content_type=content_type).signed == [
        ("oauth_consumer_key", "key"),
        ("oauth_nonce", "n"),
    ]


@pytest.mark.parametrize(
    "header",
    [
        'oauth   oauth_consumer_key="key",oauth_nonce="n",oauth_signature="s%3D"',
        'OAuth\toauth_consumer_key="key" , oauth_nonce="n" ,\toauth_signature="s%3D"',
        'OAUTH realm="", oauth_consumer_key = "key",oauth_nonce= "n",oauth_signature ="s%3d",',
        "OAuth oauth_consumer_key=key, oauth_nonce=n, oauth_signature=s%3D",
        'OAuth oauth_consumer_key="key" oauth_nonce="n" oauth_signature="s="',
    ],
)
def test_odd_spacing_of_the_header_is_read(header):
    """RFC 5849 §3.5.1: white space is optional, the scheme has no case; ours: clients leave out more."""
    found = collect(header=header)
    assert found.unverified == {"oauth_consumer_key": "key", "oauth_nonce": "n", "oauth_signature": "s="}
    assert found.transmission is Transmission.HEADER


@pytest.mark.parametrize(
    ("transmission", "request_"),
    [
        (Transmission.QUERY, Request(method="GET", url=f"{URL}?a=1&oauth_consumer_key=key")),
        (Transmission.FORM, Request(method="POST", url=URL, headers=(FORM,), body=b"oauth_consumer_key=key&a=1")),
    ],
)
def test_credentials_in_query_and_form_are_read(transmission, request_):
    """RFC 5849 §3.5.2, §3.5.3."""
    found = collect_parameters(request_)
    assert found.transmission is transmission
    assert found.unverified == {"oauth_consumer_key": "key"}
    assert sorted(found.signed) == [("a", "1"), ("oauth_consumer_key", "key")]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"url": f"{URL}?oauth_nonce=n"}, Problem.PARAMETER_REJECTED),
        ({"url": f"{URL}?oauth_token=t"}, Problem.PARAMETER_REJECTED),
        ({"body": b"oauth_token=t"}, Problem.PARAMETER_REJECTED),
        ({"header": HEADER + ', oauth_nonce="m"'}, Problem.PARAMETER_REJECTED),
        ({"header": 'OAuth oauth_consumer_key="%FF"'}, Problem.PARAMETER_REJECTED),
        ({"header": 'OAuth oauth_consumer_key="a%00b"'}, Problem.PARAMETER_REJECTED),
        ({"header": 'OAuth "oauth_consumer_key"'}, Problem.PARAMETER_REJECTED),
        ({"header": 'OAuth oauth_consumer_key="k'}, Problem.PARAMETER_REJECTED),
        ({"header": "OAuth"}, Problem.PARAMETER_ABSENT),
        ({"header": 'OAuth realm="x"'}, Problem.PARAMETER_ABSENT),
        ({"header": ""}, Problem.PARAMETER_ABSENT),
    ],
)
def test_what_is_said_twice_in_two_places_or_unreadably_is_refused(arguments, problem):
    """RFC 5849 §3.1 MUST NOT occur twice, §3.5 MUST NOT use several places."""
    with pytest.raises(MalformedSignedRequestError) as raised:
        collect(**arguments)
    assert raised.value.problem is problem


@given(st.text(alphabet=st.characters(max_codepoint=255)), st.text(alphabet=st.characters(max_codepoint=255)))
def test_any_header_and_query_give_parameters_or_our_error(header, query):
    """Ours: the parser raises nothing else."""
    request = Request(method="GET", url=f"{URL}?{query}", headers=(("Authorization", f"OAuth {header}"),))
    with contextlib.suppress(MalformedSignedRequestError):
        assert collect_parameters(request).unverified
