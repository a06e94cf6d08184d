from dataclasses import replace

import pytest

from applinks.linking.store import CommitResult, LinkWrite
from applinks.records.registrations import ServerEndpoints
from applinks.secret import Secret
from applinks.storage.open import Storage
from applinks.wire.oauth1.signature import SignatureMethod
from tests.conformance.records import (
    NOW,
    THEM,
    add_link,
    make_connection,
    make_hand_link,
    make_registration,
)
from tests.conformance.test_outgoing_store import make_round_trip

pytestmark = pytest.mark.anyio


async def test_a_connection_over_oauth_1_0a_comes_back_as_it_was_kept(storage: Storage) -> None:
    """Ours: token, its secret, and the session handle that renews it; one that cannot be renewed has none."""
    link, _ = await add_link(storage)
    renewable = make_connection(
        link,
        protocol="oauth1",
        access_token=Secret("token"),
        token_secret=Secret("token secret"),
        refresh_token=Secret("session handle"),
        session_expires_at=NOW + 90 * 86400,
    )
    bare = replace(renewable, id="con_bare", name="bare", refresh_token=None, expires_at=0, session_expires_at=0)
    find = storage.outgoing.find_connection
    for each in (renewable, bare):
        await storage.outgoing.add_connection(each, event=None)
        assert await find(link_id=link.id, user_id="alicia", name=each.name) == each
    assert {each.id for each, _ in await storage.outgoing.list_connections_of_user("alicia")} == {
        renewable.id,
        bare.id,
    }
    renewed = replace(renewable, version=2, token_secret=Secret("another"), session_expires_at=NOW + 5)
    assert await storage.outgoing.swap_connection(renewed, expected_version=1)
    assert await find(link_id=link.id, user_id="alicia") == renewed


async def test_a_registration_of_oauth_1_0a_comes_back_as_it_was_kept(storage: Storage) -> None:
    """Ours: the consumer key, its method and the three URLs; the shared secret is sealed."""
    for number, (method, secret) in enumerate(
        [(SignatureMethod.HMAC_SHA1, Secret("shared")), (SignatureMethod.RSA_SHA1, None)], 1
    ):
        link = make_hand_link(number, url=f"https://start{number}.example")
        registration = make_registration(
            link,
            protocol="oauth1",
            client_id="our-key",
            client_secret=secret,
            signature_method=method,
            endpoints=ServerEndpoints(authorization=f"{THEM}/a", token=f"{THEM}/t", temporary=f"{THEM}/r"),
        )
        write = LinkWrite(link=link, expected_version=None, registration=registration)
        assert await storage.linking.commit(write) is CommitResult.WRITTEN
        assert await storage.outgoing.find_registration(link.id) == registration
        assert registration.is_complete


async def test_a_journey_over_oauth_1_0a_comes_back_once(storage: Storage) -> None:
    """RFC 5849 §2.2: kept under the digest of the temporary token, with its secret."""
    link, _ = await add_link(storage)
    journey = replace(make_round_trip(link.id), protocol="oauth1", code_verifier=Secret("temporary secret"))
    await storage.outgoing.add_round_trip(journey)
    claim = storage.outgoing.claim_round_trip
    assert await claim(state=journey.state, session=journey.session, link_id=link.id) == journey
    assert await claim(state=journey.state, session=journey.session, link_id=link.id) is None
