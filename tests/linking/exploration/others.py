"""What others say: a stranger, an answerer of another make, an end that keeps nothing."""

from collections.abc import Iterator

from applinks.records.links import Link
from applinks.wire.linking.statement import PendingState, SaidAgreed, SaidPending, Statement, StatementState
from applinks.wire.linking.terms import Allows
from tests.linking.exploration.ends import FULL, LESS, NOW, A, Answer, B, E, Proposal
from tests.linking.exploration.settings import Setting


def list_lies(setting: Setting) -> Iterator[Statement]:
    """All that a stranger can say in its own name about the links of others."""
    for link in sorted({proposal.link for proposal in setting.proposals}):
        for to in (A, B):
            yield _say(E, to, link, StatementState.ENDED)
            for proposal in setting.proposals:
                for says in (FULL, LESS):
                    digest = Answer(proposal.audience, proposal.issuer, proposal, says).digest
                    yield _say(E, to, link, StatementState.IN_FORCE, agreed=digest)
                    yield _say(E, to, link, StatementState.LINKING, confirming=digest)


def _say(
    sender: str, to: str, link: str, state: StatementState, *, agreed: str = "", confirming: str = "", seq: int = 9
) -> Statement:
    return Statement(
        issuer=sender,
        audience=to,
        issued_at=NOW,
        expires_at=NOW + 120,
        jti="stm_0000000000000000000000",
        link=link,
        seq=seq,
        peer_seq=seq,
        state=state,
        agreed=SaidAgreed(revision=1, answer=agreed) if agreed else None,
        pending=SaidPending(revision=1, state=PendingState.CONFIRMING, answer=confirming) if confirming else None,
        paused=False,
        allows=Allows(user_scopes=("read",)) if agreed else None,
        keys=(sender,),
        peer_keys=(to,),
        check="pending",
        reason="deleted" if state is StatementState.ENDED else "",
    )


def say_unknown(link: Link, asker: str) -> Statement:
    """What the other end replies about a link of which it keeps nothing."""
    return _say(link.peer.url, asker, link.id, StatementState.ENDED, seq=0)


def say_early(proposal: Proposal) -> Statement:
    """What an answerer that keeps a record before it decides may say of it."""
    return _say(proposal.audience, proposal.issuer, proposal.link, StatementState.LINKING, seq=0)
