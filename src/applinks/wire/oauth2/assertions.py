"""Client assertions: how a client with a key proves itself at the token endpoint."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from applinks.wire.jose import JoseError, UnverifiedJwt, parse_jwt, verify_jwt

CLIENT_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CLIENT_ASSERTION_TYP = "client-authentication+jwt"
CLIENT_ASSERTION_LIFETIME = 300
"""The longest that an assertion may hold."""

_SKEW_SECONDS = 60
_LIMIT = 8 * 1024
_LONGEST_JTI = 255
# Other makers' clients send the plain type, or none.
_ANY_TYP = frozenset({CLIENT_ASSERTION_TYP, "JWT"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientAssertion:
    """
    A proved assertion.

    Attributes:
        jti: to be claimed once, together with the client, until ``claimed_until``.
        claimed_until: from then on the assertion is refused as expired anyway.
    """

    client_id: str
    jti: str
    expires_at: int

    @property
    def claimed_until(self) -> int:
        """The moment from which the claim may be forgotten."""
        return self.expires_at + _SKEW_SECONDS


def build_client_assertion(*, client_id: str, audience: str, jti: str, now: int, seconds: int = 60) -> dict[str, Any]:
    """
    Give the claims of an assertion for one server, whose issuer is the audience; sign with `CLIENT_ASSERTION_TYP`.

    RFC 7523 §3, draft-ietf-oauth-rfc7523bis §4.
    """
    return {"iss": client_id, "sub": client_id, "aud": audience, "iat": now, "exp": now + seconds, "jti": jti}


def parse_client_assertion(text: str) -> UnverifiedJwt:
    """
    Read an assertion without believing it; `get_unverified_client_id` tells whose keys to look for.

    RFC 7523 §3, RFC 8725 §3.11.

    Raises:
        JoseError: ``invalid_request``.
    """
    return parse_jwt(text, limit=_LIMIT, typ=_ANY_TYP, exact=False)


def get_unverified_client_id(jwt: UnverifiedJwt) -> str:
    """
    Give the client that an assertion says it is of.

    RFC 7523 §3.

    Raises:
        JoseError: ``invalid_claims``: ``iss`` and ``sub`` are not one and the same text.
    """
    subject = jwt.unverified_claims.get("sub")
    if not isinstance(subject, str) or not subject or jwt.unverified_claims.get("iss") != subject:
        raise JoseError("invalid_claims", "iss and sub are not both the client")
    return subject


def verify_client_assertion(
    jwt: UnverifiedJwt,
    *,
    keys: Sequence[Mapping[str, Any]],
    client_id: str,
    issuer: str,
    now: int,
    token_endpoint: str | None = None,
) -> ClientAssertion:
    """
    Prove an assertion of this client for us; its ``jti`` is still to be claimed.

    RFC 7523 §3.

    A linked peer's assertion has the header of all our messages and our issuer alone as audience.
    Looser than draft-ietf-oauth-rfc7523bis §4: with ``token_endpoint``, for clients of other makers, ``typ`` may be
    ``JWT`` or missing and the token endpoint may be the audience, because libraries send it so.

    Raises:
        JoseError: ``invalid_request``, ``unknown_key``, ``invalid_signature`` or ``invalid_claims``.
    """
    if token_endpoint is None:
        jwt = parse_jwt(jwt.text, limit=_LIMIT, typ=frozenset({CLIENT_ASSERTION_TYP}))
    if get_unverified_client_id(jwt) != client_id:
        raise JoseError("invalid_claims", "the assertion is of another client")
    claims = verify_jwt(jwt, keys)
    _check_audience(claims.get("aud"), issuer=issuer, token_endpoint=token_endpoint)
    expires_at = _check_times(claims, now=now, issued_at_needed=token_endpoint is None)
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 1 <= len(jti) <= _LONGEST_JTI:
        raise JoseError("invalid_claims", f"jti: missing, or no text of 1 to {_LONGEST_JTI} characters")
    return ClientAssertion(client_id=client_id, jti=jti, expires_at=expires_at)


def _check_audience(audience: Any, *, issuer: str, token_endpoint: str | None) -> None:
    if token_endpoint is None:
        is_ours = audience == issuer
    else:
        listed = audience if isinstance(audience, list) else [audience]
        # Every one has to be us: an assertion for two servers could be used at the other.
        is_ours = bool(listed) and all(each in (issuer, token_endpoint) for each in listed)
    if not is_ours:
        raise JoseError("invalid_claims", "aud: not our issuer")


def _check_times(claims: Mapping[str, Any], *, now: int, issued_at_needed: bool) -> int:
    expires_at = _get_time(claims, "exp")
    issued_at = _get_time(claims, "iat") if issued_at_needed or "iat" in claims else now
    if now >= expires_at + _SKEW_SECONDS:
        raise JoseError("invalid_claims", "exp: the assertion has expired")
    if issued_at > now + _SKEW_SECONDS or ("nbf" in claims and _get_time(claims, "nbf") > now + _SKEW_SECONDS):
        raise JoseError("invalid_claims", "iat: the assertion is of the future")
    if not 0 < expires_at - issued_at <= CLIENT_ASSERTION_LIFETIME:
        # Without iat the other's clock counts from now, so it may be ahead as far as clocks may be apart.
        if "iat" not in claims and expires_at - now <= CLIENT_ASSERTION_LIFETIME + _SKEW_SECONDS:
            return expires_at
        raise JoseError("invalid_claims", f"exp: more than {CLIENT_ASSERTION_LIFETIME} seconds after iat")
    return expires_at


def _get_time(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if isinstance(value, float) and value.is_integer():
        # RFC 7519 §2 NumericDate may be written with a fraction.
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 53:
        raise JoseError("invalid_claims", f"{name}: missing, or no time")
    return value
