"""How administration writes a link beside whoever else writes it: look, decide, write; and again if it was changed."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from applinks.administration.actor import Actor
from applinks.administration.hand_values import AddedLink
from applinks.administration.side import Administration
from applinks.entropy import new_id
from applinks.linking.changes import build_audit_events
from applinks.linking.errors import LinkingError
from applinks.linking.events import Happened
from applinks.linking.states import describe_direction
from applinks.linking.store import CommitResult, LinkWrite
from applinks.records.audit import AuditEvent
from applinks.records.clients import Client
from applinks.records.links import Link, Peer
from applinks.records.registrations import Registration

ROUNDS = 4
"""How often a change is decided anew where others were faster; two that meet need two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """
    What a change makes of a link, and what is stored with it.

    Attributes:
        link: the record after, of the version before; one that is the same is not written.
        others: further links that change with it, each of the version before.
    """

    link: Link
    others: tuple[Link, ...] = ()
    happened: tuple[Happened, ...] = ()
    clients: tuple[Client, ...] = ()
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
            link=after, expected_version=before.version, clients=update.clients, registration=update.registration
        )
        others = (LinkWrite(link=each.changed(), expected_version=each.version) for each in update.others)
        events = build_audit_events(update.happened, link_id=after.id, entropy=side.entropy, now=side.clock.now())
        if await side.store.commit(write, *others, events=events) is CommitResult.WRITTEN:
            return replace(update, link=after)
    raise LinkingError("busy", detail=f"link {id_or_handle[:80]!r} was changed by others {ROUNDS} times meanwhile")


async def list_demoted(link: Link, *, side: Administration) -> tuple[Link, ...]:
    """Give the links that are no longer the primary ones of their type where this one is."""
    if not link.peer.is_primary:
        return ()
    return tuple(
        replace(each, peer=replace(each.peer, is_primary=False))
        for each in await side.store.list_links()
        if each.id != link.id and each.peer.is_primary and each.peer.kind == link.peer.kind
    )


async def is_first_of_kind(kind: str, *, side: Administration) -> bool:
    """Whether no link with an application of that type is the primary one yet; without a type there is none."""
    if not kind:
        return False
    return not any(each.peer.is_primary and each.peer.kind == kind for each in await side.store.list_links())


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


def describe_added(added: AddedLink) -> dict[str, object]:
    """Give what an auditor reads of a link that was made."""
    detail: dict[str, object] = {"peer": added.link.peer.url, "kind": added.link.kind.value}
    if added.client is not None:
        detail["client_id"] = added.client.client_id
        detail["incoming"] = describe_direction(added.link.incoming)
    if added.registration is not None:
        detail["issuer"] = added.link.issuer
        detail["outgoing"] = describe_direction(added.link.outgoing)
    return detail


def tell_names(before: Link, after: Link, actor: Actor) -> tuple[Happened, ...]:
    """Say how it is called and shown from now on, if otherwise than before."""

    def describe_shown(peer: Peer) -> dict[str, object]:
        return {"display_url": peer.display_url, "is_primary": peer.is_primary, "description": peer.description}

    happened = []
    if (before.name, before.handle) != (after.name, after.handle):
        detail: dict[str, object] = {"name": after.name, "handle": after.handle}
        happened.append(Happened(actor=actor.name, action="link.renamed", detail=detail))
    detail = describe_shown(after.peer)
    if detail != describe_shown(before.peer):
        happened.append(Happened(actor=actor.name, action="link.shown_otherwise", detail=detail))
    return tuple(happened)


def tell_directions(before: Link, after: Link, actor: Actor) -> tuple[Happened, ...]:
    """Say what each direction allows from now on, where it changed."""
    happened = []
    if before.incoming != after.incoming:
        detail = describe_direction(after.incoming)
        happened.append(Happened(actor=actor.name, action="link.incoming_changed", detail=detail))
    if before.outgoing != after.outgoing:
        detail = describe_direction(after.outgoing)
        happened.append(Happened(actor=actor.name, action="link.outgoing_changed", detail=detail))
    return tuple(happened)


def tell_address(before: Link, after: Link, actor: Actor) -> tuple[Happened, ...]:
    """Say where we go from now on: whom the credentials belong to, where they are sent, and what of it is private."""

    def describe(peer: Peer) -> dict[str, object]:
        return {
            "issuer": peer.issuer or peer.url,
            "token_endpoint": peer.token_endpoint,
            "private_origins": list(peer.private_origins),
        }

    detail = describe(after.peer)
    if detail == describe(before.peer):
        return ()
    return (Happened(actor=actor.name, action="link.address_changed", detail=detail),)


def tell_registration(before: Registration | None, after: Registration, actor: Actor) -> Happened:
    """Say what changed, and of the secret only that it did."""
    detail = {
        "client_id": after.client_id,
        "authentication": after.authentication.value,
        "secret_changed": before is None or before.client_secret != after.client_secret,
    }
    if after.endpoints is not None:
        # There the secret goes.
        detail["token_endpoint"] = after.endpoints.token
    return Happened(actor=actor.name, action="link.registration_changed", detail=detail)
