import asyncio
from dataclasses import replace

import pytest

from applinks.errors import StoreError
from applinks.linking.store import LinkWrite
from applinks.outgoing.store import RoundTrip
from applinks.records.connections import ConnectionState
from applinks.records.links import EndReason
from applinks.secret import Secret
from applinks.storage.open import Storage
from tests.conformance.records import NOW, add_link, make_connection, make_event, make_link

pytestmark = pytest.mark.anyio


def make_round_trip(link_id: str, state: bytes = b"s" * 32) -> RoundTrip:
    return RoundTrip(
        state=state,
        session=b"b" * 32,
        link_id=link_id,
        user_id="alicia",
        name="",
        issuer="https://start.example",
        code_verifier=Secret("verifier"),
        redirect_uri=f"https://tracker.example/applinks/callback/{link_id}",
        scopes=("pages:read",),
        return_to="/dashboard",
        expires_at=NOW + 600,
    )


async def test_a_connection_comes_back_as_it_was_kept(storage: Storage) -> None:
    """Ours: keyed by link, user and name; the application's own stands beside the personal ones."""
    link, _ = await add_link(storage)
    personal = make_connection(link, "alicia", 1)
    second = make_connection(link, "alicia", 2, name="work", refresh_token=None, account="Alicia at work")
    service = make_connection(link, None, 3, state=ConnectionState.ENDED_BY_PEER, last_used_at=NOW)
    for each in (personal, second, service):
        await storage.outgoing.add_connection(each, event=None)
    find = storage.outgoing.find_connection
    assert await find(link_id=link.id, user_id="alicia") == personal
    assert await find(link_id=link.id, user_id="alicia", name="work") == second
    assert await find(link_id=link.id, user_id=None) == service
    assert await find(link_id=link.id, user_id="bob") is None
    assert await storage.outgoing.list_connections_of_user("alicia") == [(personal, link), (second, link)]
    assert await storage.outgoing.list_connections_of_user("") == []
    assert await storage.outgoing.count_connections_of_link(link.id) == 1


@pytest.mark.parametrize("user_id", ["alicia", None])
async def test_connecting_again_replaces_the_connection(storage: Storage, user_id: str | None) -> None:
    """Ours: one a link, user and name, for the application itself as well."""
    link, _ = await add_link(storage)
    await storage.outgoing.add_connection(make_connection(link, user_id, 1, version=7), event=make_event(1))
    again = make_connection(link, user_id, 2, access_token=Secret("newer"))
    await storage.outgoing.add_connection(again, event=make_event(2))
    assert await storage.outgoing.find_connection(link_id=link.id, user_id=user_id) == again
    assert len(await storage.audit.list()) == 2


async def test_of_several_renewals_one_is_kept(storage: Storage) -> None:
    """CL-30: an old token never overwrites a new one."""
    link, _ = await add_link(storage)
    connection = make_connection(link)
    await storage.outgoing.add_connection(connection, event=None)
    renewed = [connection.changed(access_token=Secret(f"token {number}")) for number in range(10)]
    won = await asyncio.gather(*(storage.outgoing.swap_connection(each, expected_version=1) for each in renewed))
    assert won.count(True) == 1
    found = await storage.outgoing.find_connection(link_id=link.id, user_id="alicia")
    assert found == renewed[won.index(True)]


async def test_a_connection_that_is_gone_is_not_renewed(storage: Storage) -> None:
    """Ours: a disconnect wins over a renewal that comes later."""
    link, _ = await add_link(storage)
    connection = make_connection(link)
    await storage.outgoing.add_connection(connection, event=None)
    assert await storage.outgoing.delete_connection(connection.id, event=make_event(1))
    assert not await storage.outgoing.delete_connection(connection.id, event=make_event(2))
    assert not await storage.outgoing.swap_connection(connection.changed(), expected_version=1)
    assert await storage.outgoing.find_connection(link_id=link.id, user_id="alicia") is None
    assert len(await storage.audit.list()) == 1


async def test_an_ended_link_takes_no_connection(storage: Storage) -> None:
    """Ours: a journey that returns after the end leaves no credentials behind."""
    link, _ = await add_link(storage)
    ended = link.changed(ended_at=NOW, ended_reason=EndReason.DELETED)
    await storage.linking.commit(LinkWrite(link=ended, expected_version=1))
    with pytest.raises(StoreError, match="has ended"):
        await storage.outgoing.add_connection(make_connection(link), event=make_event())
    assert await storage.audit.list() == []


@pytest.mark.requirement("rfc9700-2.1-3")
@pytest.mark.requirement("rfc9700-4.7.1-1")
@pytest.mark.requirement("CL-10")
async def test_a_round_trip_is_taken_once(storage: Storage) -> None:
    """RFC 6749 §10.12: state works once."""
    link, _ = await add_link(storage)
    journey = make_round_trip(link.id)
    await storage.outgoing.add_round_trip(journey)
    claim = {"state": journey.state, "session": journey.session, "link_id": link.id}
    taken = await asyncio.gather(*(storage.outgoing.claim_round_trip(**claim) for _ in range(20)))
    assert [each for each in taken if each] == [journey]


@pytest.mark.requirement("CL-20")
@pytest.mark.requirement("rfc9700-4.4.2.2-1")
@pytest.mark.requirement("rfc9700-4.4.2.2-2")
@pytest.mark.requirement("rfc9700-4.4.2-1")
@pytest.mark.requirement("rfc9700-2.1-3")
@pytest.mark.requirement("rfc9700-4.7.1-1")
@pytest.mark.requirement("CL-10")
async def test_a_user_has_only_so_many_round_trips_under_way(storage: Storage) -> None:
    """Ours: the oldest are given up, and nobody else's."""
    link, _ = await add_link(storage)
    others = replace(make_round_trip(link.id), user_id="bob", expires_at=NOW)
    journeys = [replace(make_round_trip(link.id, bytes([n]) * 32), expires_at=NOW + n) for n in range(25)]
    for each in (others, *journeys):
        await storage.outgoing.add_round_trip(each)
    taken = [
        await storage.outgoing.claim_round_trip(state=each.state, session=each.session, link_id=link.id)
        for each in (others, *journeys)
    ]
    assert taken == [others, *(None for _ in range(5)), *journeys[5:]]


async def test_a_round_trip_is_taken_only_in_its_browser_and_for_its_link(storage: Storage) -> None:
    """RFC 9700 §4.7.1; a stranger's attempt uses up nothing."""
    link, _ = await add_link(storage)
    other, _ = await add_link(storage, make_link(2))
    journey, parallel = make_round_trip(link.id), make_round_trip(link.id, b"t" * 32)
    for each in (journey, parallel):
        await storage.outgoing.add_round_trip(each)
    right = {"state": journey.state, "session": journey.session, "link_id": link.id}
    for wrong in ({"state": b"x" * 32}, {"session": b"x" * 32}, {"link_id": other.id}):
        assert await storage.outgoing.claim_round_trip(**(right | wrong)) is None
    assert await storage.outgoing.claim_round_trip(**right) == journey
    assert await storage.outgoing.claim_round_trip(**(right | {"state": parallel.state})) == parallel
