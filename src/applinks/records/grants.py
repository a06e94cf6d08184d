"""What was granted: to which client, by which user, which scopes, since when."""

from dataclasses import dataclass
from enum import StrEnum


class GrantEnd(StrEnum):
    """What ended a grant."""

    USER = "user"
    ADMINISTRATOR = "administrator"
    CLIENT = "client"
    LINK = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """
    A user's consent, remembered; everything issued from it ends with it.

    A confidential client has at most one live grant of each user; a public client has one for each consent.
    """

    id: str
    client: str
    link_id: str
    user_id: str
    scopes: tuple[str, ...]
    resource: str
    created_at: int
    last_used_at: int = 0
    ended_at: int = 0
    ended_by: GrantEnd | None = None
