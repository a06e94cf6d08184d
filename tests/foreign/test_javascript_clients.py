"""JavaScript's OAuth clients against ``applinks serve``: npm openid-client, simple-oauth2 and grant."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.foreign.browser import Browser
from tests.foreign.javascript_programs import run_client
from tests.foreign.processes import run_process
from tests.foreign.served import EMAIL, PASSWORD, REDIRECT_URI, USER, Client, Served
from tests.javascript import FOLDER

METHODS = pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])


def run_program(node: str, program: str, served: Served, client: Client, method: str) -> dict[str, Any]:
    """Run a client that lets alice visit an address, and give what it found."""
    given = {"issuer": served.base_url, "id": client.id, "secret": client.secret, "redirectUri": client.redirect_uri}
    return run_client(node, program, given | {"method": method, "me": served.me}, served)


def check_whole_way(found: dict[str, Any]) -> None:
    """Look at what every client reports of tokens, calls, refresh and revocation."""
    assert (found["me"]["name"], found["me"]["email"], found["again"]["name"]) == (USER, EMAIL, USER)
    assert found["rotated"] is True
    assert (found["revoked"]["status"], found["refused"]) == (401, "invalid_grant")


@METHODS
def test_openid_client_goes_the_whole_way(served: Served, node_path: str, method: str) -> None:
    """Issue: found by metadata; tokens, call, refresh, introspection, revocation; a wrong secret is told."""
    client = served.add_client()
    found = run_program(node_path, "openid_client.js", served, client, method)
    check_whole_way(found)
    # By Basic it shows the challenge, and not the body.
    assert found["wrongSecret"] == ("invalid_client" if method == "client_secret_post" else 401)
    assert found["itself"]["name"] is None
    introspected = found["introspected"]
    assert (introspected["active"], introspected["username"], introspected["client_id"]) == (True, USER, client.id)


def test_a_public_client_of_openid_client_needs_no_secret(served: Served, node_path: str) -> None:
    """RFC 6749 §2.1, RFC 7636."""
    check_whole_way(run_program(node_path, "openid_client.js", served, served.add_client("--public"), "none"))


@METHODS
def test_simple_oauth2_goes_the_whole_way(served: Served, node_path: str, method: str) -> None:
    """Issue: tokens, call, refresh, revocation; by Basic and by post; a wrong secret is told."""
    found = run_program(node_path, "simple_oauth2.js", served, served.add_client(), method)
    check_whole_way(found)
    assert (found["wrongSecret"], found["itself"]["name"]) == ("invalid_client", None)


@pytest.fixture(scope="module")
def grant_app(node_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A web application that logs its users in with grant."""
    folder: Path = tmp_path_factory.mktemp("grant")
    with run_process([node_path, FOLDER / "grant_app.js"], folder=folder) as said:
        yield said["url"]


def set_up(grant_app: str, served: Served, client: Client, method: str) -> None:
    given = {"metadata": served.read_metadata(), "id": client.id, "secret": client.secret, "method": method}
    assert httpx2.post(f"{grant_app}/settings", json=given | {"me": served.me}).status_code == 200


@METHODS
def test_an_application_with_grant_logs_alice_in(served: Served, grant_app: str, method: str) -> None:
    """Issue: npm grant, with PKCE and state, in a web application with a browser before it."""
    client = served.add_client(redirect_uri=f"{grant_app}/connect/applinks/callback")
    set_up(grant_app, served, client, method)
    browser = Browser()
    served.approve(f"{grant_app}/connect/applinks", browser=browser)
    got = browser.open(f"{grant_app}/done").json
    assert (got["error"], got["me"]["name"], got["me"]["email"]) == (None, USER, EMAIL)
    # She said yes before: alice is led through without a question, and the tokens are others.
    again = browser.open(f"{grant_app}/connect/applinks")
    assert again.url == f"{grant_app}/done"
    assert again.json["tokens"]["access_token"] != got["tokens"]["access_token"]


def test_an_application_with_grant_is_told_of_a_wrong_secret_and_of_a_no(served: Served, grant_app: str) -> None:
    """RFC 6749 §5.2, §4.1.2.1."""
    client = served.add_client(redirect_uri=f"{grant_app}/connect/applinks/callback")
    set_up(grant_app, served, Client(client.id, served.add_client().secret), "client_secret_basic")
    browser = Browser()
    served.approve(f"{grant_app}/connect/applinks", browser=browser)
    assert browser.open(f"{grant_app}/done").json["error"]["error"] == "invalid_client"
    another = served.add_client(redirect_uri=f"{grant_app}/connect/applinks/callback")
    set_up(grant_app, served, another, "client_secret_basic")
    served.approve(f"{grant_app}/connect/applinks", browser=browser, button="deny")
    assert browser.open(f"{grant_app}/done").json["error"] == "access_denied"


def test_the_redirect_uri_of_another_client_is_not_followed(served: Served, grant_app: str) -> None:
    """RFC 6749 §3.1.2.4 MUST NOT: a web application that is set up wrongly shows our page, with what is wrong."""
    client = served.add_client(redirect_uri=REDIRECT_URI)
    set_up(grant_app, served, client, "client_secret_basic")
    browser = Browser()
    page = browser.send(browser.open(f"{grant_app}/connect/applinks"), username=USER, password=PASSWORD)
    assert (page.status, page.url.startswith(served.base_url)) == (400, True)
