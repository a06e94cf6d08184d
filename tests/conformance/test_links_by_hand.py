import pytest

from applinks.linking.store import CommitResult, LinkWrite
from applinks.records.clients import ClientAuthentication
from applinks.records.links import EndReason
from applinks.records.registrations import ServerEndpoints
from applinks.secret import Secret
from applinks.storage.open import Storage
from applinks.storage.schema import registrations
from tests.conformance.records import NOW, THEM, add_hand_link, make_event, make_hand_link, make_link, make_registration

pytestmark = pytest.mark.anyio

DOCUMENT = "d" * 22


async def count(storage: Storage) -> int:
    return await storage.database.read(lambda connection: len(connection.execute(registrations.select()).all()))


async def test_a_link_by_hand_comes_back_as_it_was_kept(storage: Storage) -> None:
    """Ours: its kind and its issuer as well, whichever store reads it."""
    link = make_hand_link(url=THEM)
    assert await storage.linking.commit(LinkWrite(link=link, expected_version=None)) is CommitResult.WRITTEN
    assert await storage.linking.find_link(link.handle) == link
    assert await storage.outgoing.find_link(link.id) == link
    assert link.issuer == f"{THEM}/oauth"
    assert await storage.linking.list_due_links(NOW + 10**9) == []


async def test_applications_without_an_address_stand_beside_each_other(storage: Storage) -> None:
    """Ours: of one that only calls us we know no address and no id, and that is no likeness."""
    links = [make_hand_link(number) for number in (1, 2, 3)]
    for link in links:
        assert await storage.linking.commit(LinkWrite(link=link, expected_version=None)) is CommitResult.WRITTEN
    assert await storage.linking.list_links() == sorted(links, key=lambda each: each.name)
    assert await storage.linking.find_live_link(url="", peer_id="") is None


async def test_an_address_is_linked_once_however_it_was_linked(storage: Storage) -> None:
    """Ours: one live link for each base URL, by hand or by handshake."""
    by_hand, by_handshake = make_hand_link(1, url=THEM), make_link(2)
    await storage.linking.commit(LinkWrite(link=by_hand, expected_version=None))
    taken = make_link(3, peer=make_link(1).peer)
    assert await storage.linking.commit(LinkWrite(link=taken, expected_version=None)) is CommitResult.TAKEN
    assert await storage.linking.find_live_link(url=THEM, peer_id="urn:uuid:none") == by_hand
    assert await storage.linking.commit(LinkWrite(link=by_handshake, expected_version=None)) is CommitResult.WRITTEN


async def test_a_registration_comes_back_as_it_was_kept(storage: Storage) -> None:
    """Ours: written with its link, every field."""
    link = make_hand_link(url=THEM)
    full = make_registration(
        link,
        authentication=ClientAuthentication.CLIENT_SECRET_POST,
        document=DOCUMENT,
        endpoints=ServerEndpoints(
            authorization=f"{THEM}/a", token=f"{THEM}/t", revocation=f"{THEM}/r", userinfo=f"{THEM}/u"
        ),
        resource=THEM,
    )
    await storage.linking.commit(LinkWrite(link=link, expected_version=None, registration=full))
    assert await storage.outgoing.find_registration(link.id) == full
    assert await storage.outgoing.find_document(DOCUMENT) == (link, full)
    for unknown in (link.handle, "", "\ud800", "\x00"):
        assert await storage.outgoing.find_registration(unknown) is None
        assert await storage.outgoing.find_document(unknown) is None


async def test_a_registration_replaces_the_one_before(storage: Storage) -> None:
    """Ours: under the link's version; one that was lost leaves the first."""
    link = make_hand_link(url=THEM)
    first = make_registration(link, document=DOCUMENT)
    await storage.linking.commit(LinkWrite(link=link, expected_version=None, registration=first))
    late = link.changed().changed()
    lost = LinkWrite(link=late, expected_version=2, registration=make_registration(link, client_id="lost"))
    assert await storage.linking.commit(lost, events=(make_event(),)) is CommitResult.LOST
    assert await storage.outgoing.find_registration(link.id) == first
    bare = make_registration(
        link, client_id="", client_secret=None, authentication=ClientAuthentication.PRIVATE_KEY_JWT
    )
    write = LinkWrite(link=link.changed(), expected_version=1, registration=bare)
    assert await storage.linking.commit(write) is CommitResult.WRITTEN
    assert await storage.outgoing.find_registration(link.id) == bare
    assert await storage.outgoing.find_document(DOCUMENT) is None
    # A commit that says nothing of it leaves it.
    again = link.changed().changed(name="New")
    assert await storage.linking.commit(LinkWrite(link=again, expected_version=2)) is CommitResult.WRITTEN
    assert await storage.outgoing.find_registration(link.id) == bare


async def test_a_document_belongs_to_one_registration(storage: Storage) -> None:
    """Ours: its id is random, and most have none."""
    for number, result in ((1, CommitResult.WRITTEN), (2, CommitResult.TAKEN)):
        link = make_hand_link(number)
        write = LinkWrite(link=link, expected_version=None, registration=make_registration(link, document=DOCUMENT))
        assert await storage.linking.commit(write) is result
    for number in (3, 4):
        link = make_hand_link(number)
        write = LinkWrite(link=link, expected_version=None, registration=make_registration(link))
        assert await storage.linking.commit(write) is CommitResult.WRITTEN


async def test_the_end_of_a_link_deletes_its_registration(storage: Storage) -> None:
    """Ours: no secret of another's is kept longer than it is used."""
    link, _ = await add_hand_link(storage)
    other = make_hand_link(2)
    for write in (
        LinkWrite(link=link.changed(), expected_version=1, registration=make_registration(link, document=DOCUMENT)),
        LinkWrite(link=other, expected_version=None, registration=make_registration(other)),
    ):
        assert await storage.linking.commit(write) is CommitResult.WRITTEN
    ended = link.changed().changed(ended_at=NOW, ended_reason=EndReason.DELETED)
    last = make_registration(link, client_secret=Secret("too late"))
    assert await storage.linking.commit(LinkWrite(link=ended, expected_version=2, registration=last)) is (
        CommitResult.WRITTEN
    )
    assert await storage.outgoing.find_registration(link.id) is None
    assert await storage.outgoing.find_document(DOCUMENT) is None
    assert await storage.outgoing.find_registration(other.id) == make_registration(other)
    assert await count(storage) == 1
    await storage.prune(now=NOW + storage.settings.lifetimes.tombstone_seconds + 1)
    assert await storage.linking.find_link(link.id) is None
