"""What all messages of OAuth 2 share: their errors, and how a parameter is read and written."""

import re

from applinks.wire.forms import Form, Pair
from applinks.wire.oauth2.error_codes import ErrorCode
from applinks.wire.oauth2.scope import MalformedScopeError, format_scope, parse_scope

_ERROR = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]{1,200}\Z")
_NOT_IN_DESCRIPTION = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")


class MalformedRequestError(ValueError):
    """
    A request to us that breaks the protocol.

    Attributes:
        code: the registered error code.
    """

    def __init__(self, description: str, *, code: ErrorCode = ErrorCode.INVALID_REQUEST) -> None:
        super().__init__(description)
        self.code = code


class MalformedAnswerError(ValueError):
    """An answer to us that breaks the protocol."""


def is_error_code(text: str) -> bool:
    """
    Whether the text may be an ``error``.

    RFC 6749 §4.1.2.1, §5.2.
    """
    return _ERROR.match(text) is not None


def format_error_description(text: str) -> str:
    """
    Give a text as an error description may be written; what is not allowed becomes an apostrophe or question mark.

    RFC 6749 §5.2.
    """
    return _NOT_IN_DESCRIPTION.sub("?", text.replace('"', "'"))[:500]


def get_required(form: Form, name: str) -> str:
    """
    Give a parameter that has to occur once.

    Raises:
        MalformedRequestError: ``invalid_request``.
    """
    if name in form.faults:
        raise MalformedRequestError(f"{name}: {form.faults[name]}")
    value = form.get(name)
    if value is None:
        raise MalformedRequestError(f"{name}: missing")
    return value


def get_scopes(form: Form) -> tuple[str, ...] | None:
    """
    Give the scopes of a request, None where it names none.

    RFC 6749 §3.3.

    Raises:
        MalformedRequestError: ``invalid_scope``.
    """
    text = form.get("scope")
    try:
        # A scope of nothing but spaces names no scope, as a missing one.
        return (parse_scope(text) or None) if text else None
    except MalformedScopeError as error:
        raise MalformedRequestError(str(error), code=ErrorCode.INVALID_SCOPE) from None


def format_scopes(scopes: tuple[str, ...] | None) -> str | None:
    """Give the scope parameter, None where there is none."""
    return None if scopes is None else format_scope(scopes)


def list_present(pairs: tuple[tuple[str, str | None], ...]) -> tuple[Pair, ...]:
    """Give the parameters that have a value."""
    return tuple((name, value) for name, value in pairs if value is not None)
