"""Our client of OAuth 1.0a, linked by hand with servers of oauthlib's and of authlib's."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx2
import pytest

from tests.foreign.browser import Page
from tests.foreign.oauth1 import HMAC, RSA
from tests.foreign.ours import Ours, run_ours
from tests.foreign.processes import run_process

SITE = Path(__file__).with_name("oauth1_site.py")
SECRET, USER = "their s&cret", "alice"
# authlib knows no newer digest than the RFC.
CASES = [
    *(("oauthlib", method) for method in (*HMAC, *RSA)),
    *(("authlib", method) for method in ("HMAC-SHA1", "RSA-SHA1")),
]
EACH = pytest.mark.parametrize(("library", "method"), CASES)
BOTH = pytest.mark.parametrize("library", ["oauthlib", "authlib"])
URLS = ("--request-token-url", "/request-token", "--access-token-url", "/access-token", "--authorize-url", "/authorize")


@dataclass
class World:
    """Start page, and the server."""

    ours: Ours
    site: str

    def link(self, method: str = "HMAC-SHA1", *more: str, secret: str = SECRET) -> dict[str, Any]:
        """Link the server, first here and then there, with what each side shows of itself."""
        key = f"key-of-{method}"
        given = ["--name", "Their server", "--private-address", "--oauth1", "--consumer-key", key]
        given += ["--signature-method", method, *URLS, *more]
        given += [] if method in RSA else ["--shared-secret-file", "-"]
        link: dict[str, Any] = self.ours.command("links", "add", self.site, *given, typed=secret)
        to_enter = link["to_enter"]
        client = {"key": key, "callback": to_enter["callback"], "public_key": to_enter["public_key"], "secret": SECRET}
        assert httpx2.post(f"{self.site}/clients", json=client).status_code == 200
        return link

    def connect(self, link: dict[str, Any], *, button: str = "yes") -> Page:
        """Say yes there, and come back."""
        ours = self.ours
        return ours.browser.send(ours.begin(link), button=button)


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("sites")
    with (
        run_process([sys.executable, SITE, "oauthlib"], folder=folder) as oauthlib,
        run_process([sys.executable, SITE, "authlib"], folder=folder) as authlib,
    ):
        yield {"oauthlib": oauthlib["url"], "authlib": authlib["url"]}


@pytest.fixture
def world(library: str, sites: dict[str, str], tmp_path: Path) -> Iterator[World]:
    with run_ours(tmp_path) as ours:
        yield World(ours, sites[library])


@EACH
def test_a_user_connects_and_is_called_for(world: World, method: str) -> None:
    """Issue: three legs, by shared secret and by our key; the URLs are relative to the link's."""
    link = world.link(method)
    assert "connect_at" in world.ours.call(link, "/api/things")
    page = world.connect(link)
    assert (page.url, page.json) == (f"{world.ours.base_url}/began", {"began": True})
    assert world.ours.call(link, "/api/things") == {"of": USER, "client": f"key-of-{method}", "sent": []}


# authlib in Flask is given the address with most escapes undone, and does not read what then stands there.
HARD = {
    "oauthlib": (
        *(("tag", "x"), ("tag", ""), ("empty", ""), ("reserved", "!*'();:@&=+$,/?#[]"), ("bar", "a|b")),
        *(("na", "1"), ("na-me", "Zo\u00eb")),
    ),
    "authlib": (("tag", "x"), ("tag", ""), ("empty", ""), ("reserved", "&=+#%"), ("na", "1"), ("na-me", "2")),
}


@BOTH
def test_a_call_with_a_hard_query_is_signed_as_they_read_it(world: World, library: str) -> None:
    """RFC 5849 §3.4.1.3: repeated, empty, reserved, and of another script."""
    link = world.link()
    world.connect(link)
    query = urlencode(HARD[library], quote_via=quote, safe="")
    answer = world.ours.call(link, f"/api/things?{query}")
    assert tuple(tuple(pair) for pair in answer["sent"]) == HARD[library]


@BOTH
def test_who_says_no_there_comes_back_unconnected(world: World) -> None:
    """atlassian-wire: ``oauth_verifier=denied``."""
    link = world.link()
    refused = world.connect(link, button="no")
    assert refused.url.startswith(world.ours.base_url)
    assert "connect_at" in world.ours.call(link, "/api/things")


@BOTH
def test_a_token_that_they_forgot_asks_the_user_again(world: World) -> None:
    """RFC 5849 §4: a token can be taken back there, and nothing here renews it."""
    link = world.link()
    world.connect(link)
    assert world.ours.call(link, "/api/things")["of"] == USER
    httpx2.post(f"{world.site}/forget")
    again = world.ours.call(link, "/api/things")
    assert "connect_at" in again or again.get("status") == 401, again
    assert world.connect(link).json == {"began": True}
    assert world.ours.call(link, "/api/things")["of"] == USER


@BOTH
def test_a_wrong_secret_connects_nobody(world: World) -> None:
    """RFC 5849 §3.2: shown here in words."""
    link = world.link(secret="another secret")
    page = world.ours.begin(link)
    assert (page.status, page.url.startswith(world.ours.base_url)) == (502, True)


@pytest.mark.parametrize("library", ["oauthlib"])
@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA512", "RSA-SHA1", "RSA-SHA256"])
def test_the_application_calls_for_itself(world: World, method: str) -> None:
    """atlassian-wire, Two-legged: oauthlib's endpoint that looks at the signature alone."""
    link = world.link(method)
    answer = world.ours.call(link, "/api/itself?a=1&a=&b=%7C", as_user=False)
    assert answer == {"of": None, "client": f"key-of-{method}"}
