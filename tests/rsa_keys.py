"""RSA key pairs that tests enter and sign with: each made once a process, since making one takes its time."""

from functools import cache

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat


def make_rsa_key(bits: int = 2048, number: int = 0) -> RSAPrivateKey:
    """Give a key, the same for the same size and number."""
    # A cache takes what is left out for another call than what is said.
    return _make(bits, number)


@cache
def _make(bits: int, number: int) -> RSAPrivateKey:
    del number
    return generate_private_key(public_exponent=65537, key_size=bits)


def write_private(key: RSAPrivateKey) -> str:
    """Give a key in PEM."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def write_public(key: RSAPrivateKey) -> str:
    """Give its public half in PEM."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
