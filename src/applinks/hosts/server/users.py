"""The users of the server form: its own accounts, logged in by our own session."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from applinks.clock import Clock
from applinks.entropy import Entropy
from applinks.records.accounts import Account
from applinks.records.users import User
from applinks.settings import Settings
from applinks.storage.accounts import AccountTable
from applinks.storage.open import Storage
from applinks.web.pages.sessions import PageSessions

LOGIN_PATH, LOGOUT_PATH = "/login", "/logout"
"""Below our pages' root."""


@dataclass(frozen=True, slots=True)
class _Opened:
    accounts: AccountTable
    sessions: PageSessions


class ServerUsers:
    """
    Implements ``records.users.HostUsers`` over the accounts in our own database.

    Who is logged in stands in the session behind our cookie. The database is asked each time, so that a pause counts
    from the next request on, also where another process made it.
    """

    def __init__(self, settings: Settings, *, clock: Clock, entropy: Entropy) -> None:
        self._settings = settings
        self._clock = clock
        self._entropy = entropy
        self._opened: _Opened | None = None

    def open(self, storage: Storage) -> None:
        """Take up the open database; before that there is nobody to ask for."""
        sessions = PageSessions(
            table=storage.sessions,
            keys=storage.keys,
            settings=self._settings,
            clock=self._clock,
            entropy=self._entropy,
        )
        self._opened = _Opened(storage.accounts, sessions)

    @property
    def accounts(self) -> AccountTable:
        """The accounts."""
        return self._get_opened().accounts

    async def current(self, request: Any) -> User | None:
        """Give who is logged in with this browser."""
        opened = self._get_opened()
        session = await opened.sessions.find(request)
        # A page alone begins no session that counts: only a log-in confirms who it is.
        if session is None or not session.user_id or not session.confirmed_at:
            return None
        account = await opened.accounts.find(session.user_id)
        return account.to_user(confirmed_at=session.confirmed_at) if account and account.active else None

    async def find(self, user_id: str) -> User | None:
        """Give the user of that id; None: gone."""
        return _to_user(await self.accounts.find(user_id))

    async def find_by_name(self, name: str) -> User | None:
        """Give the user of that log-in name, whatever its case."""
        return _to_user(await self.accounts.find_by_name(name))

    async def find_by_email(self, email: str) -> list[User]:
        """Give the users with that address."""
        return [account.to_user() for account in await self.accounts.find_by_email(email)]

    async def everyone(self) -> AsyncIterator[User]:
        """Give all users, by name."""
        for account in await self.accounts.list():
            yield account.to_user()

    def login_url(self, return_to: str) -> str:
        """Give our log-in page."""
        return f"{self._settings.path}/applinks{LOGIN_PATH}?{urlencode({'next': return_to})}"

    def confirm_url(self, return_to: str) -> str | None:
        """Give our log-in page, which says that it asks again."""
        return f"{self.login_url(return_to)}&again=1"

    def _get_opened(self) -> _Opened:
        if self._opened is None:
            raise RuntimeError("the server form's users were asked for before its database was open")
        return self._opened


def _to_user(account: Account | None) -> User | None:
    return account.to_user() if account else None
