"""
What a verified statement of the peer changes: the six rules of hearing, in their order.

Handshake §4.
"""

from dataclasses import replace

from applinks.linking.events import Decision, Happened
from applinks.records.links import Agreement, Direction, EndReason, Link, LinkState, Peer, Pending, Rest
from applinks.wire.linking.statement import PendingState, Statement, StatementState
from applinks.wire.linking.terms import Access

_REASONS = {each.value: each for each in (EndReason.UNKNOWN, EndReason.DELETED, EndReason.EXPIRED, EndReason.NOT_HEARD)}


def hear(link: Link, said: Statement, *, now: int) -> Decision:
    """Apply a statement whose signature, addressee and link were verified."""
    actor = f"peer:{link.peer.url}"
    if link.ended_at:  # rule 1: ended wins over everything; the answer says so.
        return Decision(link=replace(link, peer=_learn_of_end(link, said, now)))
    if said.state is StatementState.ENDED:  # rule 2: whatever its seq.
        reason = _REASONS.get(said.reason, EndReason.DELETED)
        told = replace(link, peer=_learn_of_end(link, said, now))
        return end(told, reason, actor=actor, now=now)
    if said.seq < link.peer.seq:  # rule 3: stale.
        return Decision(link=link)
    heard, happened = _learn(link, said, now)
    decision = _agree_or_drop(heard, said, now)  # rules 4 and 5.
    if decision.link is not None and not decision.link.ended_at:
        decision = _compare(decision, said)  # rule 6.
    return replace(decision, happened=(*happened, *decision.happened))


def end(link: Link, reason: EndReason, *, actor: str, now: int, action: str = "link.ended") -> Decision:
    """End a link, which is final: a new link has a new id."""
    ended = replace(link, ended_at=now, ended_reason=reason, pending=None)
    return Decision(link=ended, happened=(Happened(actor=actor, action=action, detail={"reason": reason.value}),))


def get_direction(access: Access | None) -> Direction:
    """Give a direction as it is when its terms come into force: all that was agreed."""
    if access is None:
        return Direction()
    return Direction(
        level=access.level,
        protocols=access.protocols,
        user_scopes=access.user_scopes,
        application_scopes=access.application_scopes,
    )


def find_incoming(agreed: Agreement, peer_url: str) -> Access | None:
    """Give what the peer may do here, by the terms."""
    return next((each for each in agreed.terms.access if each.from_url == peer_url), None)


def find_outgoing(agreed: Agreement, peer_url: str) -> Access | None:
    """Give what we may do at the peer, by the terms."""
    return next((each for each in agreed.terms.access if each.to_url == peer_url), None)


def _agree_or_drop(link: Link, said: Statement, now: int) -> Decision:
    pending = link.pending
    if pending is None or pending.state is LinkState.PROPOSED:
        return Decision(link=link)
    is_agreed_there = _names(said, pending.revision, pending.answer_digest)
    if pending.state is LinkState.APPROVED:
        if is_agreed_there or _holds(said, pending, PendingState.CONFIRMING):
            return _agree(link, pending, now)
        return Decision(link=link)
    if is_agreed_there:
        return _agree(link, pending, now)
    if _holds(said, pending, PendingState.APPROVED):
        return Decision(link=link)
    return end(link, EndReason.EXPIRED, actor=f"peer:{link.peer.url}", now=now)


def _agree(link: Link, pending: Pending, now: int) -> Decision:
    agreed = Agreement(revision=pending.revision, digest=pending.answer_digest, terms=pending.terms)
    runs_oauth1 = any("oauth1" in access.protocols for access in agreed.terms.access)
    after = replace(
        link,
        agreed=agreed,
        pending=None,
        # Keys of a protocol that nobody agreed to are not watched either.
        peer=link.peer if runs_oauth1 else replace(link.peer, oauth1_keys=()),
        incoming=get_direction(find_incoming(agreed, link.peer.url)),
        outgoing=get_direction(find_outgoing(agreed, link.peer.url)),
        in_force_at=link.in_force_at or now,
    )
    happened = Happened(actor=f"peer:{link.peer.url}", action="link.agreed", detail={"revision": agreed.revision})
    return Decision(link=after, happened=(happened,), registers=agreed)


def _compare(decision: Decision, said: Statement) -> Decision:
    link = decision.link
    assert link is not None  # noqa: S101 - hear() compares what it holds.
    is_resting = Rest.OUT_OF_STEP in link.rest
    if is_in_step(link, said):
        after, action = replace(link, rest=link.rest - {Rest.OUT_OF_STEP}), "link.rest_ended"
    else:
        after, action = replace(link, rest=link.rest | {Rest.OUT_OF_STEP}), "link.rest_began"
    if is_resting == (Rest.OUT_OF_STEP in after.rest):
        return replace(decision, link=after)
    happened = Happened(actor=f"peer:{link.peer.url}", action=action, detail={"rest": Rest.OUT_OF_STEP.value})
    return replace(decision, link=after, happened=(*decision.happened, happened))


def is_in_step(link: Link, said: Statement) -> bool:
    """Whether what the peer says is in force fits what is in force here."""
    ours = link.agreed
    if _is_same_agreement(said, ours):
        return True
    if ours is not None and ours.revision == 1 and said.agreed is None:
        waits = said.pending
        return waits is not None and waits.state is PendingState.CONFIRMING and waits.answer == ours.digest
    return link.pending is not None and _names(said, link.pending.revision, link.pending.answer_digest)


def _is_same_agreement(said: Statement, ours: Agreement | None) -> bool:
    if ours is None or said.agreed is None:
        return ours is None and said.agreed is None
    return _names(said, ours.revision, ours.digest)


def _names(said: Statement, revision: int, digest: str) -> bool:
    there = said.agreed
    return bool(digest) and there is not None and there.revision == revision and there.answer == digest


def _holds(said: Statement, pending: Pending, state: PendingState) -> bool:
    there = said.pending
    if there is None or there.state is not state:
        return False
    return there.revision == pending.revision and there.answer == pending.answer_digest


def _learn_of_end(link: Link, said: Statement, now: int) -> Peer:
    """Keep that the peer spoke, and whether it knows of the end."""
    heard_seq = max(link.peer.heard_seq, min(said.peer_seq, link.seq))
    ended = link.peer.ended or said.state is StatementState.ENDED
    return replace(link.peer, heard_seq=heard_seq, ended=ended, heard_at=now)


def _learn(link: Link, said: Statement, now: int) -> tuple[Link, tuple[Happened, ...]]:
    """Take over what the peer says of itself."""
    peer = link.peer
    known = {key["kid"] for key in peer.pinned_keys}
    # A key that the peer no longer lists is retired at once, but never the last one we could hear it by.
    keys = tuple(key for key in peer.keys if key["kid"] in said.keys) or peer.keys
    oauth1_keys = tuple(key for key in peer.oauth1_keys if key["kid"] in said.keys) or peer.oauth1_keys
    learned = replace(
        peer,
        keys=keys,
        oauth1_keys=oauth1_keys,
        announced=tuple(kid for kid in said.keys if kid not in known),
        seq=said.seq,
        heard_seq=max(peer.heard_seq, min(said.peer_seq, link.seq)),
        agreed_digest=said.agreed.answer if said.agreed else peer.agreed_digest,
        paused=said.paused,
        allows=said.allows,
        check=said.check,
        heard_at=now,
    )
    happened: tuple[Happened, ...] = ()
    if learned.paused != peer.paused:
        action = "link.peer_paused" if learned.paused else "link.peer_resumed"
        happened = (Happened(actor=f"peer:{peer.url}", action=action),)
    return replace(link, peer=learned), happened
