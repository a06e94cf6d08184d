"""What the pages work with: gathered once by the composition root."""

from dataclasses import dataclass

from applinks.administration.side import Administration
from applinks.clock import Clock
from applinks.entropy import Entropy
from applinks.incoming.side import IncomingSide
from applinks.linking.side import LinkingSide
from applinks.outgoing.side import OutgoingSide
from applinks.records.failures import FailureLog
from applinks.records.users import HostUsers
from applinks.settings import Settings
from applinks.storage.sessions import SessionTable


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesContext:
    """
    What the pages work with.

    Attributes:
        users: the host's; who is logged in comes from there alone.
        sessions: the rows behind our own cookie.
        logout_url: where the menu logs out; empty: that is the host's.
        patience_seconds: how long a page waits for a peer after a change, before it comes all the same.
    """

    settings: Settings
    users: HostUsers
    sessions: SessionTable
    incoming: IncomingSide
    outgoing: OutgoingSide
    linking: LinkingSide
    administration: Administration
    failures: FailureLog
    clock: Clock
    entropy: Entropy
    logout_url: str = ""
    # Most peers answer within this, and then the next page shows that they were told; the others hear it afterwards.
    patience_seconds: float = 1.5

    @property
    def name(self) -> str:
        """What this application is called."""
        return self.settings.name

    @property
    def root(self) -> str:
        """Where the pages are: a path, from the configured base URL and never from a request."""
        return self.settings.path + "/applinks"
