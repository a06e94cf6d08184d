"""Signatures: made, and proved."""

import hmac
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from applinks.secret import Secret
from applinks.wire.oauth1.encoding import encode
from applinks.wire.oauth1.methods import SignatureMethod as SignatureMethod  # noqa: PLC0414 - part of what is asked for here

_HMAC_DIGESTS = {
    SignatureMethod.HMAC_SHA1: "sha1",
    SignatureMethod.HMAC_SHA256: "sha256",
    SignatureMethod.HMAC_SHA512: "sha512",
}
# SHA-1 here signs a text that both ends build themselves; RFC 5849 knows nothing else, and clients in the field
# speak nothing else.
_RSA_DIGESTS: dict[SignatureMethod, hashes.HashAlgorithm] = {
    SignatureMethod.RSA_SHA1: hashes.SHA1(),  # noqa: S303
    SignatureMethod.RSA_SHA256: hashes.SHA256(),
    SignatureMethod.RSA_SHA512: hashes.SHA512(),
}
_PADDING = PKCS1v15()


class SignatureInvalidError(ValueError):
    """The signature is not the one of this text and this key."""


@dataclass(frozen=True, slots=True)
class SharedSecrets:
    """
    Both secrets as HMAC and PLAINTEXT use them, encoded and joined.

    RFC 5849 §3.4.2.
    """

    key: bytes = field(repr=False)

    @classmethod
    def join(cls, client: Secret, token: Secret | None = None) -> Self:
        """
        Join the client's secret and the token's.

        Raises:
            ValueError: the client has none: then anybody could sign.
        """
        if not client.reveal():
            raise ValueError("a client without a secret cannot be verified by one")
        return cls(f"{encode(client.reveal())}&{encode(token.reveal()) if token else ''}".encode("ascii"))


def sign_hmac(base_string: str, method: SignatureMethod, secrets: SharedSecrets) -> str:
    """
    Sign with both secrets.

    RFC 5849 §3.4.2.
    """
    digest = hmac.digest(secrets.key, base_string.encode("ascii"), _HMAC_DIGESTS[method])
    return b64encode(digest).decode("ascii")


def sign_rsa(base_string: str, method: SignatureMethod, key: RSAPrivateKey) -> str:
    """
    Sign with a private key, parsed once by whoever holds it.

    RFC 5849 §3.4.3.
    """
    return b64encode(key.sign(base_string.encode("ascii"), _PADDING, _RSA_DIGESTS[method])).decode("ascii")


def sign_plaintext(secrets: SharedSecrets) -> str:
    """
    Show both secrets, which only TLS hides.

    RFC 5849 §3.4.4.
    """
    return secrets.key.decode("ascii")


def verify_secrets(base_string: str, method: SignatureMethod, secrets: SharedSecrets, signature: str) -> None:
    """
    Verify a signature of HMAC or PLAINTEXT, in constant time.

    RFC 5849 §3.2, §3.4.2, §3.4.4.

    Raises:
        SignatureInvalidError: it is another, or no signature at all.
    """
    digest = _HMAC_DIGESTS.get(method)
    if digest is not None:
        expected = b64encode(hmac.digest(secrets.key, base_string.encode("ascii"), digest))
    elif method is SignatureMethod.PLAINTEXT:
        expected = secrets.key
    else:
        raise ValueError(f"{method} is not verified with secrets")
    if not hmac.compare_digest(expected, signature.encode("utf-8", "surrogatepass")):
        raise SignatureInvalidError("the signature is another")


def verify_rsa(base_string: str, method: SignatureMethod, key: RSAPublicKey, signature: str) -> None:
    """
    Verify a signature with a public key, parsed once by whoever holds it.

    RFC 5849 §3.2, §3.4.3.

    Raises:
        SignatureInvalidError: it is another, or no base64.
    """
    try:
        key.verify(b64decode(signature, validate=True), base_string.encode("ascii"), _PADDING, _RSA_DIGESTS[method])
    except (InvalidSignature, Base64Error, ValueError) as error:
        raise SignatureInvalidError("the signature is another, or no base64") from error
