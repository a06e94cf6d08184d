import logging

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc.jwk import RSAKey
from sqlalchemy import update

from applinks.errors import RefusedError
from applinks.linking.store import LinkWrite
from applinks.records.links import EndReason
from applinks.secret import Secret, digest_secret
from applinks.settings import Settings
from applinks.storage.journals.failures import FailureTable
from applinks.storage.open import Storage
from applinks.storage.schema import leases
from applinks.storage.sessions import Session
from applinks.wire.jose import compute_thumbprint
from tests.conformance.records import (
    NOW,
    add_link,
    add_refresh_token,
    make_access_token,
    make_connection,
    make_event,
    make_link,
    make_refresh_token,
)
from tests.conformance.test_linking_store import make_decided
from tests.conformance.test_outgoing_store import make_round_trip
from tests.fakes import CountingEntropy, FixedClock

pytestmark = pytest.mark.anyio


def make_session(**changes) -> Session:
    values = {"id": b"i" * 32, "csrf": Secret("csrf-secret"), "created_at": NOW, "seen_at": NOW}
    return Session(**(values | changes))


async def test_a_failure_is_found_by_its_reference(storage: Storage, caplog: pytest.LogCaptureFixture) -> None:
    """Ours: the detail stands in the log and in the table, never on the wire."""
    error = RefusedError("No.", code="invalid_grant", detail="the code was claimed before")
    with caplog.at_level(logging.WARNING, "applinks.failures"):
        reference = await storage.failures.record(error, place="token", link_id="lnk", client="cli", user_id="alice")
    found = await storage.failures.find(f" {reference.lower()} ")
    assert found is not None
    assert (found.place, found.code, found.description) == ("token", "invalid_grant", "No.")
    assert (found.detail, found.at) == ("the code was claimed before", NOW)
    assert (found.link_id, found.client, found.user_id) == ("lnk", "cli", "alice")
    assert reference in caplog.text
    assert "the code was claimed before" in caplog.text
    assert await storage.failures.find("AL-0000-0000") is None
    assert await storage.failures.find("\ud800") is None


async def test_a_failure_that_cannot_be_kept_has_a_reference_all_the_same(storage: Storage) -> None:
    """Ours: recording never raises."""
    await storage.close()
    assert (await storage.failures.record(RefusedError("No."), place="token")).startswith("AL-")


async def test_a_failure_of_any_text_is_kept(storage: Storage) -> None:
    """Ours: what a stranger sent is bounded, and half characters are replaced."""
    reference = await storage.failures.record(RefusedError("\ud800" * 9000, detail="\x00"), place="token")
    found = await storage.failures.find(reference)
    assert found is not None
    assert found.description == "?" * 4000
    assert found.detail == "\ufffd"


@pytest.mark.requirement("N-10")
async def test_a_link_keeps_its_newest_failures(storage: Storage, clock: FixedClock, entropy: CountingEntropy) -> None:
    """product.md §3: bounded for each link, and for what belongs to none."""
    table = FailureTable(storage.database, clock=clock, entropy=entropy, kept_per_link=3)
    for link_id in ("", "lnk"):
        references = [await table.record(RefusedError("No."), place="token", link_id=link_id) for _ in range(5)]
        kept = [failure.reference for failure in await table.list(link_id=link_id)]
        assert kept == references[:1:-1]
    assert len(await table.list()) == 6
    assert len(await table.list(2)) == 2


async def test_events_are_listed_newest_first(storage: Storage) -> None:
    """Ours: of all, or of one link."""
    events = [make_event(number, link_id=f"lnk_{number % 2}") for number in range(4)]
    await storage.linking.commit(events=events)
    assert await storage.audit.list() == events[::-1]
    assert await storage.audit.list(2) == events[:1:-1]
    assert await storage.audit.list(link_id="lnk_1") == [events[3], events[1]]


async def test_a_session_comes_back_as_it_was_kept(storage: Storage) -> None:
    """product.md §3 Cookies: found by the digest of what the cookie holds."""
    session = make_session(data={"offers": {"a": 1}}, user_id="alice", confirmed_at=NOW)
    await storage.sessions.start(session)
    assert await storage.sessions.find(session.id, now=NOW) == session
    await storage.sessions.touch(session.id, now=NOW + 60)
    await storage.sessions.save_data(session.id, {"flash": ["Done."]})
    found = await storage.sessions.find(session.id, now=NOW + 60)
    assert found is not None
    assert (found.seen_at, found.data, found.csrf) == (NOW + 60, {"flash": ["Done."]}, session.csrf)
    await storage.sessions.delete(session.id)
    assert await storage.sessions.find(session.id, now=NOW) is None


@pytest.mark.requirement("N-08")
async def test_a_session_gets_a_new_id_at_log_in(storage: Storage) -> None:
    """OWASP session fixation: the old id opens nothing."""
    old, new = make_session(), make_session(id=b"n" * 32, user_id="alice")
    await storage.sessions.start(old)
    assert await storage.sessions.rotate(old.id, new)
    assert not await storage.sessions.rotate(old.id, make_session(id=b"m" * 32))
    assert await storage.sessions.find(old.id, now=NOW) is None
    assert await storage.sessions.find(new.id, now=NOW) == new
    assert await storage.sessions.find(b"m" * 32, now=NOW) is None


async def test_a_session_ends_idle_or_old(storage: Storage) -> None:
    """product.md §3 Cookies: idle 8 hours, absolute 7 days."""
    session = make_session(user_id="alice")
    await storage.sessions.start(session)
    assert await storage.sessions.find(session.id, now=NOW + 8 * 3600 - 1) is not None
    assert await storage.sessions.find(session.id, now=NOW + 8 * 3600) is None
    await storage.sessions.touch(session.id, now=NOW + 7 * 86400)
    assert await storage.sessions.find(session.id, now=NOW + 7 * 86400) is None


async def test_a_session_of_nobody_lasts_an_hour(storage: Storage) -> None:
    """Ours: the form of a log-in, which anybody can ask for."""
    session = make_session()
    await storage.sessions.start(session)
    assert await storage.sessions.find(session.id, now=NOW + 3599) == session
    assert await storage.sessions.find(session.id, now=NOW + 3600) is None
    assert await storage.sessions.prune(now=NOW + 3599, limit=9) == 0
    assert await storage.sessions.prune(now=NOW + 3600, limit=9) == 1


async def test_sessions_are_bounded_for_each_user_and_for_nobody(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours: who never sends a cookie back pushes out her own alone, those seen longest ago."""
    monkeypatch.setattr("applinks.storage.sessions._MOST_OF_NOBODY", 3)
    monkeypatch.setattr("applinks.storage.sessions._MOST_OF_USER", 2)
    for number in range(5):
        for user_id in ("", "alice"):
            digest = digest_secret(f"{user_id} {number}")
            await storage.sessions.start(make_session(id=digest, user_id=user_id, seen_at=NOW + number))

    async def list_kept(user_id: str) -> list[int]:
        found = [await storage.sessions.find(digest_secret(f"{user_id} {number}"), now=NOW) for number in range(5)]
        return [number for number, each in enumerate(found) if each]

    assert (await list_kept(""), await list_kept("alice")) == ([2, 3, 4], [3, 4])


async def move_leases(storage: Storage, seconds: int) -> None:
    """Let every lease end so much later: whose clock counts differs from database to database."""
    later = update(leases).values(expires_at=leases.c.expires_at + seconds)
    await storage.database.write(lambda connection: connection.execute(later).rowcount)


async def test_a_lease_has_one_holder(storage: Storage) -> None:
    """house.md §2: one lease a job."""
    lease = {"now": NOW, "seconds": 60}
    assert await storage.leases.claim("prune", holder="one", **lease)
    assert await storage.leases.claim("prune", holder="one", **lease)
    assert not await storage.leases.claim("prune", holder="two", **lease)
    assert await storage.leases.claim("tell", holder="two", **lease)
    await move_leases(storage, -60)
    assert await storage.leases.claim("prune", holder="two", **lease)
    await storage.leases.release("prune", holder="one")
    assert not await storage.leases.claim("prune", holder="one", **lease)
    await storage.leases.release("prune", holder="two")
    assert await storage.leases.claim("prune", holder="one", **lease)


async def test_a_lease_from_the_future_is_void(storage: Storage) -> None:
    """house.md §8 Time: one that ends later than its full length from now is void."""
    assert await storage.leases.claim("prune", holder="one", now=NOW, seconds=60)
    await move_leases(storage, 9000)
    assert await storage.leases.claim("prune", holder="two", now=NOW, seconds=60)


async def test_our_key_is_named_by_its_thumbprint(storage: Storage) -> None:
    """handshake.md §1: kid = RFC 7638 thumbprint; nothing private among the public keys."""
    pair = await storage.keys.get_signing_key()
    assert await storage.keys.list_public_keys() == [pair.public]
    assert pair.kid == compute_thumbprint(pair.public) == pair.public["kid"]
    assert "d" not in pair.public
    instance = await storage.keys.get_instance()
    assert instance.id.startswith("urn:uuid:")
    assert len(instance.id) == 45


async def test_every_pair_of_ours_is_listed(storage: Storage, clock: FixedClock) -> None:
    """product.md §4 keys list: retired ones too, newest first; the private half is none of a list."""
    first, oauth1 = await storage.keys.get_signing_key(), await storage.keys.get_oauth1_key()
    clock.advance(5)
    second, second_oauth1 = await storage.keys.replace(clock=clock)
    pairs = await storage.keys.list_pairs()
    assert [(pair.kid, pair.protocol, pair.created_at, pair.retired_at) for pair in pairs] == [
        (second, "oauth2", NOW + 5, 0),
        (second_oauth1, "oauth1", NOW + 5, 0),
        (first.kid, "oauth2", NOW, NOW + 5),
        (oauth1.kid, "oauth1", NOW, NOW + 5),
    ]
    assert {pair.private for pair in pairs} == {Secret("")}
    assert [pair.public for pair in pairs][2:] == [first.public, oauth1.public]


async def test_the_key_of_oauth_1_0a_is_rsa_and_of_no_other_protocol(storage: Storage) -> None:
    """House §8 Keys: an RSA-2048 pair an instance; RFC 7638: named by its thumbprint."""
    pair = await storage.keys.get_oauth1_key()
    private = load_pem_private_key(pair.private.reveal().encode(), None)
    assert isinstance(private, RSAPrivateKey)
    assert (private.key_size, pair.protocol) == (2048, "oauth1")
    (shown,) = await storage.keys.list_oauth1_public_keys()
    assert shown == pair.public
    assert set(shown) == {"kty", "n", "e", "kid", "use"}
    assert shown["kid"] == pair.kid == compute_thumbprint(shown)
    key = RSAKey.import_key({name: shown[name] for name in ("kty", "n", "e")})
    assert key.public_key.public_numbers() == private.public_key().public_numbers()
    assert pair.kid not in {each["kid"] for each in await storage.keys.list_public_keys()}


async def test_what_is_over_goes_and_what_lasts_stays(storage: Storage, settings: Settings, clock: FixedClock) -> None:
    """product.md §3: tokens, journeys, failures, events, sessions and tombstones, each at its time."""
    grant, _, token = await add_refresh_token(storage)
    link, _ = await add_link(storage, make_link(2))
    await storage.outgoing.add_connection(make_connection(link), event=None)
    await storage.outgoing.add_round_trip(make_round_trip(link.id))
    await storage.incoming.claim_assertion(issuer="a", jti="b", expires_at=NOW + 300)
    await storage.sessions.start(make_session())
    await storage.failures.record(RefusedError("No."), place="token")
    assert await storage.prune(now=NOW) == 0

    assert await storage.prune(now=NOW + 2 * 86400 + 1) == 7
    assert await storage.incoming.find_code(1) is None
    assert await storage.incoming.find_access_token(1) is None
    assert await storage.incoming.claim_assertion(issuer="a", jti="b", expires_at=NOW + 9**9)
    assert await storage.sessions.prune(now=NOW + 2 * 86400, limit=9) == 0
    assert len(await storage.failures.list()) == 1
    assert await storage.incoming.find_live_grant(client=grant.client, user_id="alice") == grant
    assert token.row == 1

    ended = link.changed(ended_at=NOW, ended_reason=EndReason.DELETED)
    await storage.linking.commit(LinkWrite(link=ended, expected_version=1), decided=make_decided())
    await storage.prune(now=NOW + settings.lifetimes.tombstone_seconds - 1)
    assert await storage.linking.find_link(link.id) == ended
    assert await storage.failures.list() == []
    assert await storage.audit.list() == []
    await storage.prune(now=NOW + settings.lifetimes.tombstone_seconds + 1)
    assert await storage.linking.find_link(link.id) is None
    assert await storage.linking.find_decided_proposal(issuer="https://start.example", jti="jti") is None
    assert await storage.linking.find_link(grant.link_id) is not None


@pytest.mark.requirement("AS-31")
async def test_a_kept_answer_goes_with_its_window(storage: Storage) -> None:
    """AS-31: kept, sealed, for the rotation window alone."""
    grant, family, token = await add_refresh_token(storage)
    await storage.incoming.rotate_refresh_token(
        token.row,
        at=NOW,
        answer=Secret("answer"),
        access_token=make_access_token(grant, 2, family=family),
        refresh_token=make_refresh_token(grant, family, 2),
    )
    await storage.prune(now=NOW + 30)
    during = await storage.incoming.find_refresh_token(token.row)
    await storage.prune(now=NOW + 31)
    after = await storage.incoming.find_refresh_token(token.row)
    assert during is not None
    assert after is not None
    assert (during.token.successor, after.token.successor) == (Secret("answer"), None)
    assert after.token.superseded_at == NOW
