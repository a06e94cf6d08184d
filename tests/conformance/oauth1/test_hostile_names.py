"""What strangers and peers choose and we look up by: no database answers it with an error, or mixes anybody up."""

from dataclasses import replace

import pytest

from applinks.errors import StoreError
from applinks.storage.open import Storage
from tests.conformance.records import add_link
from tests.conformance.test_outgoing_store import make_round_trip

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("AS-07")
@pytest.mark.parametrize("name", ["\0", "a\0b", "\ud800", "x" * 100_000, "💥", "' OR 1=1 --"])
async def test_a_name_that_no_database_takes_names_nothing(storage: Storage, name: str) -> None:
    """House §7: no input gives a 5xx; a consumer key and the id of a peer come from anybody."""
    assert await storage.oauth1.find_client(name) is None
    assert await storage.linking.find_live_link(url="", peer_id=name) is None
    assert await storage.linking.find_live_link(url=name, peer_id="") is None
    assert await storage.linking.find_link(name) is None


@pytest.mark.requirement("CL-10")
async def test_a_peer_that_gives_two_browsers_one_token_takes_the_journey_from_neither(storage: Storage) -> None:
    """Ours: over OAuth 1.0a the server chooses the name of a journey; it stays the first one's."""
    link, _ = await add_link(storage)
    first = replace(make_round_trip(link.id), protocol="oauth1")
    await storage.outgoing.add_round_trip(first)
    with pytest.raises(StoreError):
        await storage.outgoing.add_round_trip(replace(first, session=b"another", user_id="bob"))
    claim = storage.outgoing.claim_round_trip
    assert await claim(state=first.state, session=b"another", link_id=link.id) is None
    assert await claim(state=first.state, session=first.session, link_id=link.id) == first
