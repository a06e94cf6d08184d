"""Opens the database for a command, beside an application that may be running on it."""

import getpass
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from applinks.administration.actor import Actor
from applinks.administration.side import Administration, build_administration
from applinks.cli.options import CommonOptions
from applinks.clock import SystemClock
from applinks.entropy import SystemEntropy
from applinks.storage.open import open_storage


@asynccontextmanager
async def open_administration(common: CommonOptions) -> AsyncIterator[Administration]:
    """
    Open the database that the options and settings name; it has to be there.

    Raises:
        SettingsError, SchemaError, StoreError: it cannot be used; the text says what to do.
    """
    clock, entropy = SystemClock(), SystemEntropy()
    storage = await open_storage(common.load_settings(), clock=clock, entropy=entropy, for_command=True)
    try:
        yield build_administration(storage, clock=clock, entropy=entropy)
    finally:
        await storage.close()


def find_actor() -> Actor:
    """Give whom the audit names: the command line, and the system's user."""
    try:
        return Actor.for_command(getpass.getuser())
    except (OSError, KeyError):
        # In a container the user often has no name.
        return Actor.for_command("unknown")
