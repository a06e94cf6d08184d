"""Signers over the functions of the wire, for tests that need one."""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from applinks.secret import Secret
from applinks.wire.oauth1.signature import SharedSecrets, SignatureMethod, sign_hmac, sign_plaintext, sign_rsa


@dataclass(frozen=True)
class SecretSigner:
    secrets: SharedSecrets
    method: SignatureMethod = SignatureMethod.HMAC_SHA1

    def sign(self, base_string: str) -> str:
        if self.method is SignatureMethod.PLAINTEXT:
            return sign_plaintext(self.secrets)
        return sign_hmac(base_string, self.method, self.secrets)


@dataclass(frozen=True)
class KeySigner:
    key: RSAPrivateKey
    method: SignatureMethod = SignatureMethod.RSA_SHA1

    def sign(self, base_string: str) -> str:
        return sign_rsa(base_string, self.method, self.key)


def join(client: str, token: str = "") -> SharedSecrets:
    return SharedSecrets.join(Secret(client), Secret(token))
