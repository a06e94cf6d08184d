"""Applinks in a Starlette application."""

import functools
import inspect
import logging
from collections.abc import Callable
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as AsgiScope

from applinks import app as neutral
from applinks.errors import ApplinksError
from applinks.incoming.caller import Caller
from applinks.outgoing.connection import PeerConnection
from applinks.web.guard import Guard, check_request, find_caller

__all__ = ["AppLinks", "PeerConnection"]

Handler = TypeVar("Handler", bound=Callable[..., Any])

_log = logging.getLogger("applinks.hosts")


class AppLinks(neutral.AppLinks):
    """
    Application links for a Starlette application.

    ``settings``, ``users``, ``scopes`` and ``resources`` are those of the neutral `applinks.app.AppLinks`.
    """

    def mount(self, app: Starlette) -> None:
        """
        Add the guard and the pages to this very application.

        Call it once, after the routes are there: where the host itself serves one of the well-known
        addresses, the host's answer stands and a warning says so.
        """
        base = self.settings.path
        skipped = frozenset(path for path in self.well_known_paths if _serves(app, path) or _serves(app, base + path))
        for path in sorted(skipped):
            _log.warning("host.serves_well_known path=%s", path)
        # Also below the base URL's path: nothing but the paths says so where the host's own routes begin with it.
        for prefix in sorted({"", base}):
            app.router.routes.insert(0, Mount(f"{prefix}/applinks", app=_LazyPages(self), name="applinks"))
            app.router.routes.insert(0, Route(f"{prefix}/applinks", self._lead_to_pages))
        app.add_middleware(_Lifespan, applinks=self)
        app.add_middleware(Guard, get_context=self.get_guard_context, skipped=skipped)

    async def _lead_to_pages(self, request: Request) -> Response:
        # The host's own router would mend the slash with an address made from the Host header.
        del request
        return RedirectResponse(self.administration_url, 303)

    def requires(self, scope: str, *, user: bool = False) -> Callable[[Handler], Handler]:
        """
        Let a route be called only by a linked application that has the scope.

        ``user``: it must call for a user, not for itself. Anything else is answered with the challenge that fits.
        """
        self.check_declared(scope)

        def protect(handler: Handler) -> Handler:
            is_asynchronous = inspect.iscoroutinefunction(handler)

            @functools.wraps(handler)
            async def protected(request: Request, *args: Any, **kwargs: Any) -> Response:
                context = await self.get_guard_context()
                refusal = await check_request(request.scope, scope, user_needed=user, context=context)
                if refusal is not None:
                    return Response(refusal.body, refusal.status, dict(refusal.headers))
                if is_asynchronous:
                    return await handler(request, *args, **kwargs)  # type: ignore[no-any-return]
                return await run_in_threadpool(handler, request, *args, **kwargs)

            return protected  # type: ignore[return-value]

        return protect

    def caller(self, request: HTTPConnection) -> Caller | None:
        """Give who calls; None: no linked application does."""
        return find_caller(request.scope)


class _LazyPages:
    """The pages, made with the first request at the latest: a host's start-up may not reach us."""

    def __init__(self, applinks: AppLinks) -> None:
        self._applinks = applinks

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        pages = await self._applinks.get_pages()
        await pages(scope, receive, send)


class _Lifespan:
    """Starts and stops with the application, once it has started and before it has stopped."""

    def __init__(self, app: ASGIApp, applinks: AppLinks) -> None:
        self._app = app
        self._applinks = applinks

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return

        async def send_after(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                try:
                    await self._applinks.startup()
                except ApplinksError as error:
                    # The server says this sentence and stops; a traceback would say less.
                    message = {"type": "lifespan.startup.failed", "message": f"Applinks: {error}"}
            elif message["type"] == "lifespan.shutdown.complete":
                await self._applinks.shutdown()
            await send(message)

        await self._app(scope, receive, send_after)


def _serves(app: Starlette, path: str) -> bool:
    scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
    return any(not isinstance(route, Mount) and route.matches(scope)[0] is Match.FULL for route in app.router.routes)
