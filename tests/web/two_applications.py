"""Two applications, each with its administrator's browser, and what can stand between them."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
from starlette.applications import Starlette
from starlette.routing import Mount

from applinks.records.users import User
from applinks.web.pages.application import build_pages
from applinks.web.pages.context import PagesContext
from applinks.wire.http import Request, Response
from applinks.wire.urls import get_origin
from tests.linking.world import ADMINISTRATOR, Application, Network, World, open_world
from tests.web.site import find_hidden


class Users:
    """The administrator is logged in, everywhere."""

    async def current(self, request: Any) -> User | None:
        return ADMINISTRATOR

    async def find(self, user_id: str) -> User | None:
        return ADMINISTRATOR if user_id == ADMINISTRATOR.id else None

    def login_url(self, return_to: str) -> str:
        return "/login"

    def confirm_url(self, return_to: str) -> str | None:
        return None


@dataclass(kw_only=True)
class Browser:
    """The administrator's browser at one of the applications."""

    application: Application
    client: httpx2.AsyncClient

    @classmethod
    def open(cls, application: Application, **changes: Any) -> "Browser":
        linking = application.linking
        context = PagesContext(
            settings=linking.settings,
            users=Users(),  # type: ignore[arg-type]
            sessions=application.storage.sessions,
            incoming=application.incoming,
            outgoing=linking.outgoing,
            linking=linking,
            administration=application.administration,
            failures=application.storage.failures,
            clock=linking.clock,
            entropy=linking.entropy,
            **changes,
        )
        path = urlsplit(application.url).path
        app = Starlette(routes=[Mount(f"{path}/applinks", app=build_pages(context))])
        origin = get_origin(application.url)
        return cls(
            application=application,
            client=httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=origin),
        )

    async def open_page(self, path: str, **query: str) -> httpx2.Response:
        url = path if path.startswith("http") else f"{self.application.url}/applinks{path}"
        return await self.client.get(url, params=query or None)

    async def press(self, page: httpx2.Response, *, to: str = "", **fields: Any) -> httpx2.Response:
        """Send the form of a page, to its own address unless it is said, with its boxes as they are ticked."""
        ticked = re.findall(r'type="checkbox" name="([^"]+)" value="([^"]+)" checked', page.text)
        sent: dict[str, Any] = {}
        for name, value in ticked:
            sent.setdefault(name, []).append(value)
        headers = {"sec-fetch-site": "same-origin"}
        url = f"{self.application.url}/applinks{to}" if to else str(page.url)
        return await self.client.post(url, data=sent | find_hidden(page) | fields, headers=headers)

    async def look(self, url: str) -> httpx2.Response:
        """Look who lives at an address, and go on to the page that shows it."""
        return await self.follow(await self.press(await self.open_page("/new"), url=url, look="1"))

    async def follow(self, response: httpx2.Response) -> httpx2.Response:
        """Go where a redirect leads, within this application."""
        assert response.status_code == 303, response.text
        return await self.client.get(response.headers["location"])


@dataclass(kw_only=True)
class Pages:
    world: World
    a: Browser
    b: Browser


@asynccontextmanager
async def open_pages(folder: Path, **world: Any) -> AsyncIterator[Pages]:
    """Open the pages of two applications that know nothing of each other yet."""
    async with open_world(folder, **world) as opened:
        pages = Pages(world=opened, a=Browser.open(opened.a), b=Browser.open(opened.b))
        yield pages
        for browser in (pages.a, pages.b):
            await browser.client.aclose()


def make_private(application: Application) -> None:
    async def is_private(url: str) -> bool:
        return True

    application.linking.fetcher.is_private = is_private  # type: ignore[method-assign]


@asynccontextmanager
async def delay(network: Network) -> AsyncIterator[asyncio.Event]:
    """Hold every answer of every application back until the end; the event says that one was asked."""
    released, is_asked, answer_quickly = asyncio.Event(), asyncio.Event(), network.answer

    async def answer(request: Request) -> Response:
        is_asked.set()
        await released.wait()
        return await answer_quickly(request)

    network.answer = answer  # type: ignore[method-assign]
    try:
        yield is_asked
    finally:
        released.set()


def find_tile(response: httpx2.Response) -> str:
    """Give the colour of the other application's tile in the picture of the link."""
    found = re.search(r'class="al-tile al-tile--(\d)', response.text.split('<main class="al-main"')[1])
    if found is None:
        found = re.search(r"al-tile--big al-tile--(\d)", response.text)
    assert found is not None
    return found[1]


async def propose(browser: Browser, to: str) -> tuple[httpx2.Response, str]:
    """Look at an address and go on with what is ticked; give the page, and the signed request."""
    page = await browser.look(to)
    answer = await browser.press(page, propose="1")
    assert answer.status_code == 303, answer.text
    return page, parse_qs(urlsplit(answer.headers["location"]).query)["request"][0]
