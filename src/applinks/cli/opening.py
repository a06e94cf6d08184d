"""Opens the database for a command, beside an application that may be running on it."""

import getpass
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from applinks.administration.actor import Actor
from applinks.administration.side import Administration, build_administration
from applinks.cli.options import CommonOptions
from applinks.cli.output import clean
from applinks.clock import SystemClock
from applinks.entropy import SystemEntropy
from applinks.errors import RefusedError
from applinks.records.scopes import ADMIN_SCOPE, CHECK_SCOPE, OFFLINE_SCOPE, Scope
from applinks.settings import Settings
from applinks.storage.open import Storage, open_storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a command holds of an open database."""

    settings: Settings
    storage: Storage
    administration: Administration


@asynccontextmanager
async def open_database(common: CommonOptions, *, needs_base_url: bool = False) -> AsyncIterator[Opened]:
    """
    Open the database that the options and settings name; it has to be there.

    Raises:
        SettingsError, SchemaError, StoreError: it cannot be used; the text says what to do.
    """
    # What is logged of a failure is for a server's log; a command says it in words.
    logging.getLogger("applinks").addHandler(logging.NullHandler())
    clock, entropy = SystemClock(), SystemEntropy()
    settings = common.load_settings(needs_base_url=needs_base_url)
    storage = await open_storage(settings, clock=clock, entropy=entropy, for_command=True)
    try:
        declared = await _find_declared(storage)
        administration = build_administration(storage, clock=clock, entropy=entropy, declared=declared)
        yield Opened(settings=settings, storage=storage, administration=administration)
    finally:
        await storage.close()


@asynccontextmanager
async def open_administration(common: CommonOptions) -> AsyncIterator[Administration]:
    """Open what administration works with; as `open_database`."""
    async with open_database(common) as opened:
        yield opened.administration


def find_actor() -> Actor:
    """Give whom the audit names: the command line, and the system's user."""
    try:
        return Actor.for_command(getpass.getuser())
    except (OSError, KeyError):
        # In a container the user often has no name.
        return Actor.for_command("unknown")


async def _find_declared(storage: Storage) -> tuple[Scope, ...] | None:
    """Give the scopes of applinks serve, whose users are ours; those of a host only itself knows."""
    from applinks.hosts.server.scopes import SCOPES

    return SCOPES if await storage.accounts.list() else None


async def check_our_scopes(names: Sequence[str], *, storage: Storage, option: str = "--scope") -> None:
    """
    Check that scopes of a client are declared here, where that is known: by applinks serve, whose users are ours.

    Raises:
        RefusedError: there is no such scope.
    """
    from applinks.hosts.server.scopes import SCOPES

    known = [scope.name for scope in SCOPES]
    unknown = next((name for name in names if name not in {*known, ADMIN_SCOPE, CHECK_SCOPE, OFFLINE_SCOPE}), None)
    if unknown is not None and await storage.accounts.list():
        raise RefusedError(
            f"{option}: {clean(unknown)[:80]!r} is no scope of this server. There are: {', '.join(known)}.",
            code="invalid_scope",
        )


async def find_user_id(name: str, *, storage: Storage) -> str:
    """
    Give the id of the user of that name, where the users are ours; a host's users are known by their id alone.

    Raises:
        RefusedError: the users are ours, and none is called that.
    """
    accounts = storage.accounts
    account = await accounts.find_by_name(name) or await accounts.find(name)
    if account is not None:
        return account.id
    if await accounts.list():
        raise RefusedError(f"There is no user {name!r}.", code="unknown_user", status=404)
    return name
