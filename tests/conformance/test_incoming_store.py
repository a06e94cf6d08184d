import asyncio
from dataclasses import replace

import pytest

from applinks.errors import StoreError
from applinks.linking.store import LinkWrite
from applinks.records.grants import GrantEnd
from applinks.records.links import EndReason, Pause
from applinks.secret import Secret
from applinks.storage.open import Storage
from tests.conformance.records import (
    NOW,
    add_code,
    add_link,
    add_refresh_token,
    make_access_token,
    make_client,
    make_code,
    make_event,
    make_family,
    make_grant,
    make_link,
    make_refresh_token,
)

pytestmark = pytest.mark.anyio


async def test_a_client_is_found_with_its_link(storage: Storage) -> None:
    """Ours: by its wire id, while neither ended."""
    link, client = await add_link(storage)
    found = await storage.incoming.find_client(client.client_id)
    assert found is not None
    assert (found.client, found.link) == (client, link)
    assert await storage.incoming.find_client("https://nobody.example/client.json") is None


async def test_a_code_comes_back_with_all_that_it_hangs_on(storage: Storage) -> None:
    """Ours: validity is a join."""
    grant, code = await add_code(storage)
    found = await storage.incoming.find_code(code.row)
    assert found is not None
    assert (found.code, found.grant) == (code, grant)
    assert found.client.id == grant.client
    assert found.link.id == grant.link_id
    assert [event.id for event in await storage.audit.list()] == [make_event().id]


@pytest.mark.parametrize("row", [0, 2, -1, 1 << 63, 10**40])
async def test_a_row_that_nobody_issued_finds_nothing(storage: Storage, row: int) -> None:
    """Ours: the number comes from a token and may be anything."""
    await add_refresh_token(storage)
    assert await storage.incoming.find_code(row) is None
    assert await storage.incoming.find_access_token(row) is None
    assert await storage.incoming.find_refresh_token(row) is None


@pytest.mark.requirement("AS-12")
async def test_of_fifty_exchanges_of_one_code_exactly_one_wins(storage: Storage) -> None:
    """RFC 6749 §4.1.2 MUST: a code is used once."""
    grant, code = await add_code(storage)
    families = [make_family(grant, number) for number in range(50)]

    async def exchange(number: int) -> bool:
        return await storage.incoming.exchange_code(
            code.row,
            at=NOW + 1,
            family=families[number],
            access_token=make_access_token(grant, 100 + number, family=families[number]),
            refresh_token=make_refresh_token(grant, families[number], 100 + number),
        )

    won = await asyncio.gather(*map(exchange, range(50)))
    assert won.count(True) == 1
    winner = won.index(True)
    found = await storage.incoming.find_code(code.row)
    assert found is not None
    assert (found.code.claimed_at, found.code.family_id) == (NOW + 1, families[winner].id)
    issued = [row for row in range(100, 150) if await storage.incoming.find_access_token(row)]
    assert issued == [100 + winner]
    assert [row for row in range(100, 150) if await storage.incoming.find_refresh_token(row)] == issued


async def test_a_code_may_yield_an_access_token_alone(storage: Storage) -> None:
    """RFC 6749 §5.1: the refresh token is optional."""
    grant, code = await add_code(storage)
    family = make_family(grant)
    token = make_access_token(grant, family=family)
    assert await storage.incoming.exchange_code(code.row, at=NOW, family=family, access_token=token, refresh_token=None)
    found = await storage.incoming.find_access_token(token.row)
    assert found is not None
    assert (found.token, found.family, found.grant) == (token, family, grant)


@pytest.mark.requirement("AS-30")
async def test_of_fifty_rotations_of_one_refresh_token_exactly_one_wins(storage: Storage) -> None:
    """RFC 9700 §4.14.2: rotation is atomic, there is one successor."""
    grant, family, token = await add_refresh_token(storage)

    async def rotate(number: int) -> bool:
        return await storage.incoming.rotate_refresh_token(
            token.row,
            at=NOW + 5,
            answer=Secret(f"answer {number}"),
            access_token=make_access_token(grant, 100 + number, family=family, scopes=("issues:write",)),
            refresh_token=make_refresh_token(grant, family, 100 + number),
        )

    won = await asyncio.gather(*map(rotate, range(50)))
    assert won.count(True) == 1
    winner = won.index(True)
    found = await storage.incoming.find_refresh_token(token.row)
    assert found is not None
    expected = replace(
        token,
        superseded_at=NOW + 5,
        successor_row=100 + winner,
        successor=Secret(f"answer {winner}"),
        successor_scopes=("issues:write",),
    )
    assert found.token == expected
    assert [row for row in range(100, 150) if await storage.incoming.find_refresh_token(row)] == [100 + winner]
    assert [row for row in range(100, 150) if await storage.incoming.find_access_token(row)] == [100 + winner]


async def test_a_row_that_is_taken_fails_the_whole_exchange(storage: Storage) -> None:
    """Ours: a collision of row numbers issues nothing and leaves the code unclaimed."""
    grant, code = await add_code(storage)
    await storage.incoming.add_access_token(make_access_token(grant, 7))
    family = make_family(grant)
    with pytest.raises(StoreError):
        await storage.incoming.exchange_code(
            code.row,
            at=NOW,
            family=family,
            access_token=make_access_token(grant, 7, family=family, digest=b"other"),
            refresh_token=make_refresh_token(grant, family, 7),
        )
    with pytest.raises(StoreError):
        await storage.incoming.add_access_token(make_access_token(grant, 7, digest=b"other"))
    found = await storage.incoming.find_code(code.row)
    kept = await storage.incoming.find_access_token(7)
    assert found is not None
    assert kept is not None
    assert found.code.claimed_at == 0
    assert kept.token == make_access_token(grant, 7)
    assert await storage.incoming.find_refresh_token(7) is None


async def test_a_row_that_is_taken_fails_the_whole_rotation(storage: Storage) -> None:
    """Ours: the current token stays current."""
    grant, family, token = await add_refresh_token(storage)
    with pytest.raises(StoreError):
        await storage.incoming.rotate_refresh_token(
            token.row,
            at=NOW,
            answer=Secret("answer"),
            access_token=make_access_token(grant, 50, family=family),
            refresh_token=make_refresh_token(grant, family, token.row),
        )
    found = await storage.incoming.find_refresh_token(token.row)
    assert found is not None
    assert found.token == token
    assert await storage.incoming.find_access_token(50) is None


async def test_a_token_for_no_user_hangs_on_client_and_link_alone(storage: Storage) -> None:
    """RFC 6749 §4.4: client credentials have no grant of a user."""
    _, client = await add_link(storage)
    token = replace(make_access_token(make_grant(client)), grant_id="", user_id=None)
    await storage.incoming.add_access_token(token)
    found = await storage.incoming.find_access_token(token.row)
    assert found is not None
    assert (found.token, found.grant, found.family) == (token, None, None)


async def test_a_token_whose_grant_is_gone_is_not_found(storage: Storage) -> None:
    """Ours: what validity hangs on is there, or the token is not."""
    _, client = await add_link(storage)
    await storage.incoming.add_access_token(make_access_token(make_grant(client)))
    assert await storage.incoming.find_access_token(1) is None


async def test_a_pause_is_seen_by_the_next_look_up(storage: Storage) -> None:
    """performance.md 4: in the revoking process before its answer; parsed records do not outlive a change."""
    grant, _, token = await add_refresh_token(storage)
    before = await storage.incoming.find_access_token(1)
    assert before is not None
    assert before.link.is_usable
    paused = before.link.changed(pause=Pause(by="user:1", at=NOW))
    await storage.linking.commit(LinkWrite(link=paused, expected_version=before.link.version))
    for found in (
        await storage.incoming.find_access_token(1),
        await storage.incoming.find_refresh_token(token.row),
        await storage.incoming.find_client(before.client.client_id),
    ):
        assert found is not None
        assert not found.link.is_usable
    ended = paused.changed(ended_at=NOW, ended_reason=EndReason.DELETED)
    await storage.linking.commit(LinkWrite(link=ended, expected_version=paused.version))
    after = await storage.incoming.find_access_token(1)
    assert after is not None
    assert after.client.ended_at == NOW
    assert after.grant is not None
    assert after.grant.ended_at == NOW
    assert grant.ended_at == 0


async def test_a_grant_ends_once(storage: Storage) -> None:
    """Ours: the second end writes no event."""
    grant, code = await add_code(storage)
    end = {"at": NOW + 1, "by": GrantEnd.USER}
    assert await storage.incoming.end_grant(grant.id, **end, event=make_event(2))
    assert not await storage.incoming.end_grant(grant.id, **end, event=make_event(3))
    assert [event.id for event in await storage.audit.list()] == [make_event(2).id, make_event(1).id]
    found = await storage.incoming.find_code(code.row)
    assert found is not None
    assert (found.grant.ended_at, found.grant.ended_by) == (NOW + 1, GrantEnd.USER)
    assert await storage.incoming.find_live_grant(client=grant.client, user_id=grant.user_id) is None


async def test_the_newest_live_grant_counts(storage: Storage) -> None:
    """Ours: a public client has one grant for each consent."""
    grant, _ = await add_code(storage)
    newer = replace(grant, id="grt_newer", created_at=grant.created_at + 1)
    await storage.incoming.save_consent(newer, make_code(newer, 2), None)
    assert await storage.incoming.find_live_grant(client=grant.client, user_id="alice") == newer
    assert await storage.incoming.find_live_grant(client=grant.client, user_id="bob") is None
    assert await storage.incoming.count_grants_of_link(grant.link_id) == 1
    assert [each.grant for each in await storage.incoming.list_grants_of_user("alice")] == [newer, grant]


async def test_a_consent_that_grows_replaces_the_grant(storage: Storage) -> None:
    """Ours: a remembered consent is the grant."""
    grant, _ = await add_code(storage)
    grown = replace(grant, scopes=("issues:read",), last_used_at=NOW + 9)
    await storage.incoming.save_consent(grown, make_code(grown, 2), None)
    assert await storage.incoming.find_live_grant(client=grant.client, user_id="alice") == grown
    assert len(await storage.audit.list()) == 1


async def test_a_grant_that_ended_is_never_revived(storage: Storage) -> None:
    """product.md §5: what ends the grant ends the consent; a page that was open meanwhile changes nothing."""
    grant, _ = await add_code(storage)
    await storage.incoming.end_grant(grant.id, at=NOW + 1, by=GrantEnd.USER, event=make_event(2))
    assert not await storage.incoming.save_consent(grant, make_code(grant, 2), make_event(3))
    assert await storage.incoming.find_live_grant(client=grant.client, user_id="alice") is None
    assert await storage.incoming.find_code(2) is None
    assert len(await storage.audit.list()) == 2


async def test_of_two_first_consents_at_once_one_makes_the_grant(storage: Storage) -> None:
    """Ours: a confidential client has at most one live grant of each user and resource; a public one has several."""
    grant, _ = await add_code(storage)
    twin = replace(grant, id="grt_twin")
    assert not await storage.incoming.save_consent(twin, make_code(twin, 2), make_event(2), only=True)
    assert await storage.incoming.find_code(2) is None
    elsewhere = replace(twin, resource=f"{grant.resource}/files")
    assert await storage.incoming.save_consent(elsewhere, make_code(elsewhere, 2), make_event(2), only=True)
    another = replace(grant, id="grt_another")
    assert await storage.incoming.save_consent(another, make_code(another, 3), make_event(3))


async def test_a_consent_whose_code_cannot_be_kept_leaves_no_grant(storage: Storage) -> None:
    """Ours: grant, code and event are one write."""
    grant, code = await add_code(storage)
    other = replace(grant, id="grt_other", user_id="bob")
    with pytest.raises(StoreError):
        await storage.incoming.save_consent(other, make_code(other, code.row), make_event(2))
    assert await storage.incoming.list_grants_of_user("bob") == []
    assert len(await storage.audit.list()) == 1


async def test_the_account_page_lists_what_still_stands(storage: Storage) -> None:
    """Ours: with client and link; nothing of links that ended."""
    link, client = await add_link(storage)
    other, _ = await add_link(storage, make_link(2))
    mine = make_grant(client, 1)
    gone = make_grant(make_client(other), 2)
    for row, grant in enumerate((mine, gone, make_grant(client, 3, user_id="bob")), 1):
        await storage.incoming.save_consent(grant, make_code(grant, row), None)
    ended = other.changed(ended_at=NOW, ended_reason=EndReason.DELETED)
    await storage.linking.commit(LinkWrite(link=ended, expected_version=1))
    found = await storage.incoming.list_grants_of_user("alice")
    assert [(each.grant, each.client, each.link) for each in found] == [(mine, client, link)]
    assert await storage.incoming.count_grants_of_link(link.id) == 2


async def test_a_family_ends_as_one(storage: Storage) -> None:
    """AS-32: that family and no other; a second end changes nothing."""
    _, family, token = await add_refresh_token(storage)
    await storage.incoming.revoke_family(family.id, at=NOW + 3, event=make_event(2))
    await storage.incoming.revoke_family(family.id, at=NOW + 4, event=make_event(3))
    refresh = await storage.incoming.find_refresh_token(token.row)
    access = await storage.incoming.find_access_token(1)
    assert refresh is not None
    assert access is not None
    assert access.family == refresh.family
    assert refresh.family.revoked_at == NOW + 3
    assert len(await storage.audit.list()) == 2


async def test_an_access_token_is_revoked_alone(storage: Storage) -> None:
    """RFC 7009 §2.1."""
    await add_refresh_token(storage)
    await storage.incoming.revoke_access_token(1, at=NOW + 2)
    found = await storage.incoming.find_access_token(1)
    assert found is not None
    assert found.token.revoked_at == NOW + 2
    assert found.family is not None
    assert found.family.revoked_at == 0


@pytest.mark.requirement("AS-41")
async def test_a_client_assertion_is_claimed_once(storage: Storage) -> None:
    """RFC 7523 §3: jti, for each issuer."""
    claim = {"jti": "one", "expires_at": NOW + 300}
    won = await asyncio.gather(*(storage.incoming.claim_assertion(issuer="a", **claim) for _ in range(20)))
    assert won.count(True) == 1
    assert await storage.incoming.claim_assertion(issuer="b", **claim)
