import pytest

from applinks.wire.urls import (
    MalformedUrlError,
    add_query,
    check_base_url,
    check_endpoint_url,
    describe_host,
    get_host,
    get_origin,
    is_loopback_host,
    is_under,
    list_base_url_candidates,
)


@pytest.mark.parametrize(
    "url",
    [
        "https://h",
        "https://example.org/tracker",
        "https://example.org:8443/a/b.c~d",
        "https://192.0.2.1",
        "https://[2001:db8::1]:1/x",
        "https://xn--bcher-kva.example",
    ],
)
def test_a_base_url_is_accepted(url):
    """handshake.md §1."""
    check_base_url(url, allow_http=False)


BAD_BASE_URLS = [
    *("", "https://", "https:///x", "//h", "/x", "h", "ftp://h", "HTTPS://h", "https:/h", "https:h", "https//h"),
    *(
        "https://H",
        "https://user@h",
        "https://user:x@h",
        "https://@h",
        "https://h@evil",
        "https://h:443",
        "https://h:0",
        "https://h:08443",
    ),
    *(
        "https://h:65536",
        "https://h:",
        "https://h:a",
        "https://h/",
        "https://h/a/",
        "https://h//a",
        "https://h/a//b",
        "https://h/./a",
    ),
    *(
        "https://h/a/..",
        "https://h/../a",
        "https://h/%2e%2e/a",
        "https://h/%41",
        "https://h?",
        "https://h?a",
        "https://h#",
        "https://h/a#b",
    ),
    *(
        "https://h\\evil",
        "https://h/a\\b",
        "https://h/ä",
        "https://bücher.example",
        "https://h/a b",
        " https://h",
        "https://h\n",
        "https://h/a\t",
    ),
    *(
        "https://-h",
        "https://h-",
        "https://h..x",
        "https://h.",
        "https://.h",
        "https://h_x",
        "https://" + "a" * 64,
        "https://h*",
        "https://*.h",
    ),
    *(
        "https://0x7f000001",
        "https://127.1",
        "https://2130706433",
        "https://0177.0.0.1",
        "https://1.2.3.4.5",
        "https://h.0x1",
    ),
    *(
        "https://[::0001]",
        "https://[2001:DB8::1]",
        "https://[::1",
        "https://::1",
        "https://[fe80::1%25eth0]",
        "https://[]",
    ),
    *(
        "https://h/" + "a" * 512,
        "https://h/a|b",
        'https://h/"',
        "https://h/<a>",
        "https://h/{a}",
        "https://h/^",
        "https://h/`",
    ),
]


@pytest.mark.requirement("rfc9207-2-2")
@pytest.mark.parametrize("url", BAD_BASE_URLS)
def test_whatever_is_not_spelled_in_the_one_way_is_no_base_url(url):
    """handshake.md §1."""
    with pytest.raises(MalformedUrlError):
        check_base_url(url, allow_http=True)


@pytest.mark.requirement("rfc9207-2-2")
def test_http_is_for_the_three_loopback_hosts_where_it_is_allowed():
    """handshake.md §1."""
    for url in ("http://127.0.0.1:8001", "http://[::1]:8001/x", "http://localhost"):
        check_base_url(url, allow_http=True)
        with pytest.raises(MalformedUrlError) as caught:
            check_base_url(url, allow_http=False)
        assert caught.value.reason == "plain_http"
    for url in ("http://example.org", "http://127.0.0.2", "http://localhost.example", "http://127.0.0.1:80"):
        with pytest.raises(MalformedUrlError):
            check_base_url(url, allow_http=True)


def test_a_pasted_address_and_four_of_its_parents_are_tried():
    """handshake.md §1, Discovery."""
    assert list_base_url_candidates("https://h.example/a/b/c/d/e/f?x=1#y", allow_http=False) == (
        "https://h.example/a/b/c/d/e/f",
        "https://h.example/a/b/c/d/e",
        "https://h.example/a/b/c/d",
        "https://h.example/a/b/c",
        "https://h.example/a/b",
    )
    assert list_base_url_candidates("https://h/a/", allow_http=False) == ("https://h/a", "https://h")


@pytest.mark.parametrize(
    ("pasted", "first"),
    [
        ("  HTTPS://Example.ORG:443/ \n", "https://example.org"),
        ("example.org/tracker", "https://example.org/tracker"),
        ("https://Bücher.example/x", "https://xn--bcher-kva.example/x"),
        ("https://straße.example", "https://xn--strae-oqa.example"),
        ("localhost:8001", "http://localhost:8001"),
        ("http://127.0.0.1:80/", "http://127.0.0.1"),
        ("https://h/browse/ISSUE%201", "https://h/browse"),
        ("https://h/../x", "https://h"),
    ],
)
def test_a_pasted_address_is_brought_into_the_one_spelling(pasted, first):
    """handshake.md §1, Discovery."""
    assert list_base_url_candidates(pasted, allow_http=True)[0] == first


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        "https://",
        "https://u@h",
        "javascript:alert(1)",
        "ftp://h",
        "https://h\\x",
        "https://a b",
        "https://h:99999",
        "https://ho\0st",
        "https://\ud800",
    ],
)
def test_what_is_no_address_is_refused(pasted):
    """Ours: `invalid_url`, in words."""
    with pytest.raises(MalformedUrlError):
        list_base_url_candidates(pasted, allow_http=True)


def test_plain_http_is_refused_with_a_reason_of_its_own():
    """Issue: a refusal in words for plain http."""
    with pytest.raises(MalformedUrlError) as caught:
        list_base_url_candidates("http://tracker.example", allow_http=True)
    assert caught.value.reason == "plain_http"


@pytest.mark.requirement("LK-05")
def test_only_what_follows_the_base_url_and_a_slash_is_under_it():
    """handshake.md §1: keys cannot lie on another host or in a neighbour's path."""
    base = "https://example.org/tracker"
    assert is_under(base + "/applinks/oauth2/jwks", base)
    for url in (
        *(
            base,
            base + "/",
            base + "x/y",
            base + "/a/",
            base + "/../other",
            base + "/a//b",
            base + "/%2e%2e/x",
            base + "/a?b",
        ),
        *(
            "https://example.org/other",
            "https://example.org.evil.example/tracker/x",
            "http://example.org/tracker/x",
            base + "/a#b",
        ),
        *("https://user@example.org/tracker/x", base + "\\x", base + "/\\..\\x", base + "/" + "a" * 512),
    ):
        assert not is_under(url, base)


def test_a_final_slash_is_allowed_where_it_is_asked_for():
    """handshake.md §1: `redirect_uri_base`."""
    assert is_under("https://h/applinks/callback/", "https://h", final_slash=True)
    assert is_under("https://h/applinks/callback", "https://h", final_slash=True)
    assert not is_under("https://h/", "https://h", final_slash=True)
    assert not is_under("https://h/a//", "https://h", final_slash=True)


def test_a_host_is_described_as_on_the_wire_and_as_its_owner_writes_it():
    """handshake.md §7: A-labels, with the Unicode form where they differ."""
    plain, other = describe_host("https://example.org:8443/x"), describe_host("https://xn--bcher-kva.example/x")
    assert (plain.a_label, plain.unicode, plain.is_international) == ("example.org:8443", "example.org:8443", False)
    assert (other.a_label, other.unicode, other.is_international) == ("xn--bcher-kva.example", "bücher.example", True)
    assert describe_host("http://[::1]:8001").a_label == "[::1]:8001"
    assert describe_host("https://xn--a.example").unicode == "xn--a.example"


def test_origin_and_host_are_spelled_in_one_way():
    """RFC 6454 §4."""
    assert get_origin("HTTPS://H.example:443/A?b#c") == "https://h.example"
    assert get_origin("http://127.0.0.1:8001/x") == "http://127.0.0.1:8001"
    assert get_host("https://h.example:8443/x") == "h.example:8443"
    assert get_host("com.example.app:/cb") == "com.example.app:"
    for url in ("https://u@h/", "https://h\\@evil/", "/x", "", "https://", "file:///x"):
        with pytest.raises(MalformedUrlError):
            get_origin(url)


def test_loopback_hosts_are_these_three():
    """security.md AS-02."""
    assert all(map(is_loopback_host, ("127.0.0.1", "[::1]", "localhost")))
    assert not any(map(is_loopback_host, ("127.0.0.2", "::1", "localhost.", "LOCALHOST", "localhost.example", "")))


@pytest.mark.parametrize(
    "url", ["https://h/token", "https://h/token?tenant=1", "https://h/a%20b/", "http://localhost:1/x"]
)
def test_an_endpoint_may_have_any_path_and_a_query(url):
    """RFC 6749 §3.1."""
    check_endpoint_url(url, allow_http=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://h/token",
        "https://h/#",
        "https://u@h/",
        "https://h/a/../b",
        "https://h/\u00e4",
        "javascript:1",
        "",
        "https://h/%zz",
        "https://h/" + "a" * 2000,
    ],
)
def test_an_endpoint_has_no_fragment_user_or_plain_http(url):
    """RFC 6749 §3.1 MUST NOT, security.md CL-21."""
    with pytest.raises(MalformedUrlError):
        check_endpoint_url(url, allow_http=True)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h/cb", "https://h/cb?a=1+2&b=%26"),
        ("https://h/cb?x=y", "https://h/cb?x=y&a=1+2&b=%26"),
        ("https://h/cb?", "https://h/cb?a=1+2&b=%26"),
        ("com.example.app:/cb", "com.example.app:/cb?a=1+2&b=%26"),
    ],
)
def test_parameters_are_added_to_the_query_that_is_there(url, expected):
    """RFC 6749 §3.1.2 MUST retain the query."""
    assert add_query(url, [("a", "1 2"), ("b", "&")]) == expected
    assert add_query(url, []) == url
