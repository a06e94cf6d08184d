"""Routes of whoever builds on the server form."""

from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from applinks import Scope, Settings
from applinks.hosts.server.server import Server
from tests.fakes import CountingEntropy, FixedClock
from tests.hosts.server.site import ORIGIN, ServerSite

pytestmark = pytest.mark.anyio

TEAS = Scope("teas:read", "See the list of teas", default=True)


def build_site_with_routes(folder: Path, base: str) -> ServerSite:
    clock, entropy = FixedClock(), CountingEntropy()
    settings = Settings(base_url=ORIGIN + base, name="Teas", database=f"sqlite:///{folder / 'x.db'}")
    server = Server(settings, scopes=(TEAS,), clock=clock, entropy=entropy)

    @server.applinks.requires("teas:read", user=True)
    async def list_teas(request: Request) -> JSONResponse:
        caller = server.applinks.caller(request)
        assert caller is not None
        assert caller.user is not None
        return JSONResponse({"for": caller.user.name, "method": request.method})

    async def answer_all(request: Request) -> JSONResponse:
        return JSONResponse({"open": True})

    server.add_routes([Route("/api/teas", list_teas, methods=["GET", "POST"])])
    server.add_routes([Route("/api/open/{name}", answer_all), Route("/applinks/account", answer_all)])
    return ServerSite(server, clock, entropy, base)


@pytest.mark.parametrize("base", ["", "/teas"])
async def test_a_route_is_called_with_a_scope_of_its_own(tmp_path: Path, base: str) -> None:
    """Product §3: under each base URL; behind the guard as in any host."""
    site = build_site_with_routes(tmp_path, base)
    try:
        await site.add_account()
        client = await site.add_client("teas:read")
        browser = site.open_browser()
        await browser.log_in()
        token = await site.exchange(client, await browser.authorize(client[0], "teas:read"))
        answer = await site.call(token["access_token"], "/api/teas")
        assert (answer.status_code, answer.json()) == (200, {"for": "alice", "method": "GET"})
        assert (await site.open_browser().get(f"{base}/api/teas")).status_code == 401
        assert (await site.open_browser().get(f"{base}/api/open/x")).json() == {"open": True}
        assert (await site.open_browser().http.post(f"{base}/api/open/x")).status_code == 404
    finally:
        await site.aclose()


async def test_the_addresses_of_applinks_stay_its_own(tmp_path: Path) -> None:
    """Ours: nobody builds a page over the one on which users revoke; and what is nowhere is still our error page."""
    site = build_site_with_routes(tmp_path, "")
    try:
        assert (await site.open_browser().get("/applinks/account")).status_code == 303
        missing = await site.open_browser().get("/nowhere")
        assert (missing.status_code, "AL-" in missing.text) == (404, True)
    finally:
        await site.aclose()
