"""Puts the parts of a started application together; the one place that knows them all."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from applinks.administration.side import Administration, build_administration
from applinks.errors import StoreError
from applinks.incoming.side import IncomingSide
from applinks.linking.side import LinkingSide
from applinks.outgoing.side import OutgoingSide
from applinks.sides import Declared, Sides, build_sides
from applinks.storage.open import Storage, open_storage
from applinks.upkeep import run_upkeep, write_usage
from applinks.web.guard import GuardContext
from applinks.web.pages.application import OpenPage, Page, build_pages
from applinks.web.pages.context import PagesContext
from applinks.web.protocol.asgi import AsgiApplication
from applinks.web.protocol.endpoints import build_endpoints
from applinks.web.protocol.routes import Endpoint

_log = logging.getLogger("applinks.app")


class OwnForm(Protocol):
    """What the server form adds, which has users of its own; in a host these are the host's."""

    logout_url: str

    def open(self, storage: Storage) -> None:
        """Take up the open database, before anything asks for a user."""
        ...

    def build_endpoints(self, incoming: IncomingSide) -> Mapping[str, Endpoint]:
        """Give further endpoints, by their path below the base URL."""
        ...

    def list_pages(self) -> Sequence[Page | OpenPage]:
        """Give further pages."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """All parts of an application that has started; they belong to one event loop."""

    storage: Storage
    sides: Sides
    guard: GuardContext
    pages: AsgiApplication
    upkeep: asyncio.Task[None]

    @property
    def incoming(self) -> IncomingSide:
        """They call us."""
        return self.sides.incoming

    @property
    def outgoing(self) -> OutgoingSide:
        """We call them."""
        return self.sides.outgoing

    @property
    def linking(self) -> LinkingSide:
        """How two applications become one link."""
        return self.sides.linking

    async def close(self) -> None:
        """End the periodic work and close what is open."""
        self.upkeep.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.upkeep
        await self.sides.close()
        # A database that cannot be written does not keep the application from ending; it loses a minute's count.
        with contextlib.suppress(StoreError):
            await write_usage(self.storage.usage, (self.incoming.usage, self.outgoing.usage))
        await self.storage.close()


async def assemble(declared: Declared, form: OwnForm | None = None) -> Running:
    """
    Open the database and put the parts together; ``form`` None: they are a host's.

    Raises:
        SettingsError, SchemaError, StoreError: it cannot start; the text says why and what to do.
    """
    settings = declared.settings
    if settings.is_loopback:
        reason = "plain http is allowed, because this is a loopback address"
        _log.warning("http.allowed base_url=%s reason=%r", settings.base_url, reason)
    storage = await open_storage(settings, clock=declared.clock, entropy=declared.entropy)
    if form is not None:
        form.open(storage)
    sides = build_sides(declared, storage)
    incoming, linking = sides.incoming, sides.linking
    administration = build_administration(
        storage,
        clock=declared.clock,
        entropy=declared.entropy,
        declared=tuple(scope for each in declared.resources for scope in each.scopes),
        users=declared.users,
    )
    usages = (incoming.usage, sides.outgoing.usage)
    return Running(
        storage=storage,
        sides=sides,
        guard=GuardContext(
            settings=settings,
            incoming=incoming,
            endpoints=build_endpoints(
                incoming=incoming,
                linking=linking,
                administration=administration,
                extra=form.build_endpoints(incoming) if form else {},
            ),
        ),
        pages=_build_pages(declared, form, storage, sides, administration),
        upkeep=asyncio.create_task(run_upkeep(storage, linking, sides.teller, usages), name="applinks.upkeep"),
    )


def _build_pages(
    declared: Declared, form: OwnForm | None, storage: Storage, sides: Sides, administration: Administration
) -> AsgiApplication:
    return build_pages(
        PagesContext(
            settings=declared.settings,
            users=declared.users,
            sessions=storage.sessions,
            incoming=sides.incoming,
            outgoing=sides.outgoing,
            linking=sides.linking,
            administration=administration,
            failures=storage.failures,
            clock=declared.clock,
            entropy=declared.entropy,
            logout_url=form.logout_url if form else "",
        ),
        form.list_pages() if form else (),
    )
