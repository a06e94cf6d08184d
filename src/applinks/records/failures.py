"""A refused request's record, found by the reference that the wire and the page carry."""

from dataclasses import dataclass
from typing import Protocol

from applinks.errors import ApplinksError


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """
    What was refused or failed, and why.

    Attributes:
        reference: such as ``AL-7KQ2-M9F4``.
        place: which door: ``token``, ``authorize``, ``guard``, ``connection``, ``statement``, ``page``, …
        code: as on the wire; ``description``: as on the wire; ``detail``: for administrators alone.
        link_id, client, user_id: whom it concerns, as far as that was known; empty otherwise.
    """

    reference: str
    at: int
    place: str
    code: str
    description: str
    detail: str
    link_id: str = ""
    client: str = ""
    user_id: str = ""


class FailureLog(Protocol):
    """Where refusals and failed calls are written: the log always, the table while the database can be written."""

    async def record(
        self, error: ApplinksError, *, place: str, link_id: str = "", client: str = "", user_id: str = ""
    ) -> str:
        """Write the failure down and give its reference; never raises."""
        ...
