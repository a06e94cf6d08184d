"""Who calls, where a proxy stands in front."""

import html
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from applinks import Settings
from applinks.hosts.server.run import build_config
from tests.hosts.server.process import MOST_SECONDS, Machine, build_machine
from tests.hosts.server.site import ORIGIN

pytestmark = pytest.mark.requirement("N-03")

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
CALLER = "198.51.100.7"


async def see(source: str, *headers: tuple[bytes, bytes], proxies: tuple[str, ...]) -> dict[str, Any]:
    """Give the request as our application sees it."""
    seen: dict[str, Any] = {}

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope)

    config = build_config(application, Settings(base_url=ORIGIN, proxies=proxies))
    config.load()
    scope = {"type": "http", "client": (source, 40000), "scheme": "http", "path": "/", "headers": list(headers)}
    await config.loaded_app(scope, None, None)
    return seen


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("source", "said", "counts"),
    [
        ("10.0.0.5", CALLER, CALLER),
        ("10.0.1.77", CALLER, CALLER),
        ("::ffff:10.0.0.5", CALLER, CALLER),
        ("::ffff:10.0.1.77", CALLER, CALLER),
        ("2001:db8::5", "2001:db8:1::9", "2001:db8:1::9"),
        ("10.0.0.5", f"203.0.113.1, {CALLER}", CALLER),
        ("10.0.0.5", f"203.0.113.1, {CALLER}, 10.0.1.3", CALLER),
        ("10.0.0.5", "", "10.0.0.5"),
        ("10.0.0.6", CALLER, "10.0.0.6"),
        ("10.0.2.1", CALLER, "10.0.2.1"),
        ("::ffff:10.0.0.6", CALLER, "::ffff:10.0.0.6"),
        ("127.0.0.1", CALLER, "127.0.0.1"),
    ],
)
async def test_what_a_listed_proxy_says_counts_and_nobody_else(source: str, said: str, counts: str) -> None:
    """Security N-03: the nearest caller that is no proxy of ours; what he himself says before that is his word."""
    proxies = ("10.0.0.5", "10.0.1.0/24", "2001:db8::5")
    seen = await see(source, (b"x-forwarded-for", said.encode()), proxies=proxies)
    assert seen["client"][0] == counts


@pytest.mark.anyio
@pytest.mark.parametrize("name", [b"x_forwarded_for", b"x-forwarded_for", b"forwarded", b"x-real-ip", b"client-ip"])
async def test_no_other_name_counts_even_from_a_listed_proxy(name: bytes) -> None:
    """Security N-03: a proxy sets its own header and passes on what it does not know."""
    said = b"for=192.0.2.1" if name == b"forwarded" else b"192.0.2.1"
    seen = await see("10.0.0.5", (name, said), proxies=("10.0.0.5",))
    assert seen["client"][0] == "10.0.0.5"
    both = await see("10.0.0.5", (b"x-forwarded-for", CALLER.encode()), (name, said), proxies=("10.0.0.5",))
    assert both["client"][0] == CALLER


@pytest.mark.anyio
async def test_where_none_is_listed_nothing_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Security N-03: neither by default nor by a variable that is not ours."""
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    headers = ((b"x-forwarded-for", CALLER.encode()), (b"x-forwarded-proto", b"https"))
    seen = await see("127.0.0.1", *headers, proxies=())
    assert (seen["client"][0], seen["scheme"]) == ("127.0.0.1", "http")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return build_machine(tmp_path)


def fail(machine: Machine, **headers: str) -> requests.Response:
    browser, url = requests.Session(), f"{machine.base_url}/applinks/login"
    page = browser.get(url, headers=headers, timeout=MOST_SECONDS)
    hidden = {html.unescape(name): html.unescape(value) for name, value in HIDDEN.findall(page.text)}
    fields = hidden | {"username": "alice", "password": "wrong"}
    return browser.post(url, data=fields, headers=headers, timeout=MOST_SECONDS)


def fail_from_two(machine: Machine, *arguments: str) -> tuple[list[int], list[str]]:
    """Try wrong passwords for two callers through one proxy; give the answers, and who was counted."""
    with machine.serve("--port", str(urlsplit(machine.base_url).port), *arguments) as serving:
        said = {"X-Forwarded-For": f"192.0.2.1, {CALLER}", "X_Forwarded_For": "192.0.2.1"}
        statuses = [fail(machine, **said).status_code for _ in range(11)]
        statuses.append(fail(machine, **{"X-Forwarded-For": "203.0.113.9"}).status_code)
    events = map(json.loads, serving.log.splitlines())
    return statuses, [event["source"] for event in events if event["event"] == "login.refused"]


@pytest.mark.requirement("N-10")
@pytest.mark.parametrize("arguments", [("--proxy", "127.0.0.1"), ("--proxy", "10.0.0.1", "--proxy", "127.0.0.0/8")])
def test_through_a_listed_proxy_one_caller_does_not_lock_out_another(
    machine: Machine, arguments: tuple[str, ...]
) -> None:
    """Security N-10: as a process, with the option."""
    statuses, sources = fail_from_two(machine, *arguments)
    assert statuses == [403] * 10 + [429, 403]
    assert sources == [CALLER] * 10 + ["203.0.113.9"]


@pytest.mark.requirement("N-10")
def test_through_a_proxy_that_is_not_listed_nobody_gets_around_the_limit(tmp_path: Path) -> None:
    """Security N-03, N-10: as a process, with the setting in the environment."""
    statuses, sources = fail_from_two(build_machine(tmp_path, APPLINKS_PROXIES="10.0.0.1, 2001:db8::/32"))
    assert statuses == [403] * 10 + [429, 429]
    assert sources == ["127.0.0.1"] * 10


def test_an_https_server_without_a_listed_proxy_is_told_what_that_means(machine: Machine) -> None:
    """Ours: nothing else than a proxy can stand in front of it."""
    said = "No proxy is listed"
    with machine.serve("--port", "0", "--base-url", "https://tracker.example") as serving:
        assert said in serving.said
    with machine.serve("--port", "0", "--base-url", "https://tracker.example", "--proxy", "10.0.0.5") as serving:
        assert said not in serving.said
    with machine.serve("--port", "0") as serving:
        assert said not in serving.said
