import pytest

from applinks.records.scopes import Resource
from applinks.records.users import User
from applinks.settings import Settings
from applinks.sides import Declared, build_sides
from applinks.storage.open import open_storage
from tests.fakes import CountingEntropy, FixedClock

pytestmark = pytest.mark.anyio


class Users:
    """A host with one user who is active and one who is not."""

    async def find(self, user_id):
        return {"u1": User(id="u1", name="alicia"), "u2": User(id="u2", name="bob", active=False)}.get(user_id)


@pytest.mark.requirement("O1-06")
async def test_calls_name_users_as_the_host_does_and_only_active_ones(tmp_path):
    """Ours: impersonation names a user of ours to the peer."""
    settings = Settings(base_url="https://start.example", database=f"sqlite:///{tmp_path}/applinks.db")
    clock, entropy = FixedClock(), CountingEntropy()
    storage = await open_storage(settings, clock=clock, entropy=entropy)
    resource = Resource(identifier="https://start.example", scopes=())
    declared = Declared(settings=settings, users=Users(), resources=(resource,), clock=clock, entropy=entropy)
    sides = build_sides(declared, storage)
    try:
        names = [await sides.outgoing.find_user_name(user_id) for user_id in ("u1", "u2", "u3")]
        assert names == ["alicia", None, None]
        assert (await sides.outgoing.get_consumer_key()).startswith("applinks")
        assert sides.outgoing.oauth1_keys.get(await sides.outgoing.get_oauth1_key()).key_size == 2048
    finally:
        await sides.close()
        await storage.close()
