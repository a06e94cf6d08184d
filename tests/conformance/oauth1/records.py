"""Records of OAuth 1.0a to keep, each whole and each different where the caller says so."""

from typing import Any

from applinks.records.clients import Client, ClientAuthentication, OAuth1Client
from applinks.records.grants import Grant
from applinks.records.links import Link
from applinks.records.token_credentials import TemporaryCredentials, TokenCredentials
from applinks.records.tokens import Family
from applinks.secret import Secret, digest_secret
from applinks.storage.open import Storage
from applinks.wire.oauth1.signature import SignatureMethod
from tests.conformance.records import NOW, THEM, US, make_client, make_event, make_grant

HMAC = OAuth1Client(methods=(SignatureMethod.HMAC_SHA1,), shared_secret=Secret("the-shared-secret"))
RSA = OAuth1Client(
    methods=(SignatureMethod.RSA_SHA1, SignatureMethod.RSA_SHA256),
    public_keys=("-----BEGIN PUBLIC KEY-----\none\n-----END PUBLIC KEY-----\n", "two"),
    three_legged=False,
    two_legged=True,
    execute_as="usr_1",
    impersonation=True,
    protected_users=("usr_2", "usr_3"),
    protected_groups=("jira administrators", "ärzte"),
    protects_administrators=False,
    dialect_1_0=True,
    out_of_band=False,
)
"""A client in which nothing has its default."""


def make_oauth1_client(link: Link, number: int = 1, **changes: Any) -> Client:
    """A client that an administrator added, with a shared secret."""
    values: dict[str, Any] = {
        "id": f"cli_1{number:021d}",
        "client_id": f"consumer-{number}",
        "authentication": ClientAuthentication.SIGNATURE,
        "grant_types": (),
        "redirect_uris": (f"{THEM}/callback",),
        "oauth1": HMAC,
        "is_peer": False,
    }
    return make_client(link, **(values | changes))


def make_temporary(client: Client, row: int = 1, **changes: Any) -> TemporaryCredentials:
    values: dict[str, Any] = {
        "row": row,
        "digest": digest_secret(f"temporary {row}"),
        "secret": Secret(f"temporary secret {row}"),
        "client": client.id,
        "callback": f"{THEM}/callback?a=b",
        "issued_at": NOW,
        "expires_at": NOW + 600,
    }
    return TemporaryCredentials(**(values | changes))


def make_oauth1_family(grant: Grant, number: int = 1) -> Family:
    """What one consent yields: it lasts as long as the session."""
    return Family(id=f"fam_1{number:021d}", grant_id=grant.id, created_at=NOW, absolute_expires_at=NOW + 90 * 86400)


def make_credentials(grant: Grant, family: Family, row: int = 1, **changes: Any) -> TokenCredentials:
    values: dict[str, Any] = {
        "row": row,
        "digest": digest_secret(f"token {row}"),
        "secret": Secret(f"token secret {row}"),
        "client": grant.client,
        "grant_id": grant.id,
        "family_id": family.id,
        "user_id": grant.user_id,
        "scopes": ("issues:read",),
        "resource": US,
        "session_handle": digest_secret(f"handle {row}"),
        "session_expires_at": NOW + 90 * 86400,
        "issued_at": NOW,
        "expires_at": NOW + 60 * 86400,
    }
    return TokenCredentials(**(values | changes))


async def add_oauth1_client(storage: Storage, link: Link, number: int = 1, **changes: Any) -> Client:
    """Keep a client of a link that stands."""
    client = make_oauth1_client(link, number, **changes)
    assert await storage.incoming.add_client(client, event=make_event(100 + number))
    return client


async def add_approved(storage: Storage, client: Client, row: int = 1, **changes: Any) -> Grant:
    """Keep temporary credentials that a user approved."""
    grant = make_grant(client, row, **changes)
    await storage.oauth1.add_temporary_credentials(make_temporary(client, row))
    assert await storage.oauth1.approve_temporary_credentials(
        row, at=NOW, oauth_verifier=digest_secret(f"verifier {row}"), grant=grant, event=None
    )
    return grant


async def add_token_credentials(
    storage: Storage, link: Link, row: int = 1, **changes: Any
) -> tuple[Client, Grant, TokenCredentials]:
    """Keep a client of a link and all that leads to current token credentials in that row."""
    client = await add_oauth1_client(storage, link, row, **changes)
    grant = await add_approved(storage, client, row)
    family = make_oauth1_family(grant, row)
    credentials = make_credentials(grant, family, row)
    assert await storage.oauth1.exchange_temporary_credentials(row, at=NOW, family=family, credentials=credentials)
    return client, grant, credentials
