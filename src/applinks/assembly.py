"""Puts the parts of a started application together; the one place that knows them all."""

import asyncio
import contextlib
import logging
from dataclasses import dataclass

from applinks.administration.side import build_administration
from applinks.clock import Clock
from applinks.entropy import Entropy, Rows
from applinks.errors import StoreError
from applinks.fetching.transport import Fetcher
from applinks.incoming.seen_users import SeenUsers
from applinks.incoming.side import IncomingSide
from applinks.linking.keys import find_peer_key
from applinks.linking.side import LinkingSide
from applinks.outgoing.side import OutgoingSide
from applinks.records.scopes import Resource
from applinks.records.users import HostUsers
from applinks.settings import Settings
from applinks.storage.open import Storage, open_storage
from applinks.upkeep import LinkTeller, run_upkeep, write_usage
from applinks.web.guard import GuardContext
from applinks.web.pages.application import build_pages
from applinks.web.pages.context import PagesContext
from applinks.web.protocol.asgi import AsgiApplication
from applinks.web.protocol.endpoints import build_endpoints

_log = logging.getLogger("applinks.app")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What a host declared of itself; the first resource is the host."""

    settings: Settings
    users: HostUsers
    resources: tuple[Resource, ...]
    clock: Clock
    entropy: Entropy


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """All parts of an application that has started; they belong to one event loop."""

    storage: Storage
    fetcher: Fetcher
    incoming: IncomingSide
    outgoing: OutgoingSide
    linking: LinkingSide
    guard: GuardContext
    pages: AsgiApplication
    upkeep: asyncio.Task[None]

    async def close(self) -> None:
        """End the periodic work and close what is open."""
        self.upkeep.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.upkeep
        # A renewal under way may hold a rotated token that nobody else has: it is kept first.
        await self.outgoing.flights.settle()
        # A database that cannot be written does not keep the application from ending; it loses a minute's count.
        with contextlib.suppress(StoreError):
            await write_usage(self.storage.usage, (self.incoming.usage, self.outgoing.usage))
        await self.fetcher.aclose()
        await self.storage.close()


async def assemble(declared: Declared) -> Running:
    """
    Open the database and put the parts together.

    Raises:
        SettingsError, SchemaError, StoreError: it cannot start; the text says why and what to do.
    """
    settings = declared.settings
    if settings.is_loopback:
        reason = "plain http is allowed, because this is a loopback address"
        _log.warning("http.allowed base_url=%s reason=%r", settings.base_url, reason)
    storage = await open_storage(settings, clock=declared.clock, entropy=declared.entropy)
    fetcher = Fetcher(settings)
    outgoing = OutgoingSide(
        store=storage.outgoing,
        settings=settings,
        clock=declared.clock,
        entropy=declared.entropy,
        fetcher=fetcher,
        failures=storage.failures,
        get_signing_key=storage.keys.get_signing_key,
    )
    linking = LinkingSide(
        store=storage.linking,
        settings=settings,
        clock=declared.clock,
        entropy=declared.entropy,
        fetcher=fetcher,
        failures=storage.failures,
        keys=storage.keys,
        outgoing=outgoing,
        resources=declared.resources,
    )
    teller = LinkTeller(linking)
    incoming = _build_incoming(declared, storage, linking, teller)
    return Running(
        storage=storage,
        fetcher=fetcher,
        incoming=incoming,
        outgoing=outgoing,
        linking=linking,
        guard=GuardContext(
            settings=settings, incoming=incoming, endpoints=build_endpoints(incoming=incoming, linking=linking)
        ),
        pages=_build_pages(declared, storage, incoming, linking),
        upkeep=asyncio.create_task(
            run_upkeep(storage, linking, teller, (incoming.usage, outgoing.usage)), name="applinks.upkeep"
        ),
    )


def _build_incoming(declared: Declared, storage: Storage, linking: LinkingSide, teller: LinkTeller) -> IncomingSide:
    """Build the incoming side, and hand it the two things that it needs of linking, which it does not import."""
    settings = declared.settings
    return IncomingSide(
        store=storage.incoming,
        settings=settings,
        clock=declared.clock,
        entropy=declared.entropy,
        rows=Rows(declared.entropy),
        users=SeenUsers(declared.users, clock=declared.clock, seconds=settings.user_seen_seconds),
        resources=declared.resources,
        failures=storage.failures,
        find_peer_key=lambda link, jwt: find_peer_key(link, jwt, side=linking),
        hear_early_call=teller.tell_early,
    )


def _build_pages(declared: Declared, storage: Storage, incoming: IncomingSide, linking: LinkingSide) -> AsgiApplication:
    return build_pages(
        PagesContext(
            settings=declared.settings,
            users=declared.users,
            sessions=storage.sessions,
            incoming=incoming,
            outgoing=linking.outgoing,
            linking=linking,
            administration=build_administration(storage, clock=declared.clock, entropy=declared.entropy),
            failures=storage.failures,
            clock=declared.clock,
            entropy=declared.entropy,
        )
    )
