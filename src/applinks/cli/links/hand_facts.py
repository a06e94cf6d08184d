"""What only a link by hand has: what we are at the other side, and where users come back to from there."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from applinks.cli.options import knows_base_url

if TYPE_CHECKING:
    from applinks.cli.opening import Opened
    from applinks.records.links import Link
    from applinks.records.registrations import Registration
    from applinks.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class HandFacts:
    """
    What only a link by hand has: what we are at the other side, and where users come back to from there.

    Attributes:
        redirect_uri, connect_url: None where the base URL is not known.
    """

    registration: "Registration | None" = None
    redirect_uri: str | None = None
    connect_url: str | None = None

    @classmethod
    def gather(cls, link: "Link", registration: "Registration | None", settings: "Settings") -> Self:
        """Gather them; of a link between two Applinks there are none."""
        if not link.is_by_hand or registration is None:
            return cls()
        from applinks.outgoing.side import build_connect_url, build_redirect_uri

        if not knows_base_url(settings):
            return cls(registration=registration)
        return cls(
            registration=registration,
            redirect_uri=build_redirect_uri(settings, link.id),
            connect_url=build_connect_url(settings, link.id),
        )

    @property
    def is_incomplete(self) -> bool:
        """Whether something from the other side is still to be entered."""
        return self.registration is not None and not self.registration.is_complete


async def find_hand_facts(link: "Link", opened: "Opened") -> HandFacts:
    """Look up what only a link by hand has."""
    if not link.is_by_hand or link.ended_at:
        return HandFacts()
    registration = await opened.storage.outgoing.find_registration(link.id)
    return HandFacts.gather(link, registration, opened.settings)
