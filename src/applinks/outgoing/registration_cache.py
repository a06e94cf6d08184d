"""What we are at servers to which every call shows it, read once a version of the link."""

from applinks.records.links import Link
from applinks.records.registrations import Registration


class RegistrationCache:
    """
    Registrations, each for as long as its link is as it was: they are written together.

    Opening a sealed secret, and a look into the database, at every call would take as long as the rest of it.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[int, Registration]] = {}

    def find(self, link: Link) -> Registration | None:
        """Give what is kept for this very version of a link."""
        version, registration = self._kept.get(link.id, (0, None))
        return registration if version == link.version else None

    def keep(self, link: Link, registration: Registration) -> None:
        """Keep what was just read."""
        self._kept[link.id] = (link.version, registration)
