"""A whole host in process, driven message by message as a server would, by senders that keep to no rule."""

import re
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from applinks import Role, Settings, User
from applinks.fetching.transport import Fetcher
from applinks.hosts.starlette import AppLinks
from applinks.limits import RateLimits
from applinks.linking.store import CommitResult, LinkWrite
from applinks.records.clients import Client, ClientAuthentication, GrantType
from applinks.records.connections import Connection
from applinks.records.links import Agreement, Direction, Link, LinkKind, Peer
from applinks.secret import Secret
from applinks.storage.open import Storage, open_storage
from applinks.wire.linking.manifest import build_manifest
from applinks.wire.linking.terms import Access, Allows, Level, Terms
from applinks.wire.oauth2.pkce import compute_code_challenge
from tests.fakes import CountingEntropy, FixedClock
from tests.hostile.messages import Answer, Header, Sent, send
from tests.incoming.world import (
    BASE,
    HAND_LINK,
    LINK,
    PEER,
    PEER_CLIENT,
    PEER_REDIRECT,
    PUBLIC_CLIENT,
    PUBLIC_REDIRECT,
    RESOURCES,
    SECRET_CLIENT,
    SECRETS,
    VERIFIER,
    keep_secret,
    make_key,
    publish,
)
from tests.wire.linking.samples import make_manifest

USERS = {
    user.id: user
    for user in (
        User(id="1", name="alice"),
        User(id="9", name="robin", role=Role.ADMINISTRATOR),
    )
}
ALICE, ROBIN = USERS["1"], USERS["9"]
LAID = ("issues:read", "issues:write")
HOST = BASE.removeprefix("https://").encode()
DESKTOP_LINK = "lnk_0000000000000000000003"
# What a refused request leaves as it was; proofs, sessions, leases and failures may come and go.
KEPT = ("links", "clients", "grants", "families", "connections", "access_tokens", "refresh_tokens", "codes", "audit")
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_HIDDEN = re.compile(r'type="hidden" name="([^"]+)" value="([^"]*)"')
_COOKIE = re.compile(rb"([^=]+)=([^;]+)")


class Users:
    """Whoever the ``x-user`` header names is logged in."""

    async def current(self, request: Any) -> User | None:
        return USERS.get(request.headers.get("x-user", ""))

    async def find(self, user_id: str) -> User | None:
        return USERS.get(user_id)

    async def find_by_name(self, name: str) -> User | None:
        return None

    async def find_by_email(self, email: str) -> list[User]:
        return []

    def everyone(self) -> None:
        return None

    def login_url(self, return_to: str) -> str:
        return f"/login?next={quote(return_to, safe='')}"

    def confirm_url(self, return_to: str) -> str | None:
        return None


@dataclass
class Site:
    """A host with a linked peer, a public client, one with a secret, and a user who is connected both ways."""

    app: Any
    applinks: AppLinks
    path: Path
    key: dict[str, Any]
    clock: Any
    cookies: dict[str, bytes] = field(default_factory=dict)

    @property
    def storage(self) -> Storage:
        return self.applinks._running.storage

    async def send(self, sent: Sent) -> Answer:
        return await send(self.app, sent)

    async def get(
        self, path: str, *, user: User | None = None, headers: Iterable[Header] = (), query: str = ""
    ) -> Answer:
        made = Sent(path=path, query=query.encode(), headers=(*self.identify(user), *headers))
        answer = await self.send(made)
        self._keep_cookie(answer, user)
        return answer

    async def post(
        self,
        path: str,
        fields: Any,
        *,
        user: User | None = None,
        query: str = "",
        content_type: bytes = b"application/x-www-form-urlencoded",
    ) -> Answer:
        body = fields if isinstance(fields, bytes) else urlencode(list(dict(fields).items()), doseq=True).encode()
        same = ((b"sec-fetch-site", b"same-origin"),) if user else ()
        headers = (*self.identify(user), (b"content-type", content_type), *same)
        return await self.send(Sent(method="POST", path=path, query=query.encode(), headers=headers, parts=(body,)))

    async def press(self, path: str, fields: dict[str, Any], *, user: User, query: str = "") -> Answer:
        """Send a page's form with its token, as the browser of a user who looked at it."""
        return await self.post(path, {"csrf_token": await self.get_token(user)} | fields, user=user, query=query)

    async def get_token(self, user: User) -> str:
        """Give the token of a user's forms."""
        page = await self.get("/applinks/account/revoke-everything", user=user)
        assert page.status == 200, page.text
        return _TOKEN.search(page.text)[1]

    def identify(self, user: User | None) -> tuple[Header, ...]:
        """Give the headers of a user's browser, or of nobody's."""
        host = ((b"host", HOST),)
        if user is None:
            return host
        cookie = self.cookies.get(user.id)
        return (*host, (b"x-user", user.id.encode()), *(((b"cookie", cookie),) if cookie else ()))

    async def authorize(self, *, client: str = PUBLIC_CLIENT, user: User = ALICE) -> str:
        """Let a user approve on the real page; the code."""
        answer = await self.approve(ask(client), user=user)
        assert answer.status == 303, answer.text
        return re.search(rb"[?&]code=([^&]+)", answer.header(b"location"))[1].decode()

    async def approve(self, query: str, *, user: User = ALICE) -> Answer:
        """Open the consent page, and say yes where it asks."""
        path = "/applinks/oauth2/authorize"
        page = await self.get(path, user=user, query=query)
        if page.status != 200:
            return page
        hidden = dict(_HIDDEN.findall(page.text))
        return await self.post(path, hidden | {"approve": "1"}, user=user, query=query)

    async def exchange(self, code: str, **changes: str) -> Answer:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": PUBLIC_CLIENT,
            "redirect_uri": PUBLIC_REDIRECT,
            "code_verifier": VERIFIER,
        }
        return await self.post("/applinks/oauth2/token", form | changes)

    def dump(self) -> dict[str, list[Any]]:
        """Give every row that a refusal must not touch, as another process sees it."""
        with closing(sqlite3.connect(self.path)) as raw:
            return {name: raw.execute(f"SELECT * FROM applinks_{name}").fetchall() for name in KEPT}

    def forget_limits(self) -> None:
        """Let the limits count from nothing, so that they do not hide what lies behind them."""
        sides = self.applinks._running.sides
        for side in (sides.incoming, sides.linking):
            side.limits._limiter = RateLimits()._limiter

    def _keep_cookie(self, answer: Answer, user: User | None) -> None:
        cookie = answer.header(b"set-cookie")
        if cookie is not None and user is not None:
            self.cookies[user.id] = _COOKIE.match(cookie)[0]


def ask(client: str, **changes: str) -> str:
    """Give the query of an authorization request."""
    query = {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": PUBLIC_REDIRECT if client == PUBLIC_CLIENT else PEER_REDIRECT,
        "code_challenge": compute_code_challenge(VERIFIER),
        "code_challenge_method": "S256",
        "state": "s",
        "scope": "issues:read",
    }
    return urlencode(query | changes)


def build_host(applinks: AppLinks) -> Starlette:
    @applinks.requires("issues:read", user=True)
    async def issues(request: Any) -> JSONResponse:
        return JSONResponse({"of": applinks.caller(request).user.name})

    async def echo(request: Any) -> JSONResponse:
        return JSONResponse({"caller": applinks.caller(request) is not None})

    app = Starlette(routes=[Route("/api/issues", issues, methods=["GET", "POST"]), Route("/api/open", echo)])
    applinks.mount(app)
    return app


def make_settings(folder: Path, **changes: Any) -> Settings:
    values = {"base_url": BASE, "name": "Tracker", "database": f"sqlite:///{folder / 'applinks.db'}"}
    return Settings(**values | {"synchronous": "NORMAL"} | changes)


async def open_site(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    clock: Any = None,
    answer: Callable[[httpx2.Request], Any] | None = None,
    transport: httpx2.AsyncBaseTransport | None = None,
    settings: Settings | None = None,
) -> Site:
    """Start a host over a real database; ``answer`` says what peers answer, or ``transport`` carries the requests."""
    transport = transport or httpx2.MockTransport(answer or (lambda request: httpx2.Response(404)))
    monkeypatch.setattr("applinks.sides.Fetcher", lambda settings: Fetcher(settings, transport=transport))
    settings, clock, key = settings or make_settings(folder), clock or FixedClock(), make_key()
    await lay(settings, key, clock)
    applinks = AppLinks(
        settings,
        users=Users(),
        scopes=RESOURCES[0].scopes,
        resources=RESOURCES[1:],
        clock=clock,
        entropy=CountingEntropy("host"),
    )
    site = Site(build_host(applinks), applinks, folder / "applinks.db", key, clock)
    await applinks.startup()
    return site


async def lay(settings: Settings, key: dict[str, Any], clock: Any) -> None:
    """Store what administrators and a user made before: three links, and a connection."""
    storage = await open_storage(settings, clock=clock, entropy=CountingEntropy("lay"))
    for link, client in (_make_peer(key, clock.now()), _make_desktop(clock.now()), _make_probe(clock.now())):
        written = await storage.linking.commit(LinkWrite(link=link, expected_version=None, clients=(client,)))
        assert written is CommitResult.WRITTEN
    connection = Connection(
        id="con_alice",
        link_id=LINK,
        user_id="1",
        name="",
        issuer=PEER,
        access_token=Secret("an-access-token"),
        refresh_token=Secret("a-refresh-token"),
        scopes=LAID,
        expires_at=clock.now() + 3600,
        created_at=clock.now(),
        last_used_at=clock.now(),
    )
    await storage.outgoing.add_connection(connection, event=None)
    await storage.close()


def _make_peer(key: dict[str, Any], now: int) -> tuple[Link, Client]:
    incoming = Access(
        from_url=PEER,
        to_url=BASE,
        protocols=("oauth2",),
        level=Level.OAUTH,
        user_scopes=LAID,
        application_scopes=("issues:read",),
    )
    outgoing = replace(incoming, from_url=BASE, to_url=PEER)
    link = make_link(LINK, "start", PEER, now, keys=(publish(key),), incoming=incoming, outgoing=outgoing)
    return link, make_client(link, PEER_CLIENT, PEER_REDIRECT, is_peer=True)


def _make_desktop(now: int) -> tuple[Link, Client]:
    url = "https://desktop.example"
    incoming = Access(
        from_url=url, to_url=BASE, protocols=("oauth2",), level=Level.OAUTH, user_scopes=LAID, application_scopes=()
    )
    link = make_link(DESKTOP_LINK, "desktop", url, now, keys=(publish(make_key()),), incoming=incoming)
    return link, make_client(link, PUBLIC_CLIENT, PUBLIC_REDIRECT)


def _make_probe(now: int) -> tuple[Link, Client]:
    access = Access(
        from_url="",
        to_url=BASE,
        protocols=("oauth2",),
        level=Level.OAUTH,
        user_scopes=LAID,
        application_scopes=("issues:read",),
    )
    link = Link(
        id=HAND_LINK,
        handle="probe",
        name="Probe",
        kind=LinkKind.BY_HAND,
        peer=Peer(id="", name="Probe", url="", manifest={}, keys=()),
        incoming=_enable(access),
        check="none",
        created_at=now,
        created_by="user:9",
        in_force_at=now,
    )
    client = replace(
        make_client(link, SECRET_CLIENT, PEER_REDIRECT),
        authentication=ClientAuthentication.CLIENT_SECRET,
        grant_types=tuple(GrantType),
        application_scopes=("issues:read",),
        secrets=(keep_secret(SECRETS[SECRET_CLIENT]),),
        resources=(BASE,),
    )
    return link, client


def make_link(
    id_: str,
    handle: str,
    url: str,
    now: int,
    *,
    incoming: Access | None = None,
    outgoing: Access | None = None,
    keys: Sequence[Any] = (),
) -> Link:
    """Give a link in force, heard and tested just now, so that upkeep has nothing to ask."""
    served = Allows(user_scopes=LAID, application_scopes=("issues:read",)) if outgoing else None
    return Link(
        id=id_,
        handle=handle,
        name=handle.title(),
        peer=Peer(
            id=f"urn:uuid:{handle}",
            name=handle.title(),
            url=url,
            manifest=build_manifest(make_manifest(url)),
            keys=tuple(keys),
            agreed_digest="d",
            keys_read_at=now,
            heard_at=now,
            allows=served,
            check="passed",
        ),
        incoming=_enable(incoming),
        outgoing=_enable(outgoing),
        agreed=Agreement(revision=1, digest="d", terms=Terms(access=tuple(filter(None, (incoming, outgoing))))),
        check="passed",
        created_at=now,
        created_by="user:9",
        in_force_at=now,
    )


def make_client(link: Link, client_id: str, redirect_uri: str, *, is_peer: bool = False) -> Client:
    return Client(
        id=f"cli_{link.handle}",
        client_id=client_id,
        link_id=link.id,
        name=link.name,
        authentication=ClientAuthentication.PRIVATE_KEY_JWT if is_peer else ClientAuthentication.NONE,
        redirect_uris=(redirect_uri,),
        grant_types=tuple(GrantType) if is_peer else tuple(GrantType)[:2],
        scopes=LAID,
        application_scopes=("issues:read",) if is_peer else (),
        is_peer=is_peer,
        created_at=1,
    )


def _enable(access: Access | None) -> Direction:
    if access is None:
        return Direction()
    return Direction(
        level=access.level,
        protocols=access.protocols,
        user_scopes=access.user_scopes,
        application_scopes=access.application_scopes,
    )
