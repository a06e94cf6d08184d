"""What an application has of Applinks, whatever its framework."""

import asyncio
from collections.abc import Sequence
from urllib.parse import urlencode

from applinks.assembly import OwnForm, Running, assemble
from applinks.clock import Clock, SystemClock
from applinks.entropy import Entropy, SystemEntropy
from applinks.errors import SettingsError
from applinks.outgoing.connection import PeerConnection
from applinks.outgoing.disconnection import disconnect
from applinks.outgoing.peers import get_link
from applinks.outgoing.side import build_connect_url
from applinks.records.links import Link
from applinks.records.scopes import Resource, Scope
from applinks.records.users import HostUsers
from applinks.settings import Settings
from applinks.sides import Declared
from applinks.web.guard import GuardContext
from applinks.web.protocol.asgi import AsgiApplication
from applinks.web.protocol.endpoints import list_well_known_paths


class AppLinks:
    """
    The application links of one application.

    It starts with the application's start-up or, failing that, with the first request.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        users: HostUsers,
        scopes: Sequence[Scope] = (),
        resources: Sequence[Resource] = (),
        clock: Clock | None = None,
        entropy: Entropy | None = None,
        form: OwnForm | None = None,
    ) -> None:
        """
        Declare what there is; nothing is opened yet.

        Args:
            settings: how this application takes part.
            users: the host's users, log-in and sessions.
            scopes: what other applications can be allowed to do here, in the order in which pages show it.
            resources: parts of the host below its base URL that have scopes of their own.
            clock: time, for tests.
            entropy: randomness, for tests.
            form: what the server form adds, for itself.
        """
        self.settings = settings
        self._declared = Declared(
            settings=settings,
            users=users,
            resources=(Resource(settings.base_url, tuple(scopes)), *resources),
            clock=clock or SystemClock(),
            entropy=entropy or SystemEntropy(),
        )
        self._form = form
        self._running: Running | None = None
        self._starting: asyncio.Lock | None = None

    async def startup(self) -> None:
        """
        Open the database and begin the periodic work; a second call does nothing.

        Raises:
            SettingsError, SchemaError, StoreError: it cannot start; the text says why and what to do.
        """
        await self._run()

    async def shutdown(self) -> None:
        """End the periodic work and close what is open; a second call does nothing."""
        running, self._running = self._running, None
        if running is not None:
            await running.close()

    def connection(self, link: str, *, user: str | None = None, name: str = "") -> PeerConnection:
        """
        Give the line to a linked application, which calls as ``user``, or as this application itself.

        Args:
            link: the handle or the id of the link.
            user: the id of the host's user.
            name: tells several accounts of one user apart.
        """
        return PeerConnection(link, user_id=user, side=self._started.outgoing, name=name)

    async def disconnect(self, link: str, *, user: str, name: str = "") -> bool:
        """Give up a user's connection, here and at the peer; whether the peer confirmed it."""
        outgoing = (await self._run()).outgoing
        found = await get_link(link, side=outgoing)
        connection = await outgoing.store.find_connection(link_id=found.id, user_id=user, name=name)
        return connection is None or await disconnect(connection, actor=f"user:{user}", side=outgoing)

    async def links(self) -> Sequence[Link]:
        """Give the links that have not ended, by name."""
        return await (await self._run()).linking.store.list_links()

    def connect_url(self, link: Link, *, return_to: str = "/") -> str:
        """Give the address at which a user connects, and whence she comes back to ``return_to``, a path of the host."""
        return f"{build_connect_url(self.settings, link.id)}?{urlencode({'return_to': return_to})}"

    @property
    def account_url(self) -> str:
        """The page on which a user sees and revokes what has access to her account."""
        return self.settings.url("/applinks/account")

    @property
    def administration_url(self) -> str:
        """The page on which an administrator sees the links."""
        return self.settings.url("/applinks/")

    async def user_changed(self, user_id: str) -> None:
        """Ask the host again who this is: she was renamed, paused, resumed, or has another role."""
        (await self._run()).incoming.users.forget(user_id)

    def check_declared(self, scope: str) -> None:
        """
        Check that a scope that a route needs can be given at all.

        Raises:
            SettingsError: nobody declared it.
        """
        if not any(resource.find_scope(scope) for resource in self._declared.resources):
            raise SettingsError(f"scopes: {scope!r} is needed by a route and declared nowhere")

    @property
    def well_known_paths(self) -> tuple[str, ...]:
        """The well-known addresses that we answer at, as paths below the base URL; see product §3."""
        return list_well_known_paths(self.settings, self._declared.resources)

    async def get_guard_context(self) -> GuardContext:
        """Give what the guard works with."""
        return (await self._run()).guard

    async def get_pages(self) -> AsgiApplication:
        """Give the pages, an application to be mounted at ``/applinks``."""
        return (await self._run()).pages

    @property
    def _started(self) -> Running:
        if self._running is None:
            raise SettingsError("Applinks has not started: call startup(), or let a request pass first")
        return self._running

    async def _run(self) -> Running:
        """Start if need be, once however many requests wait for it."""
        running = self._running
        if running is not None:
            return running
        if self._starting is None:
            self._starting = asyncio.Lock()
        async with self._starting:
            if self._running is None:
                self._running = await assemble(self._declared, self._form)
            return self._running
