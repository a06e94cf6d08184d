"""The doors of the pages: what every request passes before a handler sees it."""

import logging
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from applinks.errors import ApplinksError, RefusedError
from applinks.linking.errors import LinkingError
from applinks.records.users import User
from applinks.web.cross_site import TOKEN_FIELD, check_origin, check_token
from applinks.web.pages.context import PagesContext
from applinks.web.pages.error_page import answer_error, answer_wrong_host
from applinks.web.pages.sessions import PageSession, PageSessions, carries_credentials
from applinks.web.pages.visit import Access, OpenVisit, Visit, build_redirect, find_full_path, may_look
from applinks.wire.forms import Form, MalformedFormError, parse_form
from applinks.wire.headers import parse_content_type

_log = logging.getLogger("applinks.pages")
_FORM_TYPE = "application/x-www-form-urlencoded"
_DEFAULT_PORTS = {"https": "443", "http": "80"}

Handler = Callable[[Visit], Awaitable[Response]]
OpenHandler = Callable[[OpenVisit], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


def build_endpoint(
    handler: Handler,
    *,
    context: PagesContext,
    sessions: PageSessions,
    access: Access,
    repeatable: frozenset[str] = frozenset(),
) -> Endpoint:
    """
    Put the checks that every page needs before a handler, in this order: host, user, role, cross-site.

    ``repeatable`` names the fields that may occur several times.
    """

    async def answer(request: Request, user: User | None) -> Response:
        if user is None:
            return _send_to_login(request, context)
        _check_access(user, access)
        session, form = await _begin(request, context, lambda: sessions.open(request, user), repeatable)
        visit = Visit(
            request=request,
            context=context,
            sessions=sessions,
            session=session,
            user=user,
            form=form,
            is_administration=access is not Access.USER,
        )
        response = await handler(visit)
        await sessions.set_cookie(visit.session, response)
        return response

    return _guard(answer, context)


def build_open_endpoint(handler: OpenHandler, *, context: PagesContext, sessions: PageSessions) -> Endpoint:
    """Put the checks before a handler of a page that anybody may open, logged in or not: host and cross-site."""

    async def answer(request: Request, user: User | None) -> Response:
        async def open_session() -> PageSession:
            return await (sessions.open(request, user) if user else sessions.open_for_nobody(request))

        session, form = await _begin(request, context, open_session, frozenset())
        visit = OpenVisit(request=request, context=context, sessions=sessions, session=session, user=user, form=form)
        response = await handler(visit)
        await sessions.set_cookie(visit.session, response)
        return response

    return _guard(answer, context)


def _guard(answer: Callable[[Request, User | None], Awaitable[Response]], context: PagesContext) -> Endpoint:
    """Let only what is asked of our own host through, say who is logged in, and make of every error a page."""

    async def endpoint(request: Request) -> Response:
        user: User | None = None
        try:
            if not _is_own_host(request, context):
                return await answer_wrong_host(request, context)
            _check_credentials(request)
            user = await context.users.current(request)
            return await answer(request, user)
        except ApplinksError as error:
            return await answer_error(error, request, context=context, user=user)
        except Exception as error:  # noqa: BLE001 - a person gets a page with a reference whatever broke.
            _log.exception("page.broke path=%s", request.url.path)
            broken = ApplinksError("Something broke.", code="server_error", detail=f"{type(error).__name__}: {error}")
            return await answer_error(broken, request, context=context, user=user)

    return endpoint


async def _begin(
    request: Request,
    context: PagesContext,
    open_session: Callable[[], Awaitable[PageSession]],
    repeatable: frozenset[str],
) -> tuple[PageSession, Form]:
    """Give the session, and the form of a POST that comes from a page of ours."""
    if request.method != "POST":
        return await open_session(), Form(())
    check_origin(tuple(request.headers.items()), base_url=context.settings.base_url)
    session = await open_session()
    form = await _read_form(request, context, repeatable)
    check_token(form.get(TOKEN_FIELD), expected=session.csrf_token)
    return session, form


async def _read_form(request: Request, context: PagesContext, repeatable: frozenset[str]) -> Form:
    if parse_content_type(request.headers.get("content-type", "")) != _FORM_TYPE:
        raise RefusedError("The body is not a form.", code="unsupported_media_type", status=415)
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > context.settings.sizes.page_body:
                raise RefusedError("The body is too large.", code="too_large", status=413)
    except ClientDisconnect:
        detail = "the browser closed the connection inside the form"
        raise RefusedError("The request broke off.", detail=detail) from None
    try:
        return parse_form(body, repeatable=repeatable)
    except MalformedFormError as error:
        raise RefusedError("The form is not well formed.", detail=f"{error.name[:100]!r}: {error}") from error


def _check_credentials(request: Request) -> None:
    if carries_credentials(request.headers):
        raise RefusedError(
            "Pages are for people; a program calls the application itself.",
            detail="a page was asked for with OAuth credentials in the Authorization header",
        )


def _check_access(user: User, access: Access) -> None:
    if access is Access.USER:
        if not user.active:
            raise RefusedError("Your account is not active.", code="user_inactive", status=403)
        return
    allowed = user.is_administrator if access is Access.CHANGE else may_look(user)
    if not allowed:
        raise LinkingError("not_administrator", detail=f"user {user.id} has the role {user.role.value}")


def _send_to_login(request: Request, context: PagesContext) -> Response:
    if request.method == "POST":
        raise LinkingError("login_required", detail="a form was sent by nobody who is logged in")
    return build_redirect(context.users.login_url(find_full_path(request, context)))


def _is_own_host(request: Request, context: PagesContext) -> bool:
    base = urlsplit(context.settings.base_url)
    asked = request.headers.get("host", "").lower().removesuffix(f":{_DEFAULT_PORTS[base.scheme]}")
    return asked == base.netloc
