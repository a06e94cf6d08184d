"""The signature methods, by name alone: records and forms know them without loading what signs."""

from enum import StrEnum


class SignatureMethod(StrEnum):
    """RFC 5849 §3.4.2 to §3.4.4, and the same with newer digests, as servers in the field name them."""

    HMAC_SHA1 = "HMAC-SHA1"
    HMAC_SHA256 = "HMAC-SHA256"
    HMAC_SHA512 = "HMAC-SHA512"
    RSA_SHA1 = "RSA-SHA1"
    RSA_SHA256 = "RSA-SHA256"
    RSA_SHA512 = "RSA-SHA512"
    PLAINTEXT = "PLAINTEXT"

    @property
    def is_rsa(self) -> bool:
        """Whether a key pair signs."""
        return self.startswith("RSA-")

    @property
    def is_hmac(self) -> bool:
        """Whether both secrets sign."""
        return self.startswith("HMAC-")
