"""Secrets are compared in constant time, by reading the source: time itself is nothing that a test can rely on."""

import ast
import inspect
from collections.abc import Callable
from pathlib import Path

import pytest

from applinks.secret import Secret, is_same_digest
from applinks.web.cross_site import check_token
from applinks.wire.oauth2.pkce import is_code_challenge_of

SOURCE = Path(__file__).parents[2] / "src" / "applinks"
# What these are called holds a secret, or the digest of one that strangers may present.
SECRET_NAMES = frozenset({"digest", "code_challenge", "code_verifier", "csrf_token", "access_token", "refresh_token"})


def _is_secret(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr == "reveal"
    if isinstance(node, ast.Attribute):
        return node.attr in SECRET_NAMES
    return isinstance(node, ast.Name) and node.id in SECRET_NAMES


def _find_plain_comparisons(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Compare) or not all(isinstance(each, ast.Eq | ast.NotEq) for each in node.ops):
            continue
        sides = [node.left, *node.comparators]
        if any(isinstance(side, ast.Constant) for side in sides):
            continue  # Whether there is one at all.
        if any(_is_secret(side) for side in sides):
            found.append(f"{path.relative_to(SOURCE)}:{node.lineno}: {ast.unparse(node)}")
    return found


@pytest.mark.requirement("AS-10")
@pytest.mark.parametrize("compare", [is_code_challenge_of, is_same_digest, Secret.__eq__, check_token])
def test_whoever_compares_secrets_takes_as_long_for_every_value(compare: Callable[..., object]) -> None:
    """Security AS-10, N-08: hmac.compare_digest."""
    assert "hmac.compare_digest(" in inspect.getsource(compare)


@pytest.mark.requirement("AS-10")
def test_nobody_else_compares_secrets() -> None:
    """Ours: digests of agreements are public, and the record of a link holds no other."""
    public = {"linking", "wire/linking", "records/links.py"}
    found = [
        each
        for path in SOURCE.rglob("*.py")
        if not any(path.relative_to(SOURCE).as_posix().startswith(place) for place in public)
        for each in _find_plain_comparisons(path)
    ]
    assert found == []
