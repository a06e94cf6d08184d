"""What a user installs: the wheel, into an empty environment, without extras."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import leave_out

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
MOST_SECONDS = 300


def _run(*command: object, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(each) for each in command],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=MOST_SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds the wheel and what it depends on, as locked; the folder of its commands."""
    folder = tmp_path_factory.mktemp("wheel")
    built = _run(UV, "build", "--quiet", "--wheel", "--out-dir", folder, ROOT, folder=folder)
    if built.returncode:
        if "fetch" in built.stderr or "resolve" in built.stderr:
            leave_out("the package index")
        raise AssertionError(built.stderr)
    (wheel,) = folder.glob("applinks-*.whl")
    environment = folder / "environment"
    for command in (
        (UV, "venv", "--quiet", "--python", sys.executable, environment),
        (UV, "pip", "install", "--quiet", "--require-hashes", "-r", ROOT / "requirements" / "runtime.txt"),
        (UV, "pip", "install", "--quiet", "--no-deps", wheel),
    ):
        result = _run(*command, folder=folder, VIRTUAL_ENV=str(environment))
        assert result.returncode == 0, result.stderr
    return environment / "bin"


def test_the_wheel_runs_the_demo_linked(installed: Path, tmp_path: Path) -> None:
    """Ours: templates, styles, migrations and the demo are inside the wheel; both ends say *in force*."""
    command = [str(installed / "applinks"), "demo", "--linked", "--json", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as demo:
        try:
            assert demo.stdout is not None
            line = demo.stdout.readline()
            assert line, demo.stderr.read() if demo.stderr else ""
            for application in json.loads(line)["applications"]:
                database = application["database"]
                listed = _run(
                    installed / "applinks", "links", "list", "--json", "--database", database, folder=tmp_path
                )
                (link,) = json.loads(listed.stdout)
                assert (link["state"], link["incoming"]["enabled"], link["outgoing"]["enabled"]) == (
                    "in_force",
                    True,
                    True,
                )
        finally:
            demo.terminate()


def test_the_wheel_is_typed(installed: Path) -> None:
    """Ours: the public API is typed, checked from a built wheel."""
    result = _run(
        installed / "python",
        "-c",
        "import applinks, importlib.resources as r; print(r.files(applinks) / 'py.typed')",
        folder=installed,
    )
    assert Path(result.stdout.strip()).exists()
