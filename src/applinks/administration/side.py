"""What administration works with; a command can gather it without opening a socket."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from applinks.clock import Clock
from applinks.entropy import Entropy, Rows
from applinks.incoming.oauth1.store import OAuth1Store
from applinks.incoming.store import IncomingStore
from applinks.linking.side import OwnKeys
from applinks.linking.store import LinkingStore
from applinks.outgoing.store import OutgoingStore
from applinks.records.failures import Failure
from applinks.records.keys import KeyPair
from applinks.records.scopes import Scope
from applinks.records.users import User
from applinks.settings import Settings
from applinks.storage.accounts import AccountTable
from applinks.storage.open import Storage
from applinks.storage.sessions import SessionTable


class FailureRecords(Protocol):
    """The failures that were kept."""

    async def find(self, reference: str) -> Failure | None:
        """Give the record of a reference, however it is typed."""
        ...

    async def list(self, limit: int = 50, *, link_id: str | None = None) -> Sequence[Failure]:
        """Give the newest failures, newest first; of one link where it is named."""
        ...


class KeyRecords(OwnKeys, Protocol):
    """Who we are, and every key pair that we had."""

    async def list_pairs(self) -> Sequence[KeyPair]:
        """Give all pairs, also retired ones, newest first; without their private halves."""
        ...


class NamedUsers(Protocol):
    """The users of the application, as far as administration looks for them; a part of ``HostUsers``."""

    async def find(self, user_id: str) -> User | None:
        """Give the user of that id; None: gone."""
        ...

    async def find_by_name(self, name: str) -> User | None:
        """Give the user of that log-in name."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """
    What administration works with.

    Attributes:
        store: links, with what is written with them.
        accounts, sessions: of the users of the server form; a host has users of its own, and none here.
        rows: allots the numbers of clients' secrets.
        declared: the scopes that the application declares; None: not known, as in a command beside a host.
        users: the application's; None: the accounts, else not known, as in a command beside a host.
    """

    store: LinkingStore
    incoming: IncomingStore
    oauth1: OAuth1Store
    outgoing: OutgoingStore
    keys: KeyRecords
    failures: FailureRecords
    accounts: AccountTable
    sessions: SessionTable
    settings: Settings
    clock: Clock
    entropy: Entropy
    rows: Rows
    declared: tuple[Scope, ...] | None = None
    users: NamedUsers | None = None

    def list_default(self) -> tuple[str, ...]:
        """Give the scopes that are given where none is named; empty: there are none, or they are not known."""
        return tuple(scope.name for scope in self.declared or () if scope.default)

    def list_for_itself(self, scopes: Iterable[str]) -> tuple[str, ...]:
        """Give those of these scopes of ours that an application may have without a user."""
        if self.declared is None:
            return tuple(scopes)
        allowed = {scope.name for scope in self.declared if scope.application}
        return tuple(name for name in scopes if name in allowed)


def build_administration(
    storage: Storage,
    *,
    clock: Clock,
    entropy: Entropy,
    declared: tuple[Scope, ...] | None = None,
    users: NamedUsers | None = None,
) -> Administration:
    """Gather it of what is stored."""
    return Administration(
        store=storage.linking,
        incoming=storage.incoming,
        oauth1=storage.oauth1,
        outgoing=storage.outgoing,
        keys=storage.keys,
        failures=storage.failures,
        accounts=storage.accounts,
        sessions=storage.sessions,
        settings=storage.settings,
        clock=clock,
        entropy=entropy,
        rows=Rows(entropy),
        declared=declared,
        users=users,
    )
