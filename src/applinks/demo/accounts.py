"""Who can log in to the demo's applications; the command prints names and passwords."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """
    One account.

    Attributes:
        id: stable and never used again for somebody else: what the library stores.
        password: open, because a demo that listens on this machine alone prints it.
    """

    id: str
    name: str
    display_name: str
    password: str
    is_administrator: bool = False


# fmt: off
TRACKER = (
    Account(id="u-alice", name="alice", display_name="Alice Anders", password="wonderland"),  # noqa: S106
    Account(id="u-robin", name="robin", display_name="Robin Berg", password="sherwood", is_administrator=True),  # noqa: S106
)
START_PAGE = (
    Account(id="u-alicia", name="alicia", display_name="Alicia Andersson", password="looking-glass"),  # noqa: S106
    Account(id="u-dana", name="dana", display_name="Dana Ito", password="lighthouse", is_administrator=True),  # noqa: S106
)
# fmt: on
