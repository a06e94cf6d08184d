"""The command ``applinks``."""

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
    for noun in ("demo", "links", "failures", "database"):
        assert noun in found.out


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
