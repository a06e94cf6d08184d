"""
What the peer should know of a link, and when it is told: again and again until it says that it heard.

Handshake §4 Repeat, §6.
"""

from dataclasses import replace

from applinks.linking.events import AskForTest, CallTested, Event, Hear, StatementFailed
from applinks.records.links import Link, LinkState, Schedule
from applinks.wire.linking.terms import Access, Allows

# Seconds between one attempt and the next; the last repeats for ever.
_DELAYS = (0, 2, 5, 15, 60, 300, 900, 3600)
_JITTER = 0.2
_DAY = 86400
LONGEST_WAIT_SECONDS = _DAY
"""No attempt is further away than this; one that is was put there by a clock that was wrong."""
# An end is told for so long; a peer that is silent for a month asks by itself, or is gone.
_ENDED_TOLD_SECONDS = 30 * _DAY


def get_allows(link: Link) -> Allows | None:
    """Give what we serve the peer now; None where the terms in force give us nothing to serve."""
    if link.agreed is None or link.ended_at or not any(each.from_url == link.peer.url for each in _access(link)):
        return None
    serves = link.incoming.in_use
    return Allows(user_scopes=serves.user_scopes, application_scopes=serves.application_scopes)


def is_attempt_due(schedule: Schedule, *, now: int) -> bool:
    """Whether it is time, also where the clock went ahead and was set back since."""
    return schedule.next_at > 0 and not now < schedule.next_at <= now + LONGEST_WAIT_SECONDS


def is_statement_due(link: Link, *, now: int) -> bool:
    """Whether the peer has something to hear from us, whenever the next attempt is."""
    match link.state:
        case LinkState.PROPOSED:
            return False
        case LinkState.CONFIRMING | LinkState.APPROVED:
            return True
        case LinkState.IN_FORCE:
            return link.peer.heard_seq < link.seq
        case LinkState.ENDED:
            is_known_there = link.seq > 0
            told = link.peer.ended or link.peer.heard_seq >= link.seq
            return is_known_there and not told and now < link.ended_at + _ENDED_TOLD_SECONDS


def is_test_wanted(link: Link) -> bool:
    """Whether a test call of ours can pass: both in force, nothing stopped, our calls served."""
    return link.is_usable and link.outgoing.is_enabled and _is_served(link)


def settle(before: Link | None, after: Link, event: Event, *, now: int) -> Link:
    """
    Bring along all that follows from a change: ``check``, ``seq``, both schedules, ``version``.

    Nobody else touches these, so none can be forgotten. A link by hand has none of them but the version.
    """
    if not after.is_by_hand:
        after = _settle_what_is_said(before, after, event, now)
    if before is None or after == before:
        return after
    return replace(after, version=before.version + 1)


def _settle_what_is_said(before: Link | None, after: Link, event: Event, now: int) -> Link:
    after = _settle_test_call(before, after, event, now)
    has_news = _face(before) != _face(after)
    if has_news:
        after = replace(after, seq=after.seq + 1)
    return replace(after, statement=_schedule_statement(after, event, now, has_news=has_news))


def _face(link: Link | None) -> object:
    """What the peer sees of a link; a proposal that it never answered has no face."""
    if link is None or link.state is LinkState.PROPOSED or (link.ended_at and link.seq == 0):
        return None
    pending = link.pending and (link.pending.revision, link.pending.state, link.pending.answer_digest)
    agreed = link.agreed and (link.agreed.revision, link.agreed.digest)
    kids = frozenset(key["kid"] for key in link.peer.pinned_keys)
    return (link.state, agreed, pending, link.pause is not None, get_allows(link), link.check, kids)


def _schedule_statement(link: Link, event: Event, now: int, *, has_news: bool) -> Schedule:
    if link.state is LinkState.PROPOSED or (link.ended_at and not is_statement_due(link, now=now)):
        return Schedule()
    if has_news:
        # Our answer to the peer's statement carries the news already: that was the first attempt.
        was_told = isinstance(event, Hear) and not event.asked
        return Schedule(attempts=1, next_at=now + _DELAYS[1]) if was_told else Schedule(next_at=now)
    if isinstance(event, StatementFailed):
        return _postpone(link.statement, now, event.jitter)
    if not isinstance(event, Hear):
        return link.statement
    if not is_statement_due(link, now=now):
        return Schedule(next_at=now + _DAY)
    return _postpone(link.statement, now, event.jitter) if event.asked else link.statement


def _settle_test_call(before: Link | None, link: Link, event: Event, now: int) -> Link:
    if link.state is not LinkState.IN_FORCE:
        return replace(link, test_call=Schedule())
    check = _get_check(link)
    if not is_test_wanted(link):
        return replace(link, check=check, test_call=Schedule())
    if isinstance(event, CallTested):
        passed = event.result == "passed"
        again = Schedule(next_at=now + _DAY) if passed else _postpone(link.test_call, now, event.jitter)
        return replace(link, check=check, test_call=again)
    if isinstance(event, AskForTest) or before is None or not is_test_wanted(before):
        return replace(link, check=check, test_call=Schedule(next_at=now))
    return replace(link, check=check)


def _get_check(link: Link) -> str:
    is_off_there = link.agreed is not None and link.peer.agreed_digest == link.agreed.digest and not _is_served(link)
    if not link.outgoing.is_enabled or is_off_there:
        return "none"
    return "pending" if link.check == "none" else link.check


def _is_served(link: Link) -> bool:
    """Whether the peer is in force with us and serves us something."""
    allows = link.peer.allows
    is_agreed = link.agreed is not None and link.peer.agreed_digest == link.agreed.digest
    return is_agreed and allows is not None and bool(allows.user_scopes or allows.application_scopes)


def _postpone(schedule: Schedule, now: int, jitter: float) -> Schedule:
    attempts = schedule.attempts + 1
    delay = _DELAYS[min(attempts, len(_DELAYS) - 1)]
    return Schedule(attempts=attempts, next_at=now + max(1, round(delay * (1 + _JITTER * jitter))))


def _access(link: Link) -> tuple[Access, ...]:
    return link.agreed.terms.access if link.agreed else ()
