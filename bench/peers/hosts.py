"""Hosts whose one page says hello: with Starlette and on bare ASGI, guarded by us and not."""

from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from applinks import Scope, Settings, User, app
from applinks.hosts.starlette import AppLinks
from applinks.web.guard import Guard, check_request
from applinks.web.protocol.asgi import AsgiApplication, AsgiScope, Receive, Send, send_response

SCOPE = "read"
SCOPES = [Scope(SCOPE, "Read", application=True)]
HELLO = b"hello"
_HEAD = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(HELLO))],
}
_BODY = {"type": "http.response.body", "body": HELLO}


class Nobody:
    """A host's users, of whom there are none: the callers are applications."""

    async def current(self, request: Any) -> User | None:
        del request

    async def find(self, user_id: str) -> User | None:
        del user_id

    async def find_by_name(self, name: str) -> User | None:
        del name

    async def find_by_email(self, email: str) -> list[User]:
        del email
        return []

    def everyone(self) -> AsyncIterator[User] | None:
        return None

    def login_url(self, return_to: str) -> str:
        return return_to

    def confirm_url(self, return_to: str) -> str | None:
        del return_to


async def _hello(request: Request) -> Response:
    del request
    return PlainTextResponse(HELLO)


async def bare(asgi_scope: AsgiScope, receive: Receive, send: Send) -> None:
    """Say hello on bare ASGI."""
    del receive
    if asgi_scope["type"] == "http":
        await send(_HEAD)
        await send(_BODY)


def build_starlette() -> Starlette:
    """Starlette by itself."""
    return Starlette(routes=[Route("/hello", _hello)])


def build_guarded_starlette() -> Starlette:
    """Starlette with our guard, as the tutorial shows it."""
    applinks = AppLinks(Settings.load(), users=Nobody(), scopes=SCOPES)
    host = Starlette(routes=[Route("/hello", applinks.requires(SCOPE)(_hello))])
    applinks.mount(host)
    return host


def build_guarded_bare() -> AsgiApplication:
    """Bare ASGI inside our guard."""
    applinks = app.AppLinks(Settings.load(), users=Nobody(), scopes=SCOPES)

    async def guarded(asgi_scope: AsgiScope, receive: Receive, send: Send) -> None:
        context = await applinks.get_guard_context()
        refusal = await check_request(asgi_scope, SCOPE, user_needed=False, context=context)
        if refusal is None:
            await bare(asgi_scope, receive, send)
        else:
            await send_response(refusal, send)

    return Guard(guarded, applinks.get_guard_context)
