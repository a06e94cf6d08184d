"""Two processes of ``applinks serve`` on one database: what one decides, the other knows."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from tests.foreign.browser import Browser
from tests.foreign.processes import MOST_SECONDS
from tests.foreign.served import REDIRECT_URI, USER, Client, Served, read_answer, run_served

VERIFIER = "a-verifier-of-the-client-that-is-long-enough-0123"
ROUNDS = 10


@dataclass
class Pair:
    """Two processes, of which the first is where browsers go."""

    first: Served
    second: Served
    # Logged in once.
    browser: Browser = field(default_factory=lambda: Browser(outside=REDIRECT_URI))

    def authorize(self, client: Client) -> str:
        """Let alice consent; gives the code."""
        asked = {
            "response_type": "code",
            "client_id": client.id,
            "redirect_uri": REDIRECT_URI,
            "scope": "profile",
            "state": "s",
            "code_challenge": create_s256_code_challenge(VERIFIER),
            "code_challenge_method": "S256",
        }
        url = f"{self.first.base_url}/applinks/oauth2/authorize?{urlencode(asked)}"
        return read_answer(self.first.approve(url, browser=self.browser))["code"]

    def exchange(self, client: Client, code: str, *, at: Served) -> httpx2.Response:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
        return post(at, "token", client, form | {"code_verifier": VERIFIER})

    def connect(self, client: Client) -> dict[str, Any]:
        tokens: dict[str, Any] = self.exchange(client, self.authorize(client), at=self.first).json()
        return tokens


def post(served: Served, endpoint: str, client: Client, form: dict[str, str]) -> httpx2.Response:
    url = f"{served.address}/applinks/oauth2/{endpoint}"
    return httpx2.post(url, data=form, auth=(client.id, client.secret), timeout=MOST_SECONDS)


def refresh(served: Served, client: Client, token: str) -> httpx2.Response:
    return post(served, "token", client, {"grant_type": "refresh_token", "refresh_token": token})


@pytest.fixture(scope="module")
def pair(served: Served, served_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder: Path = tmp_path_factory.mktemp("second")
    with run_served(served_database, folder, base_url=served.base_url) as second:
        assert second.address != served.address
        yield Pair(served, second)


@pytest.fixture
def client(pair: Pair) -> Client:
    return pair.first.add_client()


@pytest.fixture(scope="module")
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


@pytest.mark.requirement("AS-12")
def test_a_code_that_both_get_at_once_is_exchanged_once_and_then_worth_nothing(
    pair: Pair, client: Client, threads: ThreadPoolExecutor
) -> None:
    """RFC 6749 §4.1.2: one answer has tokens, and the second presentation ends them, in both processes."""
    for _ in range(ROUNDS):
        code = pair.authorize(client)
        runs = [threads.submit(pair.exchange, client, code, at=each) for each in (pair.first, pair.second)]
        good, refused = sorted((run.result() for run in runs), key=lambda answer: answer.status_code)
        assert (good.status_code, refused.status_code) == (200, 400), refused.text
        assert refused.json()["error"] == "invalid_grant"
        for each in (pair.first, pair.second):
            assert each.ask_me(good.json()["access_token"]).status_code == 401
            assert refresh(each, client, good.json()["refresh_token"]).json()["error"] == "invalid_grant"


@pytest.mark.requirement("AS-30")
@pytest.mark.requirement("AS-31")
def test_a_refresh_token_that_both_get_at_once_has_one_successor(
    pair: Pair, client: Client, threads: ThreadPoolExecutor
) -> None:
    """Ours: within the window both get the same answer, and it is good in both processes."""
    token = pair.connect(client)["refresh_token"]
    for _ in range(ROUNDS):
        runs = [threads.submit(refresh, each, client, token) for each in (pair.first, pair.second, pair.first)]
        answers = [run.result() for run in runs]
        assert [answer.status_code for answer in answers] == [200] * 3
        assert len({(answer.json()["access_token"], answer.json()["refresh_token"]) for answer in answers}) == 1
        for each in (pair.first, pair.second):
            assert each.ask_me(answers[0].json()["access_token"]).json()["name"] == USER
        token = answers[0].json()["refresh_token"]


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_what_one_revokes_the_other_refuses_at_its_next_decision(pair: Pair, client: Client, kind: str) -> None:
    """performance.md 4: at once, also where the other process has just seen the token."""
    here, there = pair.first, pair.second
    for _ in range(ROUNDS // 2):
        tokens = pair.connect(client)
        assert {each.ask_me(tokens["access_token"]).status_code for each in (here, there)} == {200}
        assert post(here, "revoke", client, {"token": tokens[kind]}).status_code == 200
        assert there.ask_me(tokens["access_token"]).status_code == 401
        asked = post(there, "introspect", client, {"token": tokens["access_token"]})
        assert asked.json() == {"active": False}
        here, there = there, here


def test_what_a_command_decides_both_know_at_once(pair: Pair, client: Client) -> None:
    """performance.md 4: a command is one more process."""
    token = pair.connect(client)["access_token"]
    link = pair.first.command("clients", "show", client.id)["link"]
    both = (pair.first, pair.second)
    assert {each.ask_me(token).status_code for each in both} == {200}
    pair.first.command("links", "pause", link)
    assert {each.ask_me(token).status_code for each in both} == {503}
    pair.first.command("links", "resume", link)
    assert {each.ask_me(token).status_code for each in both} == {200}
    pair.first.command("tokens", "revoke", token, "--yes")
    assert {each.ask_me(token).status_code for each in both} == {401}
    pair.first.command("clients", "delete", client.id, "--yes")
    form = {"grant_type": "client_credentials"}
    assert {post(each, "token", client, form).json()["error"] for each in both} == {"invalid_client"}


@pytest.mark.requirement("AS-33")
def test_a_secret_that_was_taken_away_is_good_nowhere(pair: Pair, client: Client) -> None:
    """Ours: by the next decision of each process."""
    form = {"grant_type": "client_credentials"}
    both = (pair.first, pair.second)
    assert {post(each, "token", client, form).status_code for each in both} == {200}
    made = pair.first.command("clients", "rotate-secret", client.id, "--keep-days", "0")
    assert {post(each, "token", client, form).status_code for each in both} == {401}
    renewed = Client(client.id, made["client_secret"])
    assert {post(each, "token", renewed, form).status_code for each in both} == {200}
