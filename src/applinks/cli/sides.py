"""What a command works with that speaks with other applications, as the running application does."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from applinks.administration.side import Administration
from applinks.cli.opening import open_database
from applinks.cli.options import CommonOptions
from applinks.clock import SystemClock
from applinks.entropy import SystemEntropy
from applinks.errors import PeerError, RefusedError, StoreError
from applinks.fetching.documents import fetch_json
from applinks.hosts.server.scopes import SCOPES
from applinks.linking.side import LinkingSide
from applinks.outgoing.side import OutgoingSide
from applinks.records.scopes import Resource, Scope
from applinks.records.users import User
from applinks.settings import Settings
from applinks.sides import Declared, build_sides
from applinks.storage.accounts import AccountTable
from applinks.storage.open import Storage
from applinks.upkeep import write_usage
from applinks.wire.linking.manifest import WELL_KNOWN_PATH, MalformedManifestError, parse_manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSides:
    """What such a command holds of an open database."""

    settings: Settings
    storage: Storage
    administration: Administration
    outgoing: OutgoingSide
    linking: LinkingSide


@asynccontextmanager
async def open_sides(common: CommonOptions) -> AsyncIterator[OpenedSides]:
    """
    Open the database that the options and settings name, and what calls other applications.

    Raises:
        SettingsError, SchemaError, StoreError: it cannot be used, or the base URL is missing; the text says what to do.
    """
    async with open_database(common, needs_base_url=True) as opened:
        settings, storage = opened.settings, opened.storage
        declared = Declared(
            settings=settings,
            users=_KnownUsers(storage.accounts),
            resources=(Resource(settings.base_url, SCOPES),),
            clock=SystemClock(),
            entropy=SystemEntropy(),
        )
        sides = build_sides(declared, storage)
        try:
            yield OpenedSides(
                settings=settings,
                storage=storage,
                administration=opened.administration,
                outgoing=sides.outgoing,
                linking=sides.linking,
            )
        finally:
            await sides.close()
            # That a command used a connection is worth no failure.
            with contextlib.suppress(StoreError):
                await write_usage(storage.usage, (sides.outgoing.usage,))


async def find_running(linking: LinkingSide) -> LinkingSide | None:
    """
    Give the linking side with the scopes that the running application declares; None: it does not run.

    A host declares scopes of its own, which only itself knows.

    Raises:
        RefusedError: another application answers at our base URL.
    """
    settings = linking.settings
    try:
        document = await fetch_json(
            linking.fetcher,
            settings.url(WELL_KNOWN_PATH),
            private=True,
            limit=settings.sizes.link_document,
            seconds=settings.sizes.link_document_seconds,
        )
        manifest = parse_manifest(document, fetched_under=settings.base_url, allow_http=linking.allow_http)
    except (PeerError, MalformedManifestError):
        return None
    if manifest.id != (await linking.keys.get_instance()).id:
        raise RefusedError(
            f"At {settings.base_url} another application answers than the one of this database."
            " Name the right database with --database, or the right base URL with APPLINKS_BASE_URL."
        )
    scopes = tuple(
        Scope(each.name, each.description or each.name, application=each.application) for each in manifest.scopes
    )
    return replace(linking, resources=(Resource(settings.base_url, scopes),))


class _KnownUsers:
    """The users of a command: the accounts, where the users are ours; it serves none, so that nobody is logged in."""

    def __init__(self, accounts: AccountTable) -> None:
        self._accounts = accounts

    async def current(self, request: Any) -> User | None:  # noqa: ARG002
        """Give nobody."""
        return None

    async def find(self, user_id: str) -> User | None:
        """Give the user of that id; a host's are known to itself alone."""
        account = await self._accounts.find(user_id)
        return account.to_user() if account else None

    async def find_by_name(self, name: str) -> User | None:
        """Give the user of that name; a host's are known to itself alone."""
        account = await self._accounts.find_by_name(name)
        return account.to_user() if account else None

    async def find_by_email(self, email: str) -> list[User]:  # noqa: ARG002
        """Give nobody."""
        return []

    def everyone(self) -> None:
        """Offer no list."""

    def login_url(self, return_to: str) -> str:
        """Lead nowhere else."""
        return return_to

    def confirm_url(self, return_to: str) -> str | None:  # noqa: ARG002
        """Offer nothing."""
        return None
