"""
Start page: a web application whose dashboard shows what users have in other applications.

What it takes to call a linked application stands in `gadget`; the rest is any Starlette application.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from applinks import AuthorizationNeeded, PeerError, Scope, Settings, User
from applinks.demo import accounts
from applinks.demo.board import Board, Page
from applinks.demo.gadget import IssuesGadget
from applinks.demo.site import Site, check_title, get_caller, read_json, redirect
from applinks.demo.users import Users
from applinks.hosts.starlette import AppLinks

SCOPES = (
    Scope("pages:read", "See the pages that you have pinned", default=True),
    Scope("notify", "Send you notices", "They stand on your start page until newer ones come.", default=True),
)
_FIRST_PAGES = (
    Page("Release plan, winter", "https://wiki.example/release-plan"),
    Page("How we write issues", "https://wiki.example/issues"),
    Page("Who is on call", "https://wiki.example/on-call"),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What did not go as it should, and what was typed."""

    title: str
    text: str
    typed: str = ""


def build_app(settings: Settings, folder: Path) -> Starlette:
    """Make the application; ``folder`` holds its own data."""
    users = Users(accounts.START_PAGE)
    applinks = AppLinks(settings, users=users, scopes=SCOPES)
    site = Site(name="Start page", users=users, folder=folder, stylesheet=":root { --al-hue: 168; }\n")
    board = Board(folder / "start-page.db")

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        for account in accounts.START_PAGE:
            for page in _FIRST_PAGES:
                await board.pin(account.id, page)
        yield

    app = Starlette(
        routes=[*site.routes, *_build_pages(applinks, site, board), *_build_api(applinks, board)],
        middleware=[site.middleware],
        exception_handlers={HTTPException: site.show_error},
        lifespan=lifespan,
    )
    applinks.mount(app)
    return app


def _build_api(applinks: AppLinks, board: Board) -> list[Route]:
    @applinks.requires("pages:read", user=True)
    async def list_pages(request: Request) -> Response:
        _, user = get_caller(applinks, request)
        pages = await board.list_pages(user.id)
        return JSONResponse({"pages": [{"title": page.title, "url": page.url} for page in pages]})

    @applinks.requires("notify", user=True)
    async def add_notice(request: Request) -> Response:
        caller, user = get_caller(applinks, request)
        asked = await read_json(request)
        await board.add_notice(user.id, check_title(asked.get("text")), sender=caller.link.name)
        return JSONResponse({"sent": True}, 201)

    return [
        Route("/api/pages", list_pages, methods=["GET"]),
        Route("/api/notices", add_notice, methods=["POST"]),
    ]


def _build_pages(applinks: AppLinks, site: Site, board: Board) -> list[Route]:
    gadget = IssuesGadget(applinks, "tracker")

    async def show_dashboard(request: Request, user: User, problem: Problem | None = None) -> Response:
        now = time.localtime()
        return await site.render(
            request,
            "dashboard.html",
            status=502 if problem else 200,
            greeting=_greet(now.tm_hour),
            today=f"{time.strftime('%A', now)}, {now.tm_mday} {time.strftime('%B', now)}",
            account_url=applinks.account_url,
            gadget=await gadget.load(user.id, again="again" in request.query_params),
            pages=await board.list_pages(user.id),
            notices=await board.list_notices(user.id),
            problem=problem,
        )

    async def create_issue(request: Request, user: User) -> Response:
        form = await site.read_form(request)
        title = check_title(form.get("title"))
        try:
            if await gadget.create(user.id, title):
                return redirect("/#issues")
            problem = Problem("The issue was not created", "Tracker did not take it.", title)
        except AuthorizationNeeded as needed:
            return redirect(needed.connect_url(return_to="/"))
        except PeerError as error:
            problem = Problem("The issue was not created", error.description, title)
        return await show_dashboard(request, user, problem)

    async def disconnect(request: Request, user: User) -> Response:
        await site.read_form(request)
        if await gadget.disconnect(user.id):
            return redirect("/#issues")
        text = "Tracker could not be told. To be sure, revoke the access of Start page there, too."
        return await show_dashboard(request, user, Problem("You are disconnected here", text))

    return [
        Route("/", site.with_user(show_dashboard), methods=["GET"]),
        Route("/issues", site.with_user(create_issue), methods=["POST"]),
        Route("/disconnect", site.with_user(disconnect), methods=["POST"]),
    ]


def _greet(hour: int) -> str:
    if hour < 12:
        return "Good morning"
    return "Good afternoon" if hour < 18 else "Good evening"
