"""A LinkingStore that keeps everything in memory: fast, snapshot-able, with rules that a test can leave out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from applinks.linking.store import CommitResult, DecidedProposal, LinkWrite
from applinks.records.audit import AuditEvent
from applinks.records.clients import Client
from applinks.records.links import Link, LinkState


class _TakenError(Exception):
    pass


class _LostError(Exception):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """All that a store holds, as a value: equal and hashable where its records are."""

    links: tuple[Link, ...] = ()
    decided: tuple[DecidedProposal, ...] = ()
    clients: tuple[Client, ...] = ()


@dataclass(kw_only=True)
class MemoryLinkingStore:
    """
    Implements ``linking.store.LinkingStore``.

    ``has_versions``, ``has_one_live_link``, ``has_claims``: the rules that the storage holds; a test leaves one out
    to see that it is missed.
    """

    kept: Kept = Kept()
    events: list[AuditEvent] = field(default_factory=list)
    has_versions: bool = True
    has_one_live_link: bool = True
    has_claims: bool = True

    async def find_link(self, id_or_handle: str) -> Link | None:
        by_id = (link for link in self.kept.links if link.id == id_or_handle)
        by_handle = (link for link in self.kept.links if link.handle == id_or_handle and not link.ended_at)
        return next(by_id, None) or next(by_handle, None)

    async def find_live_link(self, *, url: str, peer_id: str) -> Link | None:
        return next((each for each in self.kept.links if each.is_live and _is_with(each, url, peer_id)), None)

    async def list_open_proposals(self, *, url: str) -> Sequence[Link]:
        return [link for link in self.kept.links if link.state is LinkState.PROPOSED and link.peer.url == url]

    async def list_links(self, *, ended: bool = False) -> Sequence[Link]:
        found = [link for link in self.kept.links if ended or not link.ended_at]
        return sorted(found, key=lambda link: (link.name, link.created_at))

    async def list_due_links(self, now: int) -> Sequence[Link]:
        return [link for link in self.kept.links if _is_due(link, now)]

    async def list_handles(self) -> frozenset[str]:
        return frozenset(link.handle for link in self.kept.links if not link.ended_at)

    async def find_decided_proposal(self, *, issuer: str, jti: str) -> DecidedProposal | None:
        return next((each for each in self.kept.decided if (each.issuer, each.jti) == (issuer, jti)), None)

    async def commit(
        self, *writes: LinkWrite, events: Sequence[AuditEvent] = (), decided: DecidedProposal | None = None
    ) -> CommitResult:
        links = {link.id: link for link in self.kept.links}
        clients = {(client.protocol, client.client_id): client for client in self.kept.clients}
        try:
            for write in sorted(writes, key=lambda each: each.link.state is not LinkState.ENDED):
                self._write(links, write)
                _write_clients(clients, write)
            claims = self._claim(decided)
        except _TakenError:
            return CommitResult.TAKEN
        except _LostError:
            return CommitResult.LOST
        # Nothing above changed what is kept: all of it, or nothing.
        self.kept = Kept(links=tuple(links.values()), decided=claims, clients=tuple(clients.values()))
        self.events += events
        return CommitResult.WRITTEN

    def _write(self, links: dict[str, Link], write: LinkWrite) -> None:
        link, held = write.link, links.get(write.link.id)
        if write.expected_version is None:
            if held is not None:
                raise _TakenError
        elif link.version <= write.expected_version:
            raise ValueError("a link is written with a higher version than it was read with")
        elif held is None or (self.has_versions and held.version != write.expected_version):
            raise _LostError
        others = [each for each in links.values() if each.id != link.id and not each.ended_at]
        if not link.ended_at and any(each.handle == link.handle for each in others):
            raise _TakenError
        is_taken = any(each.is_live and _is_with(each, link.peer.url, link.peer.id) for each in others)
        if self.has_one_live_link and link.is_live and is_taken:
            raise _TakenError
        links[link.id] = link

    def _claim(self, decided: DecidedProposal | None) -> tuple[DecidedProposal, ...]:
        if decided is None:
            return self.kept.decided
        name = (decided.issuer, decided.jti)
        if self.has_claims and any((each.issuer, each.jti) == name for each in self.kept.decided):
            raise _TakenError
        return (*self.kept.decided, decided)


def _is_with(link: Link, url: str, peer_id: str) -> bool:
    return (url != "" and link.peer.url == url) or (peer_id != "" and link.peer.id == peer_id)


def _is_due(link: Link, now: int) -> bool:
    falls = link.pending is not None and link.pending.state is not LinkState.CONFIRMING and not link.ended_at
    until = link.pending.until if link.pending and falls else 0
    return any(0 < moment <= now for moment in (until, link.statement.next_at, link.test_call.next_at))


def _write_clients(clients: dict[tuple[str, str], Client], write: LinkWrite) -> None:
    """Store a link's clients, and end what it had besides: of every protocol, where there is a new one of any."""
    ends = write.link.ended_at or write.clients
    names = {(client.protocol, client.client_id) for client in write.clients if not write.link.ended_at}
    for name in [name for name, each in clients.items() if each.link_id == write.link.id and name not in names]:
        if ends:
            del clients[name]
    for client in write.clients:
        held = clients.get((client.protocol, client.client_id))
        if held is not None and held.link_id != write.link.id:
            raise _TakenError
        if not write.link.ended_at:
            clients[client.protocol, client.client_id] = client
