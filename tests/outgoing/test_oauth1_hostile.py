"""Hostile peers, and hosts whose users choose what they pass on."""

from dataclasses import replace
from urllib.parse import urlencode

import httpx2
import pytest

from applinks.errors import RefusedError, UnsafeCallError
from applinks.outgoing.journeys.oauth1 import digest_state
from applinks.outgoing.round_trip import finish
from applinks.secret import Secret
from applinks.wire.linking.terms import Level
from tests.outgoing.fakes import ALICIA, LINK_ID, PEER
from tests.outgoing.oauth1_peer import BROWSER, OAuth1World, make_hand_link, make_oauth1_link, register

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("O1-06")
@pytest.mark.parametrize("path", ["/x?user_id=admin", "/x?a=1&user%5Fid=admin", "/x?user_id=", "/x?user_id"])
async def test_what_a_host_passes_on_does_not_choose_as_whom_it_calls(path):
    """Ours: a peer with impersonation takes the older name in a call with two legs for the user of the call."""
    world = OAuth1World(make_oauth1_link(level=Level.IMPERSONATION))
    with pytest.raises(UnsafeCallError):
        await world.hold(None).get(path)
    assert world.peer.log == []
    # With a user it says nothing: the name that counts is the connection's own, or there is a token.
    assert (await world.hold("u2").get(path)).json()["xoauth_requestor_id"] == "bob & co/ä"
    assert (await OAuth1World().hold(None).get(path)).status_code == 200


@pytest.mark.requirement("N-04")
async def test_a_challenge_of_one_long_word_costs_no_more_than_its_length():
    """Ours: a peer could stop us for minutes with one answer."""
    for make in (OAuth1World, lambda: OAuth1World(make_hand_link(), register())):
        world = make()
        header = {"WWW-Authenticate": "OAuth " + "a" * 60_000}
        world.peer.api = lambda _, header=header: httpx2.Response(401, headers=header)
        assert (await world.hold(None).get("/x")).status_code == 401


@pytest.mark.requirement("CL-20")
@pytest.mark.parametrize(
    ("begun", "query"),
    [
        ("oauth2", "oauth_token=t&oauth_verifier=v"),
        ("oauth1", urlencode({"state": f"{LINK_ID} t", "code": "c", "iss": PEER})),
    ],
)
async def test_a_journey_is_not_finished_in_the_words_of_the_other_protocol(begun, query):
    """Ours: mix-up of the two at one callback; a peer chooses what an answer looks like, and its token."""
    world = OAuth1World()
    url = await world.start()
    [trip] = world.store.trips.values()
    trip = replace(trip, protocol=begun, state=digest_state(LINK_ID, Secret("t")))
    world.store.trips = {trip.state: trip}
    before = len(world.peer.log)
    with pytest.raises(RefusedError) as raised:
        await finish(LINK_ID, query, BROWSER, ALICIA, side=world.side)
    assert (raised.value.code, len(world.peer.log)) == ("unknown_state", before)
    assert url


@pytest.mark.requirement("CL-20")
def test_two_peers_that_give_the_same_token_are_two_journeys():
    """Ours: else one could stand in the way of the other's users."""
    first, second = (digest_state(f"lnk_{letter * 22}", Secret("t")) for letter in "ab")
    assert first != second
