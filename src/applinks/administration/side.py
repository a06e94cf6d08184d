"""What administration works with; a command can gather it without opening a socket."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from applinks.clock import Clock
from applinks.entropy import Entropy
from applinks.incoming.store import IncomingStore
from applinks.linking.side import OwnKeys
from applinks.linking.store import LinkingStore
from applinks.outgoing.store import OutgoingStore
from applinks.records.failures import Failure
from applinks.storage.open import Storage


class FailureRecords(Protocol):
    """The failures that were kept."""

    async def find(self, reference: str) -> Failure | None:
        """Give the record of a reference, however it is typed."""
        ...

    async def list(self, limit: int = 50, *, link_id: str | None = None) -> Sequence[Failure]:
        """Give the newest failures, newest first; of one link where it is named."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """
    What administration works with.

    Attributes:
        store: links; ``incoming`` and ``outgoing`` are there to count users.
    """

    store: LinkingStore
    incoming: IncomingStore
    outgoing: OutgoingStore
    keys: OwnKeys
    failures: FailureRecords
    clock: Clock
    entropy: Entropy


def build_administration(storage: Storage, *, clock: Clock, entropy: Entropy) -> Administration:
    """Gather it of what is stored."""
    return Administration(
        store=storage.linking,
        incoming=storage.incoming,
        outgoing=storage.outgoing,
        keys=storage.keys,
        failures=storage.failures,
        clock=clock,
        entropy=entropy,
    )
