"""The host's users, as the host tells of them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class Role(StrEnum):
    """What somebody may do on our administration pages."""

    NONE = "none"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """
    An account of the host.

    Attributes:
        id: stable and never used again for somebody else; the only thing that we store.
        name: the log-in name, which may change.
        confirmed_at: when this session last proved who it is; None: the host does not say.
    """

    id: str
    name: str
    display_name: str = ""
    email: str | None = None
    email_verified: bool = False
    groups: frozenset[str] = field(default=frozenset())
    role: Role = Role.NONE
    active: bool = True
    confirmed_at: int | None = None

    def __post_init__(self) -> None:
        if not self.id or not self.name:
            raise ValueError("a user needs an id and a name")

    @property
    def shown_name(self) -> str:
        """The display name, or the log-in name where there is none."""
        return self.display_name or self.name

    @property
    def is_administrator(self) -> bool:
        """Whether she may link, change and unlink."""
        return self.active and self.role is Role.ADMINISTRATOR


class HostUsers(Protocol):
    """
    What a host tells us of its users.

    Attributes of the answers are read at once and not kept, apart from the id.
    """

    async def current(self, request: Any) -> User | None:
        """Give who is logged in; ``request`` is the host framework's own."""
        ...

    async def find(self, user_id: str) -> User | None:
        """Give the user of that id; None: gone."""
        ...

    async def find_by_name(self, name: str) -> User | None:
        """Give the user of that log-in name."""
        ...

    async def find_by_email(self, email: str) -> list[User]:
        """Give the users with that address, verified ones only."""
        ...

    def everyone(self) -> AsyncIterator[User] | None:
        """Give all users, for a dry run of a mapping; None: not offered."""
        ...

    def login_url(self, return_to: str) -> str:
        """Give the host's log-in page, which leads to ``return_to`` (a path of ours) afterwards."""
        ...

    def confirm_url(self, return_to: str) -> str | None:
        """Give the page on which she logs in again; None: not offered."""
        ...
