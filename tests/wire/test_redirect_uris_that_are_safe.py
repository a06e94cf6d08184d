import pytest

from applinks.wire.urls import MalformedUrlError, check_redirect_uri, is_redirect_uri_match


@pytest.mark.parametrize(
    "uri",
    [
        *(
            "https://app.example/cb",
            "https://app.example",
            "https://app.example/cb?a=b&c",
            "https://app.example:8443/",
            "https://app.example/a%20b;c",
        ),
        *("http://127.0.0.1/cb", "http://[::1]:7000/cb", "http://localhost:3000/cb"),
        *("com.example.app:/oauth", "com.example.app://callback", "com.example.app:/"),
    ],
)
def test_a_redirect_uri_may_be_registered(uri):
    """RFC 8252 §7."""
    check_redirect_uri(uri)


@pytest.mark.requirement("rfc9700-2.6-1")
@pytest.mark.requirement("AS-04")
@pytest.mark.parametrize(
    "uri",
    [
        *(
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "java.script:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:https://h/x",
            "about:blank",
        ),
        *(
            "http://app.example/cb",
            "http://127.0.0.2/cb",
            "http://localhost.evil/cb",
            "http://localhost:80@evil/cb",
            "ftp://h/cb",
            "ws://h/cb",
        ),
        *(
            "myapp:/cb",
            "myapp://cb",
            ".app:/cb",
            "app.:/cb",
            "com.example.app:cb",
            "Com.Example.App:/cb",
            "com.example.app:",
            "com.example.app://u@h/cb",
        ),
        *("/cb", "//h/cb", "cb", "", "https:", "https://", "https:h/cb", "HTTPS://h/cb"),
        *(
            "https://h/cb#",
            "https://h/cb#x",
            "https://u@h/cb",
            "https://u:p@h/cb",
            "https://h\\@evil/cb",
            "https://h/cb\\",
            "https://h/ c",
            "https://h/cb ",
        ),
        *(
            "https://*.h/cb",
            "https://h/*",
            "https://h/\u00e9",
            "https://b\u00fccher.example/cb",
            "https://H/cb",
            "https://h/a/../b",
            "https://h/%2e%2E/b",
        ),
        *(
            "https://h/cb\n",
            "\thttps://h/cb",
            "https://h/\x00",
            "https://h/%",
            "https://h/%0",
            'https://h/"',
            "https://h/<",
            "https://h:99999/",
            "https://h/" + "a" * 2000,
        ),
    ],
)
def test_a_redirect_uri_that_could_go_astray_is_refused_at_registration(uri):
    """RFC 6749 §3.1.2 MUST NOT, RFC 8252 §7.1, RFC 9700 §4.1."""
    with pytest.raises(MalformedUrlError):
        check_redirect_uri(uri)


@pytest.mark.requirement("AS-01")
@pytest.mark.parametrize(
    "asked",
    [
        *(
            "https://app.example/cb?x=1",
            "https://app.example/cb?",
            "https://app.example/cb;x",
            "https://u@app.example/cb",
            "https://app.example/cb#",
            "https://app.example/cb#x",
        ),
        *(
            "https://app.example:443/cb",
            "https://app.example:8443/cb",
            "https://app.example/CB",
            "https://app.example/cb/",
            "https://app.example/%63b",
            "https://app.example\\/cb",
        ),
        *(
            "https://APP.example/cb",
            "http://app.example/cb",
            "https://app.example.evil/cb",
            "https://\uff41pp.example/cb",
            "https://*.example/cb",
            "https://app.example/",
            "",
            "https://app.example/cb ",
        ),
        *(
            "https://app.example/x/../cb",
            "https://app.example/./cb",
            "https://evil/https://app.example/cb",
            "//app.example/cb",
            "HTTPS://app.example/cb",
        ),
    ],
)
def test_a_redirect_uri_is_matched_byte_for_byte(asked):
    """RFC 9700 §2.1 MUST."""
    assert is_redirect_uri_match("https://app.example/cb", ["https://app.example/cb"])
    assert not is_redirect_uri_match(asked, ["https://app.example/cb"])


@pytest.mark.requirement("AS-02")
@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
def test_the_port_of_a_loopback_redirect_may_vary(host):
    """RFC 8252 §7.3 MUST."""
    for registered in (f"http://{host}/cb?a=1", f"http://{host}:3000/cb?a=1"):
        for asked in (f"http://{host}/cb?a=1", f"http://{host}:1/cb?a=1", f"http://{host}:65535/cb?a=1"):
            assert is_redirect_uri_match(asked, [registered])


@pytest.mark.requirement("AS-02")
@pytest.mark.parametrize(
    "asked",
    [
        *(
            "http://localhost:80@evil/cb",
            "http://localhost:1/cb/",
            "http://localhost:1/CB",
            "http://localhost:1/cb?x",
            "http://localhost:1/cb#",
            "http://localhost:1",
        ),
        *(
            "http://127.0.0.1:1/cb",
            "http://[::1]:1/cb",
            "https://localhost:1/cb",
            "http://LOCALHOST:1/cb",
            "http://localhost:/cb",
            "http://localhost:0/cb",
            "http://localhost:65536/cb",
        ),
        *(
            "http://localhost:1\\/cb",
            "http://localhost.:1/cb",
            "http://localhost.evil:1/cb",
            "http://u@localhost:1/cb",
            "http://localhost:01/cb",
            "http://localhost:1/cb\n",
            "http://localhost:a/cb",
        ),
    ],
)
def test_nothing_but_the_port_of_a_loopback_redirect_may_vary(asked):
    """RFC 8252 §7.3, RFC 9700 §2.1."""
    assert not is_redirect_uri_match(asked, ["http://localhost:3000/cb"])
