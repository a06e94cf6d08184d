"""
Tracker: a web application with issues, and an API that linked applications may call.

What it takes to have application links is marked by (1) to (5); the rest is any Starlette application.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from applinks import AuthorizationNeeded, PeerError, Scope, Settings, User
from applinks.demo import accounts
from applinks.demo.issues import STATES, Issue, Issues
from applinks.demo.site import Site, check_title, get_caller, read_json, redirect
from applinks.demo.users import Users
from applinks.hosts.starlette import AppLinks

# (1) What linked applications can be allowed to do here.
SCOPES = (
    Scope("issues:read", "See your issues", "Everything that you can see in Tracker yourself.", default=True),
    Scope("issues:write", "Create and change issues", "In your name."),
    Scope("profile", "Know who you are in Tracker", "Your name, not your password.", default=True),
    Scope("projects:read", "See the list of projects", application=True),
)
_FIRST_ISSUES = (
    ("Two accounts for one person at the peer", 0),
    ("Wiki titles are missing in comments", 3 * 3600),
    ("Import stops at 10,000 rows", 3 * 86400),
    ("Dark mode: charts are too bright", 11 * 86400),
)


def build_app(settings: Settings, folder: Path) -> Starlette:
    """Make the application; ``folder`` holds its own data."""
    users = Users(accounts.TRACKER)
    applinks = AppLinks(settings, users=users, scopes=SCOPES)  # (2) One object, with our users and scopes.
    site = Site(name="Tracker", users=users, folder=folder)
    issues = Issues(folder / "tracker.db")

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await _add_first_issues(issues)
        yield

    app = Starlette(
        routes=[*site.routes, *_build_pages(applinks, site, issues), *_build_api(applinks, issues, settings.base_url)],
        middleware=[site.middleware],
        exception_handlers={HTTPException: site.show_error},
        lifespan=lifespan,
    )
    applinks.mount(app)  # (3) Adds the pages below /applinks, and the guard.
    return app


def _build_api(applinks: AppLinks, issues: Issues, base_url: str) -> list[Route]:
    @applinks.requires("issues:read", user=True)  # (4) Who may call this, in one line.
    async def list_issues(request: Request) -> Response:
        caller, user = get_caller(applinks, request)
        found = [_describe(issue, base_url) for issue in await issues.list(user.id)]
        return JSONResponse({"issues": found, "can_create": "issues:write" in caller.scopes})

    @applinks.requires("issues:write", user=True)
    async def create_issue(request: Request) -> Response:
        _, user = get_caller(applinks, request)
        asked = await read_json(request)
        issue = await issues.add(user.id, check_title(asked.get("title")))
        return JSONResponse(_describe(issue, base_url), 201)

    @applinks.requires("issues:write", user=True)
    async def change_issue(request: Request) -> Response:
        _, user = get_caller(applinks, request)
        asked, issue = await read_json(request), await _get_issue(issues, user.id, request.path_params["key"])
        title, state = asked.get("title", issue.title), asked.get("state", issue.state)
        return JSONResponse(_describe(await _change_issue(issues, user.id, issue.key, title, state), base_url))

    @applinks.requires("profile", user=True)
    async def show_me(request: Request) -> Response:
        _, user = get_caller(applinks, request)
        return JSONResponse({"name": user.name, "display_name": user.display_name})

    @applinks.requires("projects:read")  # Without ``user``: the application itself may call this, for nobody.
    async def list_projects(_request: Request) -> Response:
        return JSONResponse({"projects": [{"key": "TRK", "name": "Tracker", "issues": await issues.count()}]})

    return [
        Route("/api/issues", list_issues, methods=["GET"]),
        Route("/api/issues", create_issue, methods=["POST"]),
        Route("/api/issues/{key}", change_issue, methods=["PATCH"]),
        Route("/api/me", show_me, methods=["GET"]),
        Route("/api/projects", list_projects, methods=["GET"]),
    ]


def _build_pages(applinks: AppLinks, site: Site, issues: Issues) -> list[Route]:
    async def show_issues(request: Request, user: User) -> Response:
        return await site.render(request, "issues.html", issues=await issues.list(user.id))

    async def create_issue(request: Request, user: User) -> Response:
        form = await site.read_form(request)
        issue = await issues.add(user.id, check_title(form.get("title")))
        return redirect(f"/issues/{issue.key}")

    async def show_issue(request: Request, user: User) -> Response:
        issue = await _get_issue(issues, user.id, request.path_params["key"])
        start_page = next((link for link in await applinks.links() if link.handle == "start-page"), None)
        return await site.render(request, "issue.html", issue=issue, states=STATES, start_page=start_page)

    async def change_issue(request: Request, user: User) -> Response:
        form, key = await site.read_form(request), request.path_params["key"]
        await _change_issue(issues, user.id, key, form.get("title"), form.get("state"))
        return redirect("/")

    async def send_notice(request: Request, user: User) -> Response:
        await site.read_form(request)
        issue = await _get_issue(issues, user.id, request.path_params["key"])
        try:  # (5) A call to a linked application, as this user.
            start_page = applinks.connection("start-page", user=user.id)
            answer = await start_page.post("/api/notices", json={"text": f"{issue.key}: {issue.title}"})
        except AuthorizationNeeded as needed:
            return redirect(needed.connect_url(return_to=f"/issues/{issue.key}"))
        except PeerError as error:
            return await site.render(request, "error.html", status=502, message=error.description, error=error)
        return await site.render(request, "sent.html", issue=issue, is_sent=answer.status_code == 201)

    return [
        Route("/", site.with_user(show_issues), methods=["GET"]),
        Route("/issues", site.with_user(create_issue), methods=["POST"]),
        Route("/issues/{key}", site.with_user(show_issue), methods=["GET"]),
        Route("/issues/{key}", site.with_user(change_issue), methods=["POST"]),
        Route("/issues/{key}/notice", site.with_user(send_notice), methods=["POST"]),
    ]


async def _get_issue(issues: Issues, user_id: str, key: str) -> Issue:
    issue = await issues.find(user_id, key)
    if issue is None:
        raise HTTPException(404, "You have no issue of that key.")
    return issue


async def _change_issue(issues: Issues, user_id: str, key: str, title: object, state: object) -> Issue:
    if state not in STATES:
        raise HTTPException(422, f"The state is one of {', '.join(STATES)}.")
    issue = await issues.change(user_id, key, title=check_title(title), state=str(state))
    return issue or await _get_issue(issues, user_id, key)


async def _add_first_issues(issues: Issues) -> None:
    if await issues.count():
        return
    now = int(time.time())
    for title, ago in reversed(_FIRST_ISSUES):
        await issues.add("u-alice", title, changed_at=now - ago)
    await issues.add("u-robin", "Renew the certificate of the mail server")


def _describe(issue: Issue, base_url: str) -> dict[str, object]:
    return {
        "key": issue.key,
        "title": issue.title,
        "state": issue.state,
        "changed_at": issue.changed_at,
        "url": f"{base_url}/issues/{issue.key}",
    }
