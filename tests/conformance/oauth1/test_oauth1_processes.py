from collections.abc import Awaitable, Callable

import pytest

from applinks.records.clients import Client
from applinks.secret import digest_secret
from applinks.settings import Settings
from applinks.storage.open import Storage, open_storage
from tests.conformance.oauth1.records import (
    add_approved,
    add_oauth1_client,
    make_credentials,
    make_oauth1_family,
    make_temporary,
)
from tests.conformance.records import NOW, add_hand_link, make_grant
from tests.conformance.test_processes import ROWS, run_two
from tests.fakes import CountingEntropy, FixedClock

pytestmark = pytest.mark.anyio

Find = Callable[[int], Awaitable[object | None]]


async def add_rows(storage: Storage) -> Client:
    """Keep a client, and temporary credentials in each row that a user approved."""
    link, _ = await add_hand_link(storage)
    client = await add_oauth1_client(storage, link)
    grant = await add_approved(storage, client)
    for row in ROWS:
        await storage.oauth1.add_temporary_credentials(make_temporary(client, row))
        assert await storage.oauth1.approve_temporary_credentials(
            row, at=NOW, oauth_verifier=digest_secret("verifier"), grant=grant, event=None
        )
    return client


async def check_each_was_won_once(won: list[list[bool]], find: Find) -> None:
    """Compare who was told that it won with what is kept."""
    assert [sum(each) for each in zip(*won, strict=True)] == [1] * len(ROWS)
    for row, first in zip(ROWS, won[0], strict=True):
        kept = [await find(10_000 * who + row) for who in (1, 2)]
        assert [each is not None for each in kept] == [first, not first]


async def test_of_two_processes_one_exchanges_temporary_credentials(settings: Settings, storage: Storage) -> None:
    """RFC 5849 §2.3 MUST: used once, whichever process they are presented to."""
    client = await add_rows(storage)
    won = run_two(settings, "temporary credentials", make_grant(client), None, ROWS)
    await check_each_was_won_once(won, storage.oauth1.find_token_credentials)


async def test_of_two_processes_one_renews_token_credentials(settings: Settings, storage: Storage) -> None:
    """OAuth Session 1.0, draft 1: one successor, whichever process is asked."""
    client = await add_rows(storage)
    grant = make_grant(client)
    for row in ROWS:
        family = make_oauth1_family(grant, row)
        credentials = make_credentials(grant, family, row)
        assert await storage.oauth1.exchange_temporary_credentials(row, at=NOW, family=family, credentials=credentials)
    won = run_two(settings, "token credentials", grant, make_oauth1_family(grant, ROWS[0]), ROWS)
    await check_each_was_won_once(won, storage.oauth1.find_token_credentials)


@pytest.mark.requirement("O1-03")
async def test_of_two_processes_one_claims_a_nonce(
    settings: Settings, storage: Storage, clock: FixedClock, entropy: CountingEntropy
) -> None:
    """Security O1-03: claimed once across workers, and across restarts."""
    client = await add_rows(storage)
    won = run_two(settings, "nonce", make_grant(client), None, ROWS)
    assert [sum(each) for each in zip(*won, strict=True)] == [1] * len(ROWS)
    await storage.close()
    again = await open_storage(settings, clock=clock, entropy=entropy)
    try:
        assert not await again.oauth1.claim_nonce(b"%032d" % ROWS[0], expires_at=NOW)
    finally:
        await again.close()
