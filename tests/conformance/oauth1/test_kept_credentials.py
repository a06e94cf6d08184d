from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from applinks.incoming.oauth1.store import FoundTokenCredentials
from applinks.linking.store import LinkWrite
from applinks.records.grants import GrantEnd
from applinks.records.links import Pause
from applinks.records.usage import LastUsed
from applinks.secret import Secret, digest_secret
from applinks.settings import Settings
from applinks.storage.open import Storage, open_storage
from applinks.storage.schema import families, grants, token_credentials
from tests.conformance.oauth1.records import (
    HMAC,
    add_approved,
    add_oauth1_client,
    add_token_credentials,
    make_credentials,
    make_oauth1_family,
    make_temporary,
)
from tests.conformance.records import NOW, add_hand_link, make_event
from tests.fakes import CountingEntropy, FixedClock

pytestmark = pytest.mark.anyio

Change = Callable[[Storage], Awaitable[object]]


async def get_found(storage: Storage) -> FoundTokenCredentials:
    found = await storage.oauth1.find_token_credentials(1)
    assert found is not None
    return found


async def renew(storage: Storage) -> None:
    found = await get_found(storage)
    successor = make_credentials(found.grant, found.family, 2)
    assert await storage.oauth1.renew_token_credentials(1, at=NOW, successor=successor)


async def revoke_family(storage: Storage) -> None:
    await storage.incoming.revoke_family((await get_found(storage)).family.id, at=NOW)


async def end_grant(storage: Storage) -> None:
    grant = (await get_found(storage)).grant
    assert await storage.incoming.end_grant(grant.id, at=NOW, by=GrantEnd.USER, event=make_event(9))


async def widen_grant(storage: Storage) -> None:
    found = await get_found(storage)
    grown = replace(found.grant, scopes=(*found.grant.scopes, "issues:delete"))
    await storage.oauth1.add_temporary_credentials(make_temporary(found.client, 2))
    assert await storage.oauth1.approve_temporary_credentials(
        2, at=NOW, oauth_verifier=digest_secret("v"), grant=grown, event=None
    )


async def use_grant(storage: Storage) -> None:
    grant = (await get_found(storage)).grant
    await storage.usage.write(LastUsed(grants={grant.id: NOW + 5}, connections={}, secrets={}))


async def change_secret(storage: Storage) -> None:
    client = (await get_found(storage)).client
    changed = client.changed(oauth1=replace(HMAC, shared_secret=Secret("another")))
    assert await storage.incoming.swap_client(changed, expected_version=client.version, event=make_event(9))


async def pause_link(storage: Storage) -> None:
    found = await get_found(storage)
    paused = found.link.changed(pause=Pause(by="user:1", at=NOW))
    await storage.linking.commit(LinkWrite(link=paused, expected_version=found.link.version))


async def prune_family(storage: Storage) -> None:
    await storage.database.write(lambda connection: connection.execute(families.delete()).rowcount)


async def prune_grant(storage: Storage) -> None:
    await storage.database.write(lambda connection: connection.execute(grants.delete()).rowcount)


async def prune_credentials(storage: Storage) -> None:
    await storage.database.write(lambda connection: connection.execute(token_credentials.delete()).rowcount)


async def allot_row_again(storage: Storage) -> None:
    found = await get_found(storage)
    await prune_credentials(storage)
    grant = await add_approved(storage, found.client, 3, user_id="bob")
    family = make_oauth1_family(grant, 3)
    another = make_credentials(grant, family, 1, digest=digest_secret("another"), secret=Secret("another"))
    assert await storage.oauth1.exchange_temporary_credentials(3, at=NOW, family=family, credentials=another)


@pytest.mark.parametrize(
    "change",
    [
        renew,
        revoke_family,
        end_grant,
        widen_grant,
        use_grant,
        change_secret,
        pause_link,
        prune_family,
        prune_grant,
        prune_credentials,
        allot_row_again,
    ],
)
@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "in another process"])
async def test_credentials_found_before_give_way_to_any_change(
    storage: Storage,
    other: Storage,
    settings: Settings,
    clock: FixedClock,
    change: Change,
    *,
    elsewhere: bool,
) -> None:
    """Decision 6: what was found once is as it stands now, whoever changed it, and what it hangs on."""
    link, _ = await add_hand_link(storage)
    await add_token_credentials(storage, link)
    before = await get_found(storage)
    assert await get_found(storage) is before
    await change(other if elsewhere else storage)
    found = await storage.oauth1.find_token_credentials(1)
    fresh = await open_storage(settings, clock=clock, entropy=CountingEntropy(), for_command=True)
    try:
        assert found == await fresh.oauth1.find_token_credentials(1)
    finally:
        await fresh.close()
    assert found != before
    assert await storage.oauth1.find_token_credentials(1) == found


async def test_a_client_that_did_not_change_is_not_opened_again(storage: Storage) -> None:
    """Ours: its shared secret is opened once a version."""
    link, _ = await add_hand_link(storage)
    client = await add_oauth1_client(storage, link)
    first, again = [await storage.oauth1.find_client(client.client_id) for _ in range(2)]
    assert first is not None
    assert again is not None
    assert first.client is again.client
