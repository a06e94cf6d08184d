"""The demo over OAuth 1.0a, and over both protocols."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from applinks.demo.applications import build_applications
from applinks.demo.server import build_settings
from applinks.demo.steps import list_steps
from tests.demo.running import Demo, find_gadget, read_json, start_demo
from tests.demo.visiting import connect, open_browser, open_dashboard, press, send_notice

Start = Callable[..., Demo]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start demos, and end them."""
    started: list[Demo] = []

    def start_one(*arguments: str) -> Demo:
        started.append(start_demo("--port", "0", *arguments))
        return started[-1]

    yield start_one
    for each in started:
        if each.process.poll() is None:
            assert each.end() == (0, "")


def _read_protocols(demo: Demo, name: str) -> tuple[set[str], set[str]]:
    [link] = read_json("links", "list", "--database", demo.database(name))
    assert (link["state"], link["usable"], link["check"], link["peer_check"]) == ("in_force", True, "passed", "passed")
    return set(link["incoming"]["protocols"]), set(link["outgoing"]["protocols"])


def test_the_story_runs_over_oauth1(start: Start) -> None:
    """Issue, Shows: demo --protocol oauth1 runs the story of part 1 over OAuth 1.0a."""
    demo = start("--linked", "--protocol", "oauth1")
    for name in ("Tracker", "Start page"):
        assert _read_protocols(demo, name) == ({"oauth1"}, {"oauth1"})
    alicia = open_browser(demo)
    page = connect(demo, alicia)
    assert find_gadget(page.text) == "ready"
    assert "TRK-1" in page.text
    assert "Start page has your notice" in send_notice(demo, alicia)
    assert "OAuth 1.0a" in alicia.open(demo.url("Tracker") + "/applinks/account").text
    page = press(alicia, open_dashboard(demo, alicia), "/disconnect")
    assert find_gadget(page.text) == "connect"


def test_one_link_has_both_and_the_page_of_a_user_lists_each_access(start: Start) -> None:
    """Issue, Shows: demo --protocol both shows one link with both, and the user's page lists each access."""
    demo = start("--linked", "--protocol", "both")
    for name in ("Tracker", "Start page"):
        assert _read_protocols(demo, name) == ({"oauth2", "oauth1"}, {"oauth2", "oauth1"})
    alicia = open_browser(demo)
    assert find_gadget(connect(demo, alicia).text) == "ready"
    assert "Start page has your notice" in send_notice(demo, alicia)
    text = re.sub(r"<[^>]+>", " ", alicia.open(demo.url("Tracker") + "/applinks/account").text)
    assert "OAuth 2" in text
    assert "OAuth 1.0a" in text


def test_without_a_choice_a_folder_goes_on_with_what_it_spoke(start: Start, tmp_path: Path) -> None:
    """Ours: a link of the folder is over what both spoke when it was made."""
    demo = start("--linked", "--protocol", "oauth1", "--state-dir", str(tmp_path))
    assert demo.end() == (0, "")
    again = start("--state-dir", str(tmp_path))
    assert find_gadget(connect(again, open_browser(again)).text) == "ready"


def test_without_a_choice_both_speak_oauth2_or_what_their_file_says(tmp_path: Path) -> None:
    """Ours: the settings' file counts where the command says nothing."""
    asked = {"base_url": "http://127.0.0.1:8001", "name": "Tracker", "kind": "tracker", "database": "sqlite:///x.db"}
    config = tmp_path / "applinks.toml"
    config.write_text('protocols = ["oauth1"]\n', "utf-8")
    assert build_settings(asked | {"config": None, "protocols": ["oauth2"]}).protocols == ("oauth2",)
    assert build_settings(asked | {"config": str(config), "protocols": []}).protocols == ("oauth1",)
    assert build_settings(asked | {"config": str(config), "protocols": ["oauth2"]}).protocols == ("oauth2",)


def test_the_steps_say_which_access_goes_over_which(tmp_path: Path) -> None:
    """Ours: with both, there is something more to see."""
    tracker, start_page = build_applications((8001, 8002), tmp_path, tmp_path, protocol="both")
    last = list_steps(tracker, start_page, is_linked=True)[-1]
    assert "that goes over OAuth 1.0a, what Start page asks goes over OAuth 2" in last
    tracker, start_page = build_applications((8001, 8002), tmp_path, tmp_path, protocol="oauth1")
    assert not any("goes over" in step for step in list_steps(tracker, start_page, is_linked=True))
