"""Every address that Applinks answers, from the routing tables of an application that was put together for it."""

import asyncio
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from applinks.assembly import assemble
from applinks.clock import SystemClock
from applinks.entropy import SystemEntropy
from applinks.records.scopes import Resource, Scope
from applinks.settings import Settings
from applinks.sides import Declared
from applinks.web.pages.application import PAGES
from applinks.web.pages.visit import Access

# A base URL with a path and a resource below it, so that every form of an address appears.
_BASE_PATH, _RESOURCE_PATH = "/base-path", "/resource"
_SHOWN = {f"{_BASE_PATH}{_RESOURCE_PATH}": "PATH/RESOURCE", _RESOURCE_PATH: "RESOURCE", _BASE_PATH: "PATH"}
_STYLESHEET = "/static/applinks.css"

# What a protocol endpoint does and who may ask; the functions behind it say how.
_PROTOCOL: Mapping[str, tuple[str, str]] = {
    "/.well-known/application-link": ("the link manifest: what this application says of itself", "anybody"),
    "/.well-known/oauth-authorization-server": ("metadata of the authorization server, RFC 8414", "anybody"),
    "/.well-known/oauth-authorization-server/PATH": (
        "the same, where RFC 8414 §3.1 looks for a base URL with a path",
        "anybody",
    ),
    "/.well-known/oauth-protected-resource": ("metadata of the application as a resource, RFC 9728", "anybody"),
    "/.well-known/oauth-protected-resource/PATH": (
        "the same, where RFC 9728 §3.1 looks for a base URL with a path",
        "anybody",
    ),
    "/.well-known/oauth-protected-resource/RESOURCE": ("metadata of a resource that the host declares", "anybody"),
    "/.well-known/oauth-protected-resource/PATH/RESOURCE": (
        "the same, where RFC 9728 §3.1 looks for a base URL with a path",
        "anybody",
    ),
    "/applinks/oauth2/token": (
        "tokens for a code, for a refresh token, or for the application itself",
        "a client that proves itself; a public one by name",
    ),
    "/applinks/oauth2/revoke": (
        "gives up a token, RFC 7009; a refresh token ends the consent",
        "the client that it was issued to",
    ),
    "/applinks/oauth2/introspect": (
        "what a token is good for at this moment, RFC 7662",
        "the client that it was issued to, or one that serves its resource; it proves itself",
    ),
    "/applinks/oauth2/jwks": ("this application’s public keys", "anybody"),
    "/applinks/oauth2/client.json": ("who this application is as a client", "anybody"),
    "/applinks/oauth2/clients/{name}": (
        "the same for a server without Applinks, under a random name and `.json`",
        "anybody who was told the name",
    ),
    "/applinks/oauth1/request-token": ("temporary credentials, RFC 5849 §2.1", "a client of OAuth 1.0a that signs"),
    "/applinks/oauth1/access-token": (
        "token credentials, RFC 5849 §2.3, and their renewal by the session handle",
        "the client that holds what they follow, which signs",
    ),
    "/applinks/oauth1/jwks": ("this application’s public RSA keys, by which it signs as a client", "anybody"),
    "/applinks/link/statement": (
        "how a link stands at the peer; answered with how it stands here",
        "the peer of the link, by its signature",
    ),
    "/applinks/link/check": ("the test call of a link", "the peer of a link in force, with the scope `applinks:check`"),
    "/applinks/health": ("whether the database answers: 200, or else 503", "anybody"),
}
_CLIENT, _ADMINISTRATOR = "a client of OAuth 1.0a that signs", "a peer that calls in the name of an administrator here"
# The same for clients and peers that are set up for Data Center; VERSION is one of several that are alike.
_DATA_CENTER: Mapping[str, tuple[str, str]] = {
    "/plugins/servlet/oauth/request-token": ("as `/applinks/oauth1/request-token`", _CLIENT),
    "/plugins/servlet/oauth/authorize": ("leads a browser to `/applinks/oauth1/authorize`", "anybody"),
    "/plugins/servlet/oauth/access-token": ("as `/applinks/oauth1/access-token`", _CLIENT),
    "/plugins/servlet/oauth/consumer-info": ("who this application is as a client (consumer), with its key", "anybody"),
    "/plugins/servlet/applinks/oauth/login-dance/authorize": (
        "leads a browser to the page on which a user connects to a peer",
        "anybody",
    ),
    "/plugins/servlet/applinks/oauth/login-dance/access": ("leads a browser to our callback", "anybody"),
    "/rest/applinks/VERSION/manifest": (
        "what this application is, as XML or JSON",
        "anybody; a signature that is there has to be good",
    ),
    "/rest/applinks/VERSION/manifest.json": ("the same", "anybody; a signature that is there has to be good"),
    "/rest/applinks/VERSION/capabilities": ("what this application can besides", "anybody"),
    "/rest/applinks/VERSION/capabilities/{name}": ("whether it can one thing", "anybody"),
    "/rest/applinks/VERSION/status/{id}": ("whether a link works", _ADMINISTRATOR),
    "/rest/applinks/VERSION/status/{id}/oauth": (
        "how a link is set up here; PUT changes it",
        f"anybody reads; {_ADMINISTRATOR} changes",
    ),
    "/rest/applinks/VERSION/applicationlink": ("the linked applications; PUT adds one", _ADMINISTRATOR),
    "/rest/applinks/VERSION/applicationlink/{id}/authentication/provider": (
        "how the peer wants to be called",
        _ADMINISTRATOR,
    ),
    "/rest/applinks-oauth/VERSION/applicationlink/{id}/authentication/consumer": (
        "by which client (consumer) the peer calls us",
        _ADMINISTRATOR,
    ),
}
_VERSION = re.compile(r"(?<=^/rest/applinks/)[^/]+(?=/)|(?<=^/rest/applinks-oauth/)[^/]+(?=/)")
_WHO = {
    Access.USER: "a user who is logged in and active",
    Access.LOOK: "an administrator or an auditor",
    Access.CHANGE: "an administrator",
}
_INTRODUCTION = """\
# Endpoints

Every address stands below the base URL of the application.
All begin with `/applinks`, but for the well-known ones and those where Data Center applications look.

What needs a log-in sends a browser that has none to the log-in page of the host, and comes back.
Every answer that refuses says why with a code, and carries a reference: see [errors](errors.md).
"""
_PROGRAMS = """\
## For programs

They read no cookie and set none.
PATH is the path of the base URL, where it has one, and RESOURCE that of a resource that the host declares below it.

| method | address | what | who may |
|---|---|---|---|
"""
_APPLICATIONS = """\
## For Data Center applications

The same for clients and peers that are set up for Atlassian’s addresses; there where we speak OAuth 1.0a.
VERSION is 1.0, 2.0, 3.0 or latest, below `/rest/applinks-oauth` 1.0 or latest; each answers alike.

| method | address | what | who may |
|---|---|---|---|
"""
_PEOPLE = """\
## For people

Pages in a browser, with the session cookie; none of them takes OAuth credentials.
Each POST has to come from a page of the application itself, and carries the token of its form.

| method | address | what | who may |
|---|---|---|---|
"""


def format_endpoints() -> str:
    """Give the page on every address."""
    with tempfile.TemporaryDirectory() as folder:
        protocol, pages = asyncio.run(_read_tables(Path(folder)))
    if missing := protocol.keys() ^ {**_PROTOCOL, **_DATA_CENTER}.keys():
        raise SystemExit(f"tools/endpoints.py and the routing table differ: {', '.join(sorted(missing))}")
    programs = "\n".join(_list_protocol(protocol, _PROTOCOL))
    applications = "\n".join(_list_protocol(protocol, _DATA_CENTER))
    people = "\n".join(_list_pages(pages))
    parts = (_INTRODUCTION, _PROGRAMS + programs + "\n", _APPLICATIONS + applications + "\n", _PEOPLE + people + "\n")
    return "\n".join(parts)


async def _read_tables(folder: Path) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Put an application together and give its methods by address: those of the protocols, and those of the pages."""
    base_url = f"https://example.org{_BASE_PATH}"
    running = await assemble(
        Declared(
            settings=Settings(base_url=base_url, database=f"sqlite:///{folder / 'applinks.db'}"),
            users=_Nobody(),
            resources=(
                Resource(base_url, (Scope("example", "Example"),)),
                Resource(base_url + _RESOURCE_PATH, (Scope("other", "Other"),)),
            ),
            clock=SystemClock(),
            entropy=SystemEntropy(),
        )
    )
    try:
        protocol = {_show(path): ", ".join(each.methods) for path, each in running.guard.endpoints.items()}
        routes: Sequence[Any] = running.pages.routes  # type: ignore[attr-defined]
        pages = [(route.path, method) for route in routes for method in sorted(route.methods - {"HEAD"})]
    finally:
        await running.close()
    return protocol, pages


def _show(path: str) -> str:
    for part, shown in _SHOWN.items():
        path = path.replace(part, "/" + shown)
    return _VERSION.sub("VERSION", path)


def _list_protocol(methods: Mapping[str, str], described: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    for path in sorted(described):
        what, who = described[path]
        yield f"| {methods[path]} | `{path}` | {what} | {who} |"


def _list_pages(routes: Sequence[tuple[str, str]]) -> Iterator[str]:
    known = {page.path: page for page in PAGES}
    for path, method in routes:
        if path == _STYLESHEET:
            what, who = "the stylesheet of the pages", "anybody"
        else:
            page = known[path]
            handler = page.get if method == "GET" else page.post
            access = page.access if method == "GET" else page.post_access or page.access
            what, who = _say(handler), _WHO[access]
        yield f"| {method} | `/applinks{path}` | {what} | {who} |"


def _say(handler: Any) -> str:
    first = re.split(r"\n\s*\n", (handler.__doc__ or "").strip())[0]
    return " ".join(first.split()).replace("``", "`").removesuffix(".")


class _Nobody:
    """The users of a host that nobody uses; the arguments are those that `HostUsers` has."""

    async def current(self, request: Any) -> None:  # noqa: ARG002
        return None

    async def find(self, user_id: str) -> None:  # noqa: ARG002
        return None

    async def find_by_name(self, name: str) -> None:  # noqa: ARG002
        return None

    async def find_by_email(self, email: str) -> list[Any]:  # noqa: ARG002
        return []

    def everyone(self) -> None:
        return None

    def login_url(self, return_to: str) -> str:
        return return_to

    def confirm_url(self, return_to: str) -> None:  # noqa: ARG002
        return None
