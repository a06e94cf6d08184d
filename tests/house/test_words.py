"""The house's words: one word for a concept, one concept for a word."""

import ast
import re
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "applinks"
# House §5: never these as names of ours. Wire names and other people's APIs are texts and attributes: not looked at.
BANNED = re.compile(
    r"(?:^|_)(auth|authn|authz|remote|partner|inbound|outbound|consume|burn|kill)(?:_|$)", re.IGNORECASE
)
# Words of both protocols, which are qualified: oauth_verifier, code_verifier.
CLASHING = {"verifier"}


def _defined_names(path: Path) -> set[str]:
    names = {path.stem}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


def test_no_name_uses_a_word_that_the_house_replaced() -> None:
    """Ours: authorization or authentication, peer, incoming, outgoing, claim, revoke."""
    found = {
        f"{path.relative_to(SOURCE)}: {name}"
        for path in SOURCE.rglob("*.py")
        for name in _defined_names(path)
        if BANNED.search(name) or name in CLASHING
    }
    assert found == set()


def test_nothing_is_left_for_later() -> None:
    """Ours: no marker of unfinished work in the source."""
    marker = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    assert [path for path in SOURCE.rglob("*.py") if marker.search(path.read_text("utf-8"))] == []
