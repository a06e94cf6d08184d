"""Proof Key for Code Exchange; S256 alone."""

import hashlib
import hmac
import re

from applinks.wire.base64url import format_base64url

CODE_CHALLENGE_METHOD = "S256"

_CODE_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")
_CODE_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")


def is_code_verifier(text: str) -> bool:
    """
    Whether the text may be a ``code_verifier``.

    RFC 7636 §4.1.
    """
    return _CODE_VERIFIER.match(text) is not None


def is_code_challenge(text: str) -> bool:
    """
    Whether the text may be a ``code_challenge`` of the method S256.

    RFC 7636 §4.2.
    """
    return _CODE_CHALLENGE.match(text) is not None


def compute_code_challenge(code_verifier: str) -> str:
    """
    Give the S256 challenge of a verifier.

    RFC 7636 §4.2.
    """
    return format_base64url(hashlib.sha256(code_verifier.encode("ascii")).digest())


def is_code_challenge_of(code_challenge: str, code_verifier: str) -> bool:
    """
    Whether the challenge was made of this verifier, compared in constant time.

    RFC 7636 §4.6.

    False, too, for what is no verifier or challenge at all.
    """
    if not is_code_verifier(code_verifier) or not is_code_challenge(code_challenge):
        return False
    return hmac.compare_digest(compute_code_challenge(code_verifier).encode(), code_challenge.encode())
