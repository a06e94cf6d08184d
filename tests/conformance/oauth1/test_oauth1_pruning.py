import pytest

from applinks.secret import digest_secret
from applinks.storage.open import Storage
from tests.conformance.oauth1.records import (
    add_oauth1_client,
    add_token_credentials,
    make_credentials,
    make_temporary,
)
from tests.conformance.records import NOW, add_hand_link

pytestmark = pytest.mark.anyio

DAY = 86400


async def test_temporary_credentials_stay_a_day_after_their_end(storage: Storage) -> None:
    """Ours: what is exchanged again within a day still ends what it yielded."""
    link, _ = await add_hand_link(storage)
    client = await add_oauth1_client(storage, link)
    await storage.oauth1.add_temporary_credentials(make_temporary(client))
    assert await storage.prune(now=NOW + 600 + DAY) == 0
    assert await storage.prune(now=NOW + 601 + DAY) == 1
    assert await storage.oauth1.find_temporary_credentials(1) is None


async def test_token_credentials_stay_until_their_session_is_over(storage: Storage) -> None:
    """Ours: they can be renewed long after they expired."""
    link, _ = await add_hand_link(storage)
    _, _, credentials = await add_token_credentials(storage, link)
    await storage.prune(now=credentials.session_expires_at + DAY)
    assert await storage.oauth1.find_token_credentials(1) is not None
    await storage.prune(now=credentials.session_expires_at + DAY + 1)
    assert await storage.oauth1.find_token_credentials(1) is None


async def test_a_token_that_outlasts_its_session_stays_as_long_as_it_is_good(storage: Storage) -> None:
    """Ours: both are settings, and the shorter one may be either."""
    link, _ = await add_hand_link(storage)
    _, grant, credentials = await add_token_credentials(storage, link)
    long = make_credentials(
        grant, (await get_family(storage)), 2, session_expires_at=NOW + 5, expires_at=credentials.session_expires_at
    )
    assert await storage.oauth1.renew_token_credentials(1, at=NOW, successor=long)
    await storage.prune(now=NOW + 6 + DAY)
    assert await storage.oauth1.find_token_credentials(2) is not None


async def get_family(storage: Storage):
    found = await storage.oauth1.find_token_credentials(1)
    assert found is not None
    return found.family


async def test_superseded_credentials_go_after_a_day(storage: Storage) -> None:
    """Ours: a client that renews every day leaves no heap behind; the current ones stay."""
    link, _ = await add_hand_link(storage)
    _, grant, _ = await add_token_credentials(storage, link)
    successor = make_credentials(grant, await get_family(storage), 2)
    assert await storage.oauth1.renew_token_credentials(1, at=NOW + 10, successor=successor)
    await storage.prune(now=NOW + 10 + DAY)
    assert await storage.oauth1.find_token_credentials(1) is not None
    await storage.prune(now=NOW + 11 + DAY)
    assert await storage.oauth1.find_token_credentials(1) is None
    assert await storage.oauth1.find_token_credentials(2) is not None


async def test_nonces_go_an_hour_after_they_are_of_no_use(storage: Storage) -> None:
    """Security O1-03: never before; and a clock that was a little ahead opens no window."""
    nonces = [digest_secret(f"nonce {number}") for number in range(450)]
    for nonce in nonces:
        assert await storage.oauth1.claim_nonce(nonce, expires_at=NOW + 600)
    assert await storage.prune(now=NOW + 600 + 3600) == 0
    assert not await storage.oauth1.claim_nonce(nonces[0], expires_at=NOW + 600)
    assert await storage.prune(now=NOW + 601 + 3600) == 450
    assert await storage.oauth1.claim_nonce(nonces[0], expires_at=NOW + 9000)
