from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from applinks.linking.store import LinkWrite
from applinks.records.links import Pause
from applinks.settings import Settings
from applinks.storage.open import Storage, open_storage
from tests.conformance.racing import Place, claim_all, race
from tests.conformance.records import (
    NOW,
    add_code,
    add_hand_link,
    add_link,
    add_refresh_token,
    make_access_token,
    make_code,
    make_event,
    make_family,
    make_grant,
    make_hand_client,
    make_refresh_token,
    make_secret,
)
from tests.fakes import CountingEntropy, FixedClock
from tests.postgresql import drop_tables


@pytest.mark.requirement("AS-41")
def test_of_three_processes_one_wins_each_claim(settings: Settings) -> None:
    """Ours: claimed once across processes, which all make and open the new database at the same moment."""
    if settings.is_postgresql:
        drop_tables(settings.database)
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        runs = [pool.submit(claim_all, Place.of(settings), 40) for _ in range(3)]
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


@pytest.mark.anyio
@pytest.mark.requirement("AS-33")
async def test_what_another_process_does_to_a_client_is_seen_at_once(
    settings: Settings, storage: Storage, clock: FixedClock, entropy: CountingEntropy
) -> None:
    """performance.md 4: a command takes a secret away, pauses the link or ends the client; the server knows at once."""
    command = await open_storage(settings, clock=clock, entropy=entropy, for_command=True)

    async def look() -> tuple[list[int], bool] | None:
        found = await storage.incoming.find_client(client.client_id)
        return found and ([each.row for each in found.client.secrets], found.link.is_usable)

    try:
        link, client = await add_hand_link(storage)
        assert await look() == ([1], True)
        rotated = client.changed(secrets=(make_secret(2),))
        assert await command.incoming.swap_client(rotated, expected_version=1, event=make_event(1))
        assert await look() == ([2], True)
        paused = link.changed(pause=Pause(by="user:1", at=NOW))
        await command.linking.commit(LinkWrite(link=paused, expected_version=1))
        assert await look() == ([2], False)
        ended = rotated.changed(ended_at=NOW)
        assert await command.incoming.swap_client(ended, expected_version=2, event=make_event(2))
        assert await look() is None
    finally:
        await command.close()


ROWS = list(range(1000, 1020))


def run_two(settings: Settings, *work: object) -> list[list[bool]]:
    """Let two processes do the same at the same time."""
    what, *rest = work
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        runs = [pool.submit(race, Place.of(settings), what, who, *rest) for who in (1, 2)]  # type: ignore[arg-type]
        return [run.result(timeout=120) for run in runs]


@pytest.mark.anyio
@pytest.mark.requirement("AS-12")
async def test_of_two_processes_one_exchanges_a_code(settings: Settings, storage: Storage) -> None:
    """Security AS-12: decided by one atomic write, whichever process presents it."""
    grant, _ = await add_code(storage)
    for number, row in enumerate(ROWS):
        await storage.incoming.save_consent(grant, make_code(grant, row), make_event(100 + number))
    won = run_two(settings, "code", grant, None, ROWS)
    assert [sum(each) for each in zip(*won, strict=True)] == [1] * len(ROWS)
    for row, first in zip(ROWS, won[0], strict=True):
        kept = {who: await storage.incoming.find_access_token(10_000 * who + row) for who in (1, 2)}
        assert [kept[1] is not None, kept[2] is not None] == [first, not first]


@pytest.mark.anyio
@pytest.mark.requirement("AS-30")
async def test_of_two_processes_one_rotates_a_refresh_token(settings: Settings, storage: Storage) -> None:
    """Security AS-30: one successor, whichever process asks."""
    grant, family, _ = await add_refresh_token(storage)
    for number, row in enumerate(ROWS):
        code = make_code(grant, row)
        await storage.incoming.save_consent(grant, code, make_event(100 + number))
        another = make_family(grant, row)
        assert await storage.incoming.exchange_code(
            row,
            at=NOW,
            family=another,
            access_token=make_access_token(grant, row, family=another),
            refresh_token=make_refresh_token(grant, another, row),
        )
    won = run_two(settings, "refresh token", grant, family, ROWS)
    assert [sum(each) for each in zip(*won, strict=True)] == [1] * len(ROWS)
    for row, first in zip(ROWS, won[0], strict=True):
        found = await storage.incoming.find_refresh_token(row)
        assert found is not None
        assert found.token.successor_row == 10_000 * (1 if first else 2) + row


@pytest.mark.anyio
@pytest.mark.requirement("LK-04")
async def test_of_two_processes_one_decides_a_proposal(settings: Settings, storage: Storage) -> None:
    """Security LK-04: the claim is in the deciding write; what lost left no record."""
    _, client = await add_link(storage)
    won = run_two(settings, "proposal", make_grant(client), None, ROWS)
    assert [sum(each) for each in zip(*won, strict=True)] == [1] * len(ROWS)
    for row, first in zip(ROWS, won[0], strict=True):
        kept = [await storage.linking.find_link(f"lnk_{10_000 * who + row:022d}") for who in (1, 2)]
        assert [each is not None for each in kept] == [first, not first]


@pytest.mark.anyio
async def test_of_two_processes_one_changes_a_client(settings: Settings, storage: Storage) -> None:
    """Ours: of two administrators who make a new secret at once one is told so, and no secret is lost unseen."""
    link, client = await add_hand_link(storage)
    for row in ROWS:
        added = make_hand_client(link, row)
        assert await storage.incoming.add_client(added, event=make_event(row))
    won = run_two(settings, "client", make_grant(client), None, ROWS)
    assert [sum(each) for each in zip(*won, strict=True)] == [1] * len(ROWS)
    for row, first in zip(ROWS, won[0], strict=True):
        found = await storage.incoming.find_client(f"probe-{row}")
        assert found is not None
        assert [each.row for each in found.client.secrets] == [10_000 * (1 if first else 2) + row]
