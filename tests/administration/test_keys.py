"""The keys that this application signs with."""

import pytest

from applinks.administration.keys import list_keys
from applinks.linking.errors import LinkingError
from tests.administration.hand import AUDIT, STRANGER
from tests.linking.world import World

pytestmark = pytest.mark.anyio


async def test_all_our_keys_are_listed_and_what_is_private_stays_so(world: World) -> None:
    """Product §4 keys list; security N-06."""
    world.clock.advance(5)
    await world.a.storage.keys.replace(clock=world.clock)
    pairs = await list_keys(actor=AUDIT, side=world.a.administration)
    assert sorted(pair.protocol for pair in pairs) == ["oauth1", "oauth1", "oauth2", "oauth2"]
    newest, first = [pair for pair in pairs if pair.protocol == "oauth2"]
    assert (newest.created_at, newest.retired_at) == (world.clock.now(), 0)
    assert (first.created_at, first.retired_at) == (world.clock.now() - 5, world.clock.now())
    assert newest.kid == (await world.a.storage.keys.get_signing_key()).kid
    assert '"d"' not in repr(pairs)
    assert "PRIVATE KEY" not in repr(pairs)


async def test_a_stranger_sees_no_keys(world: World) -> None:
    """Product §1."""
    with pytest.raises(LinkingError) as refused:
        await list_keys(actor=STRANGER, side=world.a.administration)
    assert refused.value.code == "not_administrator"
