"""What the tests of clients of OAuth 1.0a begin with."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from applinks.administration.accounts import NewAccount, add_account, pause_account
from applinks.administration.client_changes import AddedClient
from applinks.administration.hand_values import NewOAuth1Client, NewOutgoing
from applinks.administration.oauth1_clients import add_oauth1_client
from applinks.records.registrations import ServerEndpoints
from applinks.secret import Secret
from applinks.wire.oauth1.signature import SignatureMethod
from tests.administration.hand import ADMIN
from tests.linking.world import Application

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


@cache
def make_key(bits: int) -> RSAPrivateKey:
    """Give a key pair; the same one each time, because making one is slow."""
    return generate_private_key(65537, bits)


def public_pem(bits: int = 2048) -> str:
    return make_key(bits).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def bare_key() -> str:
    der = make_key(2048).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(der).decode()


def private_pem() -> str:
    return make_key(2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def certificate() -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "board.example")])
    began = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, make_key(2048).public_key(), 1, began, began + timedelta(days=1))
    return builder.sign(make_key(2048), hashes.SHA256()).public_bytes(Encoding.PEM).decode()


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
