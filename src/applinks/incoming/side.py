"""What the incoming side works with, gathered once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from applinks.clock import Clock
from applinks.entropy import Entropy, Rows
from applinks.incoming.oauth1.store import OAuth1Store
from applinks.incoming.oauth2.decided_callers import DecidedCallers
from applinks.incoming.rules import Rules, build_rules
from applinks.incoming.seen_users import SeenUsers
from applinks.incoming.store import IncomingStore
from applinks.limits import RateLimits
from applinks.records.failures import FailureLog
from applinks.records.links import Link
from applinks.records.scopes import Resource
from applinks.records.usage import Usage
from applinks.settings import Settings
from applinks.wire.jose import UnverifiedJwt


@dataclass(slots=True, kw_only=True)
class IncomingSide:
    """
    The incoming side of this application.

    Attributes:
        resources: the host first, then what it declares below itself.
        find_peer_key: takes up the key of a linked peer that an assertion was signed with and that is not pinned, and
            gives the link as it then is; None: nothing changed.
        hear_early_call: told of a link that was called before it was in force here, so that a statement goes out.

    Both are linking's work, which this side does not import: `applinks.sides` hands them over.
    """

    store: IncomingStore
    oauth1: OAuth1Store
    settings: Settings
    clock: Clock
    entropy: Entropy
    rows: Rows
    users: SeenUsers
    resources: tuple[Resource, ...] = field(repr=False)
    failures: FailureLog
    usage: Usage = field(default_factory=Usage, repr=False)
    limits: RateLimits = field(default_factory=RateLimits, repr=False)
    decided: DecidedCallers = field(default_factory=DecidedCallers, repr=False)
    find_peer_key: Callable[[Link, UnverifiedJwt], Awaitable[Link | None]] | None = None
    hear_early_call: Callable[[Link], None] | None = None
    rules: Rules = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.rules = build_rules(self.settings, self.resources)
