"""What the token endpoint answers: a token, or an error."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from applinks.wire.oauth2.error_codes import ErrorCode
from applinks.wire.oauth2.parameters import (
    MalformedAnswerError,
    format_error_description,
    format_scopes,
    is_error_code,
)
from applinks.wire.oauth2.scope import MalformedScopeError, parse_scope
from applinks.wire.strict_json import MalformedJsonError, parse_json_object

# RFC 6749 Appendix A.12, without the space: the value goes into a header.
_TOKEN = re.compile(r"[\x21-\x7e]+\Z")
_NUMBER = re.compile(r"[0-9]{1,10}\Z")
# Sixty-eight years: whoever says more means "for ever".
_LONGEST_EXPIRY = (1 << 31) - 1
# A token answer with everything that we know of is below 8 KiB.
_ANSWER_LIMIT = 64 * 1024
# Allowed in every member of an error answer.
_HIDDEN = "***"
# They tell what happened, whatever a secret may be called.
_CODES = frozenset(ErrorCode)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAnswer:
    """
    RFC 6749 §5.1, of the type Bearer.

    Attributes:
        expires_in: seconds; None where the server does not say.
        scopes: None where the server does not say: then they are those asked for.
        id_token: OpenID Connect Core §3.1.3.3: who the user is there; not proved yet.
    """

    access_token: str = field(repr=False)
    expires_in: int | None = None
    refresh_token: str | None = field(default=None, repr=False)
    scopes: tuple[str, ...] | None = None
    id_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorAnswer:
    """RFC 6749 §5.2; the reference names the failure's record at a peer that is an Applinks."""

    error: str
    description: str = ""
    reference: str = ""


def parse_token_answer(body: bytes | str, *, limit: int = _ANSWER_LIMIT) -> TokenAnswer:
    """
    Read a successful token answer.

    RFC 6749 §5.1.

    Looser than RFC 6749 §5.1: ``expires_in`` may be a number in quotes or written with a fraction of zero, because
    some servers send it so; null counts as left out, and so does an empty ``refresh_token``.

    Raises:
        MalformedAnswerError: whatever else the body is.
    """
    document = _parse_answer(body, limit)
    token_type = document.get("token_type")
    if not isinstance(token_type, str) or token_type.lower() != "bearer":
        raise MalformedAnswerError("token_type: missing, or not Bearer")
    access_token, refresh_token = document.get("access_token"), document.get("refresh_token") or None
    if not isinstance(access_token, str) or not _TOKEN.match(access_token):
        raise MalformedAnswerError("access_token: missing, or no token")
    if refresh_token is not None and (not isinstance(refresh_token, str) or not _TOKEN.match(refresh_token)):
        raise MalformedAnswerError("refresh_token: no token")
    id_token = document.get("id_token")
    if id_token is not None and not isinstance(id_token, str):
        raise MalformedAnswerError("id_token: no text")
    return TokenAnswer(
        access_token=access_token,
        expires_in=_parse_expires_in(document.get("expires_in")),
        refresh_token=refresh_token,
        scopes=_parse_answer_scopes(document.get("scope")),
        id_token=id_token,
    )


def build_token_answer(answer: TokenAnswer) -> dict[str, Any]:
    """
    Give the document of a successful token answer.

    RFC 6749 §5.1.
    """
    document: dict[str, Any] = {
        "access_token": answer.access_token,
        "token_type": "Bearer",
        "expires_in": answer.expires_in,
        "refresh_token": answer.refresh_token,
        "scope": format_scopes(answer.scopes),
        "id_token": answer.id_token,
    }
    return {name: value for name, value in document.items() if value is not None}


def parse_error_answer(body: bytes | str, *, hidden: Collection[str] = (), limit: int = _ANSWER_LIMIT) -> ErrorAnswer:
    """
    Read an error answer.

    RFC 6749 §5.2.

    ``hidden`` are the secrets of the request: servers repeat what they refuse, and errors are logged (N-05).

    Raises:
        MalformedAnswerError: the body names no error.
    """
    document = _parse_answer(body, limit)
    error, description, reference = (
        _hide(document.get(name), hidden) for name in ("error", "error_description", "reference")
    )
    if not isinstance(error, str) or not is_error_code(error):
        raise MalformedAnswerError("error: missing, or not a code")
    return ErrorAnswer(
        error=error,
        description=format_error_description(description) if isinstance(description, str) else "",
        reference=reference if isinstance(reference, str) and is_error_code(reference) else "",
    )


def build_error_answer(answer: ErrorAnswer) -> dict[str, str]:
    """
    Give the document of an error answer.

    RFC 6749 §5.2.
    """
    optional = {"error_description": format_error_description(answer.description), "reference": answer.reference}
    return {"error": answer.error} | {name: value for name, value in optional.items() if value}


def _hide(value: Any, hidden: Collection[str]) -> Any:
    """Take secrets out of a text, as they are and in form encoding; the longest first, for one may begin another."""
    if not isinstance(value, str) or value in _CODES:
        return value
    for secret in sorted(hidden, key=len, reverse=True):
        value = value.replace(secret, _HIDDEN).replace(quote_plus(secret), _HIDDEN)
    return value


def _parse_answer(body: bytes | str, limit: int) -> Mapping[str, Any]:
    try:
        return parse_json_object(body, limit=limit)
    except MalformedJsonError as error:
        raise MalformedAnswerError(f"the answer is not JSON that we accept: {error}") from None


def _parse_expires_in(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, str) and _NUMBER.match(value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise MalformedAnswerError("expires_in: no number of seconds")
    return min(value, _LONGEST_EXPIRY)


def _parse_answer_scopes(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    try:
        return parse_scope(value) if isinstance(value, str) else _refuse_scope()
    except MalformedScopeError:
        return _refuse_scope()


def _refuse_scope() -> tuple[str, ...]:
    raise MalformedAnswerError("scope: not a text of scope tokens")
