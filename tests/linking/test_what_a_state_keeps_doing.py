"""What a link repeats, switches, tests and pins while its state stays the same: handshake §4 to §6."""

from dataclasses import replace

import pytest

from applinks.linking.events import (
    ApproveKey,
    AskForTest,
    CallTested,
    Delete,
    KeysRead,
    PauseLink,
    ResumeLink,
    StatementFailed,
    Switch,
    Withdraw,
)
from applinks.linking.repeats import get_allows, is_statement_due
from applinks.linking.states import decide
from applinks.records.links import Direction, Rest
from applinks.wire.linking.terms import Allows, Level, Terms
from tests.linking.every_state import HERE, hear
from tests.linking.records import (
    APPROVED,
    KEY,
    NEW_KEY,
    NOW,
    PROPOSE,
    TERMS,
    THIRD_KEY,
    after,
    build_answerer_in_force,
    build_confirming,
    build_in_force,
    build_proposed,
    say,
    say_ended,
)


@pytest.mark.requirement("handshake-10-22")
@pytest.mark.requirement("LK-01")
def test_a_statement_is_repeated_at_the_handshakes_pace() -> None:
    """Handshake §4 Repeat: 0, 2, 5, 15 s, 1, 5, 15 min, then hourly, ± 20 %."""
    link, now, gaps = build_confirming(), NOW, []
    assert link.statement.next_at == NOW
    for _ in range(9):
        failed = decide(link, StatementFailed(), now=now).link
        assert failed is not None
        link = failed
        gaps.append(link.statement.next_at - now)
        now = link.statement.next_at
    assert gaps == [2, 5, 15, 60, 300, 900, 3600, 3600, 3600]
    for jitter, gap in ((1.0, 4320), (-1.0, 2880)):
        failed = decide(link, StatementFailed(jitter=jitter), now=now).link
        assert failed is not None
        assert failed.statement.next_at - now == gap


def test_an_end_is_told_for_thirty_days() -> None:
    """Handshake §4 Repeat: after ended for 30 days."""
    link = decide(build_in_force(), Delete(actor=HERE), now=NOW).link
    assert link is not None
    assert is_statement_due(link, now=NOW + 30 * 86400 - 1)
    given_up = decide(link, StatementFailed(), now=NOW + 30 * 86400).link
    assert given_up is not None
    assert given_up.statement.next_at == 0


def test_an_end_of_the_peer_counts_as_heard() -> None:
    """Handshake §4 Repeat: an ended of the peer counts as heard."""
    link = decide(build_in_force(), hear(say_ended()), now=NOW).link
    assert link is not None
    assert not is_statement_due(link, now=NOW)
    assert link.statement.next_at == 0


def test_a_proposal_that_nobody_answered_says_nothing() -> None:
    """Handshake §4 Repeat: a proposed end sends none."""
    link = build_proposed()
    assert (link.seq, link.statement.next_at) == (0, 0)
    for event in (Withdraw(actor=HERE), Delete(actor=HERE)):
        ended = decide(link, event, now=NOW).link
        assert ended is not None
        assert (ended.seq, ended.statement.next_at) == (0, 0)


def test_a_switch_stays_below_what_was_agreed() -> None:
    """Handshake §5 Own switches: terms are the ceiling."""
    link = build_in_force()
    more = replace(link.incoming, user_scopes=("pages:read", "pages:write"))
    higher = replace(link.incoming, level=Level.IMPERSONATION)
    other = replace(link.incoming, protocols=("oauth1",))
    for wanted in (more, higher, other):
        assert decide(link, Switch(actor=HERE, incoming=wanted), now=NOW).refusal == "unsupported_terms"
        assert decide(link, Switch(actor=HERE, outgoing=wanted), now=NOW).refusal == "unsupported_terms"
    less = replace(link.incoming, user_scopes=("notify",), application_scopes=())
    lowered = decide(link, Switch(actor=HERE, incoming=less), now=NOW).link
    assert lowered is not None
    assert get_allows(lowered) == Allows(user_scopes=("notify",))
    off = decide(lowered, Switch(actor=HERE, incoming=Direction()), now=NOW).link
    assert off is not None
    assert get_allows(off) == Allows()
    on = decide(off, Switch(actor=HERE, incoming=link.incoming), now=NOW).link
    assert on is not None
    assert get_allows(on) == get_allows(link)


def test_a_missing_direction_serves_nothing_and_cannot_be_switched_on() -> None:
    """Handshake §2: allows is null where the terms give it nothing to serve."""
    outgoing_only = Terms(access=TERMS.access[1:])
    events = (replace(PROPOSE, terms=outgoing_only), replace(APPROVED, terms=outgoing_only), hear(say()))
    link = after(*events)
    assert get_allows(link) is None
    wanted = build_in_force().incoming
    assert decide(link, Switch(actor=HERE, incoming=wanted), now=NOW).refusal == "unsupported_terms"


def test_the_test_call_waits_for_both_and_for_something_to_call() -> None:
    """Handshake §6."""
    b = build_answerer_in_force()
    assert (b.check, b.test_call.next_at) == ("pending", 0)
    both = decide(b, hear(say()), now=NOW).link
    assert both is not None
    assert both.test_call.next_at == NOW
    off = decide(both, hear(say(seq=3, allows=Allows())), now=NOW).link
    assert off is not None
    assert (off.check, off.test_call.next_at) == ("none", 0)
    on = decide(off, hear(say(seq=4)), now=NOW).link
    assert on is not None
    assert (on.check, on.test_call.next_at) == ("pending", NOW)


def test_a_test_call_is_repeated_until_it_passes_then_daily() -> None:
    """Handshake §6: as a statement is repeated until it passes, then once a day."""
    link, now, gaps = build_in_force(), NOW, []
    for _ in range(8):
        failed = decide(link, CallTested(result="failed:peer_unreachable"), now=now).link
        assert failed is not None
        link = failed
        gaps.append(link.test_call.next_at - now)
        now = link.test_call.next_at
    assert gaps == [2, 5, 15, 60, 300, 900, 3600, 3600]
    passed = decide(link, CallTested(result="passed"), now=now).link
    assert passed is not None
    assert passed.test_call.next_at == now + 86400
    again = decide(passed, AskForTest(actor=HERE), now=now).link
    assert again is not None
    assert again.test_call.next_at == now


def test_a_paused_link_is_not_tested() -> None:
    """Handshake §5 Pause, §6."""
    paused = decide(build_in_force(), PauseLink(actor=HERE), now=NOW).link
    assert paused is not None
    assert paused.test_call.next_at == 0
    assert decide(paused, AskForTest(actor=HERE), now=NOW).refusal == "temporarily_unavailable"
    resumed = decide(paused, ResumeLink(actor=HERE), now=NOW).link
    assert resumed is not None
    assert resumed.test_call.next_at == NOW


KEYS = [
    # announced, found, proved; pinned after, resting
    ((), (KEY,), "", (KEY,), False),
    ((), (KEY, NEW_KEY), "", (KEY,), False),
    ((NEW_KEY["kid"],), (KEY, NEW_KEY), "", (KEY, NEW_KEY), False),
    ((NEW_KEY["kid"],), (NEW_KEY,), "", (NEW_KEY,), False),
    ((NEW_KEY["kid"],), (KEY,), "", (KEY,), False),
    ((), (KEY, NEW_KEY), NEW_KEY["kid"], (KEY,), True),
    ((NEW_KEY["kid"],), (KEY, NEW_KEY), NEW_KEY["kid"], (KEY, NEW_KEY), False),
    ((NEW_KEY["kid"],), (KEY, NEW_KEY, THIRD_KEY), THIRD_KEY["kid"], (KEY, NEW_KEY), True),
    ((), (NEW_KEY,), "", (KEY,), True),
    ((), (NEW_KEY, THIRD_KEY), NEW_KEY["kid"], (KEY,), True),
]


@pytest.mark.parametrize(("announced", "found", "proved", "pinned", "rests"), KEYS)
@pytest.mark.requirement("LK-06")
def test_a_key_counts_only_if_announced_and_found(
    announced: tuple[str, ...],
    found: tuple[dict[str, str], ...],
    proved: str,
    pinned: tuple[dict[str, str], ...],
    rests: bool,
) -> None:
    """Handshake §5 Rotation."""
    said = say(keys=(KEY["kid"], *announced), seq=5)
    link = decide(build_in_force(), hear(said), now=NOW).link
    assert link is not None
    read = decide(link, KeysRead(found=found, proved_kid=proved), now=NOW + 400).link
    assert read is not None
    assert read.peer.keys == pinned
    assert (Rest.KEYS_CHANGED in read.rest) is rests
    assert read.peer.keys_read_at == NOW + 400


@pytest.mark.requirement("LK-06")
def test_only_the_key_whose_fingerprint_was_compared_is_approved() -> None:
    """Handshake §4 Rest."""
    link = decide(build_in_force(), KeysRead(found=(NEW_KEY, THIRD_KEY)), now=NOW).link
    assert link is not None
    assert decide(link, ApproveKey(kid=KEY["kid"], actor=HERE), now=NOW).refusal == "key_mismatch"
    approved = decide(link, ApproveKey(kid=NEW_KEY["kid"], actor=HERE), now=NOW).link
    assert approved is not None
    assert approved.peer.keys == (NEW_KEY,)
    assert approved.rest == frozenset()
    assert decide(approved, ApproveKey(kid=THIRD_KEY["kid"], actor=HERE), now=NOW).refusal == "key_mismatch"


def test_a_key_that_the_peer_lists_no_more_is_retired_at_once_but_never_the_last() -> None:
    """Handshake §5 Rotation: retire the old one; statement."""
    link = replace(build_in_force(), peer=replace(build_in_force().peer, keys=(KEY, NEW_KEY)))
    heard = decide(link, hear(say(keys=(NEW_KEY["kid"],), seq=6)), now=NOW).link
    assert heard is not None
    assert heard.peer.keys == (NEW_KEY,)
    heard = decide(heard, hear(say(keys=(THIRD_KEY["kid"],), seq=7)), now=NOW).link
    assert heard is not None
    assert heard.peer.keys == (NEW_KEY,)
    assert heard.peer.announced == (THIRD_KEY["kid"],)
