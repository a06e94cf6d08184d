"""Who administers: a user with a role, or whoever can open the database."""

from dataclasses import dataclass
from typing import Self

from applinks.linking.errors import LinkingError
from applinks.records.users import Role, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """
    Who asks for a change.

    Attributes:
        name: as the audit writes it: ``user:<id>`` or ``command:<the system's user>``.
    """

    name: str
    role: Role

    @classmethod
    def for_user(cls, user: User) -> Self:
        """Make the actor of a logged-in user; one that is not active has no role."""
        return cls(name=f"user:{user.id}", role=user.role if user.active else Role.NONE)

    @classmethod
    def for_command(cls, system_user: str) -> Self:
        """Make the actor of a command: who can open the database acts as an administrator."""
        return cls(name=f"command:{system_user}", role=Role.ADMINISTRATOR)


def check_may_look(actor: Actor) -> None:
    """
    Check that the actor may look at links and failures.

    Raises:
        LinkingError: ``not_administrator``.
    """
    if actor.role not in {Role.AUDITOR, Role.ADMINISTRATOR}:
        raise LinkingError("not_administrator", detail=f"{actor.name} may not look")


def check_may_change(actor: Actor) -> None:
    """
    Check that the actor may change links.

    Raises:
        LinkingError: ``not_administrator``.
    """
    if actor.role is not Role.ADMINISTRATOR:
        raise LinkingError("not_administrator", detail=f"{actor.name} may not change anything")
