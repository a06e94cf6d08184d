from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from tests.conformance.racing import claim_all
from tests.conformance.records import NOW, add_refresh_token
from tests.fakes import CountingEntropy, FixedClock

from applinks.settings import Settings
from applinks.storage.open import Storage, open_storage


def test_of_three_processes_one_wins_each_claim(settings: Settings) -> None:
    """Ours: claimed once across processes, which all make and open the new database at the same moment."""
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        runs = [pool.submit(claim_all, settings, 40) for _ in range(3)]
        found = [run.result(timeout=60) for run in runs]
    assert len({instance for instance, _ in found}) == 1
    assert [sum(won) for won in zip(*(won for _, won in found), strict=True)] == [1] * 40


@pytest.mark.anyio
async def test_all_that_was_kept_is_there_after_a_restart(
    settings: Settings, storage: Storage, clock: FixedClock, entropy: CountingEntropy
) -> None:
    """Ours: durable before the answer; the identity and the keys stay the same."""
    grant, _, token = await add_refresh_token(storage)
    identity, key = await storage.keys.get_instance(), await storage.keys.get_signing_key()
    await storage.close()
    again = await open_storage(settings, clock=clock, entropy=entropy)
    try:
        assert await again.keys.get_instance() == identity
        assert await again.keys.get_signing_key() == key
        found = await again.incoming.find_refresh_token(token.row)
        assert found is not None
        assert (found.token, found.grant) == (token, grant)
    finally:
        await again.close()


@pytest.mark.anyio
async def test_what_one_process_changes_another_sees_at_once(
    settings: Settings, storage: Storage, clock: FixedClock, entropy: CountingEntropy
) -> None:
    """performance.md 4: on SQLite before any other process's next decision."""
    command = await open_storage(settings, clock=clock, entropy=entropy, for_command=True)
    try:
        await add_refresh_token(storage)
        assert await storage.incoming.find_access_token(1) is not None
        await command.incoming.revoke_access_token(1, at=NOW)
        found = await storage.incoming.find_access_token(1)
        assert found is not None
        assert found.token.revoked_at == NOW
    finally:
        await command.close()
