"""How the demo begins, goes on and ends."""

import signal
import socket
from pathlib import Path

import pytest

from tests.demo.running import is_running, kill, read_json, run_command, start_demo, wait_until


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_both_and_removes_the_data(number: int) -> None:
    """Issue: Ctrl-C ends both; by default the data lives in a temporary folder that is removed."""
    demo = start_demo("--port", "0")
    servers = demo.list_servers()
    folder = Path(demo.database("Tracker").removeprefix("sqlite:///")).parents[1]
    assert len(servers) == 2
    assert folder.is_dir()
    assert demo.end(number) == (0, "")
    assert not any(is_running(pid) for pid in servers)
    assert not folder.exists()


@pytest.mark.parametrize(("which", "name"), [(0, "Tracker"), (1, "Start page")])
def test_if_one_dies_the_command_says_which_and_ends_the_other(which: int, name: str) -> None:
    """Issue: if one dies the command says which and ends the other."""
    demo = start_demo("--port", "0")
    servers = demo.list_servers()
    kill(servers[which])
    code, err = demo.wait()
    assert code == 1
    assert err.startswith(f"applinks: {name} ended (signal 9)")
    assert not any(is_running(pid) for pid in servers)


def test_if_the_command_is_killed_the_applications_end(tmp_path: Path) -> None:
    """Ours: nothing goes on running unseen."""
    demo = start_demo("--port", "0", "--state-dir", str(tmp_path))
    servers = demo.list_servers()
    demo.end(signal.SIGKILL)
    wait_until(lambda: not any(is_running(pid) for pid in servers))


def test_a_named_folder_is_gone_on_from(tmp_path: Path) -> None:
    """Issue: --state-dir keeps the data and goes on from there."""
    first = start_demo("--linked", "--port", "0", "--state-dir", str(tmp_path))
    [before] = read_json("links", "list", "--database", first.database("Tracker"))
    assert first.end() == (0, "")
    second = start_demo("--linked", "--state-dir", str(tmp_path))
    try:
        assert second.told["applications"] == first.told["applications"]
        [after] = read_json("links", "list", "--database", second.database("Tracker"))
        assert (after["id"], after["usable"]) == (before["id"], True)
    finally:
        second.end()
    other = run_command("demo", "--json", "--port", "7", "--state-dir", str(tmp_path))
    assert (other.returncode, other.stdout) == (1, "")
    assert "belongs to the ports" in other.stderr


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    """Issue: a read-only folder gives a clear message."""
    (tmp_path / "file").write_text("")
    found = run_command("demo", "--port", "0", "--state-dir", str(tmp_path / "file" / "below"))
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.startswith("applinks: ")
    assert found.stderr.count("\n") == 1


def test_a_taken_second_port_is_named() -> None:
    """Issue: a taken port gives a clear message."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        found = run_command("demo", "--port", str(port - 1))
    assert (found.returncode, found.stdout) == (1, "")
    assert f"Port {port} is taken" in found.stderr or f"Port {port - 1} " in found.stderr


def test_a_wrong_setting_is_a_sentence(tmp_path: Path) -> None:
    """Ours: --config is checked before anything starts."""
    (tmp_path / "bad.toml").write_text("nonsense = 1\n")
    found = run_command("demo", "--port", "0", "--config", str(tmp_path / "bad.toml"))
    assert (found.returncode, found.stdout) == (1, "")
    assert "nonsense" in found.stderr
    assert found.stderr.count("\n") == 1
