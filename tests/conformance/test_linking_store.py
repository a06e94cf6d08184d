from dataclasses import dataclass, field, replace

import pytest

from applinks.linking.store import CommitResult, DecidedProposal, LinkingStore, LinkWrite
from applinks.records.audit import AuditEvent
from applinks.records.grants import GrantEnd
from applinks.records.links import EndReason, LinkState, Schedule
from applinks.storage.open import Storage
from tests.conformance.records import (
    NOW,
    THEM,
    add_code,
    add_link,
    make_client,
    make_connection,
    make_event,
    make_full_link,
    make_link,
    make_peer,
    make_pending,
)
from tests.linking.memory_store import MemoryLinkingStore

pytestmark = pytest.mark.anyio

# What hangs on a link is kept by the database alone.
IN_THE_DATABASE = pytest.mark.parametrize("storage", ["database"], indirect=True)


@dataclass
class Events:
    """The audit of the store in memory."""

    store: MemoryLinkingStore

    async def list(self) -> list[AuditEvent]:
        return self.store.events


@dataclass
class InMemory:
    """What these tests need of a storage, over the store that the exploration of the handshake uses."""

    linking: LinkingStore = field(default_factory=MemoryLinkingStore)

    @property
    def audit(self) -> Events:
        assert isinstance(self.linking, MemoryLinkingStore)
        return Events(self.linking)


@pytest.fixture(params=["database", "memory"])
def storage(request: pytest.FixtureRequest, storage: Storage) -> Storage | InMemory:
    return storage if request.param == "database" else InMemory()


def new(link, **rest) -> LinkWrite:
    return LinkWrite(link=link, expected_version=None, **rest)


def change(link, **changes) -> LinkWrite:
    return LinkWrite(link=link.changed(**changes), expected_version=link.version)


def make_decided(jti: str = "jti") -> DecidedProposal:
    return DecidedProposal(
        issuer=THEM,
        jti=jti,
        decided_by="1",
        decided_at=NOW,
        answer="a.b.c",
        return_url=f"{THEM}/applinks/link/callback",
    )


async def test_a_link_comes_back_as_it_was_kept(storage: Storage) -> None:
    """Ours: every field, by id and by handle."""
    link = make_full_link()
    assert await storage.linking.commit(new(link)) is CommitResult.WRITTEN
    assert await storage.linking.find_link(link.id) == link
    assert await storage.linking.find_link(link.handle) == link


@IN_THE_DATABASE
async def test_the_outgoing_side_finds_a_link_as_linking_kept_it(storage: Storage) -> None:
    """Ours: one record, whichever store reads it."""
    link = make_full_link()
    await storage.linking.commit(new(link))
    assert await storage.outgoing.find_link(link.handle) == link


async def test_a_link_that_nobody_keeps_is_not_found(storage: Storage) -> None:
    """Ours: None, not an error."""
    assert await storage.linking.find_link("nowhere") is None
    assert await storage.linking.find_link("\ud800") is None
    assert await storage.linking.find_live_link(url=THEM, peer_id="urn:uuid:none") is None


async def test_an_ended_link_is_found_by_its_id_alone(storage: Storage) -> None:
    """Ours: a handle belongs to links that have not ended."""
    link, _ = await add_link(storage)
    await storage.linking.commit(change(link, ended_at=NOW, ended_reason=EndReason.DELETED))
    assert await storage.linking.find_link(link.handle) is None
    ended = await storage.linking.find_link(link.id)
    assert ended is not None
    assert (ended.state, ended.ended_reason) == (LinkState.ENDED, EndReason.DELETED)
    assert await storage.linking.list_links() == []
    assert await storage.linking.list_links(ended=True) == [ended]
    assert await storage.linking.list_handles() == frozenset()


@pytest.mark.requirement("handshake-10-19")
@pytest.mark.requirement("rfc9207-4-1")
@pytest.mark.requirement("handshake-10-10")
@pytest.mark.requirement("LK-09")
@pytest.mark.parametrize("state", [LinkState.IN_FORCE, LinkState.APPROVED, LinkState.CONFIRMING])
@pytest.mark.parametrize("shared", ["url", "id"])
async def test_a_peer_has_one_live_link(storage: Storage, state: LinkState, shared: str) -> None:
    """handshake.md §3: live = in force, approved or confirming; by base URL and by manifest id."""
    first = make_link(1)
    assert await storage.linking.commit(new(first)) is CommitResult.WRITTEN
    peer = make_peer(2, **{shared: getattr(first.peer, shared)})
    second = make_link(2, state, peer=peer)
    assert await storage.linking.commit(new(second)) is CommitResult.TAKEN
    assert await storage.linking.find_link(second.id) is None
    assert await storage.linking.find_live_link(url=peer.url, peer_id=peer.id) == first


async def test_proposals_take_no_place_until_they_are_answered(storage: Storage) -> None:
    """handshake.md §3: a proposal is not live; the one that is answered second finds the place taken."""
    first = make_link(1, LinkState.PROPOSED)
    second = make_link(2, LinkState.PROPOSED, peer=make_peer(1))
    for link in (first, second):
        assert await storage.linking.commit(new(link)) is CommitResult.WRITTEN
    assert await storage.linking.list_open_proposals(url=THEM) == [first, second]
    confirming = make_pending(LinkState.CONFIRMING)
    assert await storage.linking.commit(change(first, pending=confirming)) is CommitResult.WRITTEN
    assert await storage.linking.commit(change(second, pending=confirming)) is CommitResult.TAKEN
    assert await storage.linking.find_link(second.id) == second


async def test_a_link_id_that_we_hold_is_not_taken_again(storage: Storage) -> None:
    """handshake.md §3, Show: no record of this link id with another peer."""
    link, _ = await add_link(storage)
    again = replace(make_link(2), id=link.id)
    assert await storage.linking.commit(new(again)) is CommitResult.TAKEN
    assert await storage.linking.find_link(link.id) == link


async def test_what_ends_makes_room_for_what_begins_in_the_same_commit(storage: Storage) -> None:
    """handshake.md §3, Decide: one write ends own open proposals and stores the approval, under the same handle."""
    own = make_link(1, LinkState.PROPOSED)
    await storage.linking.commit(new(own))
    theirs = make_link(2, LinkState.APPROVED, handle=own.handle, peer=make_peer(1))
    ended = change(own, ended_at=NOW, ended_reason=EndReason.REPLACED)
    result = await storage.linking.commit(new(theirs), ended, decided=make_decided())
    assert result is CommitResult.WRITTEN
    assert await storage.linking.find_link(own.handle) == theirs


async def test_a_commit_on_an_old_version_is_lost_and_writes_nothing(storage: Storage) -> None:
    """Ours: compare and swap; the other record of the commit and the event are left out as well."""
    link, _ = await add_link(storage)
    assert await storage.linking.commit(change(link, name="New")) is CommitResult.WRITTEN
    result = await storage.linking.commit(
        new(make_link(2)), change(link, name="Old"), events=(make_event(),), decided=make_decided()
    )
    assert result is CommitResult.LOST
    assert [each.name for each in await storage.linking.list_links()] == ["New"]
    assert await storage.linking.find_decided_proposal(issuer=THEM, jti="jti") is None
    assert await storage.audit.list() == []


@pytest.mark.requirement("handshake-10-3")
@pytest.mark.requirement("LK-04")
async def test_a_proposal_is_decided_once(storage: Storage) -> None:
    """handshake.md §3, Decide: the claim (iss, jti) is part of the write."""
    assert await storage.linking.commit(decided=make_decided()) is CommitResult.WRITTEN
    result = await storage.linking.commit(new(make_link()), events=(make_event(),), decided=make_decided())
    assert result is CommitResult.TAKEN
    assert await storage.linking.list_links(ended=True) == []
    assert await storage.audit.list() == []
    assert await storage.linking.find_decided_proposal(issuer=THEM, jti="jti") == make_decided()
    assert await storage.linking.find_decided_proposal(issuer=THEM, jti="other") is None


async def test_a_record_is_never_written_under_the_version_it_was_read_with(storage: Storage) -> None:
    """Ours: readers keep parsed records by version."""
    link, _ = await add_link(storage)
    with pytest.raises(ValueError, match="higher version"):
        await storage.linking.commit(LinkWrite(link=link, expected_version=link.version))


@IN_THE_DATABASE
async def test_the_end_of_a_link_ends_all_that_hangs_on_it(storage: Storage) -> None:
    """handshake.md §5 Delete: tokens and connections of the link revoked, in the same write."""
    grant, _ = await add_code(storage)
    link = await storage.linking.find_link(grant.link_id)
    assert link is not None
    await storage.outgoing.add_connection(make_connection(link), event=None)
    await storage.linking.commit(
        change(link, ended_at=NOW + 9, ended_reason=EndReason.DELETED), events=(make_event(2),)
    )
    assert await storage.incoming.find_client(make_client(link).client_id) is None
    assert await storage.incoming.count_grants_of_link(link.id) == 0
    assert await storage.outgoing.find_connection(link_id=link.id, user_id="alicia") is None
    found = await storage.incoming.find_code(1)
    assert found is not None
    assert (found.grant.ended_at, found.grant.ended_by) == (NOW + 9, GrantEnd.LINK)
    assert (found.client.ended_at, found.link.ended_at) == (NOW + 9, NOW + 9)


@IN_THE_DATABASE
async def test_the_peers_client_is_replaced_under_its_own_name(storage: Storage) -> None:
    """Ours: a change of scopes leaves the grants of the client standing."""
    link, client = await add_link(storage)
    changed = make_client(link, id="cli_another", scopes=("issues:read", "issues:write"), created_at=NOW + 5)
    await storage.linking.commit(LinkWrite(link=link.changed(name="New"), expected_version=1, clients=(changed,)))
    found = await storage.incoming.find_client(client.client_id)
    assert found is not None
    assert found.client == replace(changed, id=client.id, version=2, created_at=client.created_at)
    assert found.link.name == "New"


async def test_a_client_id_belongs_to_one_link(storage: Storage) -> None:
    """Ours: a client belongs to exactly one link."""
    _, client = await add_link(storage)
    other = make_link(2)
    stolen = make_client(other, client_id=client.client_id)
    assert await storage.linking.commit(new(other, clients=(stolen,))) is CommitResult.TAKEN
    assert await storage.linking.find_link(other.id) is None


@pytest.mark.parametrize(
    ("changes", "is_due"),
    [
        ({}, False),
        ({"statement": Schedule(next_at=NOW)}, True),
        ({"statement": Schedule(next_at=NOW + 1)}, False),
        ({"test_call": Schedule(next_at=NOW - 1)}, True),
        ({"test_call": Schedule(next_at=NOW + 1)}, False),
        ({"agreed": None, "pending": make_pending(LinkState.PROPOSED, until=NOW)}, True),
        ({"agreed": None, "pending": make_pending(LinkState.PROPOSED, until=NOW + 1)}, False),
        ({"agreed": None, "pending": make_pending(LinkState.APPROVED, until=NOW)}, True),
        ({"agreed": None, "pending": make_pending(LinkState.CONFIRMING, until=NOW)}, False),
        ({"pending": make_pending(LinkState.APPROVED, until=NOW), "ended_at": NOW - 5}, False),
        ({"statement": Schedule(next_at=NOW), "ended_at": NOW - 5}, True),
    ],
)
async def test_what_is_due_is_listed(storage: Storage, changes: dict, is_due: bool) -> None:
    """handshake.md §4: statements and test calls at their moment, and revisions whose deadline passed."""
    link = make_link(**changes)
    await storage.linking.commit(new(link))
    assert await storage.linking.list_due_links(NOW) == ([link] if is_due else [])


async def test_links_are_listed_by_name(storage: Storage) -> None:
    """Ours: as the page shows them."""
    for number, name in ((1, "Wiki"), (2, "Calendar"), (3, "Mail")):
        await storage.linking.commit(new(make_link(number, name=name)))
    assert [each.name for each in await storage.linking.list_links()] == ["Calendar", "Mail", "Wiki"]
    assert await storage.linking.list_handles() == {"start-1", "start-2", "start-3"}
