"""ID tokens: who the user is at the server that just gave us her tokens."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from applinks.wire.base64url import format_base64url
from applinks.wire.jose import JoseError, UnverifiedJwt, parse_jwt, verify_jwt

OPENID_SCOPE = "openid"
"""Who asks for it gets an ID token, and has to check it."""

_SKEW_SECONDS = 60
_LIMIT = 16 * 1024
_LONGEST_SUBJECT = 255
_TYP = frozenset({"JWT"})
# RFC 8032: Ed25519 hashes with SHA-512 inside, and so do the servers that sign with it.
_HASHES = {"EdDSA": hashlib.sha512, "Ed25519": hashlib.sha512}


@dataclass(frozen=True, slots=True, kw_only=True)
class IdToken:
    """A proved ID token: the user's ``sub`` at the issuer, and all that it says."""

    subject: str
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)


def compute_nonce(code_verifier: str) -> str:
    """
    Give the nonce of a request, which only whoever holds its verifier can know.

    OpenID Connect Core §15.5.2.

    Made of the verifier, so that one secret is kept for both; the challenge, which everybody sees, does not tell it.
    """
    return format_base64url(hashlib.sha256(b"nonce " + code_verifier.encode("ascii")).digest())


def verify_id_token(
    text: str,
    *,
    keys: Sequence[Mapping[str, Any]] | None,
    issuer: str,
    client_id: str,
    nonce: str,
    access_token: str,
    now: int,
) -> IdToken:
    """
    Prove an ID token that the token endpoint answered.

    OpenID Connect Core §3.1.3.7, §3.1.3.8.

    ``keys`` None: the server names none; then that the answer came from its token endpoint over TLS is the proof.
    Stricter than OpenID Connect Core §3.1.3.7: what is signed with the client's secret (HS256) is refused.

    Raises:
        JoseError: and nothing else, whatever the text.
    """
    jwt = parse_jwt(text, limit=_LIMIT, typ=_TYP, exact=False)
    claims = jwt.unverified_claims if keys is None else verify_jwt(jwt, _select_keys(keys, jwt), exact=False)
    if claims.get("iss") != issuer:
        raise JoseError("invalid_claims", "iss: not the issuer that was asked")
    _check_audience(claims, client_id)
    _check_times(claims, now=now)
    if not _is_same(claims.get("nonce"), nonce):
        raise JoseError("invalid_claims", "nonce: missing, or not the one that was sent")
    if "at_hash" in claims and not _is_same(claims["at_hash"], _compute_at_hash(access_token, jwt.algorithm)):
        raise JoseError("invalid_claims", "at_hash: not of this access token")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= _LONGEST_SUBJECT:
        raise JoseError("invalid_claims", f"sub: missing, or no text of 1 to {_LONGEST_SUBJECT} characters")
    return IdToken(subject=subject, claims=claims)


def _select_keys(keys: Sequence[Mapping[str, Any]], jwt: UnverifiedJwt) -> Sequence[Mapping[str, Any]]:
    """OpenID Connect Core §10.1: without ``kid`` the one key of that kind is meant; with it, kinds may share a name."""
    kind = {"ES256": "EC", "EdDSA": "OKP", "Ed25519": "OKP"}.get(jwt.algorithm, "RSA")
    return [key for key in keys if key["kty"] == kind]


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    audience, party = claims.get("aud"), claims.get("azp")
    listed = audience if isinstance(audience, list) else [audience]
    if client_id not in listed:
        raise JoseError("invalid_claims", "aud: not us")
    # Others may be meant too, as long as it was made for us.
    if party != client_id and (party is not None or len(listed) > 1):
        raise JoseError("invalid_claims", "azp: not us")


def _check_times(claims: Mapping[str, Any], *, now: int) -> None:
    if now >= _get_time(claims, "exp") + _SKEW_SECONDS:
        raise JoseError("invalid_claims", "exp: the ID token has expired")
    for name in ("iat", "nbf"):
        if (name == "iat" or name in claims) and _get_time(claims, name) > now + _SKEW_SECONDS:
            raise JoseError("invalid_claims", f"{name}: the ID token is of the future")


def _get_time(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1 << 53:
        raise JoseError("invalid_claims", f"{name}: missing, or no time")
    return value


def _compute_at_hash(access_token: str, algorithm: str) -> str:
    digest = _HASHES.get(algorithm, hashlib.sha256)(access_token.encode("ascii")).digest()
    return format_base64url(digest[: len(digest) // 2])


def _is_same(found: Any, expected: str) -> bool:
    return isinstance(found, str) and hmac.compare_digest(found.encode("utf-8"), expected.encode("utf-8"))
