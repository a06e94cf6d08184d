"""
Those who sign and verify OAuth 1.0a in one process, each as its documentation says: ours, oauthlib and authlib.

All know the same client and the same token from a dictionary, and keep nonces in a set; what differs is the library.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from authlib.oauth1 import ClientAuth
from authlib.oauth1 import ResourceProtector as AuthlibProtector
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from oauthlib.oauth1 import Client, RequestValidator, ResourceEndpoint

from applinks.secret import Secret
from applinks.wire.http import Request
from applinks.wire.oauth1.keys import format_public_key
from applinks.wire.oauth1.signature import (
    SharedSecrets,
    SignatureMethod,
    sign_hmac,
    sign_rsa,
    verify_rsa,
    verify_secrets,
)
from applinks.wire.oauth1.signed_request import parse_signed_request, sign_request

CLIENT, TOKEN = "bench-client", "a-token-of-the-benchmark-as-long-as-ours-0123456789"
_CLIENT_SECRET, _TOKEN_SECRET = "a secret of the client: 32 bytes", "a secret of the token, as long..."
# What an API is asked: a query with an escape in it, and nothing else.
URL = "https://api.example.org/rest/api/2/search?jql=project%20%3D%20%22AL%22&maxResults=50&startAt=0"
_WINDOW_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Keys:
    """The client's key pair, parsed and as text."""

    private: RSAPrivateKey = field(
        default_factory=lambda: generate_private_key(public_exponent=65537, key_size=2048), repr=False
    )

    @property
    def public(self) -> RSAPublicKey:
        """The half that verifies."""
        return self.private.public_key()

    @property
    def private_pem(self) -> str:
        """The half that signs, as oauthlib and authlib take it."""
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    @property
    def public_pem(self) -> str:
        """The half that verifies, as oauthlib and authlib take it."""
        return format_public_key(self.public)


@dataclass(frozen=True, slots=True)
class OwnSigner:
    """Signs with the key or with the secrets, as the method says."""

    method: SignatureMethod
    secrets: SharedSecrets
    key: RSAPrivateKey

    def sign(self, base_string: str) -> str:
        """Give the signature."""
        if self.method.is_rsa:
            return sign_rsa(base_string, self.method, self.key)
        return sign_hmac(base_string, self.method, self.secrets)


class Own:
    """Ours: keys and secrets are parsed once, as the application keeps them."""

    def __init__(self, method: SignatureMethod, keys: Keys) -> None:
        self._secrets = SharedSecrets.join(Secret(_CLIENT_SECRET), Secret(_TOKEN_SECRET))
        self._clients = {CLIENT: keys.public}
        self._tokens = {TOKEN: self._secrets}
        self._nonces: set[tuple[str, str | None, int | None, str]] = set()
        self._signer = OwnSigner(method, self._secrets, keys.private)
        self._requests = [Request(method="GET", url=URL)]
        self._count = count_nonces("nonce-of-the-benchmark")

    def sign(self) -> Request:
        """Sign one request."""
        said = {
            "oauth_consumer_key": CLIENT,
            "oauth_token": TOKEN,
            "oauth_timestamp": str(int(time.time())),
            "oauth_nonce": next(self._count),
        }
        return sign_request(self._requests[0], said, self._signer)

    def verify(self, header: str) -> None:
        """Verify one request, and claim its nonce."""
        signed = parse_signed_request(Request(method="GET", url=URL, headers=(("Authorization", header),)))
        key = self._clients[signed.unverified_client]
        secrets = self._tokens[signed.unverified_token or ""]
        if signed.method.is_rsa:
            verify_rsa(signed.base_string, signed.method, key, signed.signature)
        else:
            verify_secrets(signed.base_string, signed.method, secrets, signed.signature)
        assert signed.timestamp is not None
        assert abs(time.time() - signed.timestamp) <= _WINDOW_SECONDS
        proof = (signed.unverified_client, signed.unverified_token, signed.timestamp, signed.nonce)
        assert proof not in self._nonces
        self._nonces.add(proof)

    def forget(self) -> None:
        """Forget the nonces, so that the same requests can be verified again."""
        self._nonces.clear()


class _Validator(RequestValidator):
    """What oauthlib asks of a server."""

    dummy_client = "nobody"
    dummy_access_token = "nobody's"  # noqa: S105 - nobody has it
    allowed_signature_methods = ("HMAC-SHA1", "RSA-SHA1")

    def __init__(self, public_pem: str) -> None:
        super().__init__()
        self.public_pem = public_pem
        self.nonces: set[tuple[str, str, str, str]] = set()

    def check_client_key(self, client_key: str) -> bool:
        return client_key == CLIENT

    def check_access_token(self, request_token: str) -> bool:
        return request_token == TOKEN

    def check_nonce(self, nonce: str) -> bool:
        return bool(nonce)

    def validate_client_key(self, client_key: str, _request: object) -> bool:
        return client_key == CLIENT

    def validate_access_token(self, _client_key: str, token: str, _request: object) -> bool:
        return token == TOKEN

    def validate_realms(self, *_found: object, **_asked: object) -> bool:
        return True

    def get_client_secret(self, *_found: object) -> str:
        return _CLIENT_SECRET

    def get_access_token_secret(self, *_found: object) -> str:
        return _TOKEN_SECRET

    def get_rsa_key(self, *_found: object) -> str:
        return self.public_pem

    def validate_timestamp_and_nonce(
        self, client_key: str, timestamp: str, nonce: str, *_found: object, access_token: str = "", **_more: object
    ) -> bool:
        proof = (client_key, access_token, timestamp, nonce)
        if proof in self.nonces:
            return False
        self.nonces.add(proof)
        return True


class Oauthlib:
    """oauthlib's `Client` and `ResourceEndpoint`."""

    def __init__(self, method: SignatureMethod, keys: Keys) -> None:
        self._client = Client(
            CLIENT,
            client_secret=_CLIENT_SECRET,
            resource_owner_key=TOKEN,
            resource_owner_secret=_TOKEN_SECRET,
            signature_method=method.value,
            rsa_key=keys.private_pem if method.is_rsa else None,
        )
        self._validator = _Validator(keys.public_pem)
        self._endpoint = ResourceEndpoint(self._validator)

    def sign(self) -> object:
        """Sign one request."""
        return self._client.sign(URL)

    def verify(self, header: str) -> None:
        """Verify one request, and claim its nonce."""
        is_valid, _ = self._endpoint.validate_protected_resource_request(
            URL, "GET", headers={"Authorization": header}, realms=[]
        )
        assert is_valid

    def forget(self) -> None:
        """Forget the nonces, so that the same requests can be verified again."""
        self._validator.nonces.clear()


@dataclass(frozen=True, slots=True)
class _Holder:
    """The client and the token, as authlib asks for them."""

    public_pem: str

    def get_client_secret(self) -> str:
        return _CLIENT_SECRET

    def get_oauth_token_secret(self) -> str:
        return _TOKEN_SECRET

    def get_rsa_public_key(self) -> str:
        return self.public_pem


class _Protector(AuthlibProtector):
    """What authlib asks of a server."""

    SUPPORTED_SIGNATURE_METHODS = ("HMAC-SHA1", "RSA-SHA1")

    def __init__(self, public_pem: str) -> None:
        self.holder = _Holder(public_pem)
        self.nonces: set[tuple[str, str, str, str]] = set()

    def get_client_by_id(self, client_id: str) -> _Holder | None:
        return self.holder if client_id == CLIENT else None

    def get_token_credential(self, request: object) -> _Holder | None:
        return self.holder if getattr(request, "token", "") == TOKEN else None

    def exists_nonce(self, nonce: str, request: object) -> bool:
        said = getattr(request, "oauth_params", {})
        proof = (said["oauth_consumer_key"], said["oauth_token"], said["oauth_timestamp"], nonce)
        if proof in self.nonces:
            return True
        self.nonces.add(proof)
        return False


class Authlib:
    """authlib's `ClientAuth` and `ResourceProtector`."""

    def __init__(self, method: SignatureMethod, keys: Keys) -> None:
        self._client = ClientAuth(
            CLIENT,
            _CLIENT_SECRET,
            token=TOKEN,
            token_secret=_TOKEN_SECRET,
            signature_method=method.value,
            rsa_key=keys.private_pem,
        )
        self._protector = _Protector(keys.public_pem)

    def sign(self) -> object:
        """Sign one request."""
        return self._client.prepare("GET", URL, {}, b"")

    def verify(self, header: str) -> None:
        """Verify one request, and claim its nonce."""
        self._protector.validate_request("GET", URL, None, {"Authorization": header})

    def forget(self) -> None:
        """Forget the nonces, so that the same requests can be verified again."""
        self._protector.nonces.clear()


def count_nonces(begin: str) -> Iterator[str]:
    """Give a nonce that is new each time."""
    number = 0
    while True:
        number += 1
        yield f"{begin}-{number:09}"
