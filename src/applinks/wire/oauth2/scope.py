"""The scope parameter."""

import re
from collections.abc import Iterable

_SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+\Z")


class MalformedScopeError(ValueError):
    """The text is no scope."""


def parse_scope(text: str) -> tuple[str, ...]:
    """
    Read a scope into its tokens, each once, in the order of their first occurrence.

    RFC 6749 §3.3.

    Looser than RFC 6749 §3.3: several spaces count as one, because libraries join empty lists. An empty text gives no
    token.

    Raises:
        MalformedScopeError: a character is not allowed there.
    """
    tokens = tuple(dict.fromkeys(token for token in text.split(" ") if token))
    if not all(is_scope_token(token) for token in tokens):
        raise MalformedScopeError("scope: a character is not allowed")
    return tokens


def is_scope_token(text: str) -> bool:
    """
    Whether the text may be one token of a scope.

    RFC 6749 §3.3.
    """
    return _SCOPE_TOKEN.match(text) is not None


def format_scope(scopes: Iterable[str]) -> str:
    """
    Write scope tokens as one text.

    RFC 6749 §3.3.
    """
    return " ".join(scopes)
