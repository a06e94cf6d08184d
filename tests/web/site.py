"""The pages of a tracker, in process: who is logged in is a header, the database is real."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
from starlette.applications import Starlette
from starlette.routing import Mount

from applinks.administration.side import build_administration
from applinks.fetching.transport import Fetcher
from applinks.linking.side import LinkingSide
from applinks.linking.store import CommitResult, LinkWrite
from applinks.outgoing.side import OutgoingSide
from applinks.records.links import Agreement, Direction, Link
from applinks.records.users import Role, User
from applinks.web.pages.application import build_pages
from applinks.web.pages.context import PagesContext
from applinks.wire.linking.terms import Access, Allows, Level, Terms
from tests.incoming.world import BASE, LINK, PEER, RESOURCES, World, open_world

USERS = (
    User(id="1", name="alice", display_name="Alice Anders"),
    User(id="2", name="bob"),
    User(id="8", name="ada", role=Role.AUDITOR),
    User(id="9", name="robin", display_name="Robin Berg", role=Role.ADMINISTRATOR),
)
MANIFEST = {
    "redirect_uri_base": f"{PEER}/applinks/callback/",
    "jwks_uri": f"{PEER}/applinks/oauth2/jwks",
    "link_statement_endpoint": f"{PEER}/applinks/link/statement",
    "scopes": [{"name": "pages:read", "description": "See the pages that you have pinned"}],
}
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


class Users:
    """Whoever the ``x-user`` header names is logged in."""

    def __init__(self) -> None:
        self.known = {user.id: user for user in USERS}

    async def current(self, request: Any) -> User | None:
        return self.known.get(request.headers.get("x-user", ""))

    async def find(self, user_id: str) -> User | None:
        return self.known.get(user_id)

    async def find_by_name(self, name: str) -> User | None:
        return next((user for user in self.known.values() if user.name == name), None)

    def login_url(self, return_to: str) -> str:
        return f"/login?next={quote(return_to, safe='')}"

    def confirm_url(self, return_to: str) -> str | None:
        return f"/login?again=1&next={quote(return_to, safe='')}"

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"pages ask the host for {name}")


@dataclass(kw_only=True)
class Site:
    world: World
    users: Users
    context: PagesContext
    client: httpx2.AsyncClient
    documents: dict[str, Any]
    """What other applications answer, by address; anything else is not found, and None is nobody who answers."""
    answers: dict[str, Callable[[httpx2.Request], httpx2.Response]] = field(default_factory=dict)
    """How they answer what is no document, by address."""

    async def get(self, path: str, *, user: str = "", **headers: str) -> httpx2.Response:
        return await self.client.get(path, headers=_build_headers(user, headers))

    async def post(self, path: str, fields: Any = None, *, user: str = "", **headers: str) -> httpx2.Response:
        sent = {"sec-fetch-site": "same-origin"} | _build_headers(user, headers)
        if isinstance(fields, bytes):
            return await self.client.post(path, content=fields, headers=sent)
        # An empty form is a form, too.
        form = {"content-type": "application/x-www-form-urlencoded"}
        return await self.client.post(path, data=fields or {}, headers=form | sent)

    async def submit(self, path: str, fields: Any, *, user: str, to: str = "") -> httpx2.Response:
        """Open a page as a browser does, and send its form with these fields."""
        page = await self.get(path, user=user)
        return await self.post(to or path, find_hidden(page) | fields, user=user)

    async def find_link(self) -> Link:
        link = await self.context.linking.store.find_link(LINK)
        assert link is not None
        return link

    async def change_link(self, **changes: Any) -> Link:
        return await self.world.change_link(**changes)


def find_token(response: httpx2.Response) -> str:
    found = _TOKEN.search(response.text)
    assert found is not None, response.text
    return found[1]


def find_hidden(response: httpx2.Response) -> dict[str, str]:
    """Give the fields that a page sends along by itself."""
    return {"csrf_token": find_token(response)} | {
        name: html.unescape(value) for name, value in _HIDDEN.findall(response.text)
    }


def _answer_elsewhere(
    request: httpx2.Request,
    documents: dict[str, Any],
    answers: dict[str, Callable[[httpx2.Request], httpx2.Response]],
) -> httpx2.Response:
    address = str(request.url)
    if address in answers:
        return answers[address](request)
    if documents.get(f"{request.url.scheme}://{request.url.host}", ...) is None:
        raise httpx2.ConnectError("refused", request=request)
    if address in documents:
        return httpx2.Response(200, json=documents[address])
    return httpx2.Response(404)


def _build_headers(user: str, headers: dict[str, str]) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"x-user": user} | named if user else named


async def open_site(folder: Path) -> Site:
    world = await open_world(folder)
    settings, clock, entropy = world.side.settings, world.side.clock, world.side.entropy
    storage, users = world.storage, Users()
    world.side.failures = storage.failures
    documents: dict[str, Any] = {}
    answers: dict[str, Callable[[httpx2.Request], httpx2.Response]] = {}
    transport = httpx2.MockTransport(lambda request: _answer_elsewhere(request, documents, answers))
    fetcher = Fetcher(settings, transport=transport)

    async def get_consumer_key() -> str:
        return (await storage.keys.get_instance()).consumer_key

    async def find_user_name(user_id: str) -> str | None:
        user = await users.find(user_id)
        return user.name if user else None

    outgoing = OutgoingSide(
        store=storage.outgoing,
        settings=settings,
        clock=clock,
        entropy=entropy,
        fetcher=fetcher,
        failures=storage.failures,
        get_signing_key=storage.keys.get_signing_key,
        get_oauth1_key=storage.keys.get_oauth1_key,
        get_consumer_key=get_consumer_key,
        find_user_name=find_user_name,
    )
    linking = LinkingSide(
        store=storage.linking,
        settings=settings,
        clock=clock,
        entropy=entropy,
        fetcher=fetcher,
        failures=storage.failures,
        keys=storage.keys,
        outgoing=outgoing,
        resources=RESOURCES,
    )
    administration = build_administration(
        storage, clock=clock, entropy=entropy, declared=RESOURCES[0].scopes, users=users
    )
    context = PagesContext(
        settings=settings,
        users=users,
        sessions=storage.sessions,
        incoming=world.side,
        outgoing=outgoing,
        linking=linking,
        administration=administration,
        failures=storage.failures,
        clock=clock,
        entropy=entropy,
    )
    app = Starlette(routes=[Mount("/applinks", app=build_pages(context))])
    client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=BASE)
    site = Site(world=world, users=users, context=context, client=client, documents=documents, answers=answers)
    await _put_in_force(site)
    return site


async def _put_in_force(site: Site) -> None:
    """Give the link real terms in both directions, heard and tested."""
    link = await site.find_link()
    incoming = Access(
        from_url=PEER,
        to_url=BASE,
        protocols=("oauth2",),
        level=Level.OAUTH,
        user_scopes=("issues:read", "issues:write"),
        application_scopes=("issues:read",),
    )
    outgoing = replace(incoming, from_url=BASE, to_url=PEER, user_scopes=("pages:read",), application_scopes=())
    changed = link.changed(
        agreed=Agreement(revision=1, digest="d", terms=Terms(access=(incoming, outgoing))),
        incoming=_enable(incoming),
        outgoing=_enable(outgoing),
        check="passed",
        peer=replace(
            link.peer,
            manifest=MANIFEST,
            check="passed",
            agreed_digest="d",
            allows=Allows(user_scopes=("pages:read",)),
            heard_at=site.context.clock.now(),
        ),
        created_by="user:9",
        in_force_at=site.context.clock.now(),
    )
    write = LinkWrite(link=changed, expected_version=link.version)
    assert await site.context.linking.store.commit(write) is CommitResult.WRITTEN


def _enable(access: Access) -> Direction:
    return Direction(
        level=access.level,
        protocols=access.protocols,
        user_scopes=access.user_scopes,
        application_scopes=access.application_scopes,
    )
