"""One visit of a page: who comes, from where, with what, and what goes back."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from applinks.errors import ApplinksError, PeerError, RefusedError, StoreError
from applinks.linking.errors import LinkingError
from applinks.outgoing.errors import AccessDeniedError
from applinks.records.users import Role, User
from applinks.web.cross_site import TOKEN_FIELD, check_origin, check_token
from applinks.web.errors import describe_page_error
from applinks.web.pages.context import PagesContext
from applinks.web.pages.rendering import PAGE_HEADERS, build_page, get_stylesheet_name, render_html
from applinks.web.pages.sessions import PageSession, PageSessions, carries_credentials
from applinks.web.pages.views import End, ErrorPage, Flash, Shell
from applinks.wire.forms import Form, MalformedFormError, parse_form, parse_query
from applinks.wire.headers import parse_content_type
from applinks.words import Sentence
from applinks.words import gettext as _

_log = logging.getLogger("applinks.pages")
_FORM_TYPE = "application/x-www-form-urlencoded"
_TINTS = 6
_DEFAULT_PORTS = {"https": "443", "http": "80"}


class Access(Enum):
    """Who may open a page."""

    USER = "user"  # whoever is logged in
    LOOK = "look"  # auditors, too
    CHANGE = "change"  # administrators alone


@dataclass(slots=True, kw_only=True)
class Visit:
    """
    A request to a page by somebody who is logged in and may open it.

    Attributes:
        form: the fields of a POST whose origin and token were checked; empty otherwise.
    """

    request: Request
    context: PagesContext
    user: User
    session: PageSession
    is_administration: bool = False
    form: Form = field(default_factory=lambda: Form(()))

    @property
    def now(self) -> int:
        """The time."""
        return self.context.clock.now()

    @property
    def us(self) -> End:
        """Our end of every picture."""
        return End(name=self.context.name)

    @property
    def query(self) -> str:
        """The raw query."""
        raw: bytes = self.request.scope.get("query_string", b"")
        return raw.decode("latin-1")

    @property
    def params(self) -> Form:
        """
        The query, read strictly.

        Raises:
            RefusedError: it cannot be read, or says something twice (AS-07).
        """
        try:
            return parse_query(self.query)
        except MalformedFormError as error:
            detail = f"{error.name[:100]!r}: {error}"
            raise RefusedError("The address is not well formed.", detail=detail) from error

    def url(self, path: str) -> str:
        """Give the address of a page of ours, as a path."""
        return self.context.root + path

    def redirect(self, url: str) -> Response:
        """Send the browser on by 303."""
        return build_redirect(url)

    async def tell(self, kind: str, title: str, text: str = "") -> None:
        """Keep a message for the next page."""
        await self.session.keep_flash(Flash(kind=kind, title=title, text=text))

    async def render(
        self, template: str, page: Any, *, status: int = 200, leads_away: bool = False, is_front: bool = False
    ) -> Response:
        """Make the page."""
        shell = build_shell(
            self.context,
            user=self.user,
            csrf=self.session.csrf_token,
            is_administration=self.is_administration,
            is_front=is_front,
            flash=await self.session.take_flash(),
        )
        html = render_html(template, page=page, shell=shell, now=self.now)
        return build_page(html, status=status, leads_away=leads_away)


Handler = Callable[[Visit], Awaitable[Response]]
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

    async def endpoint(request: Request) -> Response:
        user: User | None = None
        try:
            if not _is_own_host(request, context):
                return await _answer_wrong_host(request, context)
            _check_credentials(request)
            user = await context.users.current(request)
            if user is None:
                return _send_to_login(request, context)
            _check_access(user, access)
            visit = await _begin(request, user, context=context, sessions=sessions, repeatable=repeatable)
            visit.is_administration = access is not Access.USER
            response = await handler(visit)
        except ApplinksError as error:
            return await answer_error(error, request, context=context, user=user)
        except Exception as error:  # noqa: BLE001 - a person gets a page with a reference whatever broke.
            _log.exception("page.broke path=%s", request.url.path)
            broken = ApplinksError("Something broke.", code="server_error", detail=f"{type(error).__name__}: {error}")
            return await answer_error(broken, request, context=context, user=user)
        await sessions.set_cookie(visit.session, response)
        return response

    return endpoint


async def answer_error(error: ApplinksError, request: Request, *, context: PagesContext, user: User | None) -> Response:
    """Give the one error page."""
    described = await describe_page_error(
        error,
        place=find_place(request),
        failures=context.failures,
        us=context.name,
        peer=await _find_peer_name(error, context),
        user_id=user.id if user else "",
    )
    back, back_words = _find_way_back(error, request, context, user)
    sentence = await _describe_for(user, error, described.sentence, context)
    page = ErrorPage(
        what=sentence.what,
        advice=sentence.advice,
        # Her own no needs no looking into.
        reference="" if isinstance(error, AccessDeniedError) else described.reference,
        back=back,
        back_words=back_words,
    )
    html = render_html("error.html", page=page, shell=build_shell(context, user=user), now=context.clock.now())
    response = build_page(html, status=described.status)
    for name, value in described.headers:
        response.headers[name] = value
    return response


async def _describe_for(user: User | None, error: ApplinksError, said: Sentence, context: PagesContext) -> Sentence:
    """Say it from the side of whoever reads it."""
    if error.code == "not_administrator" and user is not None:
        what = _("You are logged in as {name}, who is no administrator of {us}.")
        advice = _("Log in as one, then this page opens. Or ask one.")
        return Sentence(what=what.format(name=user.name, us=context.name), advice=advice)
    if error.code == "unknown_link" and not (user is not None and _may_look(user)):
        return Sentence(what=said.what, advice=_("Ask an administrator."))
    if isinstance(error, LinkingError):
        return await describe_standing(error, said, context)
    return said


async def describe_standing(error: LinkingError, said: Sentence, context: PagesContext) -> Sentence:
    """Say of a link that stands in the way of another one whether it is only an approval that waits."""
    if not error.waits_until:
        return said
    link = await context.linking.store.find_link(error.link_id)
    clock = datetime.fromtimestamp(error.waits_until, UTC).strftime("%H:%M")
    what = _("An earlier approval is still waiting for {peer}, until {clock} UTC.")
    return Sentence(
        what=what.format(peer=link.name if link else error.peer, clock=clock),
        advice=_("Withdraw it on the page of that link, or wait; then open this page again."),
    )


async def _find_peer_name(error: ApplinksError, context: PagesContext) -> str:
    if isinstance(error, LinkingError):
        return urlsplit(error.peer).netloc
    if not isinstance(error, PeerError) or not error.link:
        return ""
    try:
        link = await context.outgoing.store.find_link(error.link)
    except StoreError:
        return ""  # A page that says what went wrong comes even where the database does not answer.
    return link.name if link else ""


def build_redirect(url: str) -> Response:
    """Build a 303 with the headers of our pages (AS-05: never 307)."""
    return RedirectResponse(url, status_code=303, headers=PAGE_HEADERS)


def build_shell(context: PagesContext, *, user: User | None, **around: Any) -> Shell:
    """Gather what every page has around it."""
    return Shell(
        application=context.name,
        version=_find_version(),
        base_url=context.settings.base_url,
        home=(context.settings.path or "") + "/",
        root=context.root,
        stylesheet=f"{context.root}/static/{get_stylesheet_name()}",
        user=End(name=user.shown_name, tint=find_tint(user.id)) if user else None,
        may_administrate=user is not None and _may_look(user),
        **around,
    )


def find_tint(id_: str) -> int:
    """Give the colour of a tile, by the id and never by position."""
    return sum(id_.encode()) % _TINTS + 1


def find_own_path(request: Request) -> str:
    """Give the path below our pages' root."""
    path: str = request.scope["path"]
    root: str = request.scope.get("root_path", "")
    return path.removeprefix(root) or "/"


def find_place(request: Request) -> str:
    """Give the name under which failures of a page are filed."""
    parts = find_own_path(request).strip("/").split("/")
    return parts[1] if parts[0] == "oauth2" and len(parts) > 1 else parts[0] or "links"


async def _begin(
    request: Request, user: User, *, context: PagesContext, sessions: PageSessions, repeatable: frozenset[str]
) -> Visit:
    posts = request.method == "POST"
    if posts:
        headers = tuple(request.headers.items())
        check_origin(headers, base_url=context.settings.base_url)
    session = await sessions.open(request, user)
    form = await _read_form(request, context, repeatable) if posts else Form(())
    if posts:
        check_token(form.get(TOKEN_FIELD), expected=session.csrf_token)
    return Visit(
        request=request,
        context=context,
        user=user,
        session=session,
        form=form,
    )


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
    allowed = user.is_administrator if access is Access.CHANGE else _may_look(user)
    if not allowed:
        raise LinkingError("not_administrator", detail=f"user {user.id} has the role {user.role.value}")


def _may_look(user: User) -> bool:
    return user.active and user.role in {Role.ADMINISTRATOR, Role.AUDITOR}


def _send_to_login(request: Request, context: PagesContext) -> Response:
    if request.method == "POST":
        raise LinkingError("login_required", detail="a form was sent by nobody who is logged in")
    return build_redirect(context.users.login_url(_find_full_path(request, context)))


def _find_full_path(request: Request, context: PagesContext) -> str:
    query: bytes = request.scope.get("query_string", b"")
    path = context.root + find_own_path(request)
    return f"{path}?{query.decode('latin-1')}" if query else path


def _find_way_back(error: ApplinksError, request: Request, context: PagesContext, user: User | None) -> tuple[str, str]:
    if error.code == "login_required":
        return context.users.login_url(_find_full_path(request, context)), _("Log in")
    if error.code == "not_administrator":
        # Whoever may comes back to what was asked for; a form is sent anew, from the list of links.
        path = f"{context.root}/" if request.method == "POST" else _find_full_path(request, context)
        return context.users.login_url(path), _("Log in as somebody else")
    return _find_way_on(error, context) or _find_front(context, user)


def _find_way_on(error: ApplinksError, context: PagesContext) -> tuple[str, str] | None:
    if isinstance(error, LinkingError) and error.code == "duplicate_link" and error.link_id:
        return f"{context.root}/links/{error.link_id}", _("Open that link")
    if isinstance(error, AccessDeniedError) and error.return_to:
        return error.return_to, _("Back to {name}").format(name=context.name)
    return None


def _find_front(context: PagesContext, user: User | None) -> tuple[str, str]:
    if user is not None and _may_look(user):
        return f"{context.root}/", _("Back to the links")
    if user is not None:
        return f"{context.root}/account", _("Back to your account")
    return (context.settings.path or "") + "/", _("Back to {name}").format(name=context.name)


def _is_own_host(request: Request, context: PagesContext) -> bool:
    base = urlsplit(context.settings.base_url)
    asked = request.headers.get("host", "").lower().removesuffix(f":{_DEFAULT_PORTS[base.scheme]}")
    return asked == base.netloc


async def _answer_wrong_host(request: Request, context: PagesContext) -> Response:
    # The query stays behind: what it holds was meant for another address.
    address = context.settings.base_url + "/applinks" + find_own_path(request)
    error = RefusedError(
        "The page has another address.",
        code="wrong_host",
        detail=f"asked for under the host {request.headers.get('host', '')[:200]!r}",
    )
    described = await describe_page_error(error, place=find_place(request), failures=context.failures, us=context.name)
    page = ErrorPage(
        what=described.sentence.what,
        advice=described.sentence.advice,
        reference=described.reference,
        address=address,
        back=address,
        back_words=_("Go there"),
    )
    html = render_html("error.html", page=page, shell=build_shell(context, user=None), now=context.clock.now())
    return build_page(html, status=421)


def _find_version() -> str:
    try:
        return version("applinks")
    except PackageNotFoundError:
        return ""
