"""One visit of a page: who comes, from where, with what, and what goes back."""

from dataclasses import dataclass, field
from enum import Enum
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from applinks.errors import RefusedError
from applinks.records.users import Role, User
from applinks.web.pages.context import PagesContext
from applinks.web.pages.rendering import PAGE_HEADERS, build_page, get_stylesheet_name, render_html
from applinks.web.pages.sessions import PageSession, PageSessions
from applinks.web.pages.views import End, Flash, Shell
from applinks.wire.forms import Form, MalformedFormError, parse_query

_TINTS = 6


class Access(Enum):
    """Who may open a page."""

    USER = "user"  # whoever is logged in
    LOOK = "look"  # auditors, too
    CHANGE = "change"  # administrators alone


@dataclass(slots=True, kw_only=True)
class OpenVisit:
    """
    A request to a page that anybody may open.

    Attributes:
        session: what the answer leaves the browser with.
        user: who is logged in.
        form: the fields of a POST whose origin and token were checked; empty otherwise.
    """

    request: Request
    context: PagesContext
    sessions: PageSessions
    session: PageSession
    user: User | None
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


@dataclass(slots=True, kw_only=True)
class Visit(OpenVisit):
    """A request to a page by somebody who is logged in and may open it."""

    user: User


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
        may_administrate=user is not None and may_look(user),
        logout_url=context.logout_url,
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
    return parts[1] if parts[0] in {"oauth1", "oauth2"} and len(parts) > 1 else parts[0] or "links"


def find_full_path(request: Request, context: PagesContext) -> str:
    """Give the path of a page with its query, as a browser asks for it."""
    query: bytes = request.scope.get("query_string", b"")
    path = context.root + find_own_path(request)
    return f"{path}?{query.decode('latin-1')}" if query else path


def may_look(user: User) -> bool:
    """Whether somebody may open administration pages at all."""
    return user.active and user.role in {Role.ADMINISTRATOR, Role.AUDITOR}


def _find_version() -> str:
    try:
        return version("applinks")
    except PackageNotFoundError:
        return ""
