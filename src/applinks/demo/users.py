"""
The accounts of a demo application: who there is, and who is logged in.

`Users` is what the library asks a host for (`applinks.HostUsers`).
A host of your own looks into its own table of users here.
"""

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from applinks import Role, User
from applinks.demo.accounts import Account

# About 40 ms and 16 MB a try: the parameters that OWASP names as the least for scrypt, with less memory at once.
_SCRYPT = {"n": 2**14, "r": 8, "p": 5, "dklen": 32}


class Users:
    """The accounts, with passwords as scrypt digests, and the log-in kept in Starlette's session."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        self._users = {account.id: _build_user(account) for account in accounts}
        self._salt = secrets.token_bytes(16)
        self._digests = {account.name: self._digest(account.password) for account in accounts}

    async def current(self, request: Any) -> User | None:
        user = self._users.get(request.session.get("user", ""))
        return user and replace(user, confirmed_at=request.session.get("confirmed_at"))

    async def find(self, user_id: str) -> User | None:
        return self._users.get(user_id)

    async def find_by_name(self, name: str) -> User | None:
        return next((user for user in self._users.values() if user.name == name), None)

    async def find_by_email(self, email: str) -> list[User]:
        return [user for user in self._users.values() if user.email == email and user.email_verified]

    def everyone(self) -> AsyncIterator[User] | None:
        return None

    def login_url(self, return_to: str) -> str:
        return "/login?" + urlencode({"next": return_to})

    def confirm_url(self, return_to: str) -> str | None:
        return "/login?" + urlencode({"next": return_to, "again": "1"})

    async def log_in(self, request: Any, name: str, password: str) -> User | None:
        """Check the password and begin a session; None: name or password is wrong."""
        # In a thread, since a slow digest would stall every other request; and of an unknown name too,
        # since a fast refusal would tell which names there are.
        digest = await asyncio.to_thread(self._digest, password)
        user = await self.find_by_name(name)
        if not hmac.compare_digest(self._digests.get(name, b""), digest) or user is None:
            return None
        request.session.clear()
        request.session.update(user=user.id, confirmed_at=int(time.time()))
        return user

    def log_out(self, request: Any) -> None:
        """End the session."""
        request.session.clear()

    def _digest(self, password: str) -> bytes:
        return hashlib.scrypt(password.encode("utf-8", "surrogatepass"), salt=self._salt, **_SCRYPT)


def _build_user(account: Account) -> User:
    role = Role.ADMINISTRATOR if account.is_administrator else Role.NONE
    return User(id=account.id, name=account.name, display_name=account.display_name, role=role)
