"""
Callers that were decided once, given again while nothing has changed by which they were.

The store gives the very record again of a token on which nothing has changed, and another one otherwise. So a decision
stands as long as record, user and resource are the same objects; the clock alone is asked besides.
"""

from dataclasses import dataclass, field
from typing import final

from applinks.incoming.caller import Caller
from applinks.incoming.store import FoundAccessToken
from applinks.records.scopes import Resource
from applinks.records.users import User

# As many as the store keeps of the tokens.
_MOST_CALLERS = 2048


@dataclass(frozen=True, slots=True)
class _Decided:
    found: FoundAccessToken = field(repr=False)
    user: User | None
    resource: Resource | None
    caller: Caller


@final
class DecidedCallers:
    """What one process decided; refusals are decided anew each time."""

    def __init__(self) -> None:
        self._decided: dict[int, _Decided] = {}

    def find(self, found: FoundAccessToken, *, user: User | None, resource: Resource | None, now: int) -> Caller | None:
        """Give the caller whom this was decided to be; None: it has to be decided."""
        decided = self._decided.get(found.token.row)
        if decided is None or decided.found is not found or now >= found.token.expires_at:
            return None
        return decided.caller if decided.user is user and decided.resource is resource else None

    def keep(self, found: FoundAccessToken, *, user: User | None, resource: Resource | None, caller: Caller) -> None:
        """Keep what was decided."""
        if len(self._decided) >= _MOST_CALLERS:
            self._decided.clear()
        self._decided[found.token.row] = _Decided(found, user, resource, caller)
