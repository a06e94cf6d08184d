"""What the tests of clients of OAuth 1.0a begin with."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from applinks.administration.accounts import NewAccount, add_account, pause_account
from applinks.administration.client_changes import AddedClient
from applinks.administration.hand_values import NewOAuth1Client, NewOutgoing
from applinks.administration.oauth1_clients import add_oauth1_client
from applinks.records.registrations import ServerEndpoints
from applinks.secret import Secret
from applinks.wire.oauth1.signature import SignatureMethod
from tests.administration.hand import ADMIN
from tests.linking.world import Application
from tests.rsa_keys import make_rsa_key, write_private, write_public

RSA = (SignatureMethod.RSA_SHA1, SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA512)
HMAC = (SignatureMethod.HMAC_SHA1, SignatureMethod.HMAC_SHA256, SignatureMethod.HMAC_SHA512)
KEY = "old-board"
CALLBACK = "https://board.example/plugins/servlet/applinks/oauth/login-dance/access"
SHARED = Secret("a secret that both sides hold")
RELATIVE = ServerEndpoints(
    temporary="/plugins/servlet/oauth/request-token",
    authorization="plugins/servlet/oauth/authorize",
    token="https://board.example/plugins/servlet/oauth/access-token",
)


def public_pem(bits: int = 2048) -> str:
    return write_public(make_rsa_key(bits))


def bare_key() -> str:
    der = make_rsa_key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(der).decode()


def private_pem() -> str:
    return write_private(make_rsa_key())


def certificate() -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "board.example")])
    began = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, make_rsa_key().public_key(), 1, began, began + timedelta(days=1))
    return builder.sign(make_rsa_key(), hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def new_client(**values: Any) -> NewOAuth1Client:
    return NewOAuth1Client(
        **{"key": KEY, "public_key": public_pem(), "callback": CALLBACK, "scopes": ("pages:read",)} | values
    )


def new_outgoing(**values: Any) -> NewOutgoing:
    return NewOutgoing(**{"protocol": "oauth1", "endpoints": RELATIVE} | values)


async def add(application: Application, *, link: str = "", **values: Any) -> AddedClient:
    return await add_oauth1_client(new_client(**values), link=link, actor=ADMIN, side=application.administration)


async def add_user(application: Application, name: str, *, admin: bool = False, paused: bool = False) -> str:
    """Add an account of the server form; its id."""
    side = application.administration
    new = NewAccount(name=name, password=None, is_administrator=admin)
    account = await add_account(new, actor=ADMIN, side=side)
    if paused:
        await pause_account(name, actor=ADMIN, side=side)
    return account.id
