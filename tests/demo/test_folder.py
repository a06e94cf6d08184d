"""Where the demo keeps its data."""

from pathlib import Path

import pytest

from applinks.demo.folder import DemoError, open_folder


def test_a_temporary_folder_is_removed() -> None:
    """Ours: by default nothing stays behind."""
    with open_folder(None) as folder:
        (folder.for_application("tracker") / "tracker.db").write_text("data")
    assert not folder.path.exists()


def test_a_named_folder_keeps_its_data_and_its_ports(tmp_path: Path) -> None:
    """Ours: --state-dir goes on from what is there."""
    with open_folder(tmp_path / "deep" / "state") as folder:
        assert folder.find_ports() is None
        folder.save_ports((8001, 8002))
    with open_folder(tmp_path / "deep" / "state") as folder:
        assert folder.find_ports() == (8001, 8002)


def test_a_second_demo_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    """Ours: two processes on one state would both answer for it."""
    with open_folder(tmp_path), pytest.raises(DemoError, match=r"runs on .* already"), open_folder(tmp_path):
        pass


def test_a_place_that_cannot_be_a_folder_is_named(tmp_path: Path) -> None:
    """Ours: a clear message (a place below a file stands for what cannot be written, since root writes everywhere)."""
    (tmp_path / "file").write_text("")
    with pytest.raises(DemoError, match="cannot be written"), open_folder(tmp_path / "file" / "state"):
        pass


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """Ours: who names a file by mistake is told that it is one."""
    file = tmp_path / "README.md"
    file.write_text("text")
    with pytest.raises(DemoError) as raised, open_folder(file):
        pass
    assert raised.value.description == f"{file} is a file; --state-dir needs a folder."
    assert file.read_text() == "text"


@pytest.mark.parametrize("text", ["", "[1]", "[1, 2, 3]", '{"a": 1}', '["a", "b"]', "null"])
def test_ports_that_cannot_be_read_are_a_clear_error(tmp_path: Path, text: str) -> None:
    """Ours: a damaged file is no traceback."""
    (tmp_path / "ports.json").write_text(text)
    with open_folder(tmp_path) as folder, pytest.raises(DemoError, match=r"ports\.json"):
        folder.find_ports()


def test_a_named_folder_keeps_what_its_applications_speak(tmp_path: Path) -> None:
    """Ours: a link of the folder is over what both spoke when it was made."""
    with open_folder(tmp_path) as folder:
        assert folder.find_protocol() is None
        folder.save_protocol("both")
    with open_folder(tmp_path) as folder:
        assert folder.find_protocol() == "both"
    (tmp_path / "protocol.json").write_text('"other"')
    with open_folder(tmp_path) as folder:
        assert folder.find_protocol() is None
    (tmp_path / "protocol.json").write_text("{")
    with open_folder(tmp_path) as folder, pytest.raises(DemoError, match=r"protocol\.json"):
        folder.find_protocol()
