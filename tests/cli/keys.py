"""Key pairs that tests enter, in the forms in which files hold them."""

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.rsa_keys import make_rsa_key, write_private


def format_public(bits: int = 2048, *, encoding: Encoding = Encoding.PEM) -> bytes:
    return make_rsa_key(bits).public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)


def format_private() -> bytes:
    return write_private(make_rsa_key()).encode()
