"""A host of ours and what the other side needs, over real HTTP on loopback, in threads that a test ends."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urljoin

import httpx2
import uvicorn
from joserfc.jwk import ECKey
from werkzeug.serving import make_server

from applinks import Settings, User
from applinks.clock import SystemClock
from applinks.demo.browser import _FormReader
from applinks.entropy import SystemEntropy
from applinks.linking.store import CommitResult, LinkWrite
from applinks.records.clients import Client
from applinks.records.links import Agreement, Direction, Link, Peer
from applinks.storage.open import Storage, open_storage
from applinks.wire.jose import build_public_jwk
from applinks.wire.linking.terms import Level, Terms

# Bounds a machine under load, and is no assertion.
MOST_SECONDS = 60

T = TypeVar("T")


class Users:
    """A host's users, of whom one is logged in in every browser."""

    def __init__(self, *names: str, logged_in: str = "") -> None:
        self.known = {name: User(id=name, name=name) for name in names}
        self.logged_in = logged_in

    async def current(self, request: Any) -> User | None:
        return self.known.get(self.logged_in)

    async def find(self, user_id: str) -> User | None:
        return self.known.get(user_id)

    async def find_by_name(self, name: str) -> User | None:
        return self.known.get(name)

    async def find_by_email(self, email: str) -> list[User]:
        return []

    def everyone(self) -> None:
        return None

    def login_url(self, return_to: str) -> str:
        return "/login"

    def confirm_url(self, return_to: str) -> str | None:
        return None


@dataclass
class Port:
    """A port that listens already, so that its number is known before there is an application."""

    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.settled.set()


@contextmanager
def serve(app: Any, port: Port) -> Iterator[str]:
    """Serve an ASGI application from a thread; its start-up has to succeed."""
    config = uvicorn.Config(
        app, lifespan="on", ws="none", log_level="warning", access_log=False, timeout_graceful_shutdown=5
    )
    server = _Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [port.listener]}, daemon=True)
    thread.start()
    try:
        assert server.settled.wait(MOST_SECONDS), "the server did not start"
        assert server.started, "the start-up failed"
        yield port.base_url
    finally:
        server.should_exit = True
        thread.join(MOST_SECONDS)
        port.listener.close()


def with_storage(settings: Settings, use: Callable[[Storage], Awaitable[T]]) -> T:
    """Open the storage of a host that does not run, and use it."""

    async def run() -> T:
        storage = await open_storage(settings, clock=SystemClock(), entropy=SystemEntropy())
        try:
            return await use(storage)
        finally:
            await storage.close()

    return asyncio.run(run())


async def lay(storage: Storage, link: Link, *clients: Client) -> None:
    """Store a link, and clients of it, as if administrators had made them."""
    write = LinkWrite(link=link, expected_version=None, clients=clients)
    assert await storage.linking.commit(write) is CommitResult.WRITTEN


def make_link(handle: str, url: str, *, number: int = 1, **changes: Any) -> Link:
    """Give a link in force, with its ``incoming`` and ``outgoing`` sides as given."""
    return Link(
        id=f"lnk_{number:022}",
        handle=handle,
        name=handle.title(),
        # Heard and read just now, so that upkeep has nothing to ask a peer that nobody runs.
        peer=Peer(
            id=f"urn:uuid:{handle}",
            name=handle.title(),
            url=url,
            manifest={},
            keys=(),
            agreed_digest="d",
            keys_read_at=SystemClock().now(),
        ),
        agreed=Agreement(revision=1, digest="d", terms=Terms(access=())),
        check="none",
        created_at=1,
        created_by="user:admin",
        in_force_at=1,
        **changes,
    )


def allow(*user_scopes: str, application: tuple[str, ...] = ()) -> Direction:
    """Give one side of a link that serves these scopes."""
    return Direction(level=Level.OAUTH, protocols=("oauth2",), user_scopes=user_scopes, application_scopes=application)


def make_key() -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Give a private key and its public half."""
    private = dict(ECKey.generate_key("P-256").as_dict(private=True))
    return private, build_public_jwk(private, algorithm="ES256")


class Person:
    """A browser with one person before it: it follows no redirect by itself, and presses buttons of real forms."""

    def __init__(self) -> None:
        # Without keep-alive nothing is left to be closed.
        self.http = httpx2.Client(timeout=MOST_SECONDS, limits=httpx2.Limits(max_keepalive_connections=0))

    def open(self, url: str) -> httpx2.Response:
        return self.http.get(url)

    def follow(self, answer: httpx2.Response) -> httpx2.Response:
        """Go where a redirect leads, and on."""
        for _ in range(10):
            if not answer.has_redirect_location:
                return answer
            answer = self.http.get(urljoin(str(answer.url), answer.headers["location"]))
        raise AssertionError("redirected for ever")

    def press(self, page: httpx2.Response, button: str) -> httpx2.Response:
        """Send the form of a page by the button of that name."""
        reader = _FormReader()
        reader.feed(page.text)
        form = next((form for form in reader.forms if form.find_button(button)), None)
        assert form is not None, page.text
        pressed = form.find_button(button)
        assert pressed is not None
        url = urljoin(str(page.url), form.action) if form.action else str(page.url)
        headers = {"Sec-Fetch-Site": "same-origin"}
        return self.http.post(url, data=dict([*form.fields, pressed]), headers=headers)

    def approve(self, url: str, *, button: str = "approve") -> str:
        """Decide on the consent page of an authorization request; the address to which the answer goes."""
        page = self.open(url)
        answer = page if page.has_redirect_location else self.press(page, button)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])


@contextmanager
def serve_wsgi(app: Any, port: Port) -> Iterator[str]:
    """Serve a WSGI application with a thread for each request."""
    number = port.listener.getsockname()[1]
    server = make_server("127.0.0.1", number, app, threaded=True, fd=port.listener.fileno())
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield port.base_url
    finally:
        server.shutdown()
        server.server_close()
        thread.join(MOST_SECONDS)
        port.listener.close()
