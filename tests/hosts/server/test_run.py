"""`applinks serve` as a process: how it starts and ends, and a stock client before it, on either database."""

import base64
import html
import json
import re
import secrets
import signal
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session

from applinks.storage.migrations.configuration import VERSION_TABLE
from tests.hosts.server.process import MOST_SECONDS, Machine, Serving, build_machine
from tests.hosts.server.site import REDIRECT

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
NEEDED = ("--name", "Probe", "--redirect-uri", REDIRECT, "--scope", "profile", "--scope", "email")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return build_machine(tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def either_machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    if request.param == "sqlite":
        return build_machine(tmp_path)
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    url = request.getfixturevalue("postgresql")
    return build_machine(tmp_path, APPLINKS_DATABASE=url, APPLINKS_SEALING_KEY=key)


class Journey:
    """A user's browser, and the client that sent it."""

    def __init__(self, machine: Machine, client: dict[str, Any]) -> None:
        self.metadata = requests.get(
            f"{machine.base_url}/.well-known/oauth-authorization-server", timeout=MOST_SECONDS
        ).json()
        self.me = f"{machine.base_url}/applinks/api/v1/me"
        self.client = OAuth2Session(
            client["client_id"],
            client["client_secret"],
            redirect_uri=REDIRECT,
            scope="profile email",
            code_challenge_method="S256",
        )
        self.browser = requests.Session()

    def obtain(self, name: str, password: str) -> dict[str, Any]:
        verifier = generate_token(48)
        url, state = self.client.create_authorization_url(
            self.metadata["authorization_endpoint"], code_verifier=verifier
        )
        login = self.browser.get(url, timeout=MOST_SECONDS)
        consent = self._send(login, username=name, password=password)
        assert "profile" not in consent.url.partition("?")[0]
        back = self._send(consent, approve="1", follow=False)
        assert back.headers["location"].startswith(f"{REDIRECT}?")
        return self.client.fetch_token(
            self.metadata["token_endpoint"],
            authorization_response=back.headers["location"],
            code_verifier=verifier,
            state=state,
        )

    def ask(self) -> requests.Response:
        return self.client.get(self.me, timeout=MOST_SECONDS)

    def introspect(self, token: str) -> dict[str, Any]:
        return self.client.introspect_token(self.metadata["introspection_endpoint"], token=token).json()

    def _send(self, page: requests.Response, *, follow: bool = True, **fields: str) -> requests.Response:
        assert page.status_code == 200, page.text
        hidden = {html.unescape(name): html.unescape(value) for name, value in _HIDDEN.findall(page.text)}
        return self.browser.post(page.url, data=hidden | fields, allow_redirects=follow, timeout=MOST_SECONDS)


def test_a_stock_client_finds_everything_by_metadata_and_uses_it(either_machine: Machine) -> None:
    """The story of part 2: log-in, consent, tokens, /me, refresh, introspection, revocation; a pause counts at once."""
    machine = either_machine
    assert machine.run("database", "upgrade").returncode == 0
    added = machine.run("users", "add", "alice", "--password", "wonderland", "--email", "alice@hafen.example")
    assert added.returncode == 0, added.stderr
    client = machine.run_json("clients", "add", *NEEDED)
    with machine.serve("--port", str(urlsplit(machine.base_url).port)) as serving:
        assert "applinks users add NAME --admin" in serving.said
        journey = Journey(machine, client)
        token = journey.obtain("alice", "wonderland")
        found = journey.ask().json()
        assert (found["name"], found["email"], found["scopes"]) == (
            "alice",
            "alice@hafen.example",
            ["email", "profile"],
        )
        renewed = journey.client.refresh_token(journey.metadata["token_endpoint"], token["refresh_token"])
        assert renewed["refresh_token"] != token["refresh_token"]
        assert journey.ask().status_code == 200
        assert journey.introspect(renewed["access_token"])["username"] == "alice"
        assert machine.run("users", "pause", "alice").returncode == 0
        assert journey.ask().status_code == 401
        assert not journey.introspect(renewed["access_token"])["active"]
        assert machine.run("users", "resume", "alice").returncode == 0
        assert journey.ask().status_code == 200
        revoked = journey.client.revoke_token(journey.metadata["revocation_endpoint"], renewed["refresh_token"])
        assert revoked.status_code == 200
        assert journey.ask().status_code == 401
        assert not journey.introspect(renewed["access_token"])["active"]
    assert serving.process.returncode == 0
    check_log(serving, client["client_secret"], "wonderland", token["access_token"], renewed["refresh_token"])


def check_log(serving: Serving, *unwanted: str) -> None:
    """House §8 Logging: JSON lines, and none of them holds a secret or an address of a person."""
    events = [json.loads(line) for line in serving.log.splitlines()]
    assert {"event", "level", "timestamp"} <= set.intersection(*(set(event) for event in events))
    assert any(event["event"] == "failure" and event["reference"] and event["request"] for event in events)
    for text in (*unwanted, "hafen.example"):
        assert text not in serving.log + serving.said


@pytest.mark.parametrize("ends_by", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_it_is_asked_to(machine: Machine, ends_by: signal.Signals) -> None:
    """Ours: in order, whoever asks; the database is closed, and a browser's open connection keeps nobody waiting."""
    with (
        requests.Session() as browser,
        machine.serve("--port", str(urlsplit(machine.base_url).port), ends_by=ends_by) as serving,
    ):
        assert browser.get(f"{machine.base_url}/applinks/health", timeout=MOST_SECONDS).ok
    assert serving.process.returncode == 0
    assert not (machine.folder / "x.db-wal").exists()
    assert "Traceback" not in serving.log


def test_without_a_base_url_it_takes_one_and_says_so(tmp_path: Path) -> None:
    """Product §4: http://127.0.0.1:PORT; the default database, said at start."""
    machine = Machine(tmp_path, "", {})
    with machine.serve("--port", "0") as serving:
        address = re.search(r"http://127\.0\.0\.1:\d+", serving.said)
        assert address is not None
        assert "--base-url or APPLINKS_BASE_URL names another" in serving.said
        assert "sqlite:///applinks.db" in serving.said
        answer = requests.get(f"{address[0]}/.well-known/oauth-authorization-server", timeout=MOST_SECONDS)
        assert answer.json()["issuer"] == address[0]
    assert (tmp_path / "applinks.db").exists()


def test_an_administrator_is_asked_for_while_there_is_none(machine: Machine) -> None:
    """Product §4 users: with the database where it was named."""
    assert machine.run("database", "upgrade").returncode == 0
    with machine.serve("--port", "0", "--database", "sqlite:///x.db") as serving:
        assert "applinks users add NAME --admin --database sqlite:///x.db" in serving.said
    assert machine.run("users", "add", "robin", "--admin", "--password-stdin", typed="sherwood\n").returncode == 0
    with machine.serve("--port", "0") as serving:
        assert "users add" not in serving.said
        assert "Its port is another than the one of the base URL" in serving.said


def test_a_port_that_is_taken_is_said_and_nothing_is_made(machine: Machine) -> None:
    """Ours: exit code 1 and a sentence; no database is left behind."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = machine.run("serve", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "cannot be listened at: Address already in use; --port names another" in done.stderr
    assert not (machine.folder / "x.db").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--host", "no such host"), "host: 'no such host' is not understood"),
        (("--base-url", "http://applinks.example"), "http is for 127.0.0.1"),
        (("--database", "mysql://x"), "database: it is not understood"),
        (("--proxy", "proxy.example"), "proxies: 'proxy.example' is not understood"),
        (("--config", "nowhere.toml"), "nowhere.toml does not exist"),
    ],
)
def test_a_wrong_setting_is_one_sentence(machine: Machine, arguments: tuple[str, ...], said: str) -> None:
    """Product §4: settings are checked at start."""
    done = machine.run("serve", "--port", "0", *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("applinks: ")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.requirement("N-10")
def test_a_header_without_an_end_is_refused_at_once(machine: Machine) -> None:
    """RFC 6585 §5: and the next caller is answered."""
    with machine.serve("--port", str(urlsplit(machine.base_url).port)) as serving:
        address = ("127.0.0.1", urlsplit(machine.base_url).port)
        with socket.create_connection(address, timeout=MOST_SECONDS) as endless:
            endless.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 65_536)
            with endless.makefile("rb") as answer:
                assert answer.readline() == b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
                assert answer.read().endswith(b"The head of the request is too large.")
        assert requests.get(f"{machine.base_url}/applinks/health", timeout=MOST_SECONDS).ok
    assert any(json.loads(line)["event"] == "head.too_large" for line in serving.log.splitlines())


def test_an_older_schema_is_refused_naming_the_command(machine: Machine) -> None:
    """House §8 Migrations."""
    assert machine.run("database", "upgrade").returncode == 0
    with closing(sqlite3.connect(machine.folder / "x.db")) as raw, raw:
        raw.execute(f"UPDATE {VERSION_TABLE} SET version_num = '0001'")
    done = machine.run("serve", "--port", "0")
    assert done.returncode == 1
    assert "applinks database upgrade" in done.stderr
