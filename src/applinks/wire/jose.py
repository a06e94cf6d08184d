"""
Signed JWTs, read strictly before any key is touched.

The JOSE library does the mathematics and the key formats; header and claims are parsed here, because it takes
duplicate members and header members that name keys. The algorithm is fixed by the key, never by the header alone;
at most an RSA key of another maker leaves the padding open.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal

from joserfc.errors import JoseError as LibraryError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from applinks.wire.base64url import format_base64url, parse_base64url
from applinks.wire.strict_json import MalformedJsonError, parse_json_object

JoseErrorCode = Literal["invalid_request", "invalid_signature", "unknown_key", "invalid_claims"]
AnyKey = ECKey | OKPKey | RSAKey

# RFC 9864 renames EdDSA with Ed25519; both names mean the same algorithm, and peers send either.
_ALGORITHMS = {"ES256": "ES256", "EdDSA": "Ed25519", "Ed25519": "Ed25519", "PS256": "PS256", "RS256": "RS256"}
_EXACT_HEADER = frozenset({"alg", "typ", "kid"})
# Members that would bring a key or change how the rest is read: refused even where others are ignored.
_NEVER_IN_HEADER = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "enc"})
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
# RFC 7638 §3.2: what a thumbprint is made of, and all that a public key is.
_PUBLIC_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}
_CURVES = {"EC": "P-256", "OKP": "Ed25519"}
_COORDINATE_BYTES = 32
_LARGEST_JWKS = 16
# Big providers show a dozen keys; a document could hold thousands, each of which costs us a check.
_LARGEST_FOREIGN_JWKS = 100
# Above 8192 bits one verification costs a peer nothing and us milliseconds.
_RSA_BITS = range(2048, 8193)
_KID = re.compile(r"[\x21-\x7e]{1,200}\Z")
# Those of the peers of a large installation; making one of its numbers costs as much as a signature.
_KEPT_KEYS = 256
_KEPT_HEADERS = 256
_LONGEST_KID = 200
_RSA_ALGORITHMS = frozenset({"RS256", "PS256"})


class JoseError(ValueError):
    """
    A JWT or a key set is refused.

    Attributes:
        code: the wire's word for what is wrong.
    """

    def __init__(self, code: JoseErrorCode, description: str) -> None:
        super().__init__(description)
        self.code: JoseErrorCode = code


@dataclass(frozen=True, slots=True, kw_only=True)
class UnverifiedJwt:
    """
    A JWT whose form is right and whose words nobody has proved.

    Attributes:
        kid: names the key; None only where another client's assertion left it out.
        digest: base64url SHA-256 of the signing input.
    """

    text: str = field(repr=False)
    kid: str | None
    algorithm: str
    digest: str
    unverified_header: Mapping[str, Any] = field(repr=False)
    unverified_claims: Mapping[str, Any] = field(repr=False)
    signature: bytes = field(repr=False)


def compute_thumbprint(jwk: Mapping[str, Any]) -> str:
    """
    Give the SHA-256 thumbprint of a key, public or private.

    RFC 7638 §3.

    Raises:
        JoseError: it is no EC, OKP or RSA key.
    """
    kind = jwk.get("kty")
    names = _PUBLIC_MEMBERS.get(kind) if isinstance(kind, str) else None
    if names is None or not all(isinstance(jwk.get(name), str) for name in names):
        raise JoseError("invalid_request", "a key is not an EC, OKP or RSA key")
    canonical = json.dumps({name: jwk[name] for name in names}, separators=(",", ":"), sort_keys=True)
    return format_base64url(hashlib.sha256(canonical.encode("utf-8")).digest())


def build_public_jwk(private_key: Mapping[str, Any], *, algorithm: str) -> dict[str, str]:
    """Give the public JWK of a private one, with ``kid`` (its thumbprint), ``alg`` and ``use``."""
    kid = compute_thumbprint(private_key)
    public = {name: str(private_key[name]) for name in _PUBLIC_MEMBERS[private_key["kty"]]}
    return public | {"kid": kid, "alg": algorithm, "use": "sig"}


def check_public_jwks(document: Any) -> tuple[dict[str, Any], ...]:
    """
    Give the keys of a peer's JWKS, each reduced to the members that we know.

    RFC 7517 §5, RFC 7518 §6.

    One to sixteen public signing keys: P-256, Ed25519, or RSA from 2048 bits; each ``kid`` is the thumbprint.
    Stricter than RFC 7517 §5: one unusable key refuses the whole set, because both administrators compare all of it.

    Raises:
        JoseError: something is missing, private, weak, repeated or of another kind.
    """
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or not 1 <= len(keys) <= _LARGEST_JWKS:
        raise JoseError("invalid_request", "a key set holds 1 to 16 keys")
    found = tuple(_check_public_jwk(key, exact=True) for key in keys)
    if len({key["kid"] for key in found}) != len(found):
        raise JoseError("invalid_request", "a key occurs twice")
    return found


def list_usable_keys(document: Any) -> tuple[dict[str, Any], ...]:
    """
    Give the keys of a JWKS that is no Applinks', as far as we can use them, each reduced to the members that we know.

    RFC 7517 §5: those of other kinds, for other uses, or weak, are passed over; ``kid`` may be anything or missing.

    Raises:
        JoseError: it is no JWKS, or too large.
    """
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or len(keys) > _LARGEST_FOREIGN_JWKS:
        raise JoseError("invalid_request", f"a key set holds at most {_LARGEST_FOREIGN_JWKS} keys")
    found = []
    for key in keys:
        try:
            found.append(_check_public_jwk(key, exact=False))
        except JoseError:
            continue
    return tuple(found)


def sign_jwt(claims: Mapping[str, Any], *, typ: str, private_key: Mapping[str, Any], algorithm: str, kid: str) -> str:
    """
    Sign claims with a private JWK; the header holds ``alg``, ``typ`` and ``kid``.

    RFC 7515 §7.1, RFC 8725 §3.11.

    Raises:
        JoseError: the key is not private, or not of that algorithm.
    """
    key = _import_key({"alg": algorithm, **private_key}, algorithm)
    if not key.is_private:
        raise JoseError("unknown_key", "the key is not private")
    header = _format_part({"alg": algorithm, "typ": typ, "kid": kid})
    signing_input = f"{header}.{_format_part(claims)}"
    model = JWSRegistry.algorithms[_ALGORITHMS[algorithm]]
    return f"{signing_input}.{format_base64url(model.sign(signing_input.encode('ascii'), key))}"


def parse_jwt(text: str, *, limit: int, typ: frozenset[str], exact: bool = True) -> UnverifiedJwt:
    """
    Read a compact JWT without believing it.

    RFC 7519 §7.2, RFC 8725 §3.1, §3.11.

    Stricter than RFC 7515 §4: with ``exact`` the header holds ``alg``, ``typ`` and ``kid`` and nothing else, because
    what nobody reads nobody has to protect. Without, as other makers' assertions
    need it, ``typ`` (then without regard to case) and ``kid`` may be missing and harmless members are ignored.
    Stricter than RFC 7515 §4.1.4: ``kid`` has at most 200 characters, which can all be shown; with ``exact`` they are
    visible ASCII.

    Raises:
        JoseError: ``invalid_request``, whatever the text.
    """
    if len(text) > limit:
        raise JoseError("invalid_request", "the JWT is too large")
    parts = text.split(".")
    if len(parts) != 3 or not all(parts):
        raise JoseError("invalid_request", "a JWT has three parts")
    header, claims = _parse_header(parts[0], typ, exact=exact), _parse_part(parts[1], limit)
    return UnverifiedJwt(
        text=text,
        kid=header.get("kid"),
        algorithm=header["alg"],
        digest=digest_jwt(text),
        unverified_header=header,
        unverified_claims=claims,
        signature=_parse_base64url(parts[2]),
    )


def verify_jwt(jwt: UnverifiedJwt, keys: Sequence[Mapping[str, Any]], *, exact: bool = True) -> Mapping[str, Any]:
    """
    Give the claims, proved by one of these keys.

    RFC 7515 §5.2, RFC 8725 §3.1.

    The key is the one that ``kid`` names; without a ``kid`` there must be only one.
    Looser than RFC 8725 §3.1: without ``exact``, an RSA key that names no algorithm verifies RS256 and PS256, because
    OpenID servers sign with either by the same key and rarely name one.

    Raises:
        JoseError: ``unknown_key``, or ``invalid_signature`` (also for an algorithm that is not the key's).
    """
    found = [key for key in keys if jwt.kid is None or key.get("kid") == jwt.kid]
    if len(found) != 1:
        raise JoseError("unknown_key", "no key of that name is known")
    key = _import_key(found[0], jwt.algorithm, exact=exact)
    signing_input, _, _ = jwt.text.rpartition(".")
    model = JWSRegistry.algorithms[_ALGORITHMS[jwt.algorithm]]
    try:
        is_good = model.verify(signing_input.encode("ascii"), jwt.signature, key)
    except (LibraryError, ValueError, TypeError):
        is_good = False
    if not is_good:
        raise JoseError("invalid_signature", "the signature is not by that key")
    return jwt.unverified_claims


def digest_jwt(text: str) -> str:
    """Give the digest of a JWT: base64url SHA-256 of all before the second dot."""
    signing_input, _, _ = text.rpartition(".")
    return format_base64url(hashlib.sha256(signing_input.encode("utf-8", "surrogatepass")).digest())


def _format_part(value: Mapping[str, Any]) -> str:
    return format_base64url(json.dumps(dict(value), separators=(",", ":"), allow_nan=False).encode("ascii"))


@lru_cache(_KEPT_HEADERS)
def _parse_header(text: str, typ: frozenset[str], *, exact: bool) -> Mapping[str, Any]:
    # All that a maker signs with one key begins alike.
    header = _parse_part(text, len(text))
    _check_header(header, typ=typ, exact=exact)
    return MappingProxyType(header)


def _parse_part(text: str, limit: int) -> dict[str, Any]:
    try:
        return parse_json_object(_parse_base64url(text), limit=limit)
    except MalformedJsonError as error:
        raise JoseError("invalid_request", f"the JWT: {error}") from None


def _parse_base64url(text: str) -> bytes:
    try:
        return parse_base64url(text)
    except ValueError as error:
        raise JoseError("invalid_request", f"the JWT: {error}") from None


def _check_header(header: dict[str, Any], *, typ: frozenset[str], exact: bool) -> None:
    if exact and header.keys() != _EXACT_HEADER:
        raise JoseError("invalid_request", "the header holds alg, typ and kid and nothing else")
    if header.keys() & _NEVER_IN_HEADER:
        raise JoseError("invalid_request", "the header holds a member that is never accepted")
    alg, kid = header.get("alg"), header.get("kid", "-")
    if not isinstance(alg, str) or alg not in _ALGORITHMS:
        raise JoseError("invalid_request", "the algorithm is not allowed")
    if not isinstance(kid, str) or not _is_kid(kid, exact=exact):
        raise JoseError("invalid_request", "kid is not a short text")
    if not _is_typ(header.get("typ"), typ, exact=exact):
        raise JoseError("invalid_request", "the JWT is of another type")


def _is_kid(kid: str, *, exact: bool) -> bool:
    return bool(_KID.match(kid)) if exact else 1 <= len(kid) <= _LONGEST_KID and kid.isprintable()


def _is_typ(found: Any, allowed: frozenset[str], *, exact: bool) -> bool:
    if exact:
        return isinstance(found, str) and found in allowed
    if found is None:
        return True
    # RFC 7515 §4.1.9: a media type, so without regard to case, and "application/" may be left out.
    return isinstance(found, str) and found.lower().removeprefix("application/") in {each.lower() for each in allowed}


def _find_algorithm(jwk: Mapping[str, Any]) -> str | None:
    """Give the one algorithm of a key; an RSA key that names none is for RS256."""
    fixed = {"EC": "ES256", "OKP": "Ed25519"}.get(str(jwk.get("kty")))
    named = jwk.get("alg", fixed or "RS256")
    algorithm = _ALGORITHMS.get(named) if isinstance(named, str) else None
    if jwk.get("kty") == "RSA":
        return algorithm if algorithm in _RSA_ALGORITHMS else None
    return algorithm if algorithm == fixed else None


def _import_key(jwk: Mapping[str, Any], algorithm: str, *, exact: bool = True) -> AnyKey:
    wanted = _ALGORITHMS.get(algorithm, "")
    is_open = not exact and jwk.get("kty") == "RSA" and "alg" not in jwk and wanted in _RSA_ALGORITHMS
    if not is_open and _find_algorithm(jwk) != wanted:
        raise JoseError("invalid_signature", "the algorithm is not the key's")
    members = {name: value for name, value in jwk.items() if isinstance(value, str)}
    if members.keys() & _PRIVATE_MEMBERS:
        return _make_key(members)
    return _make_public_key(frozenset(members.items()))


@lru_cache(_KEPT_KEYS)
def _make_public_key(members: frozenset[tuple[str, str]]) -> AnyKey:
    # By all that it is made of, for a thumbprint does not cover what it may be used for.
    return _make_key(dict(members))


def _make_key(members: dict[str, Any]) -> AnyKey:
    try:
        match members.get("kty"):
            case "EC" if members.get("crv") == _CURVES["EC"]:
                return ECKey.import_key(members)
            case "OKP" if members.get("crv") == _CURVES["OKP"]:
                return OKPKey.import_key(members)
            case "RSA" if len(parse_base64url(members.get("n", ""))) * 8 >= _RSA_BITS.start:
                return RSAKey.import_key(members)
            case _:
                raise JoseError("unknown_key", "the key is of a kind that is not used")
    except (LibraryError, ValueError, TypeError, KeyError):
        raise JoseError("unknown_key", "the key cannot be used") from None


def _check_public_jwk(jwk: Any, *, exact: bool) -> dict[str, Any]:
    if not isinstance(jwk, dict) or not isinstance(jwk.get("kty"), str) or jwk["kty"] not in _PUBLIC_MEMBERS:
        raise JoseError("invalid_request", "a key is not an EC, OKP or RSA key")
    if jwk.keys() & _PRIVATE_MEMBERS:
        raise JoseError("invalid_request", "a key set holds a private key")
    if jwk.get("use", "sig") != "sig" or jwk.get("key_ops", ["verify"]) != ["verify"]:
        raise JoseError("invalid_request", "a key is not for signatures")
    algorithm = _find_algorithm(jwk)
    if algorithm is None:
        raise JoseError("invalid_request", "a key names an algorithm that is not its own")
    thumbprint = compute_thumbprint(jwk)
    if exact and jwk.get("kid") != thumbprint:
        raise JoseError("invalid_request", "a kid is not the key's thumbprint")
    _check_numbers(jwk)
    try:
        # The point of a curve is only checked when the key is really made.
        _ = _import_key(jwk, algorithm).public_key
    except (LibraryError, ValueError):
        raise JoseError("invalid_request", "a key cannot be used") from None
    known = (*_PUBLIC_MEMBERS[jwk["kty"]], "kid", "alg", "use")
    return {name: jwk[name] for name in known if name in jwk}


def _check_numbers(jwk: Mapping[str, Any]) -> None:
    try:
        if jwk["kty"] == "RSA":
            modulus, exponent = parse_base64url(jwk["n"]), parse_base64url(jwk["e"])
            bits = int.from_bytes(modulus).bit_length()
            # RFC 7518 §2: no leading zero byte, or one key has two thumbprints.
            is_good = bits in _RSA_BITS and modulus[0] > 0 and exponent[:1] > b"\0" and len(exponent) <= 4
        else:
            numbers = [parse_base64url(jwk[name]) for name in ("x", "y") if name in _PUBLIC_MEMBERS[jwk["kty"]]]
            is_good = jwk["crv"] == _CURVES[jwk["kty"]] and all(len(each) == _COORDINATE_BYTES for each in numbers)
    except ValueError:
        is_good = False
    if not is_good:
        raise JoseError("invalid_request", "a key is weak, or of a curve that is not used")
