"""Two processes of ``applinks serve`` on one database, and a client of OAuth 1.0a that asks both at once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
from oauthlib.oauth1 import Client

from tests.foreign.browser import Browser
from tests.foreign.oauth1 import Probe, build_renewing, log_in, read_problem
from tests.foreign.processes import MOST_SECONDS
from tests.foreign.served import REDIRECT_URI, USER, Served, run_served

ROUNDS = 10


@dataclass
class Pair:
    """Two processes under one base URL, of which the first is where browsers go."""

    first: Served
    second: Served
    probe: Probe
    browser: Browser

    def send(self, at: Served, url: str, headers: dict[str, str], method: str = "POST") -> requests.Response:
        """Send what was signed for the base URL to one of the two."""
        place = url.replace(self.first.base_url, at.address)
        return requests.request(method, place, headers=headers, timeout=MOST_SECONDS)

    def sign(self, url: str, token: dict[str, str], method: str = "POST", **more: Any) -> dict[str, str]:
        client_class = more.pop("client_class", Client)
        tokens = (token["oauth_token"], token["oauth_token_secret"])
        headers: dict[str, str] = client_class(self.probe.key, self.probe.secret, *tokens, **more).sign(url, method)[1]
        return headers

    def connect(self) -> dict[str, str]:
        with self.probe.open_session() as session:
            return self.probe.connect(session, self.browser)


@pytest.fixture(scope="module")
def pair(served: Served, served_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder: Path = tmp_path_factory.mktemp("second")
    with run_served(served_database, folder, base_url=served.base_url) as second:
        assert second.address != served.address
        browser = Browser(outside=REDIRECT_URI)
        log_in(browser, served)
        yield Pair(served, second, Probe.add(served, folder), browser)


@pytest.fixture(scope="module")
def ask_all() -> Iterator[Callable[..., list[requests.Response]]]:
    """Asks in threads of their own, all at once."""
    with ThreadPoolExecutor(6) as pool:
        yield lambda *asked: [run.result() for run in [pool.submit(each) for each in asked]]


@pytest.mark.requirement("O1-03")
def test_one_request_that_comes_to_both_at_once_is_answered_once(pair: Pair, ask_all: Any) -> None:
    """RFC 5849 §3.3 MUST: a nonce is good for one of all processes."""
    token = pair.connect()
    for _ in range(ROUNDS):
        headers = pair.sign(pair.probe.me, token)
        answers = ask_all(*(partial(pair.send, at, pair.probe.me, headers) for at in (pair.first, pair.second) * 3))
        assert sorted(answer.status_code for answer in answers) == [200] + [401] * 5
        assert {read_problem(each)["oauth_problem"] for each in answers if each.status_code == 401} == {"nonce_used"}


def test_temporary_credentials_that_come_to_both_at_once_are_exchanged_once(pair: Pair, ask_all: Any) -> None:
    """RFC 5849 §2.3, as AS-12: one answer has token credentials, and the second presentation ends them."""
    url = pair.probe.get_address("access-token")
    for _ in range(ROUNDS):
        with pair.probe.open_session() as session:
            answer = pair.first.approve(pair.probe.begin(session), browser=pair.browser)
            said = session.parse_authorization_response(answer)
            temporary = dict(session.token)
        asked = [(at, pair.sign(url, temporary, verifier=said["oauth_verifier"])) for at in (pair.first, pair.second)]
        answers = ask_all(*(partial(pair.send, at, url, headers) for at, headers in asked))
        good, refused = sorted(answers, key=lambda each: each.status_code)
        assert (good.status_code, refused.status_code) == (200, 401), refused.text
        assert read_problem(refused)["oauth_problem"] == "token_used"
        token = dict(parse_qsl(good.text))
        for at in (pair.first, pair.second):
            headers = pair.sign(pair.probe.me, token, "GET")
            assert pair.send(at, pair.probe.me, headers, "GET").status_code == 401


def test_a_session_that_is_renewed_in_both_at_once_has_one_successor(pair: Pair, ask_all: Any) -> None:
    """atlassian-wire: the old token ends."""
    url = pair.probe.get_address("access-token")
    token = pair.connect()
    for _ in range(ROUNDS):
        renewing = build_renewing(token["oauth_session_handle"])
        asked = [(at, pair.sign(url, token, client_class=renewing)) for at in (pair.first, pair.second)]
        answers = ask_all(*(partial(pair.send, at, url, headers) for at, headers in asked))
        good, refused = sorted(answers, key=lambda each: each.status_code)
        assert (good.status_code, refused.status_code) == (200, 401), refused.text
        token = dict(parse_qsl(good.text))
        for at in (pair.first, pair.second):
            answer = pair.send(at, pair.probe.me, pair.sign(pair.probe.me, token, "GET"), "GET")
            assert answer.json()["name"] == USER


def test_what_a_command_decides_both_know_at_once(pair: Pair) -> None:
    """performance.md 4: a command is one more process."""
    token = pair.connect()
    both = (pair.first, pair.second)

    def call() -> set[int]:
        me = pair.probe.me
        return {pair.send(at, me, pair.sign(me, token, "GET"), "GET").status_code for at in both}

    link = pair.first.command("clients", "show", pair.probe.key)["link"]
    assert call() == {200}
    pair.first.command("links", "pause", link)
    assert not call() & {200}
    pair.first.command("links", "resume", link)
    assert call() == {200}
    made = pair.first.command("clients", "rotate-secret", pair.probe.key)["shared_secret"]
    assert call() == {401}
    renewed = Pair(pair.first, pair.second, Probe(pair.first, pair.probe.key, made, ""), pair.browser)
    headers = renewed.sign(pair.probe.me, token, "GET")
    assert renewed.send(pair.second, pair.probe.me, headers, "GET").status_code == 200
    pair.first.command("clients", "delete", pair.probe.key, "--yes")
    headers = renewed.sign(pair.probe.me, token, "GET")
    refused = renewed.send(pair.second, pair.probe.me, headers, "GET")
    assert (refused.status_code, read_problem(refused)["oauth_problem"]) == (401, "consumer_key_unknown")
