"""One host, and every way in which it can be mounted."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from applinks import Resource, Role, Scope, Settings, User
from applinks.demo.browser import _FormReader
from applinks.hosts.starlette import AppLinks
from applinks.linking.store import CommitResult, LinkWrite
from applinks.records.clients import Client, ClientAuthentication, GrantType
from applinks.records.links import Agreement, Direction, Link, Peer
from applinks.storage.open import open_storage
from applinks.wire.linking.manifest import build_manifest
from applinks.wire.linking.terms import Level, Terms
from tests.fakes import CountingEntropy, FixedClock
from tests.interplay.serving import make_key
from tests.wire.linking.samples import make_manifest

ORIGIN = "https://tracker.example"
LINK = "lnk_" + "1" * 22
# Nobody is there, and our fetcher does not even try.
PEER = "https://127.0.0.1"
REDIRECT = "http://127.0.0.1/done"
Wrap = Callable[[Any], Any]


@dataclass(frozen=True)
class Place:
    """Where a host is mounted: its base URL, what stands around it, and what its own routes begin with."""

    name: str
    path: str = ""
    wrap: Wrap = field(default=lambda app: app)
    routes_begin: str = ""

    @property
    def base_url(self) -> str:
        return ORIGIN + self.path


def _strip(app: Any) -> Any:
    """A proxy that takes the prefix away and says nothing of it; it passes well-known addresses on as they are."""

    async def proxy(scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        if path.startswith("/tracker/"):
            scope = scope | {"path": path.removeprefix("/tracker"), "raw_path": None}
        await app(scope, receive, send)

    return proxy


def _name_root(app: Any) -> Any:
    """A server that is told its root path, and passes it on beside the whole path."""

    async def server(scope: Any, receive: Any, send: Any) -> None:
        root = "/tracker" if scope["path"].startswith("/tracker/") else ""
        await app(scope | {"root_path": root}, receive, send)

    return server


PLACES = (
    Place("at the root"),
    Place("in a Mount", "/tracker", lambda app: Starlette(routes=[Mount("/tracker", app)])),
    Place("behind a proxy that strips the prefix", "/tracker", _strip),
    Place("with a root path", "/tracker", _name_root),
    Place("with routes below the prefix", "/tracker", routes_begin="/tracker"),
)


class Users:
    """One user, an administrator, who is logged in in every browser."""

    alice = User(id="1", name="alice", role=Role.ADMINISTRATOR)

    async def current(self, request: Any) -> User | None:
        return self.alice

    async def find(self, user_id: str) -> User | None:
        return self.alice if user_id == self.alice.id else None

    async def find_by_name(self, name: str) -> User | None:
        return None

    async def find_by_email(self, email: str) -> list[User]:
        return []

    def everyone(self) -> None:
        return None

    def login_url(self, return_to: str) -> str:
        return f"/login?next={return_to}"

    def confirm_url(self, return_to: str) -> str | None:
        return None


@dataclass
class Site:
    """A mounted host, and a browser before it that follows no redirect by itself."""

    place: Place
    applinks: AppLinks
    http: httpx2.AsyncClient

    def url(self, path: str) -> str:
        return self.place.base_url + path

    async def get(self, path: str, **options: Any) -> httpx2.Response:
        return await self.http.get(urljoin(ORIGIN, path) if "://" in path else self.url(path), **options)

    async def press(self, page: httpx2.Response, button: str = "") -> httpx2.Response:
        """Send the form with that button, or else the last form of a page."""
        reader = _FormReader()
        reader.feed(page.text)
        form = next((form for form in reader.forms if form.find_button(button)), reader.forms[-1])
        pressed = form.find_button(button)
        url = urljoin(str(page.url), form.action) if form.action else str(page.url)
        fields = dict([*form.fields, *([pressed] if pressed else [])])
        return await self.http.post(url, data=fields, headers={"Sec-Fetch-Site": "same-origin"})


def build_applinks(base_url: str, folder: Path, *, name: str = "applinks.db") -> AppLinks:
    return AppLinks(
        Settings(base_url=base_url, name="Tracker", database=f"sqlite:///{folder / name}", synchronous="NORMAL"),
        users=Users(),
        scopes=[Scope("issues:read", "See your issues", default=True)],
        resources=[Resource(f"{base_url}/notes", (Scope("notes:read", "See your notes"),))],
        clock=FixedClock(),
        entropy=CountingEntropy(),
    )


def build_host(applinks: AppLinks, begin: str = "", *more: Route) -> Starlette:
    """Build a host with a guarded route of each kind, an open one, and whatever else."""

    @applinks.requires("issues:read", user=True)
    async def issues(request):
        return JSONResponse({"of": applinks.caller(request).user.name})

    @applinks.requires("issues:read")
    def issues_sync(request):
        return JSONResponse({"of": applinks.caller(request).user.name})

    async def echo(request):
        caller = applinks.caller(request)
        return JSONResponse({"caller": caller and caller.link.handle, "got": request.headers.get("authorization")})

    app = Starlette(
        routes=[
            Route(f"{begin}/api/issues", issues),
            Route(f"{begin}/api/sync", issues_sync),
            Route(f"{begin}/api/open", echo),
            *more,
        ]
    )
    applinks.mount(app)
    return app


@asynccontextmanager
async def open_site(place: Place, folder: Path) -> AsyncIterator[Site]:
    """Mount a host and lay a link with a public client; nobody runs a lifespan."""
    applinks = build_applinks(place.base_url, folder)
    await lay_link(applinks.settings)
    async with browse(place.wrap(build_host(applinks, place.routes_begin))) as http:
        yield Site(place, applinks, http)
    await applinks.shutdown()


def browse(app: Any) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=ORIGIN)


async def lay_link(settings: Settings) -> None:
    link = Link(
        id=LINK,
        handle="desktop",
        name="Desktop",
        peer=Peer(
            id="urn:uuid:desktop",
            name="Desktop",
            url=PEER,
            manifest=build_manifest(make_manifest(PEER)),
            keys=(make_key()[1],),
            agreed_digest="d",
            keys_read_at=FixedClock().now(),
        ),
        incoming=Direction(level=Level.OAUTH, protocols=("oauth2",), user_scopes=("issues:read", "notes:read")),
        agreed=Agreement(revision=1, digest="d", terms=Terms(access=())),
        check="none",
        created_at=1,
        created_by="user:1",
        in_force_at=1,
    )
    client = Client(
        id="cli_desktop",
        client_id="desktop",
        link_id=LINK,
        name="Desktop",
        authentication=ClientAuthentication.NONE,
        redirect_uris=(REDIRECT,),
        grant_types=(GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN),
        scopes=("issues:read", "notes:read"),
        created_at=1,
    )
    storage = await open_storage(settings, clock=FixedClock(), entropy=CountingEntropy("lay"))
    written = await storage.linking.commit(LinkWrite(link=link, expected_version=None, clients=(client,)))
    assert written is CommitResult.WRITTEN
    await storage.close()
