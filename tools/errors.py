"""Every error code and every sentence for people, from the tables and the raising lines of the source."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from applinks import errors
from applinks.incoming.oauth1.problems import _DESCRIPTIONS as PROBLEMS
from applinks.linking.errors import _DESCRIPTIONS, LinkingError
from applinks.outgoing import errors as outgoing_errors
from applinks.storage.sealing import sealer
from applinks.wire.oauth1.problems import Problem
from applinks.wire.oauth2.error_codes import ErrorCode
from applinks.words.refusals import REFUSALS
from applinks.words.servers import WARNINGS
from applinks.words.states import CHECKS, ENDS, RESTS, STATES

_NAMES = {"us": "Tracker", "peer": "Start page", "caller": "Start page", "server": "Tracker"}
_SERVER = {"server": "id.example", "token_host": "tokens.example"}
# Whose first text is a description that leaves us; the others' texts stay in the log and the failure inbox.
_SPEAKING = {
    "AccessDeniedError",
    "AuthorizationRedirect",
    "DocumentError",
    "GrantEndedError",
    "LinkUnusableError",
    "MalformedRequestError",
    "PeerProtocolError",
    "PeerRefusedError",
    "PeerUnreachableError",
    "RefusedError",
    "StoreBusyError",
    "StoreError",
    "UnsafeCallError",
    "WrongIssuerError",
}
# What takes a code, and then what is said of it; so does a `_refuse` that takes a problem of OAuth 1.0a.
_CODE_FIRST = {"build_refusal", "_FaultError", "AuthorizationRedirect"}
# Where the errors are that a host may catch.
_MODULES = (errors, outgoing_errors, sealer)
_DEFAULTS = {
    name: each.code
    for module in _MODULES
    for name, each in vars(module).items()
    if isinstance(each, type) and issubclass(each, errors.ApplinksError)
} | {"MalformedRequestError": ErrorCode.INVALID_REQUEST}
_MEANINGS: Mapping[ErrorCode, str] = {
    ErrorCode.INVALID_REQUEST: "Something is missing, said twice, or not well formed.",
    ErrorCode.INVALID_CLIENT: "The client is not known, or did not prove itself.",
    ErrorCode.INVALID_GRANT: "The code or refresh token is not good, or not any more; the user has to connect again.",
    ErrorCode.UNAUTHORIZED_CLIENT: "The client may not do this, or its direction of the link is switched off.",
    ErrorCode.UNSUPPORTED_GRANT_TYPE: "There is no such way to obtain a token here.",
    ErrorCode.UNSUPPORTED_RESPONSE_TYPE: "Only `code` is issued.",
    ErrorCode.UNSUPPORTED_TOKEN_TYPE: "Tokens of this type cannot be revoked.",
    ErrorCode.INVALID_SCOPE: "A scope is unknown, or more than is allowed.",
    ErrorCode.INVALID_TARGET: "`resource` is not one of this application.",
    ErrorCode.ACCESS_DENIED: "The user said no, or may not grant anything.",
    ErrorCode.SERVER_ERROR: "A mistake of this application.",
    ErrorCode.TEMPORARILY_UNAVAILABLE: "The link is paused, rests or is not in force yet, or the database is busy; "
    "what the client holds stays good.",
    ErrorCode.INVALID_TOKEN: "The access token is not good here, or not any more; renew it.",
    ErrorCode.INSUFFICIENT_SCOPE: "The token opens less than this; the challenge names what is needed.",
}
_INTRODUCTION = """\
# Errors

A refusal of a request from a program is JSON with `error`, `error_description` and `reference`.
One of a request over OAuth 1.0a is a form with `oauth_problem`, what belongs to it, and `reference`.
One on a page says what happened and what to do, and shows the reference.
The reason stands in neither: whoever can open the database reads it with `applinks failures show REFERENCE`.

Two families never mix.
A `RefusedError` is the mistake of whoever called us, a `PeerError` that of the application that we called.
"""


def format_errors(source: Path) -> str:
    """Give the page on every error."""
    parts = [
        _INTRODUCTION,
        *_format_classes(),
        *_format_oauth(),
        *_format_problems(),
        *_format_linking(),
        *_format_descriptions(source),
        *_format_refusals(),
        *_format_states(),
    ]
    return "\n".join(parts) + "\n"


def find_codes(source: Path) -> set[str]:
    """Give every code that the source names where it raises or declares an error, tables apart."""
    codes = set(_DESCRIPTIONS) | set(PROBLEMS) | set(REFUSALS) | set(ErrorCode) | set(_DEFAULTS.values())
    for path in _list_files(source):
        tree = ast.parse(path.read_text("utf-8"))
        codes |= {code for code, _ in _find_raised(tree)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _get_name(node.func) == "LinkingError" and node.args:
                codes |= set(_list_texts(node.args[0]))
            for keyword in node.keywords if isinstance(node, ast.Call) else ():
                if keyword.arg == "code":
                    codes |= set(_list_texts(keyword.value))
    return {str(code) for code in codes}


def _format_classes() -> Iterator[str]:
    yield "## What a host catches"
    yield ""
    yield "`applinks.connection(…)` raises a `PeerError`, and the start-up one of the others."
    yield ""
    yield from _begin_table("class", "code", "when")
    for module in _MODULES:
        for name, each in vars(module).items():
            is_own = isinstance(each, type) and each.__module__ == module.__name__
            if is_own and issubclass(each, errors.ApplinksError):
                yield _row(f"`{name}`", f"`{each.code}`", _get_first_paragraph(each.__doc__))
    yield ""


def _format_oauth() -> Iterator[str]:
    yield "## Codes of OAuth 2"
    yield ""
    yield "Of the endpoints under `/applinks/oauth2`, of guarded routes, and of authorization responses."
    yield "`authentication_required` is ours: a guarded route was called without any credentials."
    yield ""
    yield from _begin_table("code", "means")
    if missing := set(ErrorCode) - _MEANINGS.keys():
        raise SystemExit(f"tools/errors.py says nothing of {', '.join(sorted(missing))}")
    for code in ErrorCode:
        yield _row(f"`{code}`", _MEANINGS[code])
    yield ""


def _format_problems() -> Iterator[str]:
    yield "## Problems of OAuth 1.0a"
    yield ""
    yield "Of its addresses and of guarded routes, in the challenge and in the body; neither holds a secret."
    yield "With `signature_invalid` comes the text that we took to be signed."
    yield ""
    yield from _begin_table("code", "status", "means")
    for problem, meaning in PROBLEMS.items():
        yield _row(f"`{problem}`", str(problem.status), meaning)
    yield ""


def _format_linking() -> Iterator[str]:
    yield "## Codes of linking"
    yield ""
    yield "Of `/applinks/link/statement` and `/applinks/link/check`, with these descriptions; pages have sentences."
    yield ""
    yield from _begin_table("code", "status", "description")
    for code, description in _DESCRIPTIONS.items():
        yield _row(f"`{code}`", str(LinkingError(code).status), description)
    yield ""


def _format_descriptions(source: Path) -> Iterator[str]:
    yield "## Descriptions"
    yield ""
    yield "What `error_description`, or the description of an error that a host catches, says."
    yield ""
    found: dict[str, set[str]] = defaultdict(set)
    for path in _list_files(source):
        for code, description in _find_raised(ast.parse(path.read_text("utf-8"))):
            if description:
                found[code].add(description)
    yield from _begin_table("code", "description")
    for code in sorted(found):
        for description in sorted(found[code]):
            yield _row(f"`{code}`", description)
    yield ""


def _format_refusals() -> Iterator[str]:
    yield "## Sentences on pages"
    yield ""
    yield "As they stand on a page of Tracker, about Start page."
    yield "A code without a sentence of its own is shown with its description, or in the words of its family."
    yield ""
    yield from _begin_table("code", "what happened", "what to do")
    for code, texts in REFUSALS.items():
        yield _row(f"`{code}`", *(text.format(**_NAMES) for text in texts))
    yield ""


def _format_states() -> Iterator[str]:
    yield "## What the page of a link says"
    yield ""
    yield from _begin_table("state", "word")
    for key, word in STATES.items():
        yield _row(f"`{key}`", word)
    tables = (
        ("Why a link rests", RESTS),
        ("What a test call found, when Start page called Tracker", CHECKS),
    )
    for title, table in tables:
        yield from ("", f"### {title}", "")
        yield from _begin_table("code", "what", "what to do")
        for code, texts in table.items():
            yield _row(f"`{code}`", *(text.format(**_NAMES) for text in texts))
    yield from ("", "### Why a link ended", "")
    yield from _begin_table("reason", "what")
    for reason, text in ENDS.items():
        yield _row(f"`{reason}`", text.format(**_NAMES))
    yield from ("", "### What is remarkable about a server without Applinks, before it is linked", "")
    yield from _begin_table("code", "what", "what to do")
    for code, texts in WARNINGS.items():
        yield _row(f"`{code}`", *(text.format(**_SERVER) for text in texts))


def _find_raised(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Give code and description of every error that is made here and speaks to others."""
    for scope in ast.walk(tree):
        if isinstance(scope, ast.ClassDef):
            yield from _read_class(scope)
        if not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        texts: dict[str, str] = {}
        nodes = [node for node in ast.walk(scope) if isinstance(node, ast.Assign | ast.Call)]
        for node in sorted(nodes, key=lambda each: each.lineno):
            match node:
                case ast.Assign(
                    targets=[ast.Name(id=name)], value=ast.Constant(value=str()) | ast.JoinedStr() as value
                ):
                    texts[name] = _get_text(value, {})
                case ast.Call():
                    yield from _read_call(node, texts)


def _read_class(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """Give the code of a class of errors, and what its constructor says."""
    if not node.name.endswith("Error"):
        return
    for each in node.body:
        match each:
            case ast.Assign(targets=[ast.Name(id="code")], value=ast.Constant(value=str() as code)):
                texts = [_get_text(call.args[0], {}) for call in _list_own_calls(node)]
                yield code, texts[0] if texts else ""


def _list_own_calls(node: ast.ClassDef) -> Iterator[ast.Call]:
    for each in ast.walk(node):
        match each:
            case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr="__init__"), args=[_, *_]):
                yield each


def _read_call(node: ast.Call, texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    name = _get_name(node.func)
    keywords = {keyword.arg: keyword.value for keyword in node.keywords}
    values = list(node.args)
    said: ast.expr | None
    if len(values) >= 2 and (name in _CODE_FIRST or (name == "_refuse" and _get_owner(values[0]) == "Problem")):
        codes, said = list(_list_texts(values[0])), values[1]
    elif name == "InvalidValueError" and len(values) == 3:
        codes, said = list(_list_texts(values[1])), values[2]
    elif name == "Refuse":
        codes, said = list(_list_texts(keywords.get("code"))), keywords.get("description")
    elif name in _SPEAKING:
        given = list(_list_texts(keywords.get("code")))
        codes, said = given or [_DEFAULTS.get(name, "")], values[0] if values else None
    else:
        return
    description = _get_text(said, texts)
    for code in codes:
        if code:
            yield code, description


def _list_texts(node: ast.expr | None) -> Iterator[str]:
    """Give the codes that an expression can be: a text, a member of `ErrorCode` or `Problem`, or one of two."""
    match node:
        case ast.Constant(value=str() as text):
            yield text
        case ast.Attribute(value=ast.Name(id="ErrorCode"), attr=attr):
            yield ErrorCode[attr].value
        case ast.Attribute(value=ast.Name(id="Problem"), attr=attr) if attr in Problem.__members__:
            yield Problem[attr].value
        case ast.IfExp(body=body, orelse=orelse):
            yield from _list_texts(body)
            yield from _list_texts(orelse)
        case ast.BoolOp(values=values):
            for each in values:
                yield from _list_texts(each)


def _get_text(node: ast.expr | None, texts: Mapping[str, str]) -> str:
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.Name(id=name):
            return texts.get(name, "")
        case ast.JoinedStr(values=values):
            return "".join(str(each.value) if isinstance(each, ast.Constant) else "…" for each in values)
        case _:
            return ""


def _get_owner(node: ast.expr) -> str:
    return _get_name(node.value) if isinstance(node, ast.Attribute) else ""


def _get_name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _list_files(source: Path) -> list[Path]:
    return [path for path in sorted(source.rglob("*.py")) if "demo" not in path.relative_to(source).parts]


def _get_first_paragraph(text: str | None) -> str:
    return " ".join((text or "").strip().split("\n\n")[0].split()).replace("``", "`")


def _begin_table(*names: str) -> Iterator[str]:
    yield _row(*names)
    yield "|" + "---|" * len(names)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
