"""
Load, decide, commit: how a link is changed, and changed again where another was faster.

`change_link` is the way for one record. Only the beginning of a link (`proposer.propose`, `answerer.approve`) writes
several records and a claim at once: it decides each, and hands all of it to `commit`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from applinks.clock import Clock
from applinks.entropy import Entropy, new_id
from applinks.linking.errors import LinkingError
from applinks.linking.events import Decision, Event, Happened
from applinks.linking.hearing import find_incoming
from applinks.linking.states import decide
from applinks.linking.store import CommitResult, DecidedProposal, LinkingStore, LinkWrite
from applinks.records.audit import AuditEvent
from applinks.records.clients import Client, ClientAuthentication, GrantType, OAuth1Client
from applinks.records.links import Agreement, Link
from applinks.wire.linking.terms import Access, Level
from applinks.wire.oauth1.signature import SignatureMethod

# Two that change one link at once need two rounds; a third is for the statement that comes in between.
_ROUNDS = 4
_RSA_METHODS = tuple(method for method in SignatureMethod if method.is_rsa)


class Ledger(Protocol):
    """What a change needs: where links are kept, the time, and names for audit events."""

    @property
    def store(self) -> LinkingStore:
        """Where links are kept."""
        ...

    @property
    def clock(self) -> Clock:
        """The time."""
        ...

    @property
    def entropy(self) -> Entropy:
        """Randomness."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One record's step: what it was, and what was decided."""

    before: Link | None
    decision: Decision


def build_audit_events(
    happened: Sequence[Happened], *, link_id: str, entropy: Entropy, now: int
) -> tuple[AuditEvent, ...]:
    """Make audit events of what a decision says happened."""
    return tuple(
        AuditEvent(
            id=new_id(entropy, "aud"),
            at=now,
            actor=each.actor,
            action=each.action,
            subject=link_id,
            link_id=link_id,
            detail=each.detail,
        )
        for each in happened
    )


def build_clients(link: Link, agreed: Agreement, *, entropy: Entropy, now: int) -> tuple[Client, ...]:
    """
    Make the client records of the peer, one a protocol of the agreement; none where the terms give it nothing to call.

    Handshake §3 Registration. No secret exists.
    """
    access = find_incoming(agreed, link.peer.url)
    if access is None:
        return ()
    makers = {"oauth2": _build_oauth2_client, "oauth1": _build_oauth1_client}
    return tuple(makers[each](link, access, new_id(entropy, "cli"), now) for each in access.protocols)


def _build_oauth2_client(link: Link, access: Access, client: str, now: int) -> Client:
    return Client(
        id=client,
        client_id=link.peer.manifest["client_id"],
        link_id=link.id,
        name=link.peer.name,
        authentication=ClientAuthentication.PRIVATE_KEY_JWT,
        redirect_uris=(link.peer.manifest["redirect_uri_base"] + link.id,),
        grant_types=tuple(GrantType),
        scopes=access.user_scopes,
        application_scopes=access.application_scopes,
        is_peer=True,
        created_at=now,
    )


def _build_oauth1_client(link: Link, access: Access, client: str, now: int) -> Client:
    """Make the peer's record of OAuth 1.0a: by its RSA keys, which are the link's pinned ones."""
    return Client(
        id=client,
        client_id=link.peer.manifest["oauth1"]["consumer_key"],
        link_id=link.id,
        name=link.peer.name,
        authentication=ClientAuthentication.SIGNATURE,
        redirect_uris=(link.peer.manifest["redirect_uri_base"] + link.id,),
        grant_types=(),
        scopes=access.user_scopes,
        application_scopes=access.application_scopes,
        oauth1=OAuth1Client(
            methods=_RSA_METHODS,
            two_legged=True,
            impersonation=access.level is Level.IMPERSONATION,
            out_of_band=False,
        ),
        is_peer=True,
        created_at=now,
    )


async def change_link(link_id: str, event: Event, *, side: Ledger) -> Decision:
    """
    Change one link by an event, whoever else changes it meanwhile.

    The decision's ``refusal`` is for the caller to raise; what passed by the clock alone is written all the same.

    Raises:
        LinkingError: ``busy``: others were faster every time; ``duplicate_link``: its peer has a live link meanwhile.
    """
    for _ in range(_ROUNDS):
        before = await side.store.find_link(link_id)
        decision = decide(before, event, now=side.clock.now())
        result = await commit(Change(before=before, decision=decision), side=side)
        if result is CommitResult.WRITTEN:
            return decision
        if result is CommitResult.TAKEN:
            detail = f"link {link_id} would be a second one with its peer, or its client has a name that is taken"
            raise LinkingError("duplicate_link", detail=detail)
    raise LinkingError("busy", detail=f"link {link_id} was changed by others {_ROUNDS} times meanwhile")


async def commit(
    *changes: Change,
    side: Ledger,
    decided: DecidedProposal | None = None,
    happened: Sequence[Happened] = (),
    subject: str = "",
) -> CommitResult:
    """
    Write what was decided of one or several links in one transaction, with its audit events.

    ``happened`` and ``subject`` are for a decision that leaves no record of its own.
    """
    now = side.clock.now()
    writes: list[LinkWrite] = []
    events = list(build_audit_events(happened, link_id=subject, entropy=side.entropy, now=now))
    for change in changes:
        link, decision = change.decision.link, change.decision
        if link is None or link == change.before:
            continue
        agreed = decision.registers
        clients = build_clients(link, agreed, entropy=side.entropy, now=now) if agreed else ()
        expected = change.before.version if change.before else None
        writes.append(LinkWrite(link=link, expected_version=expected, clients=clients))
        events += build_audit_events(decision.happened, link_id=link.id, entropy=side.entropy, now=now)
    if not writes and not events and decided is None:
        return CommitResult.WRITTEN
    return await side.store.commit(*writes, events=events, decided=decided)
