"""What the host said of its users a moment ago."""

from collections import OrderedDict

from applinks.clock import Clock
from applinks.records.users import HostUsers, User

# One entry is a small record: this many cost a few megabytes at most and cover every user who is active at once.
_MOST_KEPT = 10_000


class SeenUsers:
    """
    Looks users up at the host, and keeps each answer for a while.

    ``seconds`` is how long; 0 asks every time. *Gone* is kept like any other answer: an id is never used again.
    """

    def __init__(self, users: HostUsers, *, clock: Clock, seconds: int) -> None:
        self._users = users
        self._clock = clock
        self._seconds = seconds
        self._kept: OrderedDict[str, tuple[float, User | None]] = OrderedDict()
        self._forgotten = 0

    async def find(self, user_id: str) -> User | None:
        """Give the user of that id; None: gone."""
        kept = self._kept.get(user_id)
        if kept is not None and self._clock.monotonic() - kept[0] < self._seconds:
            return kept[1]
        before, forgotten = self._clock.monotonic(), self._forgotten
        user = await self._users.find(user_id)
        # An answer that was asked for before a change was announced may be the old one: it serves once, unkept.
        if self._seconds and forgotten == self._forgotten:
            self._keep(user_id, before, user)
        return user

    async def find_active(self, user_id: str) -> User | None:
        """Give the user of that id if she is there and active."""
        user = await self.find(user_id)
        return user if user is not None and user.active else None

    async def find_by_name(self, name: str) -> User | None:
        """Give the active user of that log-in name; the host is asked every time, because a name may change hands."""
        user = await self._users.find_by_name(name)
        return user if user is not None and user.active else None

    def forget(self, user_id: str) -> None:
        """Ask the host again at the next look: its user changed."""
        self._forgotten += 1
        self._kept.pop(user_id, None)

    def _keep(self, user_id: str, at: float, user: User | None) -> None:
        self._kept[user_id] = (at, user)
        self._kept.move_to_end(user_id)
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
