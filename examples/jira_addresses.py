"""
Answers where clients of Jira Data Center look, on top of the server form of Applinks.

Users, log-in and clients are those of its database: ``applinks users add``, ``applinks clients add-oauth1``.
"""

import argparse
import re
import sys

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from applinks import ApplinksError, Settings
from applinks.hosts.server.run import serve_alone
from applinks.hosts.server.server import Server

SUMMARIES = {"DEMO-1": "Write the release notes", "DEMO-2": "Größe & Form: 100 % of [a|b]", "DEMO-3": "Renew the lease"}
JQL = re.compile(r'(?:(?:project|key|summary)\s*[=~]\s*"?([^"]*?)"?)?\s*(?:order by .*)?', re.IGNORECASE)
VERSION = {"version": "9.12.0", "versionNumbers": [9, 12, 0], "buildNumber": 912000, "deploymentType": "Server"}


def build_server(settings: Settings) -> Server:
    server, base = Server(settings), settings.base_url
    may_call = server.applinks.requires("profile", user=True)

    def describe(key: str, request: Request) -> dict:
        fields = {"summary": SUMMARIES[key], "assignee": {"name": server.applinks.caller(request).user.name}}
        return {"id": key[5:], "key": key, "self": f"{base}/rest/api/2/issue/{key}", "fields": fields}

    @may_call
    async def show_server(_request: Request) -> JSONResponse:
        return JSONResponse({"baseUrl": base, "serverTitle": settings.name, **VERSION})

    @may_call
    async def show_me(request: Request) -> JSONResponse:
        user = server.applinks.caller(request).user
        return JSONResponse({"key": user.id, "name": user.name, "displayName": user.shown_name, "active": True})

    @may_call
    async def list_fields(_request: Request) -> JSONResponse:
        return JSONResponse([{"id": each, "name": each, "clauseNames": [each]} for each in ("summary", "assignee")])

    @may_call
    async def show_issue(request: Request) -> JSONResponse:
        known = (key := request.path_params["key"]) in SUMMARIES
        return JSONResponse(describe(key, request) if known else {"errorMessages": ["No issue"]}, 200 if known else 404)

    @may_call
    async def search(request: Request) -> JSONResponse:
        try:
            asked = await request.json() if request.method == "POST" else request.query_params
            jql = JQL.fullmatch(asked.get("jql", "").strip())
            start, most = int(asked.get("startAt", 0)), int(asked.get("maxResults", 50))
        except (AttributeError, TypeError, ValueError):
            jql = None
        if jql is None:
            return JSONResponse({"errorMessages": ["Of JQL only project, key and summary are known here."]}, 400)
        found = [key for key, title in SUMMARIES.items() if (jql[1] or "").lower() in f"{key} {title}".lower()]
        issues = [describe(key, request) for key in found[start : start + most]]
        return JSONResponse({"startAt": start, "maxResults": most, "total": len(found), "issues": issues})

    answers = {"serverInfo": show_server, "myself": show_me, "field": list_fields, "issue/{key}": show_issue}
    for root in ("/rest/api/2", "/rest/api/latest"):
        server.add_routes(Route(f"{root}/{name}", answer) for name, answer in answers.items())
        server.add_routes([Route(f"{root}/search", search, methods=["GET", "POST"])])
    return server


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0].strip())
    options.add_argument("--port", type=int, default=8000)
    options.add_argument("--database", help="[default: sqlite:///applinks.db]")
    options.add_argument("--base-url", help="[default: http://127.0.0.1:PORT]")
    try:
        given = vars(options.parse_args())
        serve_alone(build_server, lambda it: print(it.settings.base_url, "is ready.", flush=True), **given)
    except ApplinksError as error:
        sys.exit(f"jira_addresses: {error}")
