"""The command ``applinks out``."""

import json as json_module
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from applinks.cli.asking import read_bytes
from applinks.cli.options import CommonOptions, LinkArgument
from applinks.cli.output import print_json, print_note, refuse_use

if TYPE_CHECKING:
    from applinks.errors import AuthorizationNeeded
    from applinks.fetching.transport import HttpResponse

_FIRST_ERROR_STATUS = 400
_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"


async def out(
    link: LinkArgument,
    path: Annotated[str, Parameter(help="The path at the linked application, such as /api/issues.")],
    /,
    *,
    user: Annotated[
        str | None,
        Parameter(help="Call as this user of ours, by name or id. By default the application itself calls."),
    ] = None,
    method: Annotated[str | None, Parameter(help="The HTTP method. [default: GET, or POST with --data]")] = None,
    data: Annotated[
        str | None,
        Parameter(
            allow_leading_hyphen=True, help="The body to send; @FILE reads it from a file, - from standard input."
        ),
    ] = None,
    header: Annotated[
        tuple[str, ...], Parameter(negative="", show_default=False, help='A header to send, "Name: value"; repeatable.')
    ] = (),
    common: CommonOptions | None = None,
) -> None:
    """
    Call a linked application, as one of our users or as this application itself.

    The answer's body goes to standard output, and the exit code is 1 where its
    status is 400 or more.
    """
    common = common or CommonOptions()
    body = None if data is None else _read_body(data)
    headers = _parse_headers(header)
    if body is not None and "content-type" not in {name.lower() for name, _ in headers}:
        headers.append(("Content-Type", _guess_type(body)))
    call = _Call(
        link=link,
        path=path,
        user=user,
        method=(method or ("GET" if body is None else "POST")).upper(),
        sent={"headers": headers} | ({} if body is None else {"content": body}),
    )
    answer = await _send(call, common)
    if common.json:
        print_json(_describe(answer))
    else:
        _print_body(answer.content)
    if answer.status_code >= _FIRST_ERROR_STATUS:
        print_note(f"applinks: {link} answered {answer.status_code} {answer.reason_phrase}".rstrip() + ".")
        sys.exit(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """A call as it was typed; ``sent`` are the options of the connection's method."""

    link: str
    path: str
    user: str | None
    method: str
    sent: dict[str, Any] = field(repr=False)


async def _send(call: _Call, common: CommonOptions) -> "HttpResponse":
    from applinks.cli.opening import find_user_id
    from applinks.cli.sides import open_sides
    from applinks.errors import AuthorizationNeeded, RefusedError, UnsafeCallError
    from applinks.outgoing.connection import PeerConnection

    async with open_sides(common) as sides:
        user_id = None if call.user is None else await find_user_id(call.user, storage=sides.storage)
        connection = PeerConnection(call.link, user_id=user_id, side=sides.outgoing)
        try:
            return await connection.request(call.method, call.path, **call.sent)
        except AuthorizationNeeded as error:
            raise RefusedError(_say_needed(error, call), code=error.code) from error
        except UnsafeCallError:
            raise
        except ValueError as error:
            # The HTTP library's word for a method or a header that cannot be written.
            raise RefusedError(f"The request cannot be sent as it was typed: {error}.") from error


def _say_needed(error: "AuthorizationNeeded", call: _Call) -> str:
    if call.user is None:
        return f"{call.link} gave this application no credentials of its own. To call as a user, add --user NAME."
    return f"{call.user} is not connected with {call.link} yet. Log in as {call.user} and open: {error.url}"


def _read_body(data: str) -> bytes:
    from applinks.errors import RefusedError

    if data == "-":
        return read_bytes(what="The body")
    if not data.startswith("@"):
        return data.encode()
    try:
        return Path(data[1:]).read_bytes()
    except OSError as error:
        raise RefusedError(f"{data[1:]} cannot be read: {error.strerror}.") from error


def _parse_headers(lines: tuple[str, ...]) -> list[tuple[str, str]]:
    found = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            refuse_use(f'--header {line!r} is not understood; write "Name: value"')
        found.append((name.strip(), value.strip()))
    return found


def _guess_type(body: bytes) -> str:
    """Say what a body is whose type was not named: JSON, or else a form."""
    try:
        json_module.loads(body)
    except ValueError:
        return _FORM
    return _JSON


def _describe(answer: "HttpResponse") -> dict[str, Any]:
    try:
        body = json_module.loads(answer.content)
    except ValueError:
        body = answer.text
    return {"status": answer.status_code, "headers": dict(answer.headers), "body": body}


def _print_body(body: bytes) -> None:
    """Print the body as it came; on a terminal it ends its line, and cannot move the terminal."""
    if sys.stdout.isatty():
        text = body.decode("utf-8", "replace")
        print("".join(each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}" for each in text))
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()
