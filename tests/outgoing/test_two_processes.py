import asyncio
from dataclasses import replace

import pytest

from applinks.linking.store import CommitResult, LinkWrite
from applinks.outgoing.connection import PeerConnection
from applinks.outgoing.renewal import renew
from applinks.secret import Secret
from applinks.settings import Settings
from applinks.storage.open import open_storage
from tests.fakes import CountingEntropy
from tests.outgoing.fakes import LINK_ID, OWN, World

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request, tmp_path) -> Settings:
    if request.param == "sqlite":
        return Settings(base_url=OWN, database=f"sqlite:///{tmp_path}/applinks.db")
    return Settings(base_url=OWN, database=request.getfixturevalue("postgresql"), sealing_key=Secret("A" * 43))


async def open_twice(world: World, settings: Settings):
    """Open one database as two processes would, and give a side over each."""
    first = await open_storage(settings, clock=world.clock, entropy=CountingEntropy("1"))
    assert await first.linking.commit(LinkWrite(link=world.link, expected_version=None)) is CommitResult.WRITTEN
    second = await open_storage(settings, clock=world.clock, entropy=CountingEntropy("2"))
    return first, second


@pytest.mark.requirement("CL-30")
async def test_two_processes_over_one_database_end_with_one_chain_of_tokens(settings):
    """Security CL-30: an old token never overwrites a new one."""
    world = World()
    first, second = await open_twice(world, settings)
    try:
        before = world.connect()
        await first.outgoing.add_connection(before, event=None)
        # The peer gives the identical answer again within its rotation window.
        world.peer.rotates = False
        one = replace(world.side, store=first.outgoing)
        other = replace(world.side, store=second.outgoing, flights=type(world.side.flights)())
        found = await asyncio.gather(*(renew(before, world.link, side=side) for side in (one, other) for _ in range(8)))
        stored = await second.outgoing.find_connection(link_id=LINK_ID, user_id="u1")
        assert set(found) == {stored}
        assert stored.version == 2
        assert world.peer.count("/token") <= 2
    finally:
        await first.close()
        await second.close()


async def test_credentials_of_a_real_database_call_and_renew(settings):
    """Ours: the store in memory of the other tests is not the only one that this works with."""
    world = World()
    first, second = await open_twice(world, settings)
    try:
        await first.outgoing.add_connection(world.connect(expires_at=world.clock.now() + 1), event=None)
        side = replace(world.side, store=first.outgoing)
        assert (await PeerConnection("tracker", user_id="u1", side=side).get("/x")).status_code == 200
        assert (await PeerConnection("tracker", user_id=None, side=side).get("/x")).status_code == 200
        world.peer.access_tokens.clear()
        assert (await PeerConnection(LINK_ID, user_id=None, side=side).get("/x")).status_code == 200
        stored = await second.outgoing.find_connection(link_id=LINK_ID, user_id="u1")
        assert stored.refresh_token.reveal() == "alr_2_refresh"
    finally:
        await first.close()
        await second.close()
