"""The demo, linked, in its own processes: what its user sees and what its commands say."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from applinks.demo.browser import Browser
from tests.demo.running import Demo, find_gadget, read_json, run_command, start_demo, wait_until
from tests.demo.visiting import connect, open_browser, open_dashboard, press, send_notice


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    started = start_demo("--linked", "--port", "0", "--state-dir", str(tmp_path_factory.mktemp("demo")))
    yield started
    code, err = started.end()
    assert (code, err) == (0, "")


@pytest.fixture
def alicia(demo: Demo) -> Browser:
    return open_browser(demo)


def test_the_line_has_what_scripts_rely_on(demo: Demo) -> None:
    """Product §4: demo --json."""
    tracker, start_page = demo.told["applications"]
    assert (tracker["name"], start_page["name"]) == ("Tracker", "Start page")
    assert tracker["url"].startswith("http://127.0.0.1:")
    assert start_page["url"].startswith("http://localhost:")
    for application in (tracker, start_page):
        assert application["database"].startswith("sqlite:////")
        assert [user["administrator"] for user in application["users"]] == [False, True]
        assert all(user["name"] and user["password"] for user in application["users"])


@pytest.mark.parametrize("name", ["Tracker", "Start page"])
def test_either_database_shows_the_link_in_force_both_directions(demo: Demo, name: str) -> None:
    """Issue: links list shows the link in force, both directions."""
    [link] = read_json("links", "list", "--database", demo.database(name))
    assert (link["state"], link["usable"], link["check"], link["peer_check"]) == ("in_force", True, "passed", "passed")
    assert link["incoming"]["enabled"]
    assert link["outgoing"]["enabled"]


def test_alicia_sees_alice_s_issues_and_creates_one(demo: Demo, alicia: Browser) -> None:
    """Issue: after approving at Tracker as alice, alicia sees alice's issues, and can create one."""
    page = connect(demo, alicia)
    assert find_gadget(page.text) == "ready"
    assert "Connected as <strong>alice</strong>" in page.text
    assert "Import stops at 10,000 rows" in page.text
    assert "Renew the certificate" not in page.text
    page = press(alicia, page, "/issues", title="Made at Start page")
    assert "Made at Start page" in page.text
    assert "Made at Start page" in alicia.open(demo.url("Tracker") + "/").text


def test_disconnecting_makes_the_gadget_ask_again(demo: Demo, alicia: Browser) -> None:
    """Product §5: what ends the grant ends the consent, and the next connect asks again."""
    page = press(alicia, connect(demo, alicia), "/disconnect")
    assert find_gadget(page.text) == "connect"
    assert find_gadget(connect(demo, alicia).text) == "ready"


def test_tracker_calls_start_page_as_well(demo: Demo, alicia: Browser) -> None:
    """Issue: both directions; AuthorizationNeeded carries the address."""
    sent = send_notice(demo, alicia)
    assert "Start page has your notice" in sent
    assert "TRK-1: " in open_dashboard(demo, alicia).text


@pytest.mark.parametrize(("name", "handle"), [("Tracker", "start-page"), ("Start page", "tracker")])
def test_a_pause_by_command_stops_the_gadget_at_once_and_the_peer_is_told(
    demo: Demo, alicia: Browser, name: str, handle: str
) -> None:
    """Issue: a pause by command is obeyed by the running application at once and told to the peer within seconds."""
    other = "Start page" if name == "Tracker" else "Tracker"
    connect(demo, alicia)
    try:
        assert run_command("links", "pause", handle, "--database", demo.database(name)).returncode == 0
        assert find_gadget(open_dashboard(demo, alicia).text) == "unusable"
        wait_until(lambda: read_json("links", "list", "--database", demo.database(other))[0]["paused_by_peer"])
    finally:
        run_command("links", "resume", handle, "--database", demo.database(name))
    wait_until(lambda: read_json("links", "list", "--database", demo.database(other))[0]["usable"])
    assert find_gadget(open_dashboard(demo, alicia).text) == "ready"


def test_a_reference_from_a_page_is_explained(demo: Demo, alicia: Browser) -> None:
    """Issue: a refusal's reference, copied from a page, is explained by failures show."""
    page = alicia.open(demo.url("Tracker") + "/applinks/oauth2/authorize?client_id=nobody")
    reference = re.search(r"AL-[0-9A-Z]{4}-[0-9A-Z]{4}", page.text)
    assert reference is not None, page.text
    found = read_json("failures", "show", reference[0], "--database", demo.database("Tracker"))
    assert found["detail"]


def test_a_second_start_on_the_same_folder_is_refused(demo: Demo) -> None:
    """Issue: a second start gives a clear message."""
    folder = Path(demo.database("Tracker").removeprefix("sqlite:///")).parents[1]
    found = run_command("demo", "--json", "--port", "0", "--state-dir", str(folder))
    assert (found.returncode, found.stdout) == (1, "")
    assert "already" in found.stderr
    assert found.stderr.count("\n") == 1


def test_the_ports_are_taken(demo: Demo) -> None:
    """Issue: a taken port gives a clear message."""
    port = demo.url("Tracker").rpartition(":")[2]
    found = run_command("demo", "--json", "--port", port)
    assert (found.returncode, found.stdout) == (1, "")
    assert f"Port {port} is taken" in found.stderr
