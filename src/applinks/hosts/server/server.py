"""
The server form as one ASGI application: a host like the others, whose users are ours.

The guard answers the endpoints before any framework is asked; behind it stand the front page and the pages, and the
routes of whoever builds on it.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from itertools import count

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from applinks.clock import Clock, SystemClock
from applinks.entropy import Entropy, SystemEntropy
from applinks.errors import ApplinksError
from applinks.hosts.server.login import LoginPages
from applinks.hosts.server.me import ME_PATH, build_me_endpoint
from applinks.hosts.server.scopes import SCOPES
from applinks.hosts.server.users import LOGOUT_PATH, ServerUsers
from applinks.hosts.starlette import AppLinks
from applinks.incoming.side import IncomingSide
from applinks.records.scopes import Scope
from applinks.settings import Settings
from applinks.storage.open import Storage
from applinks.web.guard import Guard
from applinks.web.pages.application import OpenPage, Page
from applinks.web.pages.visit import build_redirect, may_look
from applinks.web.protocol.asgi import AsgiScope, Receive, Send
from applinks.web.protocol.routes import Endpoint

_PAGES = "/applinks"

request_id: ContextVar[str] = ContextVar("applinks_request_id", default="")
"""Names the request that is answered, in the log alone."""


class ServerForm:
    """Implements ``assembly.OwnForm``: users, the log-in and ``/me``."""

    def __init__(self, settings: Settings, *, clock: Clock, entropy: Entropy) -> None:
        self.users = ServerUsers(settings, clock=clock, entropy=entropy)
        self.logout_url = f"{settings.path}/applinks{LOGOUT_PATH}"
        self._login = LoginPages(self.users)

    def open(self, storage: Storage) -> None:
        """Take up the open database."""
        self.users.open(storage)

    def build_endpoints(self, incoming: IncomingSide) -> Mapping[str, Endpoint]:
        """Give ``/me``."""
        return {ME_PATH: build_me_endpoint(incoming)}

    def list_pages(self) -> Sequence[Page | OpenPage]:
        """Give log-in and log-out."""
        return self._login.list_pages()


class Server:
    """
    The application that ``applinks serve`` runs, and whoever has routes of their own beside it.

    Attributes:
        applinks: what it has of Applinks; it starts and stops with the server.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        scopes: Sequence[Scope] = (),
        clock: Clock | None = None,
        entropy: Entropy | None = None,
    ) -> None:
        """
        Declare what there is; nothing is opened yet.

        Args:
            settings: how this server takes part.
            scopes: what applications can be allowed to do at routes of your own, beside ``profile`` and ``email``.
            clock: time, for tests.
            entropy: randomness, for tests.
        """
        clock, entropy = clock or SystemClock(), entropy or SystemEntropy()
        # The users stand in the same database as what they granted: asking it each time costs little, and what an
        # administrator changed there counts at once.
        settings = settings.changed(user_seen_seconds=0)
        self._form = ServerForm(settings, clock=clock, entropy=entropy)
        self.applinks = AppLinks(
            settings, users=self._form.users, scopes=(*SCOPES, *scopes), clock=clock, entropy=entropy, form=self._form
        )
        self._process, self._count = entropy.random_bytes(4).hex(), count(1)
        self._host = self._build_host()
        self._guard = Guard(self._host, self.applinks.get_guard_context)

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer a request, or start and stop."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        request_id.set(f"{self._process}-{next(self._count)}")
        await self._guard(scope, receive, send)

    def add_routes(self, routes: Iterable[Route]) -> None:
        """
        Answer at further addresses, below the base URL; those of Applinks stay its own.

        Who may call one says ``@server.applinks.requires(...)`` over its handler.
        """
        nothing = self._host.router.routes.pop()
        for route in routes:
            for prefix in self._prefixes:
                own = Route(prefix + route.path, route.endpoint, methods=sorted(route.methods or ()) or None)
                self._host.router.routes.append(own)
        self._host.router.routes.append(nothing)

    async def has_administrator(self) -> bool:
        """Whether somebody can administer it; asked once it has started."""
        return await self._form.users.accounts.has_administrator()

    def _build_host(self) -> Starlette:
        routes: list[Route | Mount] = []
        for prefix in self._prefixes:
            routes.append(Route(f"{prefix}/", self._show_front))
            routes.append(Route(f"{prefix}/favicon.ico", self._show_no_icon))
            routes.append(Route(f"{prefix}/applinks", self._lead_to_pages))
            routes.append(Mount(f"{prefix}/applinks", app=self._show_pages))
        host = Starlette(routes=[*routes, Mount("", app=self._show_nothing)])
        host.router.redirect_slashes = False
        return host

    @property
    def _prefixes(self) -> Sequence[str]:
        # Also below the base URL's path, where nobody before us takes it away.
        return sorted({"", self.applinks.settings.path})

    async def _show_pages(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        pages = await self.applinks.get_pages()
        await pages(scope, receive, send)

    async def _show_nothing(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Give the pages' own error page for what is at no address of ours."""
        await self._show_pages(dict(scope) | {"path": f"{_PAGES}/elsewhere", "root_path": _PAGES}, receive, send)

    async def _show_no_icon(self, request: Request) -> Response:
        """Every browser asks for it by itself: nothing failed, so that no failure is kept."""
        del request
        return Response(status_code=404, headers={"Cache-Control": "max-age=86400"})

    async def _show_front(self, request: Request) -> Response:
        """Lead an administrator to the links, a user to her account, and anybody else to the log-in."""
        users, applinks = self._form.users, self.applinks
        user = await users.current(request)
        if user is None:
            return build_redirect(users.login_url(f"{applinks.settings.path}/"))
        return build_redirect(applinks.administration_url if may_look(user) else applinks.account_url)

    async def _lead_to_pages(self, request: Request) -> Response:
        del request
        return build_redirect(self.applinks.administration_url)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self.applinks.startup()
                except ApplinksError as error:
                    # The server says this sentence and stops; a traceback would say less.
                    await send({"type": "lifespan.startup.failed", "message": f"Applinks: {error}"})
                    return
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.applinks.shutdown()
                await send({"type": "lifespan.shutdown.complete"})
                return
