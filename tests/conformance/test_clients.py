import asyncio
from dataclasses import replace

import pytest

from applinks.errors import StoreError
from applinks.incoming.store import FoundClient
from applinks.linking.store import CommitResult, LinkWrite
from applinks.records.clients import Client, ClientAuthentication
from applinks.records.grants import GrantEnd
from applinks.records.links import EndReason
from applinks.records.usage import LastUsed
from applinks.storage.open import Storage
from applinks.storage.schema import client_secrets
from tests.conformance.records import (
    NOW,
    add_hand_link,
    add_link,
    make_access_token,
    make_client,
    make_code,
    make_event,
    make_grant,
    make_hand_client,
    make_hand_link,
    make_link,
    make_secret,
)

pytestmark = pytest.mark.anyio


async def find(storage: Storage, client: Client) -> Client:
    found = await storage.incoming.find_client(client.client_id)
    assert found is not None
    return found.client


async def count_secrets(storage: Storage) -> int:
    return await storage.database.read(lambda connection: len(connection.execute(client_secrets.select()).all()))


async def test_a_client_comes_back_with_its_secrets(storage: Storage) -> None:
    """Ours: every field, the newest secret first, whatever their numbers."""
    link, _ = await add_hand_link(storage)
    newest = make_secret((1 << 63) - 1, hint="als_7mXq…", expires_at=NOW + 9, last_used_at=NOW + 3)
    client = make_hand_client(
        link,
        2,
        version=7,
        secrets=(newest, make_secret(0, digest=bytes(range(32)))),
        resources=("https://files.example/a b", "https://files.example/c"),
        authentication=ClientAuthentication.CLIENT_SECRET_POST,
        application_scopes=("issues:read",),
    )
    assert await storage.incoming.add_client(client, event=make_event())
    assert await find(storage, client) == client
    listed = await storage.incoming.list_clients(link_id=link.id)
    assert FoundClient(client=client, link=link) in listed
    assert [event.id for event in await storage.audit.list()] == [make_event().id]


async def test_clients_are_listed_by_name_while_they_live(storage: Storage) -> None:
    """Ours: of all links, or of one."""
    link, first = await add_hand_link(storage)
    other, second = await add_link(storage, make_link(2, name="Another"))
    ended = make_hand_client(link, 3, ended_at=NOW)
    assert await storage.incoming.add_client(ended, event=make_event())
    assert [each.client for each in await storage.incoming.list_clients()] == [second, first]
    assert await storage.incoming.list_clients(link_id=link.id) == [FoundClient(client=first, link=link)]
    assert await storage.incoming.list_clients(link_id="lnk_nobody") == []
    await storage.linking.commit(LinkWrite(link=other.changed(ended_at=NOW), expected_version=1))
    assert [each.client for each in await storage.incoming.list_clients()] == [first]


async def test_a_client_id_is_taken_while_its_client_lives(storage: Storage) -> None:
    """Ours: unique among live clients; who lost wrote nothing, no event either."""
    link, first = await add_hand_link(storage)
    again = make_hand_client(link, 2, client_id=first.client_id)
    assert not await storage.incoming.add_client(again, event=make_event())
    assert await storage.audit.list() == []
    assert await count_secrets(storage) == 1
    ended = first.changed(ended_at=NOW)
    assert await storage.incoming.swap_client(ended, expected_version=1, event=make_event())
    assert await storage.incoming.add_client(again, event=make_event(2))
    assert await find(storage, again) == again


async def test_no_client_is_added_to_a_link_that_ended(storage: Storage) -> None:
    """Ours: a client belongs to exactly one link, which stands."""
    link, _ = await add_hand_link(storage)
    await storage.linking.commit(LinkWrite(link=link.changed(ended_at=NOW), expected_version=1))
    for place in (link, make_hand_link(9)):
        assert not await storage.incoming.add_client(make_hand_client(place, 2), event=make_event())
    assert await storage.audit.list() == []
    assert await count_secrets(storage) == 0


async def test_of_twenty_changes_of_one_version_one_wins(storage: Storage) -> None:
    """Ours: compare and swap, secrets and event in the same write."""
    _, client = await add_hand_link(storage)

    async def rotate(number: int) -> bool:
        secrets = (make_secret(100 + number), replace(client.secrets[0], expires_at=NOW + number))
        changed = client.changed(name=f"Name {number}", secrets=secrets)
        return await storage.incoming.swap_client(changed, expected_version=1, event=make_event(number))

    won = await asyncio.gather(*map(rotate, range(20)))
    assert won.count(True) == 1
    winner = won.index(True)
    found = await find(storage, client)
    assert (found.version, found.name) == (2, f"Name {winner}")
    assert [each.row for each in found.secrets] == [100 + winner, 1]
    assert found.secrets[1].expires_at == NOW + winner
    assert [event.id for event in await storage.audit.list()] == [make_event(winner).id]
    assert await count_secrets(storage) == 2


@pytest.mark.requirement("AS-33")
async def test_a_changed_secret_is_seen_by_the_next_look_up(storage: Storage) -> None:
    """performance.md 4: what was parsed before does not outlive a change."""
    _, client = await add_hand_link(storage)
    assert await find(storage, client) == client
    changed = client.changed(secrets=(make_secret(2),), scopes=(), resources=("https://files.example",))
    assert await storage.incoming.swap_client(changed, expected_version=1, event=make_event())
    assert await find(storage, client) == changed
    bare = changed.changed(secrets=())
    assert await storage.incoming.swap_client(bare, expected_version=2, event=make_event(2))
    assert await find(storage, client) == bare
    assert await count_secrets(storage) == 0


async def test_a_client_is_never_written_under_the_version_it_was_read_with(storage: Storage) -> None:
    """Ours: readers keep parsed records by version."""
    _, client = await add_hand_link(storage)
    with pytest.raises(ValueError, match="higher version"):
        await storage.incoming.swap_client(client, expected_version=1, event=make_event())


async def test_a_secret_that_is_another_clients_is_not_stored(storage: Storage) -> None:
    """Ours: a row names one secret; the change is left out as a whole."""
    link, first = await add_hand_link(storage)
    second = make_hand_client(link, 2)
    assert await storage.incoming.add_client(second, event=make_event())
    with pytest.raises(StoreError):
        await storage.incoming.swap_client(
            second.changed(name="New", secrets=first.secrets), expected_version=1, event=make_event(2)
        )
    assert (await find(storage, first), await find(storage, second)) == (first, second)


async def test_a_client_that_ends_takes_its_live_grants_with_it(storage: Storage) -> None:
    """Ours: the grants of that client and no other; nothing revives it."""
    link, client = await add_hand_link(storage)
    other = make_hand_client(link, 2)
    assert await storage.incoming.add_client(other, event=make_event())
    grants = [make_grant(client), make_grant(other, 2), make_grant(client, 3, user_id="bob")]
    for row, grant in enumerate(grants, 1):
        await storage.incoming.save_consent(grant, make_code(grant, row), None)
    await storage.incoming.end_grant(grants[2].id, at=NOW + 1, by=GrantEnd.USER, event=make_event(2))
    ended = client.changed(ended_at=NOW + 5)
    assert await storage.incoming.swap_client(ended, expected_version=1, event=make_event(3))
    assert not await storage.incoming.swap_client(ended.changed(ended_at=0), expected_version=2, event=make_event(4))
    assert await storage.incoming.find_client(client.client_id) is None
    found = [await storage.incoming.find_code(row) for row in (1, 2, 3)]
    ends = [(each.grant.ended_at, each.grant.ended_by) for each in found if each]
    assert ends == [(NOW + 5, GrantEnd.ADMINISTRATOR), (0, None), (NOW + 1, GrantEnd.USER)]
    assert found[0] is not None
    assert found[0].client == replace(ended, secrets=())
    assert await count_secrets(storage) == 1


async def test_the_end_of_a_link_ends_all_its_clients(storage: Storage) -> None:
    """handshake.md §5 Delete: those by hand beside the peer itself; their secrets go."""
    link, peer = await add_link(storage)
    added = make_hand_client(link, 5)
    assert await storage.incoming.add_client(added, event=make_event())
    await storage.incoming.add_access_token(make_access_token(make_grant(added), grant_id="", user_id=None))
    ended = link.changed(ended_at=NOW + 9, ended_reason=EndReason.DELETED)
    assert await storage.linking.commit(LinkWrite(link=ended, expected_version=1)) is CommitResult.WRITTEN
    assert await storage.incoming.find_client(added.client_id) is None
    assert await storage.incoming.find_client(peer.client_id) is None
    found = await storage.incoming.find_access_token(1)
    assert found is not None
    assert (found.client.ended_at, found.client.version, found.client.secrets) == (NOW + 9, 2, ())
    assert await count_secrets(storage) == 0


async def test_the_peers_change_leaves_the_clients_by_hand_alone(storage: Storage) -> None:
    """Ours: a link may have several clients, one of them the peer."""
    link, peer = await add_link(storage)
    added = make_hand_client(link, 5)
    assert await storage.incoming.add_client(added, event=make_event())
    changed = make_client(link, scopes=())
    await storage.linking.commit(LinkWrite(link=link.changed(name="New"), expected_version=1, clients=(changed,)))
    assert await find(storage, added) == added
    assert (await find(storage, peer)).scopes == ()


async def test_the_last_use_of_a_secret_only_grows(storage: Storage) -> None:
    """performance.md 9: written past the version, and kept by a change that does not know of it."""
    _, client = await add_hand_link(storage)

    async def find_last_use() -> int:
        (found,) = await storage.incoming.list_clients()
        return found.client.secrets[0].last_used_at

    async def use(at: int) -> None:
        await storage.usage.write(LastUsed(grants={}, connections={}, secrets={1: at, 99: at}))

    await use(NOW + 60)
    assert await find_last_use() == NOW + 60
    await use(NOW + 30)
    assert await find_last_use() == NOW + 60
    expiring = client.changed(secrets=(replace(client.secrets[0], expires_at=NOW + 100),))
    assert await storage.incoming.swap_client(expiring, expected_version=1, event=make_event())
    assert await find_last_use() == NOW + 60


async def test_an_ended_client_goes_when_nothing_needs_it(storage: Storage) -> None:
    """product.md §3: its grants go at their own time, it goes after them; its link stays."""
    link, client = await add_hand_link(storage)
    grant = make_grant(client)
    await storage.incoming.save_consent(grant, make_code(grant), None)
    await storage.incoming.swap_client(client.changed(ended_at=NOW), expected_version=1, event=make_event())
    last = max(storage.settings.lifetimes.tombstone_seconds, storage.settings.lifetimes.audit_seconds)
    assert await storage.prune(now=NOW + last - 1) > 0
    await storage.prune(now=NOW + last + 1)
    assert await storage.prune(now=NOW + 10 * last) == 0
    assert await storage.linking.find_link(link.id) == link
