"""Records to keep, each whole and each different where the caller says so."""

from typing import Any

from applinks.linking.store import LinkWrite
from applinks.records.accounts import Account
from applinks.records.audit import AuditEvent
from applinks.records.clients import Client, ClientAuthentication, ClientSecret, GrantType
from applinks.records.connections import Connection
from applinks.records.grants import Grant
from applinks.records.links import (
    Agreement,
    Direction,
    Link,
    LinkKind,
    LinkState,
    Pause,
    Peer,
    Pending,
    Rest,
    Schedule,
)
from applinks.records.registrations import Registration
from applinks.records.tokens import AccessToken, AuthorizationCode, Family, RefreshToken
from applinks.secret import Secret, digest_secret
from applinks.storage.open import Storage
from applinks.wire.linking.terms import Access, Allows, Level, Terms

NOW = 1_800_000_000
US = "https://tracker.example"
THEM = "https://start.example"


def make_terms() -> Terms:
    access = Access(
        from_url=THEM,
        to_url=US,
        protocols=("oauth2",),
        level=Level.OAUTH,
        user_scopes=("issues:read", "issues:write"),
        application_scopes=("issues:read",),
    )
    return Terms(access=(access,))


def make_peer(number: int = 1, **changes: Any) -> Peer:
    values: dict[str, Any] = {
        "id": f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
        "name": "Stärt page",
        "url": THEM if number == 1 else f"https://start{number}.example",
        "manifest": {"applinks": "1", "scopes": [{"name": "pages:read", "description": "See “pages”"}]},
        "keys": ({"kty": "EC", "kid": "one", "crv": "P-256", "x": "x", "y": "y"},),
    }
    return Peer(**(values | changes))


def make_pending(state: LinkState = LinkState.PROPOSED, **changes: Any) -> Pending:
    values: dict[str, Any] = {
        "revision": 1,
        "state": state,
        "proposal": "a.b.c",
        "proposal_digest": "digest",
        "terms": make_terms(),
        "until": NOW + 720,
    }
    return Pending(**(values | changes))


def make_link(number: int = 1, state: LinkState = LinkState.IN_FORCE, **changes: Any) -> Link:
    in_force = state is LinkState.IN_FORCE
    values: dict[str, Any] = {
        "id": f"lnk_{number:022d}",
        "handle": f"start-{number}",
        "name": f"Start {number}",
        "peer": make_peer(number),
        "agreed": Agreement(revision=1, digest="digest", terms=make_terms()) if in_force else None,
        "pending": None if in_force else make_pending(state),
        "created_at": NOW,
        "created_by": "user:1",
        "in_force_at": NOW if in_force else 0,
    }
    return Link(**(values | changes))


def make_hand_link(number: int = 1, **changes: Any) -> Link:
    """A link with something that is no Applinks, which only calls us where no ``url`` is given."""
    url = changes.pop("url", "")
    peer = Peer(id="", name=f"Server {number}", url=url, issuer=f"{url}/oauth" if url else "", manifest={}, keys=())
    by_hand = {"kind": LinkKind.BY_HAND, "peer": peer, "agreed": None, "check": "none"}
    return make_link(number, **(by_hand | changes))


def make_full_link() -> Link:
    """A link in which nothing has its default."""
    return make_link(
        peer=make_peer(
            announced=("two",),
            unannounced=({"kty": "EC", "kid": "three"},),
            seq=5,
            heard_seq=4,
            agreed_digest="digest",
            paused=True,
            allows=Allows(user_scopes=("pages:read",)),
            check="failed:timeout",
            ended=True,
            heard_at=NOW,
            keys_read_at=NOW,
        ),
        version=3,
        incoming=Direction(level=Level.OAUTH, protocols=("oauth2",), user_scopes=("issues:read",)),
        outgoing=Direction(level=Level.IMPERSONATION, protocols=("oauth2",), application_scopes=("pages:read",)),
        pending=make_pending(LinkState.APPROVED, answer="d.e.f", answer_digest="other", session="00ff"),
        seq=6,
        pause=Pause(by="user:1", at=NOW, reason="Sunday"),
        rest=frozenset({Rest.OUT_OF_STEP, Rest.KEYS_CHANGED}),
        check="passed",
        statement=Schedule(attempts=2, next_at=NOW + 5),
        test_call=Schedule(attempts=1, next_at=NOW + 2),
        private_address=True,
    )


def make_client(link: Link, **changes: Any) -> Client:
    values: dict[str, Any] = {
        "id": f"cli_{link.id[4:]}",
        "client_id": f"{link.peer.url}/applinks/oauth2/client.json",
        "link_id": link.id,
        "name": link.name,
        "authentication": ClientAuthentication.PRIVATE_KEY_JWT,
        "redirect_uris": (f"{link.peer.url}/applinks/callback/{link.id}",),
        "grant_types": tuple(GrantType),
        "scopes": ("issues:read",),
        "is_peer": True,
        "created_at": NOW,
    }
    return Client(**(values | changes))


def make_secret(row: int = 1, **changes: Any) -> ClientSecret:
    values = {"row": row, "digest": digest_secret(f"secret {row}"), "hint": f"als_{row}", "created_at": NOW}
    return ClientSecret(**(values | changes))


def make_hand_client(link: Link, number: int = 1, **changes: Any) -> Client:
    """A client that an administrator added, with a secret of its number."""
    values: dict[str, Any] = {
        "id": f"cli_{number:022d}",
        "client_id": f"probe-{number}",
        "authentication": ClientAuthentication.CLIENT_SECRET,
        "is_peer": False,
        "secrets": (make_secret(number),),
    }
    return make_client(link, **(values | changes))


def make_registration(link: Link, **changes: Any) -> Registration:
    values: dict[str, Any] = {"link_id": link.id, "client_id": "tracker", "client_secret": Secret("their-secret")}
    return Registration(**(values | changes))


def make_account(number: int = 1, **changes: Any) -> Account:
    values: dict[str, Any] = {"id": f"usr_{number:022d}", "name": f"user-{number}", "created_at": NOW}
    return Account(**(values | changes))


def make_grant(client: Client, number: int = 1, **changes: Any) -> Grant:
    values: dict[str, Any] = {
        "id": f"grt_{number:022d}",
        "client": client.id,
        "link_id": client.link_id,
        "user_id": "alice",
        "scopes": ("issues:read", "issues:write"),
        "resource": US,
        "created_at": NOW + number,
    }
    return Grant(**(values | changes))


def make_code(grant: Grant, row: int = 1, **changes: Any) -> AuthorizationCode:
    values: dict[str, Any] = {
        "row": row,
        "digest": digest_secret(f"code {row}"),
        "client": grant.client,
        "grant_id": grant.id,
        "user_id": grant.user_id,
        "redirect_uri": f"{THEM}/applinks/callback/{grant.link_id}",
        "code_challenge": "challenge",
        "scopes": grant.scopes,
        "resource": grant.resource,
        "issued_at": NOW,
        "expires_at": NOW + 60,
    }
    return AuthorizationCode(**(values | changes))


def make_family(grant: Grant, number: int = 1) -> Family:
    return Family(id=f"fam_{number:022d}", grant_id=grant.id, created_at=NOW, absolute_expires_at=NOW + 86400)


def make_access_token(grant: Grant, row: int = 1, *, family: Family | None = None, **changes: Any) -> AccessToken:
    values: dict[str, Any] = {
        "row": row,
        "digest": digest_secret(f"access {row}"),
        "client": grant.client,
        "grant_id": grant.id,
        "family_id": family.id if family else "",
        "user_id": grant.user_id,
        "scopes": ("issues:read",),
        "resource": grant.resource,
        "issued_at": NOW,
        "expires_at": NOW + 3600,
    }
    return AccessToken(**(values | changes))


def make_refresh_token(grant: Grant, family: Family, row: int = 1, **changes: Any) -> RefreshToken:
    values: dict[str, Any] = {
        "row": row,
        "digest": digest_secret(f"refresh {row}"),
        "client": grant.client,
        "grant_id": grant.id,
        "family_id": family.id,
        "user_id": grant.user_id,
        "scopes": grant.scopes,
        "resource": grant.resource,
        "issued_at": NOW,
        "idle_expires_at": NOW + 86400,
    }
    return RefreshToken(**(values | changes))


def make_connection(link: Link, user_id: str | None = "alicia", number: int = 1, **changes: Any) -> Connection:
    values: dict[str, Any] = {
        "id": f"con_{number:022d}",
        "link_id": link.id,
        "user_id": user_id,
        "issuer": link.peer.url,
        "access_token": Secret("their-access-token"),
        "refresh_token": Secret("their-refresh-token"),
        "scopes": ("pages:read",),
        "expires_at": NOW + 3600,
        "created_at": NOW,
    }
    return Connection(**(values | changes))


def make_event(number: int = 1, **changes: Any) -> AuditEvent:
    values: dict[str, Any] = {
        "id": f"evt_{number:022d}",
        "at": NOW,
        "actor": "user:1",
        "action": "link.approved",
        "subject": "lnk",
        "detail": {"scopes": ["issues:read"]},
    }
    return AuditEvent(**(values | changes))


async def add_link(storage: Storage, link: Link | None = None) -> tuple[Link, Client]:
    """Keep a link and its peer's client."""
    link = link or make_link()
    client = make_client(link)
    await storage.linking.commit(LinkWrite(link=link, expected_version=None, clients=(client,)))
    return link, client


async def add_hand_link(storage: Storage, link: Link | None = None, number: int = 1) -> tuple[Link, Client]:
    """Keep a link by hand, and a client of it."""
    link = link or make_hand_link(number)
    client = make_hand_client(link, number)
    await storage.linking.commit(LinkWrite(link=link, expected_version=None, clients=(client,)))
    return link, client


async def add_code(storage: Storage, row: int = 1) -> tuple[Grant, AuthorizationCode]:
    """Keep a link, its client, a grant and a code."""
    _, client = await add_link(storage)
    grant = make_grant(client)
    code = make_code(grant, row)
    await storage.incoming.save_consent(grant, code, make_event())
    return grant, code


async def add_refresh_token(storage: Storage) -> tuple[Grant, Family, RefreshToken]:
    """Keep all that leads to a current refresh token in row 1."""
    grant, code = await add_code(storage)
    family = make_family(grant)
    token = make_refresh_token(grant, family)
    access = make_access_token(grant, family=family)
    assert await storage.incoming.exchange_code(
        code.row, at=NOW, family=family, access_token=access, refresh_token=token
    )
    return grant, family, token
