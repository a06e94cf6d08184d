"""How administration writes a link beside whoever else writes it: look, decide, write; and again if it was changed."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from applinks.administration.actor import Actor
from applinks.administration.side import Administration
from applinks.entropy import new_id
from applinks.linking.changes import build_audit_events
from applinks.linking.errors import LinkingError
from applinks.linking.events import Happened
from applinks.linking.store import CommitResult, LinkWrite
from applinks.records.audit import AuditEvent
from applinks.records.clients import Client
from applinks.records.links import Link
from applinks.records.registrations import Registration

ROUNDS = 4
"""How often a change is decided anew where others were faster; two that meet need two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """
    What a change makes of a link, and what is stored with it.

    Attributes:
        link: the record after, of the version before; one that is the same is not written.
    """

    link: Link
    happened: tuple[Happened, ...] = ()
    client: Client | None = None
    registration: Registration | None = None


async def get_link(id_or_handle: str, side: Administration) -> Link:
    """
    Give a link, ended or not.

    Raises:
        LinkingError: ``unknown_link``.
    """
    link = await side.store.find_link(id_or_handle)
    if link is None:
        raise LinkingError("unknown_link", detail=f"there is no link {id_or_handle[:80]!r}")
    return link


async def get_lasting_link(id_or_handle: str, side: Administration) -> Link:
    """
    Give a link that has not ended.

    Raises:
        LinkingError: ``unknown_link``.
    """
    link = await get_link(id_or_handle, side)
    if link.ended_at:
        raise LinkingError("unknown_link", detail=f"the link {link.handle} has ended")
    return link


async def update_link(
    id_or_handle: str, decide: Callable[[Link], Awaitable[Update]], *, side: Administration
) -> Update:
    """
    Change a link that has not ended, with what hangs on it, in one transaction.

    ``decide`` is asked again where others were faster, and raises what stands in the way.

    Raises:
        LinkingError: ``unknown_link``; ``busy``: others were faster every time.
    """
    for _ in range(ROUNDS):
        before = await get_lasting_link(id_or_handle, side)
        update = await decide(before)
        if not update.happened:
            return update
        after = update.link.changed()
        write = LinkWrite(
            link=after, expected_version=before.version, client=update.client, registration=update.registration
        )
        events = build_audit_events(update.happened, link_id=after.id, entropy=side.entropy, now=side.clock.now())
        if await side.store.commit(write, events=events) is CommitResult.WRITTEN:
            return Update(link=after, happened=update.happened, client=update.client, registration=update.registration)
    raise LinkingError("busy", detail=f"link {id_or_handle[:80]!r} was changed by others {ROUNDS} times meanwhile")


def build_event(
    actor: Actor,
    action: str,
    subject: str,
    *,
    side: Administration,
    link_id: str = "",
    detail: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Make the audit event of a change that is written by a method of its own."""
    return AuditEvent(
        id=new_id(side.entropy, "aud"),
        at=side.clock.now(),
        actor=actor.name,
        action=action,
        subject=subject,
        link_id=link_id,
        detail=detail or {},
    )
