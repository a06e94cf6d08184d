"""What a host lets applications ask for."""

import re
from dataclasses import dataclass

# RFC 6749 §3.3 scope-token, and short enough for a manifest.
_SCOPE_NAME = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,64}\Z")

CHECK_SCOPE = "applinks:check"
"""Reserved for the test call of a link; every link in force has it, no host declares it."""

ADMIN_SCOPE = "applinks:admin"
"""Reserved for calls that administer links, by a user who is an administrator here; never agreed by handshake."""

OFFLINE_SCOPE = "offline_access"
"""Accepted and without effect: every code grant gets a refresh token."""


@dataclass(frozen=True, slots=True)
class Scope:
    """
    A permission that the host declares.

    Attributes:
        name: the scope token on the wire.
        description: what a user reads, beginning with a verb: "See your issues".
        detail: a second, softer sentence for the consent page.
        default: given where a request names no scope.
        application: may be given to an application without a user.
    """

    name: str
    description: str
    detail: str = ""
    default: bool = False
    application: bool = False

    def __post_init__(self) -> None:
        if not _SCOPE_NAME.match(self.name):
            raise ValueError(f"{self.name!r} is no scope name: 1 to 64 visible ASCII characters without quotes")
        if self.name.startswith("applinks:") or self.name == OFFLINE_SCOPE:
            raise ValueError(f"{self.name!r} is reserved")
        if not 1 <= len(self.description) <= 200 or not self.description.strip() or not self.description.isprintable():
            raise ValueError(
                f"the description of {self.name!r} has to have 1 to 200 characters, which can all be shown"
            )


@dataclass(frozen=True, slots=True)
class _OwnScope(Scope):
    """A scope of ours, whose name no host can take."""

    def __post_init__(self) -> None:
        pass


ADMINISTRATION = _OwnScope(
    ADMIN_SCOPE,
    "Manage the application links of this application",
    "As far as you may: it adds links, and changes what they allow",
)
"""What a client by hand may be given whose record names it; never a default, and nothing that a host declares."""


@dataclass(frozen=True, slots=True)
class Resource:
    """
    Something that tokens are issued for: the host itself, or what it declares below itself.

    Attributes:
        identifier: an absolute URL at or below the base URL, without a final slash.
        scopes: what can be asked for there, in the order in which pages show it.
    """

    identifier: str
    scopes: tuple[Scope, ...]

    def __post_init__(self) -> None:
        names = [scope.name for scope in self.scopes]
        if len(set(names)) != len(names):
            raise ValueError(f"a scope of {self.identifier} is declared twice")

    def find_scope(self, name: str) -> Scope | None:
        """Give the declared scope of that name."""
        return next((scope for scope in self.scopes if scope.name == name), None)
