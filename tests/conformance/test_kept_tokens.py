from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from applinks.incoming.store import FoundAccessToken
from applinks.linking.store import LinkWrite
from applinks.records.grants import Grant, GrantEnd
from applinks.records.links import Pause
from applinks.records.usage import LastUsed
from applinks.settings import Settings
from applinks.storage.open import Storage, open_storage
from applinks.storage.schema import access_tokens, families, grants
from tests.conformance.records import (
    NOW,
    add_link,
    add_refresh_token,
    make_access_token,
    make_code,
    make_event,
    make_family,
    make_grant,
)
from tests.fakes import CountingEntropy, FixedClock

pytestmark = pytest.mark.anyio

Change = Callable[[Storage], Awaitable[object]]


async def get_found(storage: Storage) -> FoundAccessToken:
    found = await storage.incoming.find_access_token(1)
    assert found is not None
    return found


async def get_grant(storage: Storage) -> Grant:
    grant = (await get_found(storage)).grant
    assert grant is not None
    return grant


async def revoke_token(storage: Storage) -> None:
    await storage.incoming.revoke_access_token(1, at=NOW)


async def revoke_family(storage: Storage) -> None:
    family = (await get_found(storage)).family
    assert family is not None
    await storage.incoming.revoke_family(family.id, at=NOW)


async def end_grant(storage: Storage) -> None:
    grant = await get_grant(storage)
    assert await storage.incoming.end_grant(grant.id, at=NOW, by=GrantEnd.USER, event=make_event(9))


async def widen_grant(storage: Storage) -> None:
    grant = await get_grant(storage)
    grown = replace(grant, scopes=(*grant.scopes, "issues:delete"))
    assert await storage.incoming.save_consent(grown, make_code(grown, 2), make_event(9))


async def use_grant(storage: Storage) -> None:
    grant = await get_grant(storage)
    await storage.usage.write(LastUsed(grants={grant.id: NOW + 5}, connections={}, secrets={}))


async def pause_client(storage: Storage) -> None:
    client = (await get_found(storage)).client
    assert await storage.incoming.swap_client(
        client.changed(paused=True), expected_version=client.version, event=make_event(9)
    )


async def pause_link(storage: Storage) -> None:
    found = await get_found(storage)
    paused = found.link.changed(pause=Pause(by="user:1", at=NOW))
    await storage.linking.commit(LinkWrite(link=paused, expected_version=found.link.version))


async def prune_family(storage: Storage) -> None:
    await storage.database.write(lambda connection: connection.execute(families.delete()).rowcount)


async def prune_grant(storage: Storage) -> None:
    await storage.database.write(lambda connection: connection.execute(grants.delete()).rowcount)


async def prune_token(storage: Storage) -> None:
    await storage.database.write(lambda connection: connection.execute(access_tokens.delete()).rowcount)


async def allot_row_again(storage: Storage) -> None:
    found = await get_found(storage)
    await prune_token(storage)
    await storage.incoming.add_access_token(replace(found.token, digest=b"another", scopes=("issues:write",)))


@pytest.mark.parametrize(
    "change",
    [
        revoke_token,
        revoke_family,
        end_grant,
        widen_grant,
        use_grant,
        pause_client,
        pause_link,
        prune_family,
        prune_grant,
        prune_token,
        allot_row_again,
    ],
)
@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "in another process"])
async def test_what_was_found_before_gives_way_to_any_change(
    storage: Storage,
    other: Storage,
    settings: Settings,
    clock: FixedClock,
    change: Change,
    *,
    elsewhere: bool,
) -> None:
    """Decision 6: a token that was found once is as it stands now, whoever changed it, and what it hangs on."""
    await add_refresh_token(storage)
    before = await storage.incoming.find_access_token(1)
    assert await storage.incoming.find_access_token(1) == before
    await change(other if elsewhere else storage)
    found = await storage.incoming.find_access_token(1)
    fresh = await open_storage(settings, clock=clock, entropy=CountingEntropy(), for_command=True)
    try:
        assert found == await fresh.incoming.find_access_token(1)
    finally:
        await fresh.close()
    assert found != before
    assert await storage.incoming.find_access_token(1) == found


async def test_what_did_not_change_is_not_built_again(storage: Storage) -> None:
    """Ours: the same record, for tokens of users and those that clients hold for themselves."""
    grant, _, _ = await add_refresh_token(storage)
    await storage.incoming.add_access_token(
        replace(make_access_token(grant, 2, family=make_family(grant)), grant_id="", family_id="", user_id=None)
    )
    for row in (1, 2):
        first = await storage.incoming.find_access_token(row)
        assert first is not None
        assert await storage.incoming.find_access_token(row) is first


async def test_more_tokens_than_are_kept_are_found_all_the_same(storage: Storage) -> None:
    """Ours: what is kept is bounded, and what is given never depends on it."""
    _, client = await add_link(storage)
    tokens = [replace(make_access_token(make_grant(client), row), grant_id="", user_id=None) for row in range(1, 2200)]
    for token in tokens:
        await storage.incoming.add_access_token(token)
    for token in (*tokens, *tokens[:20]):
        found = await storage.incoming.find_access_token(token.row)
        assert found is not None
        assert found.token == token
