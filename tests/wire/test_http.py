from applinks.wire.http import Request, Response, find_header


def test_a_header_is_found_whatever_the_case_of_its_name():
    """RFC 9110 §5.1: field names have no case."""
    request = Request(method="GET", url="https://h/", headers=(("Content-Type", "application/json"),))
    assert request.header("content-type") == "application/json"
    assert request.header("accept") is None
    assert Response(status=200, headers=(("X", "1"),)).header("x") == "1"


def test_a_header_that_occurs_twice_is_joined():
    """RFC 9110 §5.3: so that two credentials are never taken for one."""
    assert find_header((("A", "1"), ("b", "x"), ("a", "2")), "a") == "1, 2"


def test_no_body_shows_in_a_repr():
    """N-05: a body holds secrets and answers hold tokens."""
    assert "hush" not in repr(Request(method="POST", url="u", body=b"hush")) + repr(Response(status=200, body=b"hush"))
