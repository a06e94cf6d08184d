"""Two locks before every page's POST."""

import pytest

from applinks.secret import Secret
from applinks.web.cross_site import CrossSiteError, build_token, check_origin, check_token

BASE = "https://example.org/tracker"


@pytest.mark.parametrize(
    "headers",
    [
        (("sec-fetch-site", "same-origin"),),
        (("sec-fetch-site", "same-origin"), ("origin", "null")),
        (("origin", "null"),),
        (("origin", "https://example.org"),),
        (),
    ],
)
def test_our_own_pages_pass(headers: tuple[tuple[str, str], ...]) -> None:
    """Libraries, traps: no-referrer makes a form's POST say Origin: null."""
    check_origin(headers, base_url=BASE)


@pytest.mark.requirement("N-08")
@pytest.mark.parametrize(
    "headers",
    [
        (("sec-fetch-site", "cross-site"), ("origin", "https://example.org")),
        (("sec-fetch-site", "same-site"),),
        (("sec-fetch-site", "none"),),
        (("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")),
        (("origin", "https://evil.example"),),
        (("origin", "http://example.org"),),
        (("origin", "https://example.org:8443"),),
    ],
)
def test_other_sites_do_not(headers: tuple[tuple[str, str], ...]) -> None:
    """Security N-08."""
    with pytest.raises(CrossSiteError):
        check_origin(headers, base_url=BASE)


@pytest.mark.requirement("N-08")
def test_a_token_is_of_one_session_and_one_user() -> None:
    """Security N-08."""
    token = build_token(Secret("a"), "1")
    check_token(token, expected=build_token(Secret("a"), "1"))
    for other in (build_token(Secret("b"), "1"), build_token(Secret("a"), "2"), "", "é", None):
        with pytest.raises(CrossSiteError):
            check_token(other, expected=token)
    with pytest.raises(CrossSiteError):
        check_token("", expected="")
