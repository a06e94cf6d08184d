"""
Everything that an administrator does with a link, once: pages and commands are callers of this.

Each checks the role, decides, and writes the change with its audit event in one commit. The peer is told afterwards
by `applinks.linking.statements.send_due`, called by whoever changed the link, or by upkeep.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from applinks.administration.actor import Actor, check_may_change, check_may_look
from applinks.administration.side import Administration
from applinks.linking.changes import change_link
from applinks.linking.errors import LinkingError
from applinks.linking.events import ApproveKey, AskForTest, Delete, Event, PauseLink, ResumeLink, Switch, Withdraw
from applinks.linking.hearing import find_incoming, find_outgoing, get_direction
from applinks.linking.keys import format_fingerprint
from applinks.linking.repeats import is_statement_due
from applinks.records.links import Direction, Link
from applinks.wire.linking.terms import Access, Level

_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkView:
    """
    A link as its page and command show it.

    Attributes:
        users_in: how many users gave the peer access here; ``users_out``: how many connected theirs there.
        own_fingerprint: of the key that we sign with; ``peer_fingerprints``: of the peer's pinned ones.
        new_fingerprints: of keys found at the peer's that nobody announced.
        is_told: whether the peer has heard all that it should know.
        incoming_ceiling, outgoing_ceiling: what was agreed, within which each side changes alone; None: nothing.
        incoming_choice, outgoing_choice: what is ticked when a direction is changed: what is in use, or was before
            it was switched off.
    """

    link: Link
    users_in: int
    users_out: int
    own_fingerprint: str
    peer_fingerprints: tuple[str, ...]
    new_fingerprints: tuple[str, ...]
    is_told: bool
    incoming_ceiling: Access | None
    outgoing_ceiling: Access | None
    incoming_choice: Direction
    outgoing_choice: Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """
    How a direction shall be.

    Attributes:
        enabled: on or off.
        user_scopes, application_scopes: those to be in use, or to come back with it where it is switched off;
            None: as they are.
        level: how far, within what was agreed; None: as it is, or as far as was agreed.
    """

    enabled: bool
    user_scopes: Collection[str] | None = None
    application_scopes: Collection[str] | None = None
    level: Level | None = None


async def list_links(*, ended: bool = False, actor: Actor, side: Administration) -> Sequence[Link]:
    """Give the links, by name; with ``ended`` also the tombstones."""
    check_may_look(actor)
    return await side.store.list_links(ended=ended)


async def show_link(id_or_handle: str, *, actor: Actor, side: Administration) -> LinkView:
    """
    Give a link with what its page shows beside it.

    Raises:
        LinkingError: ``unknown_link``, ``not_administrator``.
    """
    check_may_look(actor)
    link = await _get_link(id_or_handle, side)
    pair = await side.keys.get_signing_key()
    incoming_ceiling = find_incoming(link.agreed, link.peer.url) if link.agreed else None
    outgoing_ceiling = find_outgoing(link.agreed, link.peer.url) if link.agreed else None
    return LinkView(
        link=link,
        users_in=await side.incoming.count_grants_of_link(link.id),
        users_out=await side.outgoing.count_connections_of_link(link.id),
        own_fingerprint=format_fingerprint(pair.kid),
        peer_fingerprints=tuple(format_fingerprint(key["kid"]) for key in link.peer.pinned_keys),
        new_fingerprints=tuple(format_fingerprint(key["kid"]) for key in link.peer.surprising_keys),
        is_told=not is_statement_due(link, now=side.clock.now()),
        incoming_ceiling=incoming_ceiling,
        outgoing_ceiling=outgoing_ceiling,
        incoming_choice=_get_choice(link.incoming, incoming_ceiling),
        outgoing_choice=_get_choice(link.outgoing, outgoing_ceiling),
    )


async def pause(id_or_handle: str, *, reason: str = "", actor: Actor, side: Administration) -> Link:
    """Pause a link: no call passes from now on, either way. Pausing twice changes nothing."""
    return await _change(id_or_handle, PauseLink(actor=actor.name, reason=reason[:_LONGEST_REASON]), actor, side)


async def resume(id_or_handle: str, *, actor: Actor, side: Administration) -> Link:
    """End the pause of this side; the peer's own stays."""
    return await _change(id_or_handle, ResumeLink(actor=actor.name), actor, side)


async def delete(id_or_handle: str, *, actor: Actor, side: Administration) -> Link:
    """End a link for good: its tokens, grants and connections end in the same write; the peer is told."""
    return await _change(id_or_handle, Delete(actor=actor.name), actor, side)


async def withdraw(id_or_handle: str, *, actor: Actor, side: Administration) -> Link:
    """Take back an open proposal of ours."""
    return await _change(id_or_handle, Withdraw(actor=actor.name), actor, side)


async def change_incoming(id_or_handle: str, wanted: Wanted, *, actor: Actor, side: Administration) -> Link:
    """
    Change what the peer may do here, within what was agreed.

    Raises:
        LinkingError: ``unsupported_terms``: more than was agreed, or nothing at all while it is on.
    """
    check_may_change(actor)
    link = await _get_link(id_or_handle, side)
    ceiling = find_incoming(link.agreed, link.peer.url) if link.agreed else None
    incoming = _get_direction(wanted, link.incoming, ceiling)
    return await _change(link.id, Switch(actor=actor.name, incoming=incoming), actor, side)


async def change_outgoing(id_or_handle: str, wanted: Wanted, *, actor: Actor, side: Administration) -> Link:
    """Change what we do at the peer, within what was agreed; as `change_incoming`."""
    check_may_change(actor)
    link = await _get_link(id_or_handle, side)
    ceiling = find_outgoing(link.agreed, link.peer.url) if link.agreed else None
    outgoing = _get_direction(wanted, link.outgoing, ceiling)
    return await _change(link.id, Switch(actor=actor.name, outgoing=outgoing), actor, side)


async def approve_keys(id_or_handle: str, fingerprint: str, *, actor: Actor, side: Administration) -> Link:
    """
    Approve a key that the peer did not announce, after its fingerprint was compared.

    Raises:
        LinkingError: ``key_mismatch``: no key of that fingerprint is waiting.
    """
    check_may_change(actor)
    link = await _get_link(id_or_handle, side)
    letters = "".join(fingerprint.split())
    waiting = [
        key["kid"] for key in link.peer.surprising_keys if format_fingerprint(key["kid"]).replace(" ", "") == letters
    ]
    if len(waiting) != 1:
        raise LinkingError("key_mismatch", detail=f"no key with the fingerprint {fingerprint[:40]!r} waits")
    return await _change(link.id, ApproveKey(kid=waiting[0], actor=actor.name), actor, side)


async def test_again(id_or_handle: str, *, actor: Actor, side: Administration) -> Link:
    """
    Let the test call be made now.

    Raises:
        LinkingError: ``temporarily_unavailable``: the link or its outgoing side is not in use.
    """
    return await _change(id_or_handle, AskForTest(actor=actor.name), actor, side)


async def _get_link(id_or_handle: str, side: Administration) -> Link:
    link = await side.store.find_link(id_or_handle)
    if link is None:
        raise LinkingError("unknown_link", detail=f"there is no link {id_or_handle[:80]!r}")
    return link


async def _change(id_or_handle: str, event: Event, actor: Actor, side: Administration) -> Link:
    check_may_change(actor)
    link = await _get_link(id_or_handle, side)
    decision = await change_link(link.id, event, side=side)
    if decision.refusal or decision.link is None:
        raise LinkingError(decision.refusal or "unknown_link", detail=f"link {link.handle}", peer=link.peer.url)
    return decision.link


def _get_choice(here: Direction, ceiling: Access | None) -> Direction:
    """Give a direction as it is on, or will be when it is switched on: what it kept, else all that was agreed."""
    has_kept = here.is_enabled or here.user_scopes or here.application_scopes
    return here if ceiling is None or has_kept else get_direction(ceiling)


def _get_direction(wanted: Wanted, here: Direction, ceiling: Access | None) -> Direction:
    if ceiling is None:
        if wanted.enabled:
            raise LinkingError("unsupported_terms", detail="nothing was agreed in this direction")
        return Direction()
    choice = _get_choice(here, ceiling)
    user_scopes = _choose(wanted.user_scopes, choice.user_scopes, ceiling.user_scopes)
    application_scopes = _choose(wanted.application_scopes, choice.application_scopes, ceiling.application_scopes)
    if (ceiling.user_scopes or ceiling.application_scopes) and not (user_scopes or application_scopes):
        if wanted.enabled:
            # To the peer a direction without scopes is one that is switched off; then it shall say so here, too.
            raise LinkingError("unsupported_terms", detail="on, but without any scope")
        # Whoever takes every box away means off, and shall not find an empty form when it is switched on.
        user_scopes, application_scopes = choice.user_scopes, choice.application_scopes
    return Direction(
        level=_choose_level(wanted, here, ceiling),
        protocols=ceiling.protocols,
        user_scopes=user_scopes,
        application_scopes=application_scopes,
    )


def _choose_level(wanted: Wanted, here: Direction, ceiling: Access) -> Level:
    if not wanted.enabled:
        return Level.DISABLED
    kept = here.level if here.is_enabled else ceiling.level
    return Level.OAUTH if Level.OAUTH in {wanted.level or kept, ceiling.level} else ceiling.level


def _choose(wanted: Collection[str] | None, now: tuple[str, ...], agreed: tuple[str, ...]) -> tuple[str, ...]:
    """Give the wanted scopes in the order in which they were agreed, and last those that were not."""
    if wanted is None:
        return now
    return (*(name for name in agreed if name in wanted), *(name for name in wanted if name not in agreed))
