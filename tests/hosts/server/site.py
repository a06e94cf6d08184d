"""The server form in process, with a clock that we move, and browsers before it."""

import base64
import hashlib
import html
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2

from applinks import Settings
from applinks.administration import accounts
from applinks.administration.actor import Actor
from applinks.administration.clients import NewClient, add_client
from applinks.administration.side import Administration, build_administration
from applinks.hosts.server.passwords import hash_password
from applinks.hosts.server.server import Server
from applinks.records.accounts import Account
from applinks.secret import Secret
from tests.fakes import CountingEntropy, FixedClock

ORIGIN = "http://127.0.0.1:8000"
PASSWORD = "wonderland and back"
REDIRECT = "http://127.0.0.1:8765/callback"
ACTOR = Actor.for_command("tester")
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
_INSTEAD = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Browser:
    """A browser that follows no redirect by itself."""

    http: httpx2.AsyncClient
    base: str

    async def get(self, path: str, **options: Any) -> httpx2.Response:
        return await self.http.get(path, **options)

    async def send(self, page: httpx2.Response, to: str = "", **fields: str) -> httpx2.Response:
        """Send the form of a page with these fields."""
        hidden = {html.unescape(name): html.unescape(value) for name, value in _HIDDEN.findall(page.text)}
        return await self.http.post(to or str(page.url), data=hidden | fields, headers=_INSTEAD)

    async def log_in(self, name: str = "alice", password: str = PASSWORD, *, path: str = "") -> httpx2.Response:
        page = await self.get(path or f"{self.base}/applinks/login")
        return await self.send(page, username=name, password=password)

    async def authorize(self, client_id: str, scope: str = "profile email") -> str:
        """Ask for access, approve it, and give the code."""
        asked = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": REDIRECT,
            "scope": scope,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        page = await self.get(f"{self.base}/applinks/oauth2/authorize?{urlencode(asked)}")
        if page.status_code == 200:
            page = await self.send(page, approve="1")
        (code,) = parse_qs(urlsplit(page.headers["location"]).query)["code"]
        return code


@dataclass
class ServerSite:
    server: Server
    clock: FixedClock
    entropy: CountingEntropy
    base: str = ""
    browsers: list[httpx2.AsyncClient] = field(default_factory=list)

    def open_browser(self, address: str = "127.0.0.1") -> Browser:
        transport = httpx2.ASGITransport(self.server, client=(address, 40000))
        http = httpx2.AsyncClient(transport=transport, base_url=ORIGIN)
        self.browsers.append(http)
        return Browser(http, self.base)

    async def administration(self) -> Administration:
        running = await self.server.applinks._run()
        return build_administration(running.storage, clock=self.clock, entropy=self.entropy)

    async def add_account(self, name: str = "alice", **more: Any) -> Account:
        new = accounts.NewAccount(name=name, password=await hash_password(Secret(PASSWORD)), **more)
        return await accounts.add_account(new, actor=ACTOR, side=await self.administration())

    async def add_client(self, *scopes: str, **more: Any) -> tuple[str, str]:
        """Give the id and the secret of a client."""
        new = NewClient(name="Probe", redirect_uris=(REDIRECT,), scopes=scopes or ("profile", "email"), **more)
        added = await add_client(new, actor=ACTOR, side=await self.administration())
        assert added.secret is not None
        return added.client.client_id, added.secret.reveal()

    async def request_token(self, client: tuple[str, str], **fields: str) -> dict[str, Any]:
        browser = self.open_browser()
        sent = {"client_id": client[0], "client_secret": client[1]} | fields
        answer = await browser.http.post(f"{self.base}/applinks/oauth2/token", data=sent)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def exchange(self, client: tuple[str, str], code: str) -> dict[str, Any]:
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
        return await self.request_token(client, code_verifier=VERIFIER, **fields)

    async def call(self, token: str, path: str = "/applinks/api/v1/me") -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return await self.open_browser().get(self.base + path, headers=headers)

    async def aclose(self) -> None:
        for http in self.browsers:
            await http.aclose()
        await self.server.applinks.shutdown()


def build_site(folder: Path, *, base: str = "", **settings: Any) -> ServerSite:
    clock, entropy = FixedClock(), CountingEntropy()
    chosen: dict[str, Any] = {"base_url": ORIGIN + base, "name": "Tracker", "database": f"sqlite:///{folder / 'x.db'}"}
    server = Server(Settings(**chosen | settings), clock=clock, entropy=entropy)
    return ServerSite(server, clock, entropy, base)
