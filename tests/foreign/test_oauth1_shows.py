"""What issue 6 shows, command by command, each in a process of its own."""

import json
from pathlib import Path

import pytest
from requests_oauthlib import OAuth1Session

from tests.foreign.browser import Browser
from tests.foreign.oauth1 import SIGNATURE_TYPES, make_key, read_callback
from tests.foreign.served import REDIRECT_URI, run_served
from tests.foreign.test_shows import PASSWORD, open_shell

SECRET = "a shared secret & more"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_stock_client_goes_all_three_legs_at_a_server_set_up_by_commands(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    """Issue, Shows 2: by key and by secret."""
    database, shell = open_shell(request, tmp_path, kind)
    pem, public = make_key()
    (tmp_path / "rsa.pub.pem").write_text(public)
    wanted = ("--key", "real-consumer", "--public-key", "rsa.pub.pem", "--shared-secret", SECRET)
    added = shell.run("clients", "add-oauth1", *wanted, "--callback", REDIRECT_URI, "--json")
    assert json.loads(added)["consumer_key"] == "real-consumer"
    with run_served(database, tmp_path) as served:
        at = f"{served.base_url}/plugins/servlet/oauth"
        browser = Browser(outside=REDIRECT_URI)
        for number, (method, place) in enumerate(
            [("RSA-SHA1", "header"), ("HMAC-SHA1", "query"), ("RSA-SHA1", "form")]
        ):
            with OAuth1Session(
                "real-consumer",
                client_secret=None if method == "RSA-SHA1" else SECRET,
                rsa_key=pem if method == "RSA-SHA1" else None,
                signature_method=method,
                signature_type=SIGNATURE_TYPES[place],
                callback_uri=REDIRECT_URI,
            ) as session:
                session.fetch_request_token(f"{at}/request-token")
                page = browser.open(session.authorization_url(f"{at}/authorize"))
                if not number:
                    page = browser.send(page, username="alice", password=PASSWORD)
                # She is asked each time: nothing tells whether this browser is the one in which the client began.
                page = browser.send(page, button="approve")
                assert read_callback(page.url)["oauth_verifier"]
                session.parse_authorization_response(page.url)
                session.fetch_access_token(f"{at}/access-token")
                answer = session.post(served.me, data={"tag": ["x", ""], "a[]": "|", "name": "Zo\u00eb"})
                assert answer.json()["email"] == "alice@example.org", answer.text
        [client] = json.loads(shell.run("clients", "list", "--json"))
        assert SECRET not in json.dumps(client)
