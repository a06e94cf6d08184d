"""
The life of a link as one pure function: what is so, what happened, what follows.

Handshake §4. Synchronous and total: no state meets an event that it cannot answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, assert_never

from applinks.linking.events import (
    Approve,
    ApprovedAnswer,
    ApproveKey,
    AskForTest,
    CallTested,
    Decision,
    Delete,
    Event,
    Happened,
    Hear,
    KeysNotRead,
    KeysRead,
    PauseLink,
    Propose,
    RefusedAnswer,
    ResumeLink,
    StatementFailed,
    Switch,
    Tick,
    Withdraw,
)
from applinks.linking.hearing import end, find_incoming, find_outgoing, hear
from applinks.linking.repeats import is_test_wanted, settle
from applinks.records.links import Agreement, Direction, EndReason, Link, LinkState, Pause, Pending, Rest
from applinks.wire.linking.terms import Access, Level, is_within

FIRST_SEQ = 1
"""The ``seq`` of the first thing that a side says of a link; the answer carries it."""

Keys = tuple[Mapping[str, Any], ...]

_DAY = 86400


def decide(link: Link | None, event: Event, *, now: int) -> Decision:
    """
    Decide what follows from an event.

    Own deadlines pass before every rule. The record that comes back is settled: its ``seq``, schedules and ``version``
    are those to store. Where it equals the one before, nothing is to be written.
    """
    ticked = _tick(link, now)
    decided = _react(ticked.link, event, now)
    after = None if decided.link is None else settle(link, decided.link, event, now=now)
    return replace(decided, link=after, happened=(*ticked.happened, *decided.happened))


def _tick(link: Link | None, now: int) -> Decision:
    if link is None or link.ended_at:
        return Decision(link=link)
    pending = link.pending
    falls = pending is not None and pending.state in {LinkState.PROPOSED, LinkState.APPROVED} and now >= pending.until
    if falls and link.agreed is None:
        return end(link, EndReason.EXPIRED, actor="upkeep", now=now)
    # Only the answerer comes into force before it heard the other agree; who died for ever leaves nothing behind.
    waits_for_proof = link.agreed is not None and link.agreed.revision == 1 and link.peer.agreed_digest is None
    if waits_for_proof and now >= link.in_force_at + _DAY:
        return end(link, EndReason.NOT_HEARD, actor="upkeep", now=now)
    return Decision(link=link)


def _react(link: Link | None, event: Event, now: int) -> Decision:
    if isinstance(event, Propose | Approve):
        return _begin(event, now) if link is None else Decision(link=link, refusal="used")
    if link is None:
        return Decision(link=None, refusal="unknown_link")
    if link.is_by_hand:
        return _react_by_hand(link, event, now)
    match event:
        case Tick() | StatementFailed():
            decision = Decision(link=link)
        case Hear():
            decision = hear(link, event.statement, now=now)
        case ApprovedAnswer() | RefusedAnswer() | Withdraw():
            decision = _leave_proposed(link, event, now)
        case Delete():
            decision = _delete(link, event, now)
        case PauseLink() | ResumeLink():
            decision = _pause_or_resume(link, event, now)
        case Switch():
            decision = _switch(link, event)
        case CallTested() | AskForTest():
            decision = _test(link, event)
        case KeysRead() | KeysNotRead() | ApproveKey():
            decision = _keep_keys(link, event, now)
        case _:
            assert_never(event)
    return decision


def _react_by_hand(link: Link, event: Event, now: int) -> Decision:
    """What happens between two Applinks does not happen to a link by hand: there is nobody who could say it."""
    match event:
        case Tick():
            return Decision(link=link)
        case Delete():
            return _delete(link, event, now)
        case PauseLink() | ResumeLink():
            return _pause_or_resume(link, event, now)
        case AskForTest():
            return Decision(link=link, refusal="temporarily_unavailable")
        case Switch():
            return Decision(link=link, refusal="unsupported_terms")
        case _:
            return Decision(link=link, refusal="unknown_link")


def _begin(event: Propose | Approve, now: int) -> Decision:
    new = event.beginning
    proposes = isinstance(event, Propose)
    pending = Pending(
        revision=1,
        state=LinkState.PROPOSED if proposes else LinkState.APPROVED,
        proposal=event.proposal,
        proposal_digest=event.proposal_digest,
        answer="" if isinstance(event, Propose) else event.answer,
        answer_digest="" if isinstance(event, Propose) else event.answer_digest,
        terms=event.terms,
        until=event.until,
        session=event.session if isinstance(event, Propose) else "",
    )
    link = Link(
        id=new.id,
        handle=new.handle,
        name=new.name,
        peer=new.peer,
        pending=pending,
        private_address=new.private_address,
        created_at=now,
        created_by=new.actor,
    )
    action = "link.proposed" if proposes else "link.approved"
    return Decision(link=link, happened=(Happened(actor=new.actor, action=action, detail={"peer": new.peer.url}),))


def _leave_proposed(link: Link, event: ApprovedAnswer | RefusedAnswer | Withdraw, now: int) -> Decision:
    pending = link.pending
    if link.ended_at or pending is None or pending.state is not LinkState.PROPOSED:
        return Decision(link=link, refusal="expired" if link.ended_reason is EndReason.EXPIRED else "used")
    match event:
        case Withdraw():
            return end(link, event.reason, actor=event.actor, now=now, action="link.withdrawn")
        case RefusedAnswer():
            ended = end(link, EndReason.DECLINED, actor=f"peer:{link.peer.url}", now=now, action="link.declined")
            said = Happened(actor=event.actor, action="link.declined", detail={"reason": event.reason})
            return replace(ended, happened=(said,))
        case ApprovedAnswer():
            if not is_within(event.terms, pending.terms):
                return Decision(link=link, refusal="unsupported_terms")
            # No deadline from here on: the peer may have it in force already.
            after = replace(
                pending,
                state=LinkState.CONFIRMING,
                answer=event.answer,
                answer_digest=event.answer_digest,
                terms=event.terms,
                until=0,
                session="",
            )
            peer = replace(link.peer, seq=max(link.peer.seq, event.seq))
            return Decision(
                link=replace(link, pending=after, peer=peer),
                happened=(Happened(actor=event.actor, action="link.confirmed"),),
                # The peer may be in force first and call at once: it has to be known here, to be told to wait (503).
                registers=None if link.agreed else _foresee(after),
            )


def _foresee(pending: Pending) -> Agreement:
    """Give the agreement that a revision becomes if the peer has it in force."""
    return Agreement(revision=pending.revision, digest=pending.answer_digest, terms=pending.terms)


def _delete(link: Link, event: Delete, now: int) -> Decision:
    if link.ended_at:
        return Decision(link=link, refusal="unknown_link")
    return end(link, EndReason.DELETED, actor=event.actor, now=now, action="link.deleted")


def _pause_or_resume(link: Link, event: PauseLink | ResumeLink, now: int) -> Decision:
    if not link.is_live:
        return Decision(link=link, refusal="unknown_link")
    wants_pause = isinstance(event, PauseLink)
    if wants_pause == (link.pause is not None):
        return Decision(link=link)
    if isinstance(event, PauseLink):
        pause = Pause(by=event.actor, at=now, reason=event.reason)
        detail = {"reason": event.reason} if event.reason else {}
        happened = Happened(actor=event.actor, action="link.paused", detail=detail)
        return Decision(link=replace(link, pause=pause), happened=(happened,))
    return Decision(link=replace(link, pause=None), happened=(Happened(actor=event.actor, action="link.resumed"),))


def _switch(link: Link, event: Switch) -> Decision:
    if link.state is not LinkState.IN_FORCE or link.agreed is None:
        return Decision(link=link, refusal="unknown_link")
    incoming, outgoing = event.incoming or link.incoming, event.outgoing or link.outgoing
    is_incoming_right = _is_under(incoming, find_incoming(link.agreed, link.peer.url))
    if not is_incoming_right or not _is_under(outgoing, find_outgoing(link.agreed, link.peer.url)):
        return Decision(link=link, refusal="unsupported_terms")
    happened = []
    if incoming != link.incoming:
        happened.append(
            Happened(actor=event.actor, action="link.incoming_changed", detail=describe_direction(incoming))
        )
    if outgoing != link.outgoing:
        happened.append(
            Happened(actor=event.actor, action="link.outgoing_changed", detail=describe_direction(outgoing))
        )
    return Decision(link=replace(link, incoming=incoming, outgoing=outgoing), happened=tuple(happened))


def describe_direction(direction: Direction) -> dict[str, object]:
    """Give what an auditor reads of a direction: what counts now."""
    return {
        "level": direction.level.value,
        "user_scopes": list(direction.in_use.user_scopes),
        "application_scopes": list(direction.in_use.application_scopes),
    }


def _is_under(wanted: Direction, ceiling: Access | None) -> bool:
    """Whether a direction stays below what both administrators approved, also with what it keeps while it is off."""
    if ceiling is None:
        return wanted == Direction()
    return (
        wanted.level in {Level.DISABLED, Level.OAUTH, ceiling.level}
        and set(wanted.protocols) <= set(ceiling.protocols)
        and set(wanted.user_scopes) <= set(ceiling.user_scopes)
        and set(wanted.application_scopes) <= set(ceiling.application_scopes)
    )


def _test(link: Link, event: CallTested | AskForTest) -> Decision:
    if not is_test_wanted(link):
        return Decision(link=link, refusal="" if isinstance(event, CallTested) else "temporarily_unavailable")
    return Decision(link=replace(link, check=event.result) if isinstance(event, CallTested) else link)


def _keep_keys(link: Link, event: KeysRead | KeysNotRead | ApproveKey, now: int) -> Decision:
    if link.ended_at:
        return Decision(link=link, refusal="unknown_link" if isinstance(event, ApproveKey) else "")
    match event:
        case KeysNotRead():
            return Decision(link=replace(link, peer=replace(link.peer, keys_read_at=now)))
        case KeysRead():
            return _compare_keys(link, event, now)
        case ApproveKey():
            return _approve_key(link, event)


def _compare_keys(link: Link, event: KeysRead, now: int) -> Decision:
    peer = link.peer
    # A key never signs for two protocols: a new one that stands at both addresses is taken up from neither.
    found, found_oauth1 = _leave_out(event.found, peer.oauth1_keys), _leave_out(event.found_oauth1, peer.keys)
    signing = _Reading.compare(
        peer.keys,
        peer.announced,
        _leave_out(found, _leave_out(found_oauth1, peer.keys)),
        proved_kid=event.proved_kid,
    )
    oauth1 = _Reading.compare(
        peer.oauth1_keys, peer.announced, _leave_out(found_oauth1, _leave_out(found, peer.oauth1_keys))
    )
    happened: list[Happened] = []
    actor = f"peer:{peer.url}"
    kids = {key["kid"] for key in (*signing.standing, *oauth1.standing)}
    new = sorted(kids - {key["kid"] for key in peer.pinned_keys})
    if new:
        happened.append(Happened(actor=actor, action="link.keys_taken_up", detail={"keys": new}))
    is_surprised = bool(signing.surprising or oauth1.surprising)
    if is_surprised and Rest.KEYS_CHANGED not in link.rest:
        happened.append(Happened(actor=actor, action="link.rest_began", detail={"rest": Rest.KEYS_CHANGED.value}))
    learned = replace(
        peer,
        keys=signing.standing or peer.keys,
        oauth1_keys=oauth1.standing or peer.oauth1_keys,
        announced=tuple(kid for kid in peer.announced if kid not in kids),
        unannounced=signing.surprising or peer.unannounced,
        oauth1_unannounced=oauth1.surprising or peer.oauth1_unannounced,
        keys_read_at=now,
    )
    rest = link.rest | {Rest.KEYS_CHANGED} if is_surprised else link.rest
    return Decision(link=replace(link, peer=learned, rest=rest), happened=tuple(happened))


def _leave_out(keys: Keys, others: Keys) -> Keys:
    kids = {key["kid"] for key in others}
    return tuple(key for key in keys if key["kid"] not in kids)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What follows of the keys at one address: those that count, and those that an administrator has to look at."""

    standing: Keys
    surprising: Keys

    @classmethod
    def compare(
        cls,
        pinned: Keys,
        announced: tuple[str, ...],
        found: Keys,
        *,
        proved_kid: str = "",
    ) -> Self:
        known = {key["kid"] for key in pinned} | set(announced)
        standing = tuple(key for key in found if key["kid"] in known)
        surprising = tuple(key for key in found if key["kid"] == proved_kid and key["kid"] not in known)
        # Nothing that we know stands there any more: all that does is for the administrator to look at.
        return cls(standing=standing, surprising=surprising if standing else found)


def _approve_key(link: Link, event: ApproveKey) -> Decision:
    peer = link.peer
    approved = tuple(key for key in peer.surprising_keys if key["kid"] == event.kid)
    if not approved or Rest.KEYS_CHANGED not in link.rest:
        return Decision(link=link, refusal="key_mismatch")
    # The earlier keys count as announced: those that still stand at the pinned address are taken up at the next
    # reading, which is at once; those that do not are gone.
    if approved[0] in peer.unannounced:
        earlier = tuple(key["kid"] for key in peer.keys if key["kid"] != event.kid)
        peer = replace(peer, keys=approved, announced=earlier, unannounced=(), keys_read_at=0)
    else:
        earlier = tuple(key["kid"] for key in peer.oauth1_keys if key["kid"] != event.kid)
        peer = replace(peer, oauth1_keys=approved, announced=earlier, oauth1_unannounced=(), keys_read_at=0)
    happened = [Happened(actor=event.actor, action="link.keys_approved", detail={"key": event.kid})]
    rest = link.rest
    if not peer.surprising_keys:
        rest -= {Rest.KEYS_CHANGED}
        happened.append(Happened(actor=event.actor, action="link.rest_ended", detail={"rest": Rest.KEYS_CHANGED.value}))
    return Decision(link=replace(link, peer=peer, rest=rest), happened=tuple(happened))
