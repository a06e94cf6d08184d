from dataclasses import replace
from typing import Any

import pytest

from applinks.incoming.store import FoundClient
from applinks.linking.store import CommitResult, LinkWrite
from applinks.records.clients import Client, OAuth1Client
from applinks.records.grants import GrantEnd
from applinks.records.links import EndReason, Link
from applinks.secret import Secret
from applinks.storage.open import Storage
from applinks.storage.schema import clients
from tests.conformance.oauth1.records import (
    HMAC,
    RSA,
    add_approved,
    add_oauth1_client,
    add_token_credentials,
    make_oauth1_client,
)
from tests.conformance.records import (
    NOW,
    add_hand_link,
    make_client,
    make_code,
    make_event,
    make_grant,
    make_hand_client,
    make_hand_link,
    make_link,
)

pytestmark = pytest.mark.anyio


async def find(storage: Storage, client: Client) -> Client | None:
    store = storage.oauth1 if client.protocol == "oauth1" else storage.incoming
    found = await store.find_client(client.client_id)
    return found and found.client


async def list_sealed(storage: Storage) -> list[str | None]:
    query = clients.select().where(clients.c.protocol == "oauth1").order_by(clients.c.id)
    rows = await storage.database.read(lambda connection: connection.execute(query).mappings().all())
    return [row["oauth1_secret"] for row in rows]


@pytest.mark.parametrize("oauth1", [HMAC, RSA, replace(RSA, shared_secret=Secret("beside a key"))])
async def test_a_client_comes_back_as_it_was_kept(storage: Storage, oauth1: OAuth1Client) -> None:
    """Ours: every field, the shared secret opened, wherever clients are found."""
    link, other = await add_hand_link(storage)
    client = await add_oauth1_client(storage, link, oauth1=oauth1, application_scopes=("issues:read",))
    assert await find(storage, client) == client
    assert await storage.incoming.list_clients() == [
        FoundClient(client=each, link=link)
        for each in sorted((client, other), key=lambda each: (each.name, each.created_at, each.id))
    ]
    await add_approved(storage, client)
    (granted,) = await storage.incoming.list_grants_of_user("alice")
    assert granted.client == client


async def test_a_shared_secret_is_replaced_and_taken_away(storage: Storage) -> None:
    """Security O1-05: a change is seen by the very next request; a client that signs by key alone keeps no secret."""
    link, _ = await add_hand_link(storage)
    client = await add_oauth1_client(storage, link)
    changed = client.changed(oauth1=replace(HMAC, shared_secret=Secret("another")))
    assert await storage.incoming.swap_client(changed, expected_version=1, event=make_event(1))
    assert await find(storage, client) == changed
    bare = changed.changed(oauth1=RSA)
    assert await storage.incoming.swap_client(bare, expected_version=2, event=make_event(2))
    assert await find(storage, client) == bare
    assert await list_sealed(storage) == [None]


@pytest.mark.parametrize("ending", ["client", "link"])
async def test_a_client_that_ends_leaves_no_shared_secret(storage: Storage, ending: str) -> None:
    """Ours: what nobody can use any more is not kept."""
    link, _ = await add_hand_link(storage)
    client = await add_oauth1_client(storage, link)
    if ending == "client":
        ended = client.changed(ended_at=NOW)
        assert await storage.incoming.swap_client(ended, expected_version=1, event=make_event(1))
    else:
        over = link.changed(ended_at=NOW, ended_reason=EndReason.DELETED)
        assert await storage.linking.commit(LinkWrite(link=over, expected_version=1)) is CommitResult.WRITTEN
    assert await find(storage, client) is None
    assert await list_sealed(storage) == [None]


async def test_each_protocol_has_names_of_its_own(storage: Storage) -> None:
    """Ours: a client id is unique among the live clients of its protocol."""
    link, other = await add_hand_link(storage)
    client = await add_oauth1_client(storage, link, client_id=other.client_id)
    assert await find(storage, other) == other
    assert await find(storage, client) == client
    again = make_oauth1_client(link, 2, client_id=client.client_id)
    assert not await storage.incoming.add_client(again, event=make_event(2))
    twin = make_hand_client(link, 3, client_id=other.client_id)
    assert not await storage.incoming.add_client(twin, event=make_event(3))
    ended = client.changed(ended_at=NOW)
    assert await storage.incoming.swap_client(ended, expected_version=1, event=make_event(4))
    assert await storage.incoming.add_client(again, event=make_event(5))
    assert await find(storage, other) == other


async def test_what_a_client_holds_over_either_protocol_is_listed(storage: Storage) -> None:
    """product.md §4 tokens list: of OAuth 1.0a it ends when the session does; dead ones are not among them."""
    link, other = await add_hand_link(storage)
    client, grant, credentials = await add_token_credentials(storage, link)
    (listed,) = await storage.incoming.list_families(now=NOW)
    assert (listed.client, listed.grant, listed.link) == (client, grant, link)
    assert listed.expires_at == credentials.session_expires_at
    assert listed.client.protocol == "oauth1"
    second = make_grant(other, 2)
    await storage.incoming.save_consent(second, make_code(second, 2), None)

    async def count(*, now: int = NOW, **narrowed: str) -> int:
        return len(await storage.incoming.list_families(now=now, **narrowed))

    assert [await count(client=client.id), await count(client=other.id), await count(user_id="alice")] == [1, 0, 1]
    assert await count(now=credentials.expires_at) == 1
    assert await count(now=credentials.session_expires_at) == 0
    successor = replace(credentials, row=2, session_expires_at=NOW + 50)
    assert await storage.oauth1.renew_token_credentials(1, at=NOW, successor=successor)
    (listed,) = await storage.incoming.list_families(now=NOW)
    assert listed.expires_at == NOW + 50
    await storage.incoming.end_grant(grant.id, at=NOW, by=GrantEnd.USER, event=make_event(9))
    assert await count() == 0


def make_peers(link: Link) -> tuple[Client, Client]:
    """What build_clients gives of a peer that speaks both protocols."""
    oauth2 = make_client(link)
    return oauth2, make_oauth1_client(link, client_id="applinks:00ff", oauth1=RSA, is_peer=True)


async def commit(storage: Storage, link: Link, *peers: Client, **changes: Any) -> Link:
    changed = link.changed(**changes)
    write = LinkWrite(link=changed, expected_version=link.version, clients=peers)
    assert await storage.linking.commit(write) is CommitResult.WRITTEN
    return changed


async def test_a_peer_is_one_client_a_protocol(storage: Storage) -> None:
    """Ours: each keeps its name and its grants when the link is agreed anew."""
    link = make_link()
    peers = make_peers(link)
    await storage.linking.commit(LinkWrite(link=link, expected_version=None, clients=peers))
    assert [await find(storage, each) for each in peers] == list(peers)
    again = [replace(each, id=f"cli_{number}", scopes=("issues:write",)) for number, each in enumerate(peers)]
    await commit(storage, link, *again)
    found = [await find(storage, each) for each in peers]
    assert found == [replace(each, scopes=("issues:write",), version=2) for each in peers]


async def test_what_is_sealed_of_a_peer_opens_under_the_name_that_it_keeps(storage: Storage) -> None:
    """Ours: a secret is bound to its row, which is the one of the first client."""
    link = make_link()
    oauth2, oauth1 = make_peers(link)
    await storage.linking.commit(LinkWrite(link=link, expected_version=None, clients=(oauth2, oauth1)))
    await commit(storage, link, oauth2, replace(oauth1, id="cli_another", oauth1=HMAC))
    assert await find(storage, oauth1) == replace(oauth1, oauth1=HMAC, version=2)


async def test_a_protocol_that_is_no_longer_agreed_ends_with_its_grants(storage: Storage) -> None:
    """Ours: the peer's other client and its grants stand, and so do clients by hand."""
    link = make_link()
    peers = make_peers(link)
    await storage.linking.commit(LinkWrite(link=link, expected_version=None, clients=peers))
    by_hand = await add_oauth1_client(storage, link, 5)
    await add_approved(storage, peers[1], 1)
    kept = make_grant(peers[0], 2)
    await storage.incoming.save_consent(kept, make_code(kept, 2), None)
    link = await commit(storage, link, replace(peers[0], created_at=NOW + 7))
    assert await find(storage, peers[1]) is None
    assert await find(storage, peers[0]) == replace(peers[0], version=2)
    assert await find(storage, by_hand) == by_hand
    assert [each.grant for each in await storage.incoming.list_grants_of_user("alice")] == [kept]
    ended = await storage.oauth1.find_temporary_credentials(1)
    assert ended is not None
    assert ended.grant is not None
    assert (ended.grant.ended_at, ended.grant.ended_by, ended.client.ended_at) == (NOW + 7, GrantEnd.LINK, NOW + 7)
    # A commit that says nothing of clients leaves them; one that brings the protocol back begins anew.
    link = await commit(storage, link, name="New")
    assert await find(storage, peers[0]) == replace(peers[0], version=2)
    again = replace(peers[1], id="cli_again")
    await commit(storage, link, peers[0], again)
    assert await find(storage, again) == again


async def test_a_client_by_hand_may_be_added_with_the_link(storage: Storage) -> None:
    """Ours: it replaces nobody, whatever others there are."""
    link, first = await add_hand_link(storage, make_hand_link())
    added = make_oauth1_client(link)
    await commit(storage, link, added)
    assert [await find(storage, first), await find(storage, added)] == [first, added]
