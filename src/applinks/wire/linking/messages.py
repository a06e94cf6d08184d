"""What the three signed messages have in common: claims, their order of checks, and the grammar of their values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from applinks.wire.urls import MalformedUrlError, check_base_url

PROPOSAL_TYP = "applinks-proposal+jwt"
ANSWER_TYP = "applinks-answer+jwt"
STATEMENT_TYP = "applinks-statement+jwt"

# How long a message may hold at most, by its own iat and exp.
PROPOSAL_LIFETIME = 600
ANSWER_LIFETIME = 600
STATEMENT_LIFETIME = 120

SKEW_SECONDS = 60
"""How far two clocks may be apart."""

LONGEST_REQUEST = 6 * 1024
"""The most that a proposal or an answer may take in a URL."""

COMMON_CLAIMS = frozenset({"ver", "iss", "aud", "iat", "exp", "jti", "link", "must_understand"})
KNOWN_CLAIMS = COMMON_CLAIMS | {
    *("revision", "terms", "peer_keys", "base", "proposal", "decision", "seq", "reason", "peer_seq", "state"),
    *("agreed", "pending", "paused", "allows", "keys", "in_reply_to", "check"),
}
"""Every claim that some message of ours has."""

# JSON numbers are exact up to here in every language.
_LARGEST_INTEGER = (1 << 53) - 1
_JTI = re.compile(r"[A-Za-z0-9_-]{22,64}\Z")
_LINK_ID = re.compile(r"lnk_[0-9A-Za-z]{22}\Z")
_REASON = re.compile(r"[a-z_]{1,40}\Z")
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_MOST_KEYS = 32
# A digest has 43 characters; nothing else that is a text here is longer than this.
_LONGEST_TEXT = 200


class MalformedMessageError(ValueError):
    """
    A message does not say what it has to.

    Attributes:
        code: the wire's word: ``invalid_claims``, ``expired``, ``unsupported_terms`` or ``no_common_protocol``.
    """

    def __init__(self, description: str, *, code: str = "invalid_claims") -> None:
        super().__init__(description)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What every signed message says; times in seconds since 1970."""

    issuer: str
    audience: str
    issued_at: int
    expires_at: int
    jti: str
    link: str


def check_parties(claims: Mapping[str, Any], *, issuer: str | None, audience: str, allow_http: bool) -> None:
    """
    Check ``iss`` and ``aud``, before a key is looked for: the first part of `check_common_claims`.

    Without ``issuer`` any base URL but our own may speak.

    Raises:
        MalformedMessageError: ``invalid_claims``.
    """
    said = get_text(claims, "iss", longest=512)
    if said == audience:
        raise MalformedMessageError("iss: the message is by the one that it is for")
    if issuer is not None and said != issuer:
        raise MalformedMessageError("iss: the message is by another application")
    if get_text(claims, "aud", longest=512) != audience:
        raise MalformedMessageError("aud: the message is for another application")
    if issuer is None:
        try:
            check_base_url(said, allow_http=allow_http)
        except MalformedUrlError as error:
            raise MalformedMessageError(f"iss: {error}") from None


def check_common_claims(
    claims: Mapping[str, Any],
    *,
    issuer: str | None,
    audience: str,
    now: int,
    lifetime: int,
    known: frozenset[str] = KNOWN_CLAIMS,
    allow_http: bool | None = None,
) -> None:
    """
    Check what every message says, in the handshake's order: parties, version, ``must_understand``, times.

    ``audience`` is our own base URL; without ``issuer`` any other base URL may speak, on ``http`` only where
    ``allow_http``, which without a word is so where we are on http ourselves.

    Raises:
        MalformedMessageError: ``invalid_claims``, or ``expired`` where only its time is over.
    """
    if allow_http is None:
        allow_http = audience.startswith("http://")
    check_parties(claims, issuer=issuer, audience=audience, allow_http=allow_http)
    check_understood(claims, known)
    issued_at, expires_at = get_integer(claims, "iat"), get_integer(claims, "exp")
    if not 0 < expires_at - issued_at <= lifetime:
        raise MalformedMessageError("exp: the message holds too long, or not at all")
    if issued_at > now + SKEW_SECONDS:
        raise MalformedMessageError("iat: the message is of the future")
    if now >= expires_at + SKEW_SECONDS:
        raise MalformedMessageError("the message has expired", code="expired")


def check_understood(claims: Mapping[str, Any], known: frozenset[str]) -> None:
    """
    Check that the message is of our version, and needs no claim that we do not know.

    Raises:
        MalformedMessageError: ``invalid_claims``.
    """
    if get_integer(claims, "ver") != 1:
        raise MalformedMessageError("ver: another version")
    if "must_understand" in claims:
        named = claims["must_understand"]
        if not isinstance(named, list) or not all(isinstance(name, str) and name in known for name in named):
            raise MalformedMessageError("must_understand: names a claim that is not known here")


def parse_message(claims: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """
    Read the common claims into the arguments of `Message`.

    Raises:
        MalformedMessageError: ``invalid_claims``.
    """
    check_understood(claims, known)
    link, jti = get_text(claims, "link"), get_text(claims, "jti")
    if not _LINK_ID.match(link):
        raise MalformedMessageError("link: no link id")
    if not _JTI.match(jti):
        raise MalformedMessageError("jti: not 22 to 64 of A-Z, a-z, 0-9, _ and -")
    return {
        "issuer": get_text(claims, "iss", longest=512),
        "audience": get_text(claims, "aud", longest=512),
        "issued_at": get_integer(claims, "iat"),
        "expires_at": get_integer(claims, "exp"),
        "jti": jti,
        "link": link,
    }


def build_message(message: Message) -> dict[str, Any]:
    """Give the common claims of a message."""
    return {
        "ver": 1,
        "iss": message.issuer,
        "aud": message.audience,
        "iat": message.issued_at,
        "exp": message.expires_at,
        "jti": message.jti,
        "link": message.link,
    }


def get_text(claims: Mapping[str, Any], name: str, *, longest: int = _LONGEST_TEXT) -> str:
    """
    Give a claim that is a text and not empty.

    Raises:
        MalformedMessageError: ``invalid_claims``.
    """
    value = claims.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise MalformedMessageError(f"{name}: missing, or no text of 1 to {longest} characters")
    return value


def get_integer(claims: Mapping[str, Any], name: str, *, least: int = 0) -> int:
    """
    Give a claim that is an integer of at least ``least``; true, false and 1.0 are none.

    Raises:
        MalformedMessageError: ``invalid_claims``.
    """
    value = claims.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= _LARGEST_INTEGER:
        raise MalformedMessageError(f"{name}: missing, or no integer from {least}")
    return value


def get_boolean(claims: Mapping[str, Any], name: str) -> bool:
    """
    Give a claim that is true or false.

    Raises:
        MalformedMessageError: ``invalid_claims``.
    """
    value = claims.get(name)
    if not isinstance(value, bool):
        raise MalformedMessageError(f"{name}: missing, or neither true nor false")
    return value


def get_reason(claims: Mapping[str, Any]) -> str:
    """
    Give the ``reason``, 1 to 40 of a-z and the underscore.

    Raises:
        MalformedMessageError: ``invalid_claims``.
    """
    reason = get_text(claims, "reason")
    if not _REASON.match(reason):
        raise MalformedMessageError("reason: not 1 to 40 of a-z and _")
    return reason


def get_thumbprints(claims: Mapping[str, Any], name: str, *, least: int = 1) -> tuple[str, ...]:
    """
    Give a claim that is an array of RFC 7638 thumbprints, at most 32.

    Raises:
        MalformedMessageError: ``invalid_claims``.
    """
    value = claims.get(name)
    if not isinstance(value, list) or not least <= len(value) <= _MOST_KEYS:
        raise MalformedMessageError(f"{name}: missing, or no array of {least} to {_MOST_KEYS} thumbprints")
    if not all(isinstance(item, str) and _THUMBPRINT.match(item) for item in value):
        raise MalformedMessageError(f"{name}: holds what is no thumbprint")
    return tuple(value)


def get_object(claims: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """
    Give a claim that has to be there and is an object or null.

    Raises:
        MalformedMessageError: ``invalid_claims``.
    """
    value = claims.get(name, False)
    if value is not None and not isinstance(value, dict):
        raise MalformedMessageError(f"{name}: missing, or neither an object nor null")
    return value
