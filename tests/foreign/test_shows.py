"""What issue 5 shows, command by command, each in a process of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from authlib.integrations.requests_client import OAuth2Session

from tests.foreign.browser import Browser
from tests.foreign.processes import MOST_SECONDS, run_process
from tests.foreign.served import REDIRECT_URI, build_environment, run_served
from tests.javascript import FOLDER
from tests.postgresql import drop_tables

PASSWORD = "correct horse battery staple"
VERIFIER = "a-verifier-of-the-client-that-is-long-enough-0123"


@dataclass
class Shell:
    """A shell in an empty folder."""

    folder: Path
    environment: dict[str, str]

    def run(self, *arguments: str, typed: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-m", "applinks", *arguments],
            cwd=self.folder,
            env=os.environ | self.environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=MOST_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def open_shell(request: pytest.FixtureRequest, folder: Path, kind: str) -> tuple[str, Shell]:
    """Give a database where alice has an account, and a shell with its settings."""
    database = "sqlite:///x.db"
    if kind == "postgresql":
        database = request.getfixturevalue("postgresql")
        drop_tables(database)
    shell = Shell(folder, build_environment(database))
    shell.run("database", "upgrade")
    shell.run("users", "add", "alice", "--password", PASSWORD, "--email", "alice@example.org")
    return database, shell


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_stock_client_goes_the_whole_way_at_a_server_set_up_by_commands(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    """Issue, Shows 1."""
    database, shell = open_shell(request, tmp_path, kind)
    wanted = ("--name", "Probe", "--redirect-uri", REDIRECT_URI, "--scope", "profile", "--scope", "email")
    client = json.loads(shell.run("clients", "add", *wanted, "--json"))
    assert list(client)[:4] == ["client_id", "client_secret", "redirect_uris", "scopes"]
    with run_served(database, tmp_path) as served:
        metadata = served.read_metadata()
        with OAuth2Session(
            client["client_id"],
            client["client_secret"],
            redirect_uri=REDIRECT_URI,
            scope="profile email",
            code_challenge_method="S256",
        ) as session:
            url, state = session.create_authorization_url(metadata["authorization_endpoint"], code_verifier=VERIFIER)
            browser = Browser(outside=REDIRECT_URI)
            page = browser.send(browser.open(url), username="alice", password=PASSWORD)
            answer = browser.send(page, button="approve").url
            token_endpoint = metadata["token_endpoint"]
            session.fetch_token(token_endpoint, authorization_response=answer, state=state, code_verifier=VERIFIER)
            assert session.get(served.me).json()["email"] == "alice@example.org"
            token = session.refresh_token(token_endpoint)["access_token"]
            introspected = session.introspect_token(metadata["introspection_endpoint"], token=token).json()
            assert introspected["active"] is True
            session.revoke_token(metadata["revocation_endpoint"], token=token)
            assert session.get(served.me).status_code == 401


def test_a_user_of_ours_is_called_for_at_an_oidc_provider(node_path: str, tmp_path: Path) -> None:
    """Issue, Shows 2; all that people need is in what the commands print for them."""
    database = f"sqlite:///{tmp_path / 'x.db'}"
    with (
        run_process([node_path, FOLDER / "oidc_provider.js"], folder=tmp_path) as provider,
        run_served(database, tmp_path) as served,
    ):
        shell, at = Shell(tmp_path, served.environment), provider["url"]
        shell.run("users", "add", "alice", "--password-stdin", typed=PASSWORD)
        said = shell.run("links", "add", at, "--scope", "openid", "--scope", "profile")
        [link] = json.loads(shell.run("links", "list", "--json"))
        assert link["redirect_uri"] in said
        given = _register(at, link["redirect_uri"])
        entered = ("--client-id", given["client_id"], "--client-secret-file", "-")
        shell.run("links", "edit", link["handle"], *entered, typed=given["client_secret"])
        browser = Browser()
        page = browser.open(f"{served.base_url}/applinks/connect/{link['id']}")
        page = browser.send(page, username="alice", password=PASSWORD)
        page = browser.send(page, login="alice there", password="any")
        page = browser.send(page, prompt="consent")
        assert (page.status, page.url.startswith(served.base_url)) == (200, True)
        answer = json.loads(shell.run("out", link["handle"], "/me", "--user", "alice"))
        assert answer == {
            "sub": "alice there",
            "name": "alice there of the provider",
            "preferred_username": "alice there@provider",
        }


def test_a_link_takes_what_is_known_before_at_once(node_path: str, tmp_path: Path) -> None:
    """Issue, Shows 2, at the end: then only users have to connect, and the application is called for at once."""
    database = f"sqlite:///{tmp_path / 'x.db'}"
    with run_process([node_path, FOLDER / "oidc_provider.js"], folder=tmp_path) as provider:
        shell = Shell(tmp_path, build_environment(database) | {"APPLINKS_BASE_URL": "http://127.0.0.1:8000"})
        shell.run("database", "upgrade")
        given = _register(provider["url"], "http://127.0.0.1:8000/applinks/callback/later")
        (tmp_path / "secret").write_text(given["client_secret"] + "\n")
        entered = ("--client-id", given["client_id"], "--client-secret-file", "secret", "--scope", "things")
        link = json.loads(shell.run("links", "add", provider["url"], *entered, "--json"))
        assert link["complete"] is True
        assert json.loads(shell.run("out", link["handle"], "/api/things")) == {"of": None, "scope": "things"}


def _register(provider: str, redirect_uri: str) -> dict[str, Any]:
    metadata = {
        "redirect_uris": [redirect_uri],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
    }
    given: dict[str, Any] = httpx2.post(f"{provider}/reg", json=metadata).json()
    return given
