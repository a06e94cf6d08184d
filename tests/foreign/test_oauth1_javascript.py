"""npm's clients of OAuth 1.0a against ``applinks serve``: oauth, and oauth-1.0a."""

from itertools import product
from typing import Any

import pytest

from tests.foreign.browser import Browser
from tests.foreign.javascript_programs import run_client
from tests.foreign.oauth1 import HMAC, RSA, Probe, log_in, make_key
from tests.foreign.served import EMAIL, REDIRECT_URI, USER, Served


@pytest.fixture(scope="module")
def probe(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Probe:
    return Probe.add(served, tmp_path_factory.mktemp("javascript"))


@pytest.fixture(scope="module")
def browser(served: Served) -> Browser:
    browser = Browser(outside=REDIRECT_URI)
    log_in(browser, served)
    return browser


def describe(probe: Probe, method: str) -> dict[str, Any]:
    return {
        "base": probe.served.base_url,
        "key": probe.key,
        "secret": probe.secret,
        "method": method,
        "redirectUri": REDIRECT_URI,
        "me": probe.me,
        "privateKey": probe.private_key,
        "otherKey": make_key(1024)[0],
    }


def check_whole_way(found: dict[str, Any]) -> None:
    """Look at what both report of tokens, calls and renewal."""
    assert (found["confirmed"], found["wrongSecret"], found["wrongHandle"]) == (
        "true",
        "signature_invalid",
        "token_rejected",
    )
    for call in ("me", "posted", "again"):
        assert (found[call]["name"], found[call]["email"], found[call]["protocol"]) == (USER, EMAIL, "oauth1"), call
    assert (found["old"], found["twoLegs"]) == (401, "permission_denied")


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1"])
def test_npm_oauth_goes_all_three_legs(
    served: Served, probe: Probe, browser: Browser, node_path: str, method: str
) -> None:
    """Issue: npm oauth, hard parameters in query and form, renewal; a wrong secret is told."""
    given = describe(probe, method) | ({"secret": probe.private_key} if method in RSA else {})
    found = run_client(node_path, "oauth.js", given, served, browser=browser)
    check_whole_way(found)
    assert found["inQuery"]["name"] == USER


@pytest.mark.parametrize(
    ("method", "place"),
    [*((method, "header") for method in (*HMAC, *RSA)), *product(("HMAC-SHA1", "RSA-SHA1"), ("query", "form"))],
)
def test_npm_oauth_1_0a_goes_all_three_legs(
    served: Served, probe: Probe, browser: Browser, node_path: str, method: str, place: str
) -> None:
    """Issue: npm oauth-1.0a in header, query and form; raw brackets and bars."""
    given = describe(probe, method) | {"place": place, "realm": "Applinks"}
    check_whole_way(run_client(node_path, "oauth_1_0a.js", given, served, browser=browser))
