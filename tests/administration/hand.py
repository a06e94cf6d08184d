"""What the tests of links by hand begin with."""

from typing import Any

from applinks.administration.actor import Actor
from applinks.administration.by_hand import add_link
from applinks.administration.hand_values import AddedLink, NewIncoming, NewLink, NewOutgoing
from applinks.secret import Secret
from tests.linking.world import ADMINISTRATOR, AUDITOR, NOBODY, Application

ADMIN = Actor.for_user(ADMINISTRATOR)
AUDIT = Actor.for_user(AUDITOR)
STRANGER = Actor.for_user(NOBODY)
COMMAND = Actor.for_command("root")

CALLBACK = "https://board.example/callback"
ISSUER = "https://login.board.example/"
URL = "https://board.example"
GIVEN = Secret("what the other side gave us")


def incoming(**values: Any) -> NewIncoming:
    return NewIncoming(**{"redirect_uris": (CALLBACK,), "scopes": ("pages:read",)} | values)


def outgoing(**values: Any) -> NewOutgoing:
    return NewOutgoing(**{"issuer": ISSUER, "scopes": ("openid", "boards")} | values)


async def add_both(application: Application, **values: Any) -> AddedLink:
    """Link both ways with a board."""
    new = NewLink(**{"name": "Board", "url": URL, "incoming": incoming(), "outgoing": outgoing()} | values)
    return await add_link(new, actor=ADMIN, side=application.administration)


async def list_events(application: Application, link_id: str = "") -> list[tuple[str, str]]:
    """Give who did what, oldest first."""
    events = await application.storage.audit.list(limit=100, link_id=link_id or None)
    return [(event.actor, event.action) for event in reversed(events)]


async def read_audit(application: Application) -> str:
    """Give all that the audit says, to look for what it should not."""
    return repr(await application.storage.audit.list(limit=100))
