"""The house's budgets: what stands over a limit is split, or says in one comment why it is better whole."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "applinks"
MOST_FUNCTION_LINES = 60
MOST_FILE_LINES = 400
MOST_PARAMETERS = 8
MOST_MODULES = 16
MOST_PUBLIC_NAMES = 40
NAMELESS = {"utils", "helpers", "common", "misc", "core", "base", "manager"}


def _files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def _functions() -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in _files():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the function without its docstring, which is there to be read."""
    body = node.body
    documented = ast.get_docstring(node) is not None
    inside = (body[0].end_lineno or 0) - body[0].lineno + 1 if documented else 0
    return (node.end_lineno or 0) - node.lineno + 1 - inside


def test_no_file_is_longer_than_the_limit() -> None:
    """Ours: a file is split before it is 400 lines."""
    lengths = {str(path.relative_to(SOURCE)): len(path.read_text("utf-8").splitlines()) for path in _files()}
    assert {name: length for name, length in lengths.items() if length > MOST_FILE_LINES} == {}


def test_no_function_is_longer_than_the_limit() -> None:
    """Ours: a function fits on a screen."""
    over = [
        f"{path.name}:{node.name} {_length(node)}" for path, node in _functions() if _length(node) > MOST_FUNCTION_LINES
    ]
    assert over == []


def test_no_function_takes_more_parameters_than_the_limit() -> None:
    """Ours: eight at the most; records are made by their fields and are no functions."""
    over = []
    for path, node in _functions():
        count = len(node.args.posonlyargs) + len(node.args.args) + len(node.args.kwonlyargs)
        count -= sum(argument.arg in {"self", "cls"} for argument in node.args.args[:1])
        if count > MOST_PARAMETERS:
            over.append(f"{path.name}:{node.name} {count}")
    assert over == []


def test_no_folder_holds_more_modules_than_the_limit() -> None:
    """Ours: a folder is seen in one look."""
    folders = {path.parent for path in _files()}
    counts = {str(folder.relative_to(SOURCE)): len(list(folder.glob("*.py"))) - 1 for folder in folders}
    assert {name: count for name, count in counts.items() if count > MOST_MODULES} == {}


def test_every_file_has_a_name_that_says_whose_code_it_is() -> None:
    """Ours: no file is called after nothing."""
    assert [path for path in _files() if path.stem in NAMELESS] == []


@pytest.mark.parametrize("version", ["oauth1", "oauth2"])
def test_every_outgoing_exchange_has_its_incoming_namesake(version: str) -> None:
    """Ours, the mirror: one asks, the other answers."""
    outgoing, incoming = SOURCE / "outgoing" / version, SOURCE / "incoming" / version
    names = {str(path.relative_to(outgoing)) for path in outgoing.rglob("*.py")}
    assert len(names) > 1
    assert names - {str(path.relative_to(incoming)) for path in incoming.rglob("*.py")} == set()


def test_the_public_names_are_few_and_real() -> None:
    """Ours: what is public at the top is named in `__all__`, sorted, and exists."""
    import applinks

    assert applinks.__all__ == sorted(applinks.__all__)
    assert all(hasattr(applinks, name) for name in applinks.__all__)
    assert len(applinks.__all__) <= MOST_PUBLIC_NAMES


def test_the_ten_longest_functions_and_files_are_printed(capsys: object) -> None:
    """Ours: the table that a maintainer looks at (`pytest -s tests/house`)."""
    functions = sorted(
        ((_length(node), f"{path.relative_to(SOURCE)}:{node.name}") for path, node in _functions()), reverse=True
    )
    files = sorted(
        ((len(path.read_text("utf-8").splitlines()), str(path.relative_to(SOURCE))) for path in _files()), reverse=True
    )
    for length, name in functions[:10] + files[:10]:
        print(f"{length:5} {name}")
    assert functions
    assert files
