"""RSA keys as administrators paste them: PEM, a certificate, or bare base64."""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import Any, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509 import load_der_x509_certificate, load_pem_x509_certificate

from applinks.wire.base64url import format_base64url, parse_base64url

KeyFault = Literal["private_key", "no_key", "not_rsa", "too_short", "too_long"]

# Clients in the field sign with 1024 bits: taken, and warned about. Below, a key can be broken by one person.
_LEAST_BITS = 1024
WEAK_BELOW_BITS = 2048
_MOST_BITS = 8192
_LONGEST_TEXT = 16 * 1024
_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----")


class MalformedKeyError(ValueError):
    """
    The text is no RSA public key that can be used.

    Attributes:
        fault: which kind of wrong, for a sentence of its own.
    """

    def __init__(self, fault: KeyFault, description: str) -> None:
        super().__init__(description)
        self.fault: KeyFault = fault


def parse_public_key(text: str) -> RSAPublicKey:
    """
    Read a public key: PEM (SubjectPublicKeyInfo or PKCS #1), a certificate, or base64 of either's DER.

    Raises:
        MalformedKeyError: it is none, a private key, of another kind, or of a size that is not taken.
    """
    text = text.strip()
    label = _PEM.search(text)
    if label is not None and "PRIVATE KEY" in label[1]:
        raise MalformedKeyError("private_key", "this is a private key")
    if len(text) > _LONGEST_TEXT:
        raise MalformedKeyError("no_key", "longer than any key")
    key = _load_pem(text, label[1]) if label is not None else _load_base64(text)
    if not isinstance(key, RSAPublicKey):
        raise MalformedKeyError("not_rsa", "a key of another kind than RSA")
    return _check_size(key)


def parse_public_jwk(jwk: Mapping[str, Any]) -> RSAPublicKey:
    """
    Read a public key of a key set.

    RFC 7518 §6.3.1.

    Raises:
        MalformedKeyError: it is none, of another kind, or of a size that is not taken.
    """
    try:
        numbers = [int.from_bytes(parse_base64url(jwk[name])) for name in ("e", "n")]
        return _check_size(RSAPublicNumbers(*numbers).public_key())
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, MalformedKeyError):
            raise
        raise MalformedKeyError("not_rsa", "no RSA key") from error


def build_rsa_jwk(key: RSAPublicKey) -> dict[str, str]:
    """
    Write a key for a key set, as `parse_public_jwk` reads it; name and use are still to be added.

    RFC 7518 §6.3.1.
    """
    numbers = key.public_numbers()
    return {"kty": "RSA", "n": _format_number(numbers.n), "e": _format_number(numbers.e)}


def parse_private_key(pem: str) -> RSAPrivateKey:
    """
    Read a private key of ours, PEM without a password.

    Raises:
        MalformedKeyError: it is none, or not RSA.
    """
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise MalformedKeyError("no_key", "no private key") from error
    if not isinstance(key, RSAPrivateKey):
        raise MalformedKeyError("not_rsa", "a key of another kind than RSA")
    return key


def format_public_key(key: RSAPublicKey) -> str:
    """Write a key as PEM of SubjectPublicKeyInfo, the one form in which we keep and show it."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def format_bare_key(key: RSAPublicKey) -> str:
    """Write a key as base64 of SubjectPublicKeyInfo, as consumer-info holds it."""
    return b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode("ascii")


def _format_number(number: int) -> str:
    """RFC 7518 §2, Base64urlUInt."""
    return format_base64url(number.to_bytes((number.bit_length() + 7) // 8))


def _check_size(key: RSAPublicKey) -> RSAPublicKey:
    if key.key_size < _LEAST_BITS:
        raise MalformedKeyError("too_short", f"{key.key_size} bits")
    if key.key_size > _MOST_BITS:
        raise MalformedKeyError("too_long", f"{key.key_size} bits")
    return key


def _load_pem(text: str, label: str) -> object:
    try:
        if label.endswith("CERTIFICATE"):
            return load_pem_x509_certificate(text.encode()).public_key()
        return load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MalformedKeyError("no_key", "the PEM block cannot be read") from error


def _load_base64(text: str) -> object:
    try:
        data = b64decode("".join(text.split()), validate=True)
    except (Base64Error, ValueError) as error:
        raise MalformedKeyError("no_key", "neither PEM nor base64") from error
    for load in (load_der_public_key, lambda der: load_der_x509_certificate(der).public_key()):
        try:
            return load(data)
        except (ValueError, UnsupportedAlgorithm):
            continue
    raise MalformedKeyError("no_key", "the base64 holds no public key")
