"""Two servers of their own, linked with each other by their administrators."""

from pathlib import Path
from urllib.parse import urlsplit

from applinks.demo.accounts import Account
from applinks.demo.administrators import link_applications
from applinks.demo.applications import Application
from tests.hosts.server.process import Machine, build_machine

ROBIN = Account(id="", name="robin", display_name="Robin", password="sherwood forest", is_administrator=True)


def build(folder: Path, name: str, host: str) -> tuple[Machine, Application]:
    folder.mkdir()
    free = build_machine(folder)
    base_url = free.base_url.replace("127.0.0.1", host)
    machine = build_machine(folder, APPLINKS_BASE_URL=base_url, APPLINKS_NAME=name)
    assert machine.run("database", "upgrade").returncode == 0
    added = machine.run("users", "add", ROBIN.name, "--admin", "--password", ROBIN.password)
    assert added.returncode == 0, added.stderr
    return machine, Application(name=name, kind="", module="", base_url=base_url, folder=folder, accounts=(ROBIN,))


def test_two_servers_link_with_each_other_through_their_own_log_in(tmp_path: Path) -> None:
    """Handshake §1: the same pages and the same session as in a host; the answer ends in the session that began."""
    one_machine, one = build(tmp_path / "one", "Tracker", "127.0.0.1")
    other_machine, other = build(tmp_path / "other", "Start page", "localhost")
    with (
        one_machine.serve("--port", str(urlsplit(one.base_url).port)) as first,
        other_machine.serve("--port", str(urlsplit(other.base_url).port)) as second,
    ):
        link_applications(one, other, is_alive=lambda: None)
    assert first.process.returncode == second.process.returncode == 0
    listed = one_machine.run("links", "list").stdout
    assert "Start page" in listed
