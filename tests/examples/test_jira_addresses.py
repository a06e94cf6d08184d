"""The example that answers where clients of Jira look, called as such clients call it."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from oauthlib.oauth1 import Client

from applinks import Settings
from applinks.administration import accounts
from applinks.administration.actor import Actor
from applinks.administration.hand_values import NewOAuth1Client
from applinks.administration.oauth1_clients import add_oauth1_client
from applinks.administration.side import build_administration
from applinks.clock import SystemClock
from applinks.entropy import SystemEntropy
from applinks.hosts.server.passwords import hash_password
from applinks.hosts.server.scopes import SCOPES
from applinks.secret import Secret

EXAMPLE = Path(__file__).parents[2] / "examples" / "jira_addresses.py"
ORIGIN = "http://127.0.0.1:8000"
ACTOR = Actor.for_command("tester")


def load_example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("jira_addresses", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Caller:
    """Calls for nobody's permission, as the user whom the client may act as."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self.http = http

    async def call(self, path: str, *, secret: str = "s3cret", body: Any = None, **query: str) -> httpx2.Response:
        url = ORIGIN + path + (f"?{urlencode(query)}" if query else "")
        sent = {} if body is None else {"content": json.dumps(body), "headers": {"Content-Type": "application/json"}}
        method = "GET" if body is None else "POST"
        _, headers, _ = Client("tool", client_secret=secret).sign(url, http_method=method)
        return await self.http.request(method, url, **{**sent, "headers": {**sent.get("headers", {}), **headers}})


@pytest.fixture
async def caller(tmp_path: Path) -> AsyncIterator[Caller]:
    server = load_example().build_server(Settings(base_url=ORIGIN, database=f"sqlite:///{tmp_path / 'x.db'}"))
    running = await server.applinks._run()
    side = build_administration(running.storage, clock=SystemClock(), entropy=SystemEntropy(), declared=SCOPES)
    account = accounts.NewAccount(name="alice", password=await hash_password(Secret("wonderland and back")))
    await accounts.add_account(account, actor=ACTOR, side=side)
    new = NewOAuth1Client(key="tool", shared_secret=Secret("s3cret"), two_legged=True, execute_as="alice")
    await add_oauth1_client(new, actor=ACTOR, side=side)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(server)) as http:
        yield Caller(http)
    await server.applinks.shutdown()


pytestmark = pytest.mark.anyio


def test_it_stays_an_example() -> None:
    """Issue: at most 80 lines on top of the server form."""
    assert len(EXAMPLE.read_text("utf-8").splitlines()) <= 80


async def test_a_client_first_learns_the_version(caller: Caller) -> None:
    """Issue: serverInfo, by which clients choose what they call."""
    answer = (await caller.call("/rest/api/2/serverInfo")).json()
    assert (answer["baseUrl"], answer["deploymentType"]) == (ORIGIN, "Server")
    assert answer["versionNumbers"] == [int(part) for part in answer["version"].split(".")]


async def test_a_client_learns_who_its_user_is(caller: Caller) -> None:
    """Issue: myself."""
    assert (await caller.call("/rest/api/2/myself")).json()["name"] == "alice"


@pytest.mark.parametrize("path", ["/serverInfo", "/myself", "/search", "/issue/DEMO-1", "/field"])
async def test_every_address_stands_behind_the_guard(caller: Caller, path: str) -> None:
    """Issue: behind our guard; an unsigned call and a wrong signature are refused."""
    assert (await caller.http.get(f"{ORIGIN}/rest/api/2{path}")).status_code == 401
    refused = await caller.call(f"/rest/api/2{path}", secret="wrong")
    assert refused.status_code == 401
    assert "signature_invalid" in refused.headers["www-authenticate"]


@pytest.mark.parametrize(
    ("jql", "keys"),
    [
        ("", ["DEMO-1", "DEMO-2", "DEMO-3"]),
        ("project = DEMO ORDER BY created DESC", ["DEMO-1", "DEMO-2", "DEMO-3"]),
        ('summary ~ "größe"', ["DEMO-2"]),
        ("key = DEMO-3", ["DEMO-3"]),
        ('summary ~ "nothing of the kind"', []),
    ],
)
async def test_a_search_finds_issues(caller: Caller, jql: str, keys: list[str]) -> None:
    """Issue: search."""
    answer = (await caller.call("/rest/api/2/search", jql=jql, startAt="0", maxResults="50", fields="*all")).json()
    assert [each["key"] for each in answer["issues"]] == keys
    assert answer["total"] == len(keys)
    posted = await caller.call("/rest/api/2/search", body={"jql": jql, "startAt": 0, "maxResults": 50})
    assert posted.json() == answer


async def test_a_search_goes_page_by_page(caller: Caller) -> None:
    """Ours: the clients ask for the next page by where it begins."""
    answer = (await caller.call("/rest/api/latest/search", startAt="1", maxResults="1")).json()
    assert ([each["key"] for each in answer["issues"]], answer["total"]) == (["DEMO-2"], 3)


@pytest.mark.parametrize(
    "query", [{"jql": "assignee in membersOf(staff)"}, {"startAt": "x"}, {"maxResults": ""}], ids=str
)
async def test_a_search_that_is_not_understood_is_said_so(caller: Caller, query: dict[str, str]) -> None:
    """Ours: in the words that the clients show."""
    answer = await caller.call("/rest/api/2/search", **query)
    assert (answer.status_code, len(answer.json()["errorMessages"])) == (400, 1)
    assert (await caller.call("/rest/api/2/search", body=["jql"])).status_code == 400
    assert (await caller.call("/rest/api/2/search", body={"jql": 3})).status_code == 400


async def test_an_issue_is_shown(caller: Caller) -> None:
    """Issue: issue/…."""
    answer = (await caller.call("/rest/api/2/issue/DEMO-2", fields="*all")).json()
    assert (answer["key"], answer["self"]) == ("DEMO-2", f"{ORIGIN}/rest/api/2/issue/DEMO-2")
    assert answer["fields"]["summary"] == "Größe & Form: 100 % of [a|b]"
    assert answer["fields"]["assignee"]["name"] == "alice"
    assert (await caller.call("/rest/api/2/issue/DEMO-9")).status_code == 404


def test_it_takes_the_options_of_serve(tmp_path: Path) -> None:
    """Issue: it takes --port, --database and --base-url like serve."""
    command = [sys.executable, str(EXAMPLE), "--port", "0", "--database", f"sqlite:///{tmp_path / 'x.db'}"]
    base_url = "http://localhost:1234"
    with subprocess.Popen(
        [*command, "--base-url", base_url], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"{base_url} is ready.\n"
        process.terminate()
        assert process.wait(60) == 0
    wrong = subprocess.run([*command, "--base-url", "ftp://x"], capture_output=True, text=True, timeout=60, check=False)
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr.startswith("jira_addresses: base_url: ")
