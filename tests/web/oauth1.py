"""Clients of OAuth 1.0a as the tests of pages make them, and what they ask of users."""

from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from applinks.administration.actor import Actor
from applinks.administration.client_changes import AddedClient
from applinks.administration.hand_values import NewOAuth1Client, OAuth1ClientChange
from applinks.administration.oauth1_clients import add_oauth1_client, change_oauth1_client
from applinks.records.clients import Client
from applinks.records.token_credentials import TemporaryCredentials
from applinks.secret import Secret
from applinks.wire.token_format import TokenKind, format_token, parse_token
from tests.rsa_keys import make_rsa_key, write_private, write_public
from tests.web.hand import ROBIN, find_link
from tests.web.site import USERS, Site

AUTHORIZE = "/applinks/oauth1/authorize"
CALLBACK = "https://gadget.example/done"
ALONE = "/applinks/new/by-hand?protocol=oauth1"
CLOUD = "https://cloud.example"
NEW = f"/applinks/new/by-hand?url={quote(CLOUD, safe='')}&protocol=oauth1"
JIRA = "https://jira.example"
NEW_JIRA = f"/applinks/new/by-hand?url={quote(JIRA, safe='')}"


def make_keys(bits: int = 2048) -> tuple[str, str]:
    """Give a private and a public key, in PEM."""
    key = make_rsa_key(bits)
    return write_private(key), write_public(key)


PRIVATE, PUBLIC = make_keys()
SHORT = make_keys(1024)[1]
_ACTOR = Actor.for_user(next(user for user in USERS if user.id == ROBIN))


async def add_client(site: Site, **changes: Any) -> AddedClient:
    """Add a client as an administrator."""
    fields: dict[str, Any] = {
        "key": "gadget",
        "name": "Gadget",
        "shared_secret": Secret("a shared secret"),
        "callback": CALLBACK,
        "scopes": ("issues:read", "issues:write"),
    }
    new = NewOAuth1Client(**(fields | changes))
    return await add_oauth1_client(new, actor=_ACTOR, side=site.context.administration)


async def change_client(site: Site, client: Client, **changes: Any) -> AddedClient:
    """Change a client as an administrator."""
    change = OAuth1ClientChange(**changes)
    return await change_oauth1_client(client.id, change, actor=_ACTOR, side=site.context.administration)


async def ask(site: Site, client: Client, *, row: int = 900, callback: str = CALLBACK) -> str:
    """Let a client ask for a user's access; give its temporary token."""
    token = format_token(TokenKind.TEMPORARY_CREDENTIALS, row, bytes([row % 250] * 32))
    parsed, now = parse_token(token), site.context.clock.now()
    assert parsed is not None
    credentials = TemporaryCredentials(
        row=row,
        digest=parsed.digest,
        secret=Secret("a temporary secret"),
        client=client.id,
        callback=callback,
        issued_at=now,
        expires_at=now + 600,
    )
    await site.context.incoming.oauth1.add_temporary_credentials(credentials)
    return token


def get_url(token: str, **more: str) -> str:
    """Give the address to which a client sends a user's browser."""
    return AUTHORIZE + "?" + "&".join(f"{name}={quote(text)}" for name, text in ({"oauth_token": token} | more).items())


def read(url: str) -> dict[str, str]:
    """Give what an address says in its query."""
    return dict(parse_qsl(urlsplit(url).query))


async def find_client(site: Site, handle: str) -> Client:
    """Give the one client of a link."""
    (found,) = await site.context.incoming.store.list_clients(link_id=(await find_link(site, handle)).id)
    return found.client
