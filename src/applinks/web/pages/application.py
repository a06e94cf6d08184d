"""The pages as one application, mounted under ``/applinks``."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from applinks.errors import RefusedError
from applinks.web.pages import account, approve_link
from applinks.web.pages.consent import oauth1, oauth2
from applinks.web.pages.context import PagesContext
from applinks.web.pages.doors import Endpoint, Handler, OpenHandler, build_endpoint, build_open_endpoint
from applinks.web.pages.error_page import answer_error
from applinks.web.pages.forms import REPEATABLE
from applinks.web.pages.links import by_hand, directions, new_link
from applinks.web.pages.links import pages as links
from applinks.web.pages.links.hand import secrets as hand_secrets
from applinks.web.pages.links.oauth1 import client as oauth1_client
from applinks.web.pages.rendering import build_stylesheet
from applinks.web.pages.sessions import PageSessions
from applinks.web.pages.visit import Access

_NOT_FOUND = 404
_CODES = {_NOT_FOUND: "not_found", 405: "method_not_allowed"}


@dataclass(frozen=True, slots=True)
class Page:
    """
    One address: who may open it, who may send its form, and what does the work.

    Attributes:
        post_access: where it differs; an auditor looks, and changes nothing.
    """

    path: str
    get: Handler | None
    post: Handler | None = None
    access: Access = Access.USER
    post_access: Access | None = None


@dataclass(frozen=True, slots=True)
class OpenPage:
    """One address that anybody may open, logged in or not."""

    path: str
    get: OpenHandler
    post: OpenHandler


_LOOK, _CHANGE = Access.LOOK, Access.CHANGE

PAGES = (
    Page("/", links.show_links, access=_LOOK),
    Page("/new", new_link.show_new_link, new_link.look_or_propose, access=_CHANGE),
    Page("/new/by-hand", by_hand.show_new, by_hand.add_new, access=_CHANGE),
    Page("/links/{link}", links.show_one_link, access=_LOOK),
    Page("/links/{link}/incoming", directions.show_incoming, directions.save_incoming, access=_CHANGE),
    Page("/links/{link}/outgoing", directions.show_outgoing, directions.save_outgoing, access=_CHANGE),
    Page("/links/{link}/clients/{client}", oauth1_client.show_client, oauth1_client.save_client, access=_CHANGE),
    Page(
        "/links/{link}/clients/{client}/secret",
        hand_secrets.ask_for_new_secret,
        hand_secrets.make_new_secret,
        access=_CHANGE,
    ),
    Page(
        "/links/{link}/clients/{client}/secret/end",
        hand_secrets.ask_to_end_secret,
        hand_secrets.end_one_secret,
        access=_CHANGE,
    ),
    Page("/links/{link}/keys", links.show_keys, links.approve_key, _LOOK, _CHANGE),
    Page("/links/{link}/pause", links.ask_to_pause, links.pause_link, access=_CHANGE),
    Page("/links/{link}/resume", None, links.resume_link, access=_CHANGE),
    Page("/links/{link}/test", None, links.test_link, access=_CHANGE),
    Page("/links/{link}/delete", links.ask_to_delete, links.delete_link, access=_CHANGE),
    Page("/link", approve_link.show_proposal, approve_link.decide_proposal, access=_CHANGE),
    Page("/link/callback", new_link.take_answer, new_link.decide_answer, access=_CHANGE),
    Page("/oauth2/authorize", oauth2.show_consent, oauth2.decide_consent),
    Page("/oauth1/authorize", oauth1.show_authorization, oauth1.decide_authorization),
    Page("/account", account.show_account),
    Page("/account/revoke", None, account.revoke_grant),
    Page("/account/disconnect", None, account.end_connection),
    Page("/account/revoke-everything", account.ask_to_revoke_everything, account.revoke_everything),
    Page("/connect/{link}", account.begin_round_trip),
    Page("/callback/{link}", account.finish_round_trip),
)
"""Every page, with its door; a test walks them all as an ordinary user and as nobody."""


def build_pages(context: PagesContext, more: Sequence[Page | OpenPage] = ()) -> Starlette:
    """Build the pages over what the composition root gathered, and those that a form adds."""
    sessions = PageSessions(
        table=context.sessions,
        keys=context.linking.keys,
        settings=context.settings,
        clock=context.clock,
        entropy=context.entropy,
    )
    routes = [Route("/static/applinks.css", _show_stylesheet)]
    routes.extend(_build_route(page, context, sessions) for page in (*PAGES, *more))
    pages = Starlette(routes=routes, exception_handlers={HTTPException: _build_refusal_handler(context)})
    # It would mend a slash with an address made from the Host header, and by 307 (AS-05).
    pages.router.redirect_slashes = False
    return pages


def _build_route(page: Page | OpenPage, context: PagesContext, sessions: PageSessions) -> Route:
    """Build the one route of a page, so that a wrong method is told which ones are right."""
    if isinstance(page, OpenPage):
        endpoints = _build_open_endpoints(page, context, sessions)
    else:
        endpoints = _build_endpoints(page, context, sessions)

    async def answer(request: Request) -> Response:
        return await endpoints["GET" if request.method == "HEAD" else request.method](request)

    return Route(page.path, answer, methods=list(endpoints), name=page.path)


def _build_endpoints(page: Page, context: PagesContext, sessions: PageSessions) -> Mapping[str, Endpoint]:
    handlers = (("GET", page.get, page.access), ("POST", page.post, page.post_access or page.access))
    return {
        method: build_endpoint(handler, context=context, sessions=sessions, access=access, repeatable=REPEATABLE)
        for method, handler, access in handlers
        if handler is not None
    }


def _build_open_endpoints(page: OpenPage, context: PagesContext, sessions: PageSessions) -> Mapping[str, Endpoint]:
    handlers = (("GET", page.get), ("POST", page.post))
    return {method: build_open_endpoint(handler, context=context, sessions=sessions) for method, handler in handlers}


async def _show_stylesheet(request: Request) -> Response:
    del request
    return build_stylesheet()


def _build_refusal_handler(context: PagesContext) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Give the error page for an address or a method that there is not."""

    async def refuse(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else _NOT_FOUND
        allowed = (getattr(error, "headers", None) or {}).get("Allow", "")
        # RFC 9110 §15.5.6: a wrong method is told the right ones.
        headers = (("Allow", ", ".join(sorted(allowed.split(", ")))),) if allowed else ()
        code = _CODES.get(status, "not_found")
        refusal = RefusedError("There is no such page.", code=code, status=status, headers=headers)
        return await answer_error(refusal, request, context=context, user=None)

    return refuse
