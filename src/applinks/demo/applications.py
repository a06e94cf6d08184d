"""The two applications of the demo, as the command runs them and prints them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from applinks.demo import accounts
from applinks.demo.accounts import Account
from applinks.settings import Protocol

ProtocolChoice = Literal["oauth2", "oauth1", "both"]

# Each by its own preference: with both, the two directions of the one link show one protocol each.
PROTOCOLS: Mapping[ProtocolChoice, tuple[tuple[Protocol, ...], tuple[Protocol, ...]]] = {
    "oauth2": (("oauth2",), ("oauth2",)),
    "oauth1": (("oauth1",), ("oauth1",)),
    "both": (("oauth1", "oauth2"), ("oauth2", "oauth1")),
}
"""What Tracker and Start page speak, the preferred one first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """
    One of the two.

    Attributes:
        module: where its ``build_app`` is.
        folder: where it keeps its own data and the library's database.
        protocols: what it speaks, the preferred one first; empty: as its settings say.
    """

    name: str
    kind: str
    module: str
    base_url: str
    folder: Path
    accounts: tuple[Account, ...]
    protocols: tuple[Protocol, ...] = ()

    @property
    def database(self) -> str:
        """The URL of the library's database, fit for ``--database``."""
        return f"sqlite:///{self.folder / 'applinks.db'}"

    @property
    def log(self) -> Path:
        """Where the process writes what it has to say."""
        return self.folder / "server.log"

    @property
    def links_url(self) -> str:
        """The page with its links."""
        return self.base_url + "/applinks/"

    @property
    def administrator(self) -> Account:
        """Who may link it."""
        return next(user for user in self.accounts if user.is_administrator)

    @property
    def user(self) -> Account:
        """Who has issues or a dashboard there."""
        return next(user for user in self.accounts if not user.is_administrator)

    def to_json(self) -> dict[str, Any]:
        """Give what ``--json`` prints of it."""
        users = [
            {"name": user.name, "password": user.password, "administrator": user.is_administrator}
            for user in self.accounts
        ]
        return {"name": self.name, "url": self.base_url, "database": self.database, "users": users}


def build_applications(
    ports: tuple[int, int], tracker_folder: Path, start_page_folder: Path, *, protocol: ProtocolChoice | None = None
) -> tuple[Application, Application]:
    """
    Describe both: one at 127.0.0.1 and one at localhost, which a browser takes for two sites.

    ``protocol`` None: what they speak, their settings say.
    """
    of_tracker, of_start_page = PROTOCOLS[protocol] if protocol else ((), ())
    return (
        Application(
            name="Tracker",
            kind="tracker",
            module="applinks.demo.tracker",
            base_url=f"http://127.0.0.1:{ports[0]}",
            folder=tracker_folder,
            accounts=accounts.TRACKER,
            protocols=of_tracker,
        ),
        Application(
            name="Start page",
            kind="start-page",
            module="applinks.demo.start_page",
            base_url=f"http://localhost:{ports[1]}",
            folder=start_page_folder,
            accounts=accounts.START_PAGE,
            protocols=of_start_page,
        ),
    )
