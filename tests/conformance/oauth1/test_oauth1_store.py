import asyncio
from dataclasses import replace

import pytest

from applinks.errors import StoreError
from applinks.incoming.oauth1.store import FoundTemporaryCredentials, FoundTokenCredentials
from applinks.incoming.store import FoundClient
from applinks.linking.store import LinkWrite
from applinks.records.grants import GrantEnd
from applinks.records.links import EndReason, Pause
from applinks.records.token_credentials import OUT_OF_BAND
from applinks.secret import digest_secret
from applinks.storage.open import Storage
from applinks.storage.schema import grants
from tests.conformance.oauth1.records import (
    add_approved,
    add_oauth1_client,
    add_token_credentials,
    make_credentials,
    make_oauth1_family,
    make_temporary,
)
from tests.conformance.records import NOW, add_hand_link, make_event, make_grant

pytestmark = pytest.mark.anyio

VERIFIER = digest_secret("verifier")


async def test_a_client_is_found_by_its_consumer_key_with_its_link(storage: Storage) -> None:
    """Ours: while neither ended; what nobody is called finds nothing."""
    link, other = await add_hand_link(storage)
    client = await add_oauth1_client(storage, link)
    assert await storage.oauth1.find_client(client.client_id) == FoundClient(client=client, link=link)
    for unknown in (other.client_id, "", "nobody", "\x00", "\ud800"):
        assert await storage.oauth1.find_client(unknown) is None
    ended = client.changed(ended_at=NOW)
    assert await storage.incoming.swap_client(ended, expected_version=1, event=make_event())
    assert await storage.oauth1.find_client(client.client_id) is None


async def test_temporary_credentials_come_back_with_all_that_they_hang_on(storage: Storage) -> None:
    """RFC 5849 §2.1; ours: every field, and no grant before the user's yes."""
    link, _ = await add_hand_link(storage)
    client = await add_oauth1_client(storage, link)
    bare, out_of_band = make_temporary(client, 2, callback=""), make_temporary(client, 3, callback=OUT_OF_BAND)
    for credentials in (make_temporary(client), bare, out_of_band):
        await storage.oauth1.add_temporary_credentials(credentials)
        assert await storage.oauth1.find_temporary_credentials(credentials.row) == FoundTemporaryCredentials(
            credentials=credentials, client=client, link=link, grant=None
        )
    assert bare.is_dialect_1_0
    assert not out_of_band.is_dialect_1_0


@pytest.mark.parametrize("row", [0, 2, -1, 1 << 63, 10**40])
async def test_a_row_that_nobody_issued_finds_no_credentials(storage: Storage, row: int) -> None:
    """Ours: the number comes from a token and may be anything."""
    link, _ = await add_hand_link(storage)
    await add_token_credentials(storage, link)
    assert await storage.oauth1.find_temporary_credentials(row) is None
    assert await storage.oauth1.find_token_credentials(row) is None


async def test_a_row_is_issued_once(storage: Storage) -> None:
    """Ours: a number that is taken fails its insert, and nothing is issued."""
    link, _ = await add_hand_link(storage)
    client, grant, credentials = await add_token_credentials(storage, link)
    with pytest.raises(StoreError):
        await storage.oauth1.add_temporary_credentials(make_temporary(client))
    await storage.oauth1.add_temporary_credentials(make_temporary(client, 2))
    assert await storage.oauth1.approve_temporary_credentials(
        2, at=NOW, oauth_verifier=VERIFIER, grant=grant, event=None
    )
    with pytest.raises(StoreError):
        await storage.oauth1.exchange_temporary_credentials(
            2, at=NOW, family=make_oauth1_family(grant, 2), credentials=credentials
        )
    found = await storage.oauth1.find_temporary_credentials(2)
    assert found is not None
    assert found.credentials.claimed_at == 0


async def test_a_users_yes_makes_a_grant(storage: Storage) -> None:
    """RFC 5849 §2.2; ours: decision, grant and event are one write."""
    link, _ = await add_hand_link(storage)
    client = await add_oauth1_client(storage, link)
    credentials, grant = make_temporary(client), make_grant(client)
    await storage.oauth1.add_temporary_credentials(credentials)
    assert await storage.oauth1.approve_temporary_credentials(
        1, at=NOW + 5, oauth_verifier=VERIFIER, grant=grant, event=make_event()
    )
    approved = replace(credentials, user_id="alice", grant_id=grant.id, oauth_verifier=VERIFIER, decided_at=NOW + 5)
    assert await storage.oauth1.find_temporary_credentials(1) == FoundTemporaryCredentials(
        credentials=approved, client=client, link=link, grant=grant
    )
    assert make_event() in await storage.audit.list()
    (listed,) = await storage.incoming.list_grants_of_user("alice")
    assert (listed.grant, listed.client) == (grant, client)


async def test_a_users_yes_widens_the_grant_that_stands(storage: Storage) -> None:
    """Ours: one live grant of a client and a user; without an event it stood already."""
    link, _ = await add_hand_link(storage)
    client = await add_oauth1_client(storage, link)
    grant = await add_approved(storage, client)
    grown = replace(grant, scopes=(*grant.scopes, "issues:delete"), last_used_at=NOW + 9, created_at=NOW + 9)
    await storage.oauth1.add_temporary_credentials(make_temporary(client, 2))
    assert await storage.oauth1.approve_temporary_credentials(
        2, at=NOW, oauth_verifier=VERIFIER, grant=grown, event=None
    )
    found = await storage.oauth1.find_temporary_credentials(2)
    assert found is not None
    assert found.grant == replace(grown, created_at=grant.created_at)


async def test_temporary_credentials_whose_grant_is_gone_find_nothing(storage: Storage) -> None:
    """Ours: validity is a join; they are none that nobody decided."""
    link, _ = await add_hand_link(storage)
    client = await add_oauth1_client(storage, link)
    await add_approved(storage, client)
    await storage.database.write(lambda connection: connection.execute(grants.delete()).rowcount)
    assert await storage.oauth1.find_temporary_credentials(1) is None


async def test_what_was_decided_is_not_decided_again(storage: Storage) -> None:
    """Ours: the first answer counts; who is late writes nothing, no event either."""
    link, _ = await add_hand_link(storage)
    client = await add_oauth1_client(storage, link)
    for row in (1, 2):
        await storage.oauth1.add_temporary_credentials(make_temporary(client, row))
    grant = make_grant(client)
    assert await storage.oauth1.deny_temporary_credentials(1, at=NOW + 1, user_id="alice")
    assert await storage.oauth1.approve_temporary_credentials(
        2, at=NOW, oauth_verifier=VERIFIER, grant=grant, event=None
    )
    for row in (1, 2, 3):
        before = await storage.oauth1.find_temporary_credentials(row)
        assert not await storage.oauth1.deny_temporary_credentials(row, at=NOW + 2, user_id="bob")
        assert not await storage.oauth1.approve_temporary_credentials(
            row, at=NOW + 2, oauth_verifier=VERIFIER, grant=make_grant(client, 7, user_id="bob"), event=make_event(7)
        )
        assert await storage.oauth1.find_temporary_credentials(row) == before
    denied = await storage.oauth1.find_temporary_credentials(1)
    assert denied is not None
    assert (denied.credentials.decided_at, denied.credentials.user_id, denied.grant) == (NOW + 1, "alice", None)
    assert make_event(7) not in await storage.audit.list()
    assert await storage.incoming.list_grants_of_user("bob") == []


async def test_a_grant_that_ended_is_not_revived_by_a_late_yes(storage: Storage) -> None:
    """Ours: the page was open when the grant ended; the credentials stay undecided."""
    link, _ = await add_hand_link(storage)
    client = await add_oauth1_client(storage, link)
    grant = await add_approved(storage, client)
    assert await storage.incoming.end_grant(grant.id, at=NOW, by=GrantEnd.USER, event=make_event(8))
    await storage.oauth1.add_temporary_credentials(make_temporary(client, 2))
    decide = storage.oauth1.approve_temporary_credentials
    assert not await decide(2, at=NOW, oauth_verifier=VERIFIER, grant=grant, event=make_event(9))
    found = await storage.oauth1.find_temporary_credentials(2)
    assert found is not None
    assert found.credentials == make_temporary(client, 2)
    assert await decide(2, at=NOW, oauth_verifier=VERIFIER, grant=make_grant(client, 2), event=make_event(9))


async def test_of_two_pages_that_were_open_at_once_one_makes_the_grant(storage: Storage) -> None:
    """Ours: a client has at most one live grant of each user and resource."""
    link, _ = await add_hand_link(storage)
    client = await add_oauth1_client(storage, link)

    async def approve(row: int) -> bool:
        await storage.oauth1.add_temporary_credentials(make_temporary(client, row))
        return await storage.oauth1.approve_temporary_credentials(
            row, at=NOW, oauth_verifier=VERIFIER, grant=make_grant(client, row), event=make_event(row)
        )

    won = await asyncio.gather(*map(approve, range(1, 9)))
    assert won.count(True) == 1
    assert len(await storage.incoming.list_grants_of_user("alice")) == 1
    # Another user's is another.
    await storage.oauth1.add_temporary_credentials(make_temporary(client, 20))
    assert await storage.oauth1.approve_temporary_credentials(
        20, at=NOW, oauth_verifier=VERIFIER, grant=make_grant(client, 20, user_id="bob"), event=None
    )


async def test_of_twenty_exchanges_exactly_one_wins(storage: Storage) -> None:
    """RFC 5849 §2.3 MUST: temporary credentials are used once."""
    link, _ = await add_hand_link(storage)
    client = await add_oauth1_client(storage, link)
    grant = await add_approved(storage, client)
    families = [make_oauth1_family(grant, number) for number in range(20)]

    async def exchange(number: int) -> bool:
        return await storage.oauth1.exchange_temporary_credentials(
            1, at=NOW + 1, family=families[number], credentials=make_credentials(grant, families[number], 100 + number)
        )

    won = await asyncio.gather(*map(exchange, range(20)))
    assert won.count(True) == 1
    winner = won.index(True)
    found = await storage.oauth1.find_temporary_credentials(1)
    assert found is not None
    assert (found.credentials.claimed_at, found.credentials.family_id) == (NOW + 1, families[winner].id)
    assert [n for n in range(20) if await storage.oauth1.find_token_credentials(100 + n)] == [winner]
    assert [each.family for each in await storage.incoming.list_families(now=NOW)] == [families[winner]]


@pytest.mark.parametrize("decision", ["denied", "undecided", "unknown"])
async def test_what_no_user_approved_yields_nothing(storage: Storage, decision: str) -> None:
    """RFC 5849 §2.3: only authorized temporary credentials are exchanged."""
    link, _ = await add_hand_link(storage)
    client = await add_oauth1_client(storage, link)
    if decision != "unknown":
        await storage.oauth1.add_temporary_credentials(make_temporary(client))
    if decision == "denied":
        assert await storage.oauth1.deny_temporary_credentials(1, at=NOW, user_id="alice")
    grant = make_grant(client)
    family = make_oauth1_family(grant)
    credentials = make_credentials(grant, family)
    assert not await storage.oauth1.exchange_temporary_credentials(1, at=NOW, family=family, credentials=credentials)
    assert await storage.oauth1.find_token_credentials(1) is None
    assert await storage.incoming.list_families(now=NOW) == []


async def test_token_credentials_come_back_with_all_that_they_hang_on(storage: Storage) -> None:
    """Ours: validity is a join."""
    link, _ = await add_hand_link(storage)
    client, grant, credentials = await add_token_credentials(storage, link)
    assert await storage.oauth1.find_token_credentials(1) == FoundTokenCredentials(
        credentials=credentials, client=client, link=link, grant=grant, family=make_oauth1_family(grant)
    )


async def test_of_twenty_renewals_exactly_one_wins(storage: Storage) -> None:
    """OAuth Session 1.0, draft 1: the old token ends."""
    link, _ = await add_hand_link(storage)
    _, grant, credentials = await add_token_credentials(storage, link)
    successors = [make_credentials(grant, make_oauth1_family(grant), 100 + number) for number in range(20)]

    async def renew(number: int) -> bool:
        return await storage.oauth1.renew_token_credentials(1, at=NOW + 5, successor=successors[number])

    won = await asyncio.gather(*map(renew, range(20)))
    assert won.count(True) == 1
    old = await storage.oauth1.find_token_credentials(1)
    assert old is not None
    assert old.credentials == replace(credentials, superseded_at=NOW + 5)
    found = [await storage.oauth1.find_token_credentials(100 + number) for number in range(20)]
    assert [each.credentials for each in found if each] == [successors[won.index(True)]]


async def test_a_revoked_family_is_not_renewed(storage: Storage) -> None:
    """Security AS-12, and the same here: all that came of one consent ends as one."""
    link, _ = await add_hand_link(storage)
    _, grant, credentials = await add_token_credentials(storage, link)
    await storage.incoming.revoke_family(credentials.family_id, at=NOW)
    successor = make_credentials(grant, make_oauth1_family(grant), 2)
    for row in (1, 9):
        assert not await storage.oauth1.renew_token_credentials(row, at=NOW, successor=successor)
    assert await storage.oauth1.find_token_credentials(2) is None
    found = await storage.oauth1.find_token_credentials(1)
    assert found is not None
    assert (found.credentials.superseded_at, found.family.revoked_at) == (0, NOW)


async def test_a_nonce_is_claimed_once(storage: Storage) -> None:
    """Security O1-03: one of twenty wins, and what others claim in the same moment is not disturbed."""
    claims = [storage.oauth1.claim_nonce(b"%032d" % (each % 10), expires_at=NOW + 600) for each in range(200)]
    won = await asyncio.gather(*claims)
    assert won.count(True) == 10
    assert not await storage.oauth1.claim_nonce(b"%032d" % 3, expires_at=NOW + 900)


async def test_what_ends_a_link_a_client_or_a_grant_ends_its_credentials(storage: Storage) -> None:
    """Ours: validity is a join; each is seen by the very next look-up."""
    link, _ = await add_hand_link(storage)
    client, grant, _ = await add_token_credentials(storage, link)

    async def look() -> tuple[bool, int, int, int]:
        found = await storage.oauth1.find_token_credentials(1)
        assert found is not None
        return found.link.is_usable, found.grant.ended_at, found.client.ended_at, found.link.ended_at

    assert await look() == (True, 0, 0, 0)
    paused = link.changed(pause=Pause(by="user:1", at=NOW))
    await storage.linking.commit(LinkWrite(link=paused, expected_version=1))
    assert await look() == (False, 0, 0, 0)
    await storage.incoming.end_grant(grant.id, at=NOW + 1, by=GrantEnd.USER, event=make_event(8))
    assert await look() == (False, NOW + 1, 0, 0)
    ended = client.changed(ended_at=NOW + 2)
    await storage.incoming.swap_client(ended, expected_version=1, event=make_event(9))
    assert await look() == (False, NOW + 1, NOW + 2, 0)
    over = paused.changed(ended_at=NOW + 3, ended_reason=EndReason.DELETED)
    await storage.linking.commit(LinkWrite(link=over, expected_version=2))
    assert await look() == (False, NOW + 1, NOW + 2, NOW + 3)
