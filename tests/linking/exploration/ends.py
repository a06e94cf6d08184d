"""
The steps of one end of a handshake, and what each event makes of it.

Every step is the product's own: `decide`, and load, decide, commit of `applinks.linking.changes`, over a store in
memory. Only what stands around them is said here in short: which record a message means, and which answer counts.
"""

from collections.abc import Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from applinks.linking.changes import Change, change_link, commit
from applinks.linking.errors import LinkingError
from applinks.linking.events import (
    Approve,
    ApprovedAnswer,
    Beginning,
    Delete,
    Event,
    Hear,
    Propose,
    RefusedAnswer,
    Withdraw,
)
from applinks.linking.repeats import get_allows, is_statement_due
from applinks.linking.statements import _get_agreed, _get_pending, _get_state
from applinks.linking.states import FIRST_SEQ, decide
from applinks.linking.store import CommitResult, DecidedProposal, LinkWrite
from applinks.records.links import EndReason, Link, LinkState, Peer
from applinks.wire.linking.statement import Statement
from applinks.wire.linking.terms import Access, Level, Terms, is_within
from tests.linking.exploration.records_of_an_end import NOW, Document, End, make_end
from tests.linking.memory_store import Kept, MemoryLinkingStore

DAY = 86400
A, B, E = "https://a.example", "https://b.example", "https://e.example"
ADMINISTRATOR = "user:1"


def _build_terms(*scopes: str) -> Terms:
    def allow(from_url: str, to_url: str) -> Access:
        return Access(
            from_url=from_url,
            to_url=to_url,
            protocols=("oauth2",),
            level=Level.OAUTH,
            user_scopes=scopes,
            application_scopes=(),
        )

    return Terms(access=(allow(A, B), allow(B, A)))


FULL, LESS, REFUSED = "full", "less", "refused"
TERMS = {FULL: _build_terms("read", "write"), LESS: _build_terms("read")}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A signed proposal; ``signed_by`` is its issuer, save where somebody stands in the way and signs in its name."""

    issuer: str
    audience: str
    link: str
    signed_by: str

    @property
    def digest(self) -> str:
        return f"proposal {self.link} of {self.signed_by} as {self.issuer}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A signed answer; after a restore the same question may be answered ``again``, which is another answer."""

    issuer: str
    audience: str
    proposal: Proposal
    says: str
    again: bool = False

    @property
    def digest(self) -> str:
        return f"answer {self.says} of {self.issuer} to {self.proposal.digest}{' again' * self.again}"


def make_proposal(issuer: str, audience: str, number: int, *, signed_by: str = "") -> Proposal:
    return Proposal(issuer, audience, f"lnk_{number:022d}", signed_by or issuer)


class ViolationError(AssertionError):
    """Something is so that may never be so."""


class KilledError(Exception):
    """The process died at a write."""


@dataclass(kw_only=True)
class KillableStore(MemoryLinkingStore):
    """``kill``: dies ``before`` or ``after`` its first write. ``stale``: what the first look still saw."""

    kill: str = ""
    stale: Link | None = None

    async def find_link(self, id_or_handle: str) -> Link | None:
        seen, self.stale = self.stale, None
        return seen or await super().find_link(id_or_handle)

    async def commit(
        self, *writes: LinkWrite, events: Any = (), decided: DecidedProposal | None = None
    ) -> CommitResult:
        if self.kill == "before":
            raise KilledError
        result = await super().commit(*writes, events=events, decided=decided)
        if self.kill == "after":
            raise KilledError
        return result


class _Clock:
    def now(self) -> int:
        return NOW

    def monotonic(self) -> float:
        return float(NOW)


class _Entropy:
    """Names of audit events are nobody's concern here."""

    def random_bytes(self, count: int) -> bytes:
        return bytes(count)


@dataclass(frozen=True, slots=True)
class _Ledger:
    store: KillableStore
    clock: _Clock = field(default_factory=_Clock)
    entropy: _Entropy = field(default_factory=_Entropy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules that are not `decide`'s; each can be left out."""

    finds_by_peer: bool = True
    checks_answered_proposal: bool = True
    has_versions: bool = True
    has_one_live_link: bool = True
    has_claims: bool = True


@dataclass(frozen=True, slots=True)
class Ends:
    """The steps of an end. Each gives the end as it is afterwards; the same end where nothing changed."""

    rules: Rules = field(default_factory=Rules)

    def propose(self, end: End, proposal: Proposal) -> End:
        """Handshake §3 step 1."""
        peer = proposal.audience

        async def work(ledger: _Ledger) -> None:
            if await ledger.store.find_live_link(url=peer, peer_id=peer) is not None:
                return
            event = Propose(
                beginning=_begin(proposal.link, peer),
                proposal=proposal.digest,
                proposal_digest=proposal.digest,
                terms=TERMS[FULL],
                until=NOW + 720,
                session="",
            )
            older = await self._withdraw_open(ledger, peer)
            await commit(*older, Change(before=None, decision=decide(None, event, now=NOW)), side=ledger)

        return self._run(end, work)

    def decide(self, end: End, answer: Answer) -> End:
        """Handshake §3 step 3, by an administrator who was shown the proposal."""
        proposal, peer = answer.proposal, answer.audience

        async def work(ledger: _Ledger) -> None:
            store = ledger.store
            earlier = await store.find_decided_proposal(issuer=peer, jti=proposal.link)
            if earlier is not None and self.rules.has_claims:
                return
            decided = DecidedProposal(
                issuer=peer,
                jti=proposal.link,
                decided_by="1",
                decided_at=NOW,
                answer=answer.digest,
                return_url="",
            )
            if answer.says == REFUSED:
                await commit(side=ledger, decided=decided)
                return
            if any(own.id < proposal.link for own in await store.list_open_proposals(url=peer) if _is_open(own)):
                return
            event = Approve(
                beginning=_begin(proposal.link, peer),
                proposal=proposal.digest,
                proposal_digest=proposal.digest,
                answer=answer.digest,
                answer_digest=answer.digest,
                terms=TERMS[answer.says],
                until=NOW + 600,
            )
            withdrawn = await self._withdraw_open(ledger, peer)
            change = Change(before=None, decision=decide(None, event, now=NOW))
            await commit(*withdrawn, change, side=ledger, decided=decided)

        return self._run(end, work)

    def open(self, end: End, answer: Answer, *, accepts_less: bool) -> End:
        """Handshake §3 step 4."""
        link = self._find(end, answer.proposal.link, answer.issuer)
        if link is None or link.state is not LinkState.PROPOSED or link.pending is None:
            return end
        if self.rules.checks_answered_proposal and answer.proposal.digest != link.pending.proposal_digest:
            return end
        event: Event = RefusedAnswer(reason="declined", actor=ADMINISTRATOR)
        if answer.says != REFUSED:
            terms = TERMS[answer.says]
            if not is_within(link.pending.terms, terms) and not accepts_less:
                return end
            event = ApprovedAnswer(
                answer=answer.digest, answer_digest=answer.digest, terms=terms, seq=FIRST_SEQ, actor=ADMINISTRATOR
            )
        return self.change(end, link.id, event)

    def take(self, end: End, answer: Answer, *, stale: Link | None) -> End:
        """Take an answer that was looked at while the record was still ``stale``."""
        event = ApprovedAnswer(
            answer=answer.digest,
            answer_digest=answer.digest,
            terms=TERMS[answer.says],
            seq=FIRST_SEQ,
            actor=ADMINISTRATOR,
        )
        return self.change(end, answer.proposal.link, event, stale=stale)

    def hear(self, end: End, said: Statement, *, stale: Link | None = None) -> End:
        """The statement endpoint, and a reply."""
        link = self._find(end, said.link, said.issuer)
        if link is None or said.audience != end.url:
            return end
        return self.change(end, link.id, Hear(statement=said), stale=stale)

    def change(self, end: End, link_id: str, event: Event, *, stale: Link | None = None) -> End:
        """Load, decide, commit; ``stale`` is what was loaded before somebody else changed it."""
        before = end.find(link_id)

        async def work(ledger: _Ledger) -> None:
            await change_link(link_id, event, side=ledger)

        after = self._run(end, work, stale=stale)
        _check_step(before, after.find(link_id), event)
        return after

    def _run(self, end: End, work: Any, *, stale: Link | None = None) -> End:
        """Run a step whole, and killed before and after its write: as it was, or as it is after."""
        after = self._try(end, work, stale=stale)
        if self._try(end, work, stale=stale, kill="before") != end:
            raise ViolationError(f"{end.url} was killed before its write and changed")
        # A step that somebody else was faster than writes in its second round: the first write is lost then.
        if stale is None and self._try(end, work, kill="after") != after:
            raise ViolationError(f"{end.url} was killed after its write and is not as it decided")
        return after

    def _try(self, end: End, work: Any, *, stale: Link | None = None, kill: str = "") -> End:
        # Somebody was faster: what is kept has the next version.
        links = tuple(replace(link, version=2) if stale and link.id == stale.id else link for link in end.links)
        store = KillableStore(
            kept=Kept(links=links, decided=end.decided),
            has_versions=self.rules.has_versions,
            has_one_live_link=self.rules.has_one_live_link,
            has_claims=self.rules.has_claims,
            kill=kill,
            stale=stale,
        )
        with suppress(LinkingError, KilledError):
            finish(work(_Ledger(store)))
        return make_end(end.url, store.kept)

    def _find(self, end: End, link_id: str, issuer: str) -> Link | None:
        """Find the record by (peer, link)."""
        link = end.find(link_id)
        return link if link is not None and (link.peer.url == issuer or not self.rules.finds_by_peer) else None

    async def _withdraw_open(self, ledger: _Ledger, peer: str) -> list[Change]:
        event = Withdraw(actor=ADMINISTRATOR, reason=EndReason.REPLACED)
        return [
            Change(before=link, decision=decide(link, event, now=NOW))
            for link in await ledger.store.list_open_proposals(url=peer)
        ]


def finish(work: Coroutine[Any, Any, None]) -> None:
    """Run to its end what never waits."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise AssertionError("a step waited for something")


def say(link: Link, sender: str) -> Statement:
    """What `applinks.linking.statements` says of a record, without the signature."""
    return Statement(
        issuer=sender,
        audience=link.peer.url,
        issued_at=NOW,
        expires_at=NOW + 120,
        jti="stm_0000000000000000000000",
        link=link.id,
        seq=link.seq,
        peer_seq=link.peer.seq,
        state=_get_state(link),
        agreed=_get_agreed(link),
        pending=_get_pending(link),
        paused=link.pause is not None,
        allows=get_allows(link),
        keys=(sender,),
        peer_keys=(link.peer.url,),
        check=link.check,
        reason="deleted" if link.ended_at else "",
    )


def is_due(link: Link) -> bool:
    return is_statement_due(link, now=NOW)


def list_deadlines(link: Link) -> Iterator[int]:
    """Give the moments ahead at which something falls by this end's clock."""
    if link.ended_at:
        return
    if link.pending is not None and link.pending.until > NOW:
        yield link.pending.until
    if link.agreed is not None and link.peer.agreed_digest is None and link.in_force_at + DAY > NOW:
        yield link.in_force_at + DAY


def wait(end: End) -> End:
    """Let the clock of this end pass its next deadline; nobody looked yet."""
    ahead = [moment for link in end.links for moment in list_deadlines(link)]
    if not ahead:
        return end
    seconds = min(ahead) - NOW
    links = [
        replace(
            link,
            pending=link.pending and replace(link.pending, until=link.pending.until - seconds),
            in_force_at=link.in_force_at and link.in_force_at - seconds,
        )
        for link in end.links
    ]
    return make_end(end.url, Kept(links=tuple(links), decided=end.decided))


def _begin(link_id: str, peer: str) -> Beginning:
    manifest = Document(client_id=f"{peer}/client", redirect_uri_base=f"{peer}/")
    keys = (Document(kid=peer),)
    return Beginning(
        id=link_id,
        handle=f"link-{int(link_id[4:])}",
        name="Peer",
        peer=Peer(id=peer, name="Peer", url=peer, manifest=manifest, keys=keys),
        private_address=False,
        actor=ADMINISTRATOR,
    )


def _is_open(own: Link) -> bool:
    return own.pending is not None and own.pending.until > NOW


def _check_step(before: Link | None, after: Link | None, event: Event) -> None:
    """What no single step may do."""
    if before is None or after is None or before == after:
        if before != after:
            raise ViolationError("a record came or went by an event about it")
        return
    if before.ended_at and (not after.ended_at or before.seq != after.seq):
        raise ViolationError("ended was not final")
    if after.seq < before.seq:
        raise ViolationError("an end went back in what it says")
    if before.agreed is not None and after.agreed != before.agreed:
        raise ViolationError("what was in force is another agreement")
    if before.state is LinkState.CONFIRMING and after.state is not LinkState.CONFIRMING:
        by_peer = isinstance(event, Hear) and after.state in {LinkState.IN_FORCE, LinkState.ENDED}
        if not by_peer and not isinstance(event, Delete):
            raise ViolationError("confirming was left without the peer's word and without an administrator's")
