"""The user accounts of the server form, which has users of its own."""

import unicodedata
from dataclasses import dataclass, replace
from typing import Any, Self

from applinks.records.users import Role, User
from applinks.secret import Secret


def fold_name(name: str) -> str:
    """Give a log-in name as it is compared and counted: whatever its case and width."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """
    One account.

    Attributes:
        id: ``usr_…``, never used again.
        name: the log-in name, unique whatever its case.
        password: the argon2 hash; None: nobody can log in.
        email: as an administrator entered it, who vouches for it; empty: none.
    """

    id: str
    name: str
    display_name: str = ""
    email: str = ""
    password: Secret | None = None
    role: Role = Role.NONE
    active: bool = True
    created_at: int
    last_login_at: int = 0

    def to_user(self, *, confirmed_at: int | None = None) -> User:
        """Give the account as a host's user."""
        return User(
            id=self.id,
            name=self.name,
            display_name=self.display_name,
            email=self.email or None,
            email_verified=bool(self.email),
            role=self.role,
            active=self.active,
            confirmed_at=confirmed_at,
        )

    def changed(self, **changes: Any) -> Self:
        """Give the record with these changes."""
        return replace(self, **changes)
