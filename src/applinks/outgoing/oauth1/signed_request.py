"""We sign a request: as ourselves, or with what the server handed us for a user."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from applinks.records.keys import KeyPair
from applinks.secret import Secret
from applinks.wire.http import Request
from applinks.wire.oauth1.keys import parse_private_key
from applinks.wire.oauth1.signature import SharedSecrets, SignatureMethod, sign_hmac, sign_plaintext, sign_rsa
from applinks.wire.oauth1.signed_request import Signer, sign_request

# The pair that signs now, and the one before it, which a call under way may still hold.
_MOST_KEYS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnClient:
    """
    Who we are at a server, and how we sign there.

    Attributes:
        key: the consumer key.
        private_key: of the RSA methods, parsed once.
        secret: of the HMAC methods and PLAINTEXT.
    """

    key: str
    method: SignatureMethod
    private_key: RSAPrivateKey | None = field(default=None, repr=False)
    secret: Secret | None = None

    def __post_init__(self) -> None:
        if self.method.is_rsa and self.private_key is None:
            raise ValueError(f"{self.method} signs with a key")
        if not self.method.is_rsa and (self.secret is None or not self.secret.reveal()):
            raise ValueError(f"{self.method} signs with a secret")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCredentials:
    """The temporary or token credentials that a request is made with."""

    token: Secret
    secret: Secret


EMPTY_CREDENTIALS = HeldCredentials(token=Secret(""), secret=Secret(""))
"""Two legs, where the server wants ``oauth_token`` there all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """
    What makes a signature good for one request.

    RFC 5849 §3.3.
    """

    timestamp: int
    nonce: str


class ParsedKeys:
    """Our private keys, ready to sign: to parse and check one takes longer than ten signatures."""

    def __init__(self) -> None:
        self._kept: dict[str, RSAPrivateKey] = {}

    def get(self, pair: KeyPair) -> RSAPrivateKey:
        """Give the private key of a pair of ours."""
        found = self._kept.get(pair.kid)
        if found is None:
            found = parse_private_key(pair.private.reveal())
            while len(self._kept) >= _MOST_KEYS:
                del self._kept[next(iter(self._kept))]
            self._kept[pair.kid] = found
        return found


@dataclass(frozen=True, slots=True)
class _KeySigner:
    method: SignatureMethod
    key: RSAPrivateKey = field(repr=False)

    def sign(self, base_string: str) -> str:
        return sign_rsa(base_string, self.method, self.key)


@dataclass(frozen=True, slots=True)
class _SecretSigner:
    method: SignatureMethod
    secrets: SharedSecrets

    def sign(self, base_string: str) -> str:
        if self.method.is_hmac:
            return sign_hmac(base_string, self.method, self.secrets)
        return sign_plaintext(self.secrets)


def sign_as(
    own: OwnClient,
    request: Request,
    freshness: Freshness,
    *,
    held: HeldCredentials | None = None,
    parameters: Mapping[str, str] | None = None,
) -> Request:
    """
    Give the request with our credentials in its header.

    RFC 5849 §3.1, §3.5.1.

    Args:
        own: who signs.
        request: absolute URL, with the query and the form body that are to be signed.
        freshness: of this request alone.
        held: what we hold from the server; None: ``oauth_token`` is left out.
        parameters: what the step needs besides, such as ``oauth_callback``.
    """
    said = {
        "oauth_consumer_key": own.key,
        "oauth_timestamp": str(freshness.timestamp),
        "oauth_nonce": freshness.nonce,
    }
    if held is not None:
        said["oauth_token"] = held.token.reveal()
    if parameters:
        said |= parameters
    return sign_request(request, said, _build_signer(own, held))


def _build_signer(own: OwnClient, held: HeldCredentials | None) -> Signer:
    if own.private_key is not None:
        return _KeySigner(own.method, own.private_key)
    assert own.secret is not None  # noqa: S101 - whoever has no key has a secret.
    return _SecretSigner(own.method, SharedSecrets.join(own.secret, held.secret if held else None))
