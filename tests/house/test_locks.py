"""The lock files: exact, and the same wherever the packages come from."""

import json
import re

from tests.javascript import FOLDER
from tools.docs import ROOT

_LOCKED = json.loads((FOLDER / "package-lock.json").read_text("utf-8"))["packages"]
_LOCKS = [FOLDER / "package-lock.json", *(ROOT / "requirements").glob("*.txt")]


def test_no_lock_names_where_a_package_was_fetched_from() -> None:
    """Ours: a lock holds names, versions and hashes, and works with every registry."""
    assert [path.name for path in _LOCKS if "://" in path.read_text("utf-8")] == []


def test_every_package_in_javascript_is_locked_by_its_hash() -> None:
    """Ours: what runs beside our tests is what we looked at."""
    packages = {name: each for name, each in _LOCKED.items() if name}
    assert len(packages) > 50
    assert [name for name, each in packages.items() if not each.get("integrity")] == []


def test_we_name_exact_versions_in_javascript() -> None:
    """Ours: an oracle changes when we say so."""
    chosen = json.loads((FOLDER / "package.json").read_text("utf-8"))
    versions = {**chosen["dependencies"], **chosen["optionalDependencies"]}
    assert {name: each for name, each in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", each)} == {}
    assert {name: each for name, each in versions.items() if _LOCKED[f"node_modules/{name}"]["version"] != each} == {}
