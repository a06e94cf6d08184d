"""Other people's software in JavaScript, as tests/javascript locks it, and a Node.js that is new enough to run it."""

import json
import platform
import re
import shutil
import subprocess
from pathlib import Path

FOLDER = Path(__file__).parent / "javascript"
PACKAGES = FOLDER / "node_modules"
MISSING_PART = "Node.js with the packages of tests/javascript (npm)"
# oidc-provider and oauth2-mock-server want 22.12; node:sqlite is there without a flag since 22.13.
_OLDEST = (22, 13)


def find_node() -> str | None:
    """Give the Node.js that came with the packages, else the machine's; None: the packages or both are missing."""
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    if any(not (PACKAGES / name).is_dir() for name in read_packages()):
        return None
    for node in (PACKAGES / f"node-linux-{machine}" / "bin" / "node", shutil.which("node")):
        if node and (_read_version(str(node)) or (0, 0)) >= _OLDEST:
            return str(node)
    return None


def read_packages() -> dict[str, str]:
    """Give every package that we chose, with its exact version."""
    chosen: dict[str, str] = json.loads((FOLDER / "package.json").read_text("utf-8"))["dependencies"]
    return chosen


def _read_version(node: str) -> tuple[int, int] | None:
    try:
        said = subprocess.run((node, "--version"), capture_output=True, text=True, check=False).stdout
    except OSError:
        return None
    version = re.match(r"v(\d+)\.(\d+)\.", said)
    return (int(version[1]), int(version[2])) if version else None
