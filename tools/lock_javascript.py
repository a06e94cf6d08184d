"""
Writes tests/javascript/package-lock.json anew from package.json, without the address of any host.

``python -m tools.lock_javascript``; npm leaves out where packages come from (``.npmrc``), we their sponsors.
"""

import json
import subprocess
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "tests" / "javascript"


def main() -> None:
    """Resolve, and take out what names a host."""
    lock = FOLDER / "package-lock.json"
    subprocess.run(("npm", "install", "--package-lock-only", "--loglevel=error"), cwd=FOLDER, check=True)
    written = json.loads(lock.read_text("utf-8"))
    for package in written["packages"].values():
        package.pop("funding", None)
    lock.write_text(json.dumps(written, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
