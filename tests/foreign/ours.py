"""An application of ours that runs, and the commands of its administrator, who links it by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from applinks import AuthorizationNeeded, PeerError, Settings
from applinks.errors import LinkUnusableError
from applinks.hosts.starlette import AppLinks
from tests.foreign.browser import Browser, Page
from tests.foreign.processes import MOST_SECONDS
from tests.foreign.served import run_command
from tests.interplay.serving import Port, Users, serve


@dataclass
class Ours:
    """Start page, which is ours, with alicia before its pages."""

    base_url: str
    database: str
    # Where it listens, which is its base URL as long as nothing stands in front.
    inside: str
    browser: Browser

    def command(self, *arguments: str, typed: str = "", succeeds: bool = True) -> Any:
        """Run a command of the administrator beside the application; gives its JSON, or what it complains of."""
        environment = {"APPLINKS_BASE_URL": self.base_url, "APPLINKS_DATABASE": self.database}
        environment["APPLINKS_ALLOW_HTTP_FOR_LOOPBACK"] = "true"
        return run_command(environment, *arguments, typed=typed, succeeds=succeeds)

    def enter(self, link: dict[str, Any], client_id: str, secret: str = "", method: str = "") -> dict[str, Any]:
        """Enter what the other side gave us."""
        given = [f"--client-id={client_id}"]  # one may begin with a dash
        given += ["--client-secret-file", "-"] if secret else []
        given += ["--authentication-method", method] if method else []
        changed: dict[str, Any] = self.command("links", "edit", link["handle"], *given, typed=secret)
        return changed

    def begin(self, link: dict[str, Any]) -> Page:
        """Go where alicia connects; shows the first page that asks her something, or where she began."""
        return self.browser.open(f"{self.base_url}/applinks/connect/{link['id']}?return_to=/began")

    def call(self, link: dict[str, Any], path: str, *, as_user: bool = True) -> Any:
        """Let the application call, for alicia or for itself."""
        asked = {"link": link["handle"], "path": path, "user": "alicia" if as_user else ""}
        return httpx2.get(f"{self.inside}/call", params=asked, timeout=MOST_SECONDS).json()

    def read_account(self, link: dict[str, Any]) -> str:
        """Give what alicia's account page says that she is called there."""
        text = self.browser.open(f"{self.base_url}/applinks/account").text
        assert link["name"] in text
        return text

    def disconnect(self, link: dict[str, Any]) -> Any:
        answer = httpx2.post(f"{self.inside}/disconnect", params={"link": link["handle"]}, timeout=MOST_SECONDS)
        return answer.json()


@contextmanager
def run_ours(folder: Path, *, base_url: str = "") -> Iterator[Ours]:
    """Run it, with a database of its own in the folder; ``base_url`` where the world has another name for it."""
    port = Port()
    database = f"sqlite:///{folder / 'applinks.db'}"
    settings = Settings(
        base_url=base_url or port.base_url,
        name="Start page",
        database=database,
        synchronous="NORMAL",
        allow_http_for_loopback=True,
    )
    with serve(_build_host(settings), port) as inside:
        proxies = {base_url: inside} if base_url else {}
        yield Ours(settings.base_url, database, inside, Browser(proxies=proxies))


def _build_host(settings: Settings) -> Starlette:
    applinks = AppLinks(settings, users=Users("alicia", logged_in="alicia"))

    async def began(request):
        return JSONResponse({"began": True})

    async def call(request):
        asked = request.query_params
        try:
            answer = await applinks.connection(asked["link"], user=asked["user"] or None).get(asked["path"])
        except AuthorizationNeeded as needed:
            return JSONResponse({"connect_at": needed.url})
        except (PeerError, LinkUnusableError) as error:
            return JSONResponse({"code": error.code, "description": error.description, "detail": error.detail})
        return JSONResponse(answer.json() if answer.status_code == 200 else {"status": answer.status_code})

    async def disconnect(request):
        return JSONResponse({"confirmed": await applinks.disconnect(request.query_params["link"], user="alicia")})

    routes = [Route("/began", began), Route("/call", call), Route("/disconnect", disconnect, methods=["POST"])]
    app = Starlette(routes=routes)
    applinks.mount(app)
    return app
