"""The one error page: what happened, what to do, and a way back inside the application."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from applinks.errors import ApplinksError, PeerError, RefusedError, StoreError
from applinks.linking.errors import LinkingError
from applinks.outgoing.errors import AccessDeniedError
from applinks.records.links import Link
from applinks.records.users import User
from applinks.web.errors import describe_page_error
from applinks.web.pages.context import PagesContext
from applinks.web.pages.rendering import build_page, render_html
from applinks.web.pages.views import ErrorPage
from applinks.web.pages.visit import build_shell, find_full_path, find_own_path, find_place, may_look
from applinks.words import Sentence
from applinks.words import gettext as _


async def answer_error(error: ApplinksError, request: Request, *, context: PagesContext, user: User | None) -> Response:
    """Give the one error page."""
    link, client = await _find_link(error, context)
    described = await describe_page_error(
        error,
        place=find_place(request),
        failures=context.failures,
        us=context.name,
        peer=urlsplit(error.peer).netloc if isinstance(error, LinkingError) else link.name if link else "",
        link_id=link.id if link else "",
        client=client,
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


async def answer_wrong_host(request: Request, context: PagesContext) -> Response:
    """Answer a page that was asked for under another host than the base URL's with the right address."""
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


async def _describe_for(user: User | None, error: ApplinksError, said: Sentence, context: PagesContext) -> Sentence:
    """Say it from the side of whoever reads it."""
    if error.code == "not_administrator" and user is not None:
        what = _("You are logged in as {name}, who is no administrator of {us}.")
        advice = _("Log in as one, then this page opens. Or ask one.")
        return Sentence(what=what.format(name=user.name, us=context.name), advice=advice)
    if error.code == "unknown_link" and not (user is not None and may_look(user)):
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


async def _find_link(error: ApplinksError, context: PagesContext) -> tuple[Link | None, str]:
    """Give the link of a call that failed, and the client that we are there where the link was made by hand."""
    if not isinstance(error, PeerError) or not error.link:
        return None, ""
    store = context.outgoing.store
    try:
        link = await store.find_link(error.link)
        registration = await store.find_registration(link.id) if link is not None and link.is_by_hand else None
    except StoreError:
        return None, ""  # A page that says what went wrong comes even where the database does not answer.
    return link, registration.client_id if registration else ""


def _find_way_back(error: ApplinksError, request: Request, context: PagesContext, user: User | None) -> tuple[str, str]:
    if error.code == "login_required":
        return context.users.login_url(find_full_path(request, context)), _("Log in")
    if error.code == "not_administrator":
        # Whoever may comes back to what was asked for; a form is sent anew, from the list of links.
        path = f"{context.root}/" if request.method == "POST" else find_full_path(request, context)
        return context.users.login_url(path), _("Log in as somebody else")
    return _find_way_on(error, context) or _find_front(context, user)


def _find_way_on(error: ApplinksError, context: PagesContext) -> tuple[str, str] | None:
    if isinstance(error, LinkingError) and error.code == "duplicate_link" and error.link_id:
        return f"{context.root}/links/{error.link_id}", _("Open that link")
    if isinstance(error, AccessDeniedError) and error.return_to:
        return error.return_to, _("Back to {name}").format(name=context.name)
    return None


def _find_front(context: PagesContext, user: User | None) -> tuple[str, str]:
    if user is not None and may_look(user):
        return f"{context.root}/", _("Back to the links")
    if user is not None:
        return f"{context.root}/account", _("Back to your account")
    return (context.settings.path or "") + "/", _("Back to {name}").format(name=context.name)
