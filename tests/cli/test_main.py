"""The command ``applinks``."""

import re
import subprocess
import sys
from importlib.metadata import version

import pytest

from tests.cli.conftest import Run


def test_the_version_is_the_package_s(run: Run) -> None:
    """Ours."""
    assert run("--version").out.strip() == version("applinks")


def test_help_names_every_noun(run: Run) -> None:
    """Product §4."""
    found = run("--help")
    assert found.code == 0
    for noun in ("demo", "serve", "users", "links", "clients", "tokens", "keys", "out", "failures", "database"):
        assert re.search(rf"\b{noun} +[A-Z]", found.out), noun


@pytest.mark.parametrize(
    "arguments",
    [
        ("dmo",),
        ("--nonsense",),
        ("demo", "--port", "70000"),
        ("demo", "--no-linked"),
        ("demo", "--database", "x"),
        ("links", "lst"),
    ],
)
def test_wrong_use_gives_exit_code_2(run: Run, arguments: tuple[str, ...]) -> None:
    """Product §4: exit 2 for wrong use; nothing on standard output."""
    found = run(*arguments)
    assert (found.code, found.out) == (2, "")
    assert found.err


@pytest.mark.parametrize("arguments", [("demo", "extra"), ("links", "show", "a", "extra")])
def test_an_argument_too_many_is_named(run: Run, arguments: tuple[str, ...]) -> None:
    """Ours: in words that are not a parser's."""
    found = run(*arguments)
    assert (found.code, found.out) == (2, "")
    assert "Too many arguments: extra." in found.err


def test_an_unknown_link_is_said_once_with_the_command_that_lists_them(run_server: Run) -> None:
    """Ours: the advice of the pages is no help here."""
    found = run_server("links", "show", "nothing")
    assert found.err == "applinks: There is no such link. See: applinks links list\n"


def test_a_database_that_fails_is_named_with_its_own_words(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours: whoever runs a command sees no log."""
    monkeypatch.setenv("APPLINKS_DATABASE", "postgresql://me:pass-word@nowhere.invalid/shop")
    monkeypatch.setenv("APPLINKS_SEALING_KEY", "A" * 43)
    found = run("users", "list")
    assert (found.code, found.out) == (1, "")
    assert "The database cannot be reached" in found.err
    assert "postgresql://me@nowhere.invalid/shop" in found.err
    assert "pass-word" not in found.err


@pytest.mark.parametrize("arguments", [("users", "list"), ("database", "check")])
def test_a_database_that_is_not_there_is_said_with_what_makes_it(run: Run, arguments: tuple[str, ...]) -> None:
    """Ours."""
    assert "applinks database upgrade makes it." in run(*arguments).err


def test_wrong_use_is_a_whole_sentence(run_server: Run) -> None:
    """Ours."""
    assert run_server("tokens", "revoke").err.startswith("applinks: Say which: ")
    assert run_server("links", "edit", "x").err.startswith("applinks: Say what shall change: ")


def test_help_loads_neither_the_servers_nor_the_database() -> None:
    """Ours: --help answers at once."""
    code = (
        "import sys; sys.argv = ['applinks', '--help']\n"
        "from applinks.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'sqlalchemy', 'starlette', 'uvicorn', 'httpx2', 'alembic', 'cryptography'} & set(sys.modules)\n"
        "sys.exit(','.join(sorted(heavy)) or 0)\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 0, found.stderr


def test_help_and_serving_load_no_group_of_commands() -> None:
    """Ours: what starts often starts soon."""
    code = (
        "import sys; sys.argv = ['applinks', *sys.argv[1:]]\n"
        "from applinks.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "groups = ('users', 'links', 'clients', 'tokens', 'keys', 'failures', 'database')\n"
        "sys.exit(','.join(each for each in groups if f'applinks.cli.{each}' in sys.modules) or 0)\n"
    )
    for arguments in (["--help"], ["serve", "--database", "nothing"]):
        command = [sys.executable, "-c", code, *arguments]
        found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert found.returncode == 0, found.stderr
