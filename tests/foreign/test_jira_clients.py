"""Stock clients of Jira Data Center, PyPI jira and atlassian-python-api, against examples/jira_addresses.py."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from atlassian import Jira
from jira import JIRA, JIRAError
from requests import HTTPError

from bench.processes import find_port
from tests.foreign.browser import Browser
from tests.foreign.oauth1 import RSA, EmptyToken, Probe
from tests.foreign.processes import MOST_SECONDS
from tests.foreign.served import (
    REDIRECT_URI,
    USER,
    Served,
    add_user,
    build_environment,
    run_until_interrupted,
)
from tools.docs import ROOT

EXAMPLE = ROOT / "examples" / "jira_addresses.py"
_READY = re.compile(r"(\S+) is ready\.")
HARD_JQL = 'summary ~ "Gr\u00f6\u00dfe & Form: 100 % of [a|b]"'


@contextmanager
def run_example(folder: Path, *options: str) -> Iterator[Served]:
    """Run it on any port, with a database of its own; ``address`` is where it listens."""
    database = f"sqlite:///{folder / 'jira.db'}"
    add_user(database)
    environment, port = build_environment(database), find_port()
    command = [sys.executable, EXAMPLE, "--port", str(port), "--database", database, *options]
    with run_until_interrupted(command, environment, folder, ready=_READY) as ready:
        yield Served(ready[1], f"http://127.0.0.1:{port}", environment | {"APPLINKS_BASE_URL": ready[1]})


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Probe]:
    folder = tmp_path_factory.mktemp("jira")
    with run_example(folder) as served:
        # With a key alone, as Jira's own page has it.
        yield Probe.add(served, folder, secret=False)


@pytest.fixture(scope="module")
def given(probe: Probe) -> dict[str, Any]:
    """What such a client is set up with, once its three legs are gone."""
    return connect(probe)


def connect(probe: Probe) -> dict[str, Any]:
    with probe.open_session("RSA-SHA1") as session:
        token = probe.connect(session, Browser(outside=REDIRECT_URI))
    return {
        "access_token": token["oauth_token"],
        "access_token_secret": token["oauth_token_secret"],
        "consumer_key": probe.key,
        "key_cert": probe.private_key,
    }


@pytest.mark.parametrize("words", [{}, *({"signature_method": method} for method in RSA)], ids=["", *RSA])
def test_jira_works_as_its_documentation_says(probe: Probe, given: dict[str, Any], words: dict[str, str]) -> None:
    """Issue: without a method it tries HMAC first, which a client with a key alone is refused."""
    client = JIRA(probe.served.base_url, oauth=given | words, max_retries=0)
    try:
        assert client.myself()["name"] == USER
        assert client.server_info()["baseUrl"] == probe.served.base_url
        issue = client.issue("DEMO-1")
        assert (issue.key, issue.fields.assignee.name) == ("DEMO-1", USER)
        assert [found.key for found in client.search_issues("project = DEMO ORDER BY key")] == [
            "DEMO-1",
            "DEMO-2",
            "DEMO-3",
        ]
        assert [found.key for found in client.search_issues(HARD_JQL)] == ["DEMO-2"]
        assert [found.key for found in client.search_issues(HARD_JQL, use_post=True)] == ["DEMO-2"]
        with pytest.raises(JIRAError) as raised:
            client.issue("NONE-1")
        assert raised.value.status_code == 404
    finally:
        client.close()


@pytest.mark.parametrize("words", [{}, *({"signature_method": method} for method in RSA)], ids=["", *RSA])
def test_atlassian_python_api_works_as_its_documentation_says(
    probe: Probe, given: dict[str, Any], words: dict[str, str]
) -> None:
    """Issue: without a method it signs by its own choice of RSA."""
    with Jira(probe.served.base_url, oauth=given | words) as client:
        assert client.myself()["name"] == USER
        assert client.get_server_info()["baseUrl"] == probe.served.base_url
        assert client.issue("DEMO-1")["fields"]["assignee"]["name"] == USER
        assert [found["key"] for found in client.jql("project = DEMO ORDER BY key")["issues"]] == [
            "DEMO-1",
            "DEMO-2",
            "DEMO-3",
        ]
        assert [found["key"] for found in client.jql(HARD_JQL)["issues"]] == ["DEMO-2"]
        assert client.jql(HARD_JQL, limit=1, start=1)["issues"] == []


def test_jira_works_for_a_client_that_has_a_secret_besides(probe: Probe, tmp_path: Path) -> None:
    """Ours: its first try, by HMAC without a secret, is a wrong signature then, and not the end of its tries."""
    other = Probe.add(probe.served, tmp_path)
    given = connect(other)
    for _ in range(3):
        client = JIRA(probe.served.base_url, oauth=given, max_retries=0)
        try:
            assert client.myself()["name"] == USER
        finally:
            client.close()


def test_both_are_told_that_a_token_is_no_good(probe: Probe, given: dict[str, Any]) -> None:
    """RFC 5849 §3.2."""
    wrong = given | {"access_token": given["access_token"][:-9] + given["access_token"][-8:]}
    wrong |= {"signature_method": "RSA-SHA1"}
    with pytest.raises(JIRAError) as raised:
        JIRA(probe.served.base_url, oauth=wrong, max_retries=0)
    assert raised.value.status_code in {400, 401}
    with Jira(probe.served.base_url, oauth=wrong) as client, pytest.raises(HTTPError):
        client.myself()


def test_what_is_signed_is_the_address_that_clients_use(tmp_path: Path) -> None:
    """O1-02: behind a proxy that is the configured base URL, whatever the request says of its host."""
    public = "https://jira.example"
    with run_example(tmp_path, "--base-url", public) as served:
        wanted = ("--two-legged", "--execute-as", USER)
        probe = Probe.add(served, tmp_path, *wanted, callback="https://client.example/callback")
        signer = EmptyToken(probe.key, probe.secret)
        path = "/rest/api/2/search?jql=project%20%3D%20DEMO"
        for signed, status in ((public, 200), (served.address, 401)):
            _, headers, _ = signer.sign(signed + path)
            answer = requests.get(served.address + path, headers=headers, timeout=MOST_SECONDS)
            assert answer.status_code == status, answer.text
