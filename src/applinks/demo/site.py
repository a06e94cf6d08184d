"""What the pages of both demo applications have in common: look, log-in, forms that no other site can send."""

import hmac
import json
import os
import secrets
import time
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from jinja2 import Environment, FileSystemLoader
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates

from applinks import Caller, User
from applinks.demo.users import Users
from applinks.hosts.starlette import AppLinks

# What a form or a call of the demo may weigh; its longest is one title.
_BODY_LIMIT = 16 * 1024
_TITLE_LIMIT = 200
_PAGES = Path(__file__).parent / "pages"
_ERROR_PAGE = "error.html"
_STYLESHEET = _PAGES / "site.css"
_HEADERS = {
    # Without form-action: after a log-in the browser may be sent on to the other application.
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}

# What the framework says in two words, said to a person.
_MESSAGES = {
    "Not Found": "There is no such page. Check the address, or begin at the start.",
    "Method Not Allowed": "This address cannot be used that way. Go back and begin again.",
}

PageHandler = Callable[[Request, User], Awaitable[Response]]


class Site:
    """The pages of one application: its templates, its log-in, and the check of its forms."""

    def __init__(self, *, name: str, users: Users, folder: Path, stylesheet: str = "") -> None:
        self.name = name
        self.users = users
        self._stylesheet = stylesheet
        self._session_key = _get_session_key(folder / "session.key")
        environment = Environment(
            loader=FileSystemLoader(_PAGES),
            autoescape=True,
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
        environment.filters |= {"day": _format_day, "hour": _format_hour, "rfc3339": _format_rfc3339}
        self._templates = Jinja2Templates(env=environment)

    @property
    def middleware(self) -> Middleware:
        """Starlette's sessions, under a cookie name that no application on another port shares."""
        cookie = f"{self.name.lower().replace(' ', '-')}-session"
        return Middleware(SessionMiddleware, secret_key=self._session_key, session_cookie=cookie, max_age=8 * 3600)

    @property
    def routes(self) -> list[Route]:
        """Log-in and log-out."""
        return [
            Route("/login", self._show_login, methods=["GET"]),
            Route("/login", self._log_in, methods=["POST"]),
            Route("/logout", self._log_out, methods=["POST"]),
            Route("/site.css", self._show_stylesheet),
        ]

    async def render(self, request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
        """Make a page; every template knows the application, the user and the token of its forms."""
        values |= {
            "application": self.name,
            "user": await self.users.current(request),
        }
        # A form of another site comes without our session: a page that only says no must not put a new one over it.
        may_begin = values["user"] is not None or template != _ERROR_PAGE
        values["csrf_token"] = _get_csrf_token(request) if may_begin else ""
        return self._templates.TemplateResponse(request, template, values, status_code=status, headers=_HEADERS)

    def with_user(self, handler: PageHandler) -> Callable[[Request], Awaitable[Response]]:
        """Let only somebody who is logged in see a page; a stranger is sent to the log-in and comes back."""

        async def handle(request: Request) -> Response:
            user = await self.users.current(request)
            if user is not None:
                return await handler(request, user)
            return_to = request.url.path if request.method == "GET" else "/"
            return redirect(self.users.login_url(return_to))

        return handle

    async def read_form(self, request: Request) -> dict[str, str]:
        """
        Give the fields of a form of ours.

        Raises:
            HTTPException: it is too large or unreadable, or does not carry the session's token: another site sent it.
        """
        try:
            fields = dict(parse_qsl((await read_body(request)).decode(), max_num_fields=20))
        except ValueError:
            raise HTTPException(400, "This form cannot be read.") from None
        expected = request.session.get("csrf", "")
        if not expected or not hmac.compare_digest(fields.get("csrf_token", "").encode(), expected.encode()):
            raise HTTPException(403, "This form is no longer valid. Go back, load the page anew and send it again.")
        return fields

    async def show_error(self, request: Request, error: Exception) -> Response:
        """Render an error of the host: JSON for its API, else a page."""
        if not isinstance(error, HTTPException):
            error = HTTPException(500, "Something went wrong here.")
        if request.url.path.startswith("/api/"):
            answer = {"error": error.detail}
            return JSONResponse(answer, status_code=error.status_code, headers=error.headers)
        message = _MESSAGES.get(error.detail, error.detail)
        return await self.render(request, _ERROR_PAGE, status=error.status_code, message=message)

    async def _show_login(self, request: Request) -> Response:
        user = await self.users.current(request)
        again = user is not None and "again" in request.query_params
        return await self.render(
            request,
            "login.html",
            return_to=_check_return_to(request.query_params.get("next")),
            name=user.name if user and again else "",
            again=again,
        )

    async def _log_in(self, request: Request) -> Response:
        form = await self.read_form(request)
        name, return_to = form.get("username", ""), _check_return_to(form.get("next"))
        if await self.users.log_in(request, name, form.get("password", "")) is not None:
            return redirect(return_to)
        return await self.render(request, "login.html", status=403, return_to=return_to, name=name, failed=True)

    async def _log_out(self, request: Request) -> Response:
        await self.read_form(request)
        self.users.log_out(request)
        return redirect("/login")

    async def _show_stylesheet(self, _request: Request) -> Response:
        return Response(
            _STYLESHEET.read_text("utf-8") + self._stylesheet,
            media_type="text/css",
            headers={"Cache-Control": "max-age=300"},
        )


def redirect(url: str) -> Response:
    """Send the browser on, with GET whatever it came with."""
    return RedirectResponse(url, 303, headers={"Cache-Control": "no-store"})


def get_caller(applinks: AppLinks, request: Request) -> tuple[Caller, User]:
    """Give who calls, and for whom, on a route with ``requires(…, user=True)``, which lets nobody else through."""
    caller = applinks.caller(request)
    if caller is None or caller.user is None:
        raise HTTPException(401)
    return caller, caller.user


async def read_body(request: Request) -> bytes:
    """
    Give the whole body.

    Raises:
        HTTPException: 413, it is larger than anything that these applications take.
    """
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _BODY_LIMIT:
            raise HTTPException(413, "That is too long.")
    return bytes(body)


async def read_json(request: Request) -> dict[str, Any]:
    """
    Give the JSON object of an API call.

    Raises:
        HTTPException: 400, it is no JSON object.
    """
    try:
        found = json.loads(await read_body(request))
    except (ValueError, RecursionError):
        raise HTTPException(400, "The body has to be JSON.") from None
    if not isinstance(found, dict):
        raise HTTPException(400, "The body has to be a JSON object.")
    return found


def check_title(value: object) -> str:
    """
    Give a line of text that somebody typed, without spaces around it.

    Raises:
        HTTPException: 422, it is empty, too long or not one line.
    """
    text = value.strip() if isinstance(value, str) else ""
    if not 1 <= len(text) <= _TITLE_LIMIT or not text.isprintable():
        raise HTTPException(422, f"A title is one line of 1 to {_TITLE_LIMIT} characters.")
    return text


def _check_return_to(path: str | None) -> str:
    """Give a path of this very site; anything else is the start page."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")) or not path.isprintable():
        return "/"
    parts = urlsplit(path)
    return path if not parts.scheme and not parts.netloc and "\\" not in path else "/"


def _get_csrf_token(request: Request) -> str:
    return str(request.session.setdefault("csrf", secrets.token_urlsafe(32)))


def _get_session_key(path: Path) -> str:
    """Give the key that signs the session cookies; made at the first start, so that a restart logs nobody out."""
    try:
        with open(path, "x", encoding="ascii", opener=_open_private) as file:
            file.write(secrets.token_urlsafe(32))
    except FileExistsError:
        pass
    return path.read_text("ascii")


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _format_day(at: int) -> str:
    """Say a day as people do: today, Friday, 12 Nov."""
    day, days_ago = time.localtime(at), (date.today() - date.fromtimestamp(at)).days  # noqa: DTZ011, DTZ012 - the reader's own day
    if days_ago <= 0:
        return "today"
    return time.strftime("%A", day) if days_ago < 7 else f"{day.tm_mday} {time.strftime('%b', day)}"


def _format_hour(at: int) -> str:
    return time.strftime("%H:%M", time.localtime(at))


def _format_rfc3339(at: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
