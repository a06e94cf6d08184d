from dataclasses import replace

import pytest

from applinks.incoming.store import FoundAccessToken, FoundFamily
from applinks.linking.store import LinkWrite
from applinks.records.clients import Client
from applinks.records.grants import Grant, GrantEnd
from applinks.records.tokens import Family
from applinks.secret import Secret
from applinks.storage.open import Storage
from tests.conformance.records import (
    NOW,
    add_hand_link,
    add_link,
    make_access_token,
    make_code,
    make_event,
    make_family,
    make_grant,
    make_link,
    make_refresh_token,
)

pytestmark = pytest.mark.anyio


async def add_family(
    storage: Storage, client: Client, number: int, *, user_id: str = "alice", refresh: bool = True
) -> tuple[Grant, Family]:
    """Keep what one consent yields, under this number; each a second after the one before."""
    grant = make_grant(client, number, user_id=user_id)
    await storage.incoming.save_consent(grant, make_code(grant, number), None)
    family = replace(make_family(grant, number), created_at=NOW + number)
    assert await storage.incoming.exchange_code(
        number,
        at=NOW,
        family=family,
        access_token=make_access_token(grant, number, family=family),
        refresh_token=make_refresh_token(grant, family, number) if refresh else None,
    )
    return grant, family


async def list_families(storage: Storage, *, now: int = NOW, **narrowed: str) -> list[str]:
    return [each.family.id for each in await storage.incoming.list_families(now=now, **narrowed)]


async def test_a_family_is_listed_with_all_that_it_hangs_on(storage: Storage) -> None:
    """product.md §4 tokens list: whose it is, and when it ends if nobody uses it."""
    link, client = await add_hand_link(storage)
    grant, family = await add_family(storage, client, 1)
    bare_grant, bare = await add_family(storage, client, 2, refresh=False)
    rest = {"client": client, "link": link}
    assert await storage.incoming.list_families(now=NOW) == [
        FoundFamily(family=bare, grant=bare_grant, expires_at=NOW + 3600, **rest),
        FoundFamily(family=family, grant=grant, expires_at=NOW + 86400, **rest),
    ]
    # A refresh moves the end, and leaves the family.
    assert await storage.incoming.rotate_refresh_token(
        1,
        at=NOW + 10,
        answer=Secret("answer"),
        access_token=make_access_token(grant, 11, family=family),
        refresh_token=make_refresh_token(grant, family, 11, idle_expires_at=NOW + 86000),
    )
    (_, listed) = await storage.incoming.list_families(now=NOW)
    assert listed.expires_at == NOW + 86000


async def test_families_are_narrowed_by_link_client_and_user(storage: Storage) -> None:
    """product.md §4: each narrows further; what nobody is called finds nothing."""
    link, client = await add_hand_link(storage)
    other, peer = await add_link(storage, make_link(2))
    for number, (whose, user_id) in enumerate([(client, "alice"), (client, "bob"), (peer, "alice")], 1):
        await add_family(storage, whose, number, user_id=user_id)
    one, two, three = (f"fam_{number:022d}" for number in (1, 2, 3))
    assert await list_families(storage) == [three, two, one]
    assert await list_families(storage, link_id=link.id) == [two, one]
    assert await list_families(storage, client=peer.id) == [three]
    assert await list_families(storage, user_id="alice") == [three, one]
    assert await list_families(storage, user_id="alice", link_id=link.id, client=client.id) == [one]
    assert await list_families(storage, user_id="alice", link_id=other.id, client=client.id) == []
    for text in ("", "nobody", "\ud800", "\x00"):
        assert await list_families(storage, user_id=text) == []


async def test_what_is_dead_is_not_listed(storage: Storage) -> None:
    """Ours: revoked, expired, or hanging on something that ended."""
    link, client = await add_hand_link(storage)
    other, peer = await add_link(storage, make_link(2))
    for number in (1, 2, 3):
        await add_family(storage, client, number)
    await add_family(storage, peer, 4)
    await add_family(storage, client, 5, refresh=False)
    await storage.incoming.revoke_family(f"fam_{1:022d}", at=NOW)
    await storage.incoming.end_grant(f"grt_{2:022d}", at=NOW, by=GrantEnd.USER, event=make_event())
    await storage.linking.commit(LinkWrite(link=other.changed(ended_at=NOW), expected_version=1))
    await storage.incoming.revoke_access_token(5, at=NOW)
    assert await list_families(storage) == [f"fam_{3:022d}"]
    assert await list_families(storage, now=NOW + 86399) == [f"fam_{3:022d}"]
    assert await list_families(storage, now=NOW + 86400) == []
    await storage.incoming.swap_client(client.changed(ended_at=NOW), expected_version=1, event=make_event(2))
    assert await list_families(storage) == []
    assert link.ended_at == 0


async def test_what_clients_hold_for_themselves_is_listed(storage: Storage) -> None:
    """RFC 6749 §4.4: client credentials have no grant; those of a user's grant are not among them."""
    link, client = await add_hand_link(storage)
    other, peer = await add_link(storage, make_link(2))
    await add_family(storage, client, 1)
    own = [
        make_access_token(make_grant(whose), row, grant_id="", user_id=None, issued_at=NOW + row)
        for row, whose in ((10, client), (11, peer), (12, client), (13, client))
    ]
    for each in own:
        await storage.incoming.add_access_token(each)
    await storage.incoming.revoke_access_token(13, at=NOW)

    async def list_rows(*, now: int = NOW, **narrowed: str) -> list[int]:
        return [each.token.row for each in await storage.incoming.list_application_tokens(now=now, **narrowed)]

    assert await list_rows() == [12, 11, 10]
    assert await list_rows(link_id=other.id) == [11]
    assert await list_rows(client=client.id) == [12, 10]
    assert await list_rows(client=client.id, link_id=other.id) == []
    assert await list_rows(now=NOW + 3600) == []
    (found,) = await storage.incoming.list_application_tokens(client=peer.id, now=NOW)
    assert found == FoundAccessToken(token=own[1], client=peer, link=other, grant=None, family=None)
    await storage.linking.commit(LinkWrite(link=link.changed(ended_at=NOW), expected_version=1))
    assert await list_rows() == [11]
