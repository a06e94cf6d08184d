"""Key pairs that tests enter: made once, since making one takes its time."""

from functools import cache

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)


@cache
def make_key(bits: int = 2048) -> RSAPrivateKey:
    return generate_private_key(65537, bits)


def format_public(bits: int = 2048, *, encoding: Encoding = Encoding.PEM) -> bytes:
    return make_key(bits).public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)


def format_private() -> bytes:
    return make_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
