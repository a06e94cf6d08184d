import asyncio
from dataclasses import replace

import pytest

from applinks.records.grants import GrantEnd
from applinks.records.users import Role
from applinks.secret import Secret, digest_secret
from applinks.storage.open import Storage
from tests.conformance.records import (
    NOW,
    add_link,
    make_account,
    make_code,
    make_connection,
    make_event,
    make_grant,
)
from tests.conformance.test_journals import make_session
from tests.conformance.test_outgoing_store import make_round_trip

pytestmark = pytest.mark.anyio


async def test_an_account_comes_back_as_it_was_kept(storage: Storage) -> None:
    """Ours: every field, by id and by name."""
    full = make_account(
        1,
        name="Älice",
        display_name="Alice Ä.",
        email="Alice@Example.org",
        password=Secret("$argon2id$v=19$m=65536,t=3,p=4$salt$hash"),
        role=Role.AUDITOR,
        active=False,
        last_login_at=NOW,
    )
    bare = make_account(2)
    for number, account in enumerate((full, bare)):
        assert await storage.accounts.add(account, event=make_event(number))
    assert await storage.accounts.find(full.id) == full
    assert await storage.accounts.find_by_name("älICE") == full
    assert await storage.accounts.list() == [bare, full]
    assert len(await storage.audit.list()) == 2
    for unknown in ("nobody", "", "\ud800", "\x00"):
        assert await storage.accounts.find(unknown) is None
        assert await storage.accounts.find_by_name(unknown) is None
        assert await storage.accounts.find_by_email(unknown) == []


@pytest.mark.parametrize("name", ["alice", "ALICE", "\uff21lice"])
async def test_a_name_is_taken_whatever_its_case_or_width(storage: Storage, name: str) -> None:
    """Ours: nobody can look like another; nothing was written, no event either."""
    assert await storage.accounts.add(make_account(1, name="Alice"), event=make_event(1))
    assert not await storage.accounts.add(make_account(2, name=name), event=make_event(2))
    assert [each.name for each in await storage.accounts.list()] == ["Alice"]
    assert len(await storage.audit.list()) == 1


async def test_of_twenty_accounts_of_one_name_one_is_made(storage: Storage) -> None:
    """Ours: decided by one write."""
    made = await asyncio.gather(
        *(storage.accounts.add(make_account(number, name="alice"), event=make_event(number)) for number in range(20))
    )
    assert made.count(True) == 1
    assert [each.id for each in await storage.accounts.list()] == [make_account(made.index(True)).id]


async def test_an_address_may_be_several_accounts(storage: Storage) -> None:
    """house.md §8 find_by_email: a mapping sees all of them; only ASCII's case is passed over."""
    for number, email in enumerate(["a@example.org", "A@EXAMPLE.org", "\u0131@example.org", "", "b@example.org"]):
        assert await storage.accounts.add(make_account(number, email=email), event=make_event(number))
    found = await storage.accounts.find_by_email("a@Example.org")
    assert [each.id for each in found] == [make_account(0).id, make_account(1).id]
    assert await storage.accounts.find_by_email("I@example.org") == []
    assert await storage.accounts.find_by_email("") == []


async def test_an_account_changes_but_for_its_beginning(storage: Storage) -> None:
    """Ours: who saves a record that she read before undoes no log-in."""
    account = make_account(1, name="alice", password=Secret("old"))
    await storage.accounts.add(account, event=make_event(1))
    await storage.accounts.note_login(account.id, NOW + 9)
    await storage.accounts.note_login(account.id, NOW + 3)
    await storage.accounts.note_login("usr_nobody", NOW)
    changed = account.changed(
        name="alicia", password=Secret("new"), role=Role.ADMINISTRATOR, active=False, created_at=1, email="a@b.example"
    )
    assert await storage.accounts.save(changed, event=make_event(2))
    kept = replace(changed, created_at=NOW, last_login_at=NOW + 9)
    assert await storage.accounts.find(account.id) == kept
    assert await storage.accounts.find_by_name("alice") is None
    assert await storage.accounts.find_by_name("alicia") == kept
    assert await storage.accounts.find_by_email("A@b.example") == [kept]


async def test_an_account_that_somebody_changed_meanwhile_is_not_saved_over(storage: Storage) -> None:
    """Ours: who sets a password ends no pause that another administrator began at that moment."""
    account = make_account(1, name="alice", password=None)
    await storage.accounts.add(account, event=make_event(1))
    await storage.accounts.note_login(account.id, NOW + 9)
    paused = account.changed(active=False)
    assert await storage.accounts.save(paused, before=account, event=make_event(2))
    late = account.changed(password=Secret("new"))
    assert not await storage.accounts.save(late, before=account, event=make_event(3))
    assert await storage.accounts.find(account.id) == paused.changed(last_login_at=NOW + 9)
    assert [each.id for each in await storage.audit.list()] == [make_event(2).id, make_event(1).id]


async def test_what_cannot_be_saved_leaves_no_trace(storage: Storage) -> None:
    """Ours: gone, or another's name."""
    one, two = make_account(1), make_account(2)
    await storage.accounts.add(one, event=make_event(1))
    assert not await storage.accounts.save(two, event=make_event(2))
    await storage.accounts.add(two, event=make_event(3))
    assert not await storage.accounts.save(two.changed(name=one.name.upper()), event=make_event(4))
    assert await storage.accounts.list() == [one, two]
    assert [each.id for each in await storage.audit.list()] == [make_event(3).id, make_event(1).id]


async def test_an_account_takes_with_it_what_was_hers(storage: Storage) -> None:
    """Ours: grants end, credentials and sessions go, in the same write; others keep theirs."""
    link, client = await add_link(storage)
    hers, his = make_account(1), make_account(2)
    for number, account in enumerate((hers, his), 1):
        await storage.accounts.add(account, event=make_event(number))
        grant = make_grant(client, number, user_id=account.id)
        await storage.incoming.save_consent(grant, make_code(grant, number), None)
        await storage.outgoing.add_connection(make_connection(link, account.id, number), event=None)
        await storage.sessions.start(make_session(id=bytes([number]) * 32, user_id=account.id))
    journey = replace(make_round_trip(link.id), user_id=hers.id)
    await storage.outgoing.add_round_trip(journey)
    assert await storage.accounts.delete(hers.id, event=make_event(3, at=NOW + 7))
    assert not await storage.accounts.delete(hers.id, event=make_event(4))
    assert await storage.accounts.list() == [his]
    ends = [each and each.grant for each in [await storage.incoming.find_code(row) for row in (1, 2)]]
    assert [(each.ended_at, each.ended_by) for each in ends if each] == [(NOW + 7, GrantEnd.ADMINISTRATOR), (0, None)]
    connected = [await storage.outgoing.find_connection(link_id=link.id, user_id=each.id) for each in (hers, his)]
    assert [each is None for each in connected] == [True, False]
    sessions = [await storage.sessions.find(bytes([number]) * 32, now=NOW) for number in (1, 2)]
    assert [each is None for each in sessions] == [True, False]
    taken = await storage.outgoing.claim_round_trip(state=journey.state, session=journey.session, link_id=link.id)
    assert taken is None
    assert len(await storage.audit.list()) == 3


async def test_there_is_an_administrator_while_one_is_active(storage: Storage) -> None:
    """product.md §4: while nobody is one, serve and its log-in page say which command makes one."""
    account = make_account(1, role=Role.ADMINISTRATOR)
    await storage.accounts.add(make_account(2, role=Role.AUDITOR), event=make_event(1))
    assert not await storage.accounts.has_administrator()
    await storage.accounts.add(account, event=make_event(2))
    assert await storage.accounts.has_administrator()
    await storage.accounts.save(account.changed(active=False), event=make_event(3))
    assert not await storage.accounts.has_administrator()


async def test_all_sessions_of_a_user_end_at_once(storage: Storage) -> None:
    """product.md §3: a user who is paused is logged in nowhere; those of nobody stay."""
    for number, user_id in enumerate(["alice", "alice", "bob", ""]):
        await storage.sessions.start(make_session(id=bytes([number]) * 32, user_id=user_id))
    assert await storage.sessions.delete_of_user("alice") == 2
    assert await storage.sessions.delete_of_user("") == 0
    left = [await storage.sessions.find(bytes([number]) * 32, now=NOW) for number in range(4)]
    assert [each.user_id for each in left if each] == ["bob", ""]


async def test_a_session_of_nobody_becomes_hers_at_log_in(storage: Storage) -> None:
    """OWASP session fixation: a new id, with her name and the moment of her proof."""
    before = make_session(data={"next": "/applinks"})
    await storage.sessions.start(before)
    hers = make_session(id=digest_secret("new"), user_id="usr_1", confirmed_at=NOW)
    assert await storage.sessions.rotate(before.id, hers)
    assert await storage.sessions.find(hers.id, now=NOW) == hers
    assert await storage.sessions.find(before.id, now=NOW) is None
