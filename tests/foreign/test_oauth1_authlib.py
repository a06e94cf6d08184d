"""authlib's clients of OAuth 1.0a, over requests and over httpx2, against ``applinks serve``."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth1Client
from authlib.integrations.requests_client import OAuth1Session
from authlib.oauth1 import ClientAuth

from tests.foreign.browser import Browser
from tests.foreign.oauth1 import HARD, Probe, log_in, read_problem
from tests.foreign.served import REDIRECT_URI, USER, Served

LIBRARIES = pytest.mark.parametrize("library", [OAuth1Session, OAuth1Client], ids=["requests", "httpx2"])
METHODS = pytest.mark.parametrize("method", ["HMAC-SHA1", "RSA-SHA1"])
PLACES = {"header": "HEADER", "query": "QUERY", "form": "BODY"}


@pytest.fixture(scope="module")
def probe(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Probe:
    return Probe.add(served, tmp_path_factory.mktemp("authlib"))


@pytest.fixture(scope="module")
def browser(served: Served) -> Browser:
    browser = Browser(outside=REDIRECT_URI)
    log_in(browser, served)
    return browser


@contextmanager
def use(library: Any, probe: Probe, method: str, place: str = "header") -> Iterator[Any]:
    session = library(
        probe.key,
        probe.secret if method.startswith("HMAC") else None,
        redirect_uri=REDIRECT_URI,
        rsa_key=probe.private_key,
        signature_method=method,
        signature_type=PLACES[place],
    )
    with session:
        yield session


def connect(session: Any, probe: Probe, browser: Browser) -> dict[str, Any]:
    """Go all three legs; authlib names the callback once more on the way, and with every call."""
    assert session.fetch_request_token(probe.get_address("request-token"))["oauth_callback_confirmed"] == "true"
    url = session.create_authorization_url(probe.get_address("authorize"))
    session.parse_authorization_response(probe.served.approve(url, browser=browser))
    return dict(session.fetch_access_token(probe.get_address("access-token")))


@LIBRARIES
@METHODS
@pytest.mark.parametrize("place", PLACES)
def test_authlib_goes_all_three_legs_and_calls_with_hard_parameters(
    probe: Probe, browser: Browser, library: Any, method: str, place: str
) -> None:
    """Issue, Shows 2: in header, query and form, by shared secret and by key."""
    with use(library, probe, method, place) as session:
        given = connect(session, probe, browser)
        assert {"oauth_token", "oauth_token_secret", "oauth_session_handle", "oauth_expires_in"} <= set(given)
        posted = session.post(probe.me, data=dict(HARD))
        assert (posted.status_code, posted.json()["name"]) == (200, USER), posted.text
        if place != "form":
            assert session.get(probe.me, params=HARD).json()["protocol"] == "oauth1"


@LIBRARIES
def test_authlib_is_told_what_is_wrong(probe: Probe, library: Any) -> None:
    """OAuth Problem Reporting: it shows the body."""
    other = Probe(probe.served, probe.key, "another secret", probe.private_key)
    with use(library, other, "HMAC-SHA1") as session, pytest.raises(OAuthError, match="signature_invalid"):
        session.fetch_request_token(probe.get_address("request-token"))


@METHODS
def test_authlib_renews_its_session(probe: Probe, browser: Browser, method: str) -> None:
    """OAuth Session extension: with the one parameter that authlib has no word for."""
    with use(OAuth1Session, probe, method) as session:
        first = connect(session, probe, browser)
        session.auth.handle = first["oauth_session_handle"]
        session.auth.__class__ = type("Renewing", (type(session.auth),), {"get_oauth_params": add_handle})
        renewed = session.post(probe.get_address("access-token"))
        assert renewed.status_code == 200, renewed.text
        session.auth.__class__ = type(session.auth).__bases__[0]
        ended = session.get(probe.me)
        assert (ended.status_code, read_problem(ended)["oauth_problem"].partition("_")[0]) == (401, "token")
        session.token = session.parse_response_token(200, renewed.text)
        assert session.get(probe.me).json()["name"] == USER


def add_handle(authentication: Any, nonce: str, timestamp: str) -> list[tuple[str, str]]:
    said = ClientAuth.get_oauth_params(authentication, nonce, timestamp)
    return [*said, ("oauth_session_handle", authentication.handle)]
