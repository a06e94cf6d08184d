"""When grants and connections were last used is counted by each process, and written once a minute and at its end."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from applinks.errors import StoreError
from applinks.incoming import consent
from applinks.incoming.oauth2.authorization_request import open_authorization_request
from applinks.outgoing.connection import PeerConnection
from applinks.outgoing.round_trip import begin, finish
from applinks.records.usage import Usage
from applinks.records.users import User
from applinks.upkeep import LinkTeller, list_jobs, write_usage
from tests.linking.world import World

pytestmark = pytest.mark.anyio

ALICE = User(id="alice", name="alice")
SESSION = b"s" * 32


class Users:
    async def find(self, user_id: str) -> User | None:
        return ALICE


async def connect(world: World) -> str:
    """Link the two, and let Alice connect from A to B; give the link id."""
    link_id = await world.link()
    world.b.incoming.users._users = Users()  # type: ignore[assignment]
    url = await begin(link_id, ALICE, SESSION, "/", side=world.a.linking.outgoing)
    opened = await open_authorization_request(urlsplit(url).query, side=world.b.incoming)
    back = await consent.approve(opened, ALICE, side=world.b.incoming)
    await finish(link_id, urlsplit(back).query, SESSION, ALICE, side=world.a.linking.outgoing)
    return link_id


async def test_a_call_moves_when_its_grant_and_its_connection_were_last_used(world: World) -> None:
    """Ours: the account page says so; neither has a write of its own in the call."""
    link_id = await connect(world)
    world.clock.advance(300)
    path = urlsplit((await world.a.find(link_id)).peer.manifest["check_endpoint"]).path.removeprefix("/tracker")
    await PeerConnection(link_id, user_id=ALICE.id, side=world.a.linking.outgoing).get(path)
    for application in (world.a, world.b):
        usages = (application.incoming.usage, application.linking.outgoing.usage)
        jobs = list_jobs(application.storage, application.linking, LinkTeller(application.linking), usages)
        (job,) = [job for job in jobs if job.name == "usage"]
        assert not job.is_leased
        await job.run()
    ((connection, _),) = await world.a.storage.outgoing.list_connections_of_user(ALICE.id)
    (found,) = await world.b.storage.incoming.list_grants_of_user(ALICE.id)
    assert connection.last_used_at == found.grant.last_used_at == world.clock.now()


async def test_what_could_not_be_written_is_written_the_next_time() -> None:
    """Ours: a full disk for a while costs no count."""

    class Full:
        is_full, written = True, ()

        async def write(self, used: Any) -> None:
            if self.is_full:
                raise StoreError("full", detail="full")
            self.written = used

    store, usage = Full(), Usage()
    usage.mark_grant("grt_1", 10)
    usage.mark_connection("con_1", 10)
    with pytest.raises(StoreError):
        await write_usage(store, [usage])
    usage.mark_grant("grt_1", 20)
    store.is_full = False
    await write_usage(store, [usage])
    assert (dict(store.written.grants), dict(store.written.connections)) == ({"grt_1": 20}, {"con_1": 10})
    assert not usage.take()
