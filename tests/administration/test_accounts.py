"""The accounts of the server form: added, paused and deleted by an administrator."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from applinks.administration.accounts import (
    NewAccount,
    add_account,
    delete_account,
    list_accounts,
    pause_account,
    resume_account,
    set_password,
)
from applinks.administration.side import Administration
from applinks.administration.values import InvalidValueError
from applinks.errors import RefusedError
from applinks.linking.errors import LinkingError
from applinks.records.accounts import Account
from applinks.records.users import Role
from applinks.secret import Secret
from applinks.storage.sessions import Session
from tests.administration.hand import ADMIN, AUDIT, COMMAND, STRANGER, list_events, read_audit
from tests.linking.world import Application, World

pytestmark = pytest.mark.anyio

HASH = Secret("$argon2id$what a slow hash looks like")
OTHER = Secret("$argon2id$another")

Change = Callable[[str, Any, Administration], Awaitable[Account]]
CHANGES: dict[str, Change] = {
    "password": lambda name, actor, side: set_password(name, OTHER, actor=actor, side=side),
    "pause": lambda name, actor, side: pause_account(name, actor=actor, side=side),
    "resume": lambda name, actor, side: resume_account(name, actor=actor, side=side),
    "delete": lambda name, actor, side: delete_account(name, actor=actor, side=side),
}


async def add(application: Application, name: str = "alice", **values: Any) -> Account:
    given: dict[str, Any] = {"name": name, "password": HASH}
    new = NewAccount(**given | values)
    return await add_account(new, actor=COMMAND, side=application.administration)


async def log_in(application: Application, account: Account) -> bytes:
    now, digest = application.administration.clock.now(), b"x" * 32
    session = Session(id=digest, csrf=Secret("x"), user_id=account.id, created_at=now, seen_at=now)
    await application.storage.sessions.start(session)
    return digest


async def test_an_account_is_added_with_what_was_given(world: World) -> None:
    """Issue 5: users add."""
    account = await add(world.a, " alice ", email="alice@a.example", display_name="Alice A.", is_administrator=True)
    assert account == await world.a.storage.accounts.find_by_name("ALICE")
    assert (account.name, account.display_name, account.email) == ("alice", "Alice A.", "alice@a.example")
    assert (account.role, account.active, account.password) == (Role.ADMINISTRATOR, True, HASH)
    assert account.id.startswith("usr_")
    assert await list_events(world.a) == [("command:root", "user.added")]
    assert "argon2" not in repr(account) + await read_audit(world.a)


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"name": ""}, "name", "invalid_name"),
        ({"name": "alice b"}, "name", "invalid_name"),
        ({"name": "alice\u202e"}, "name", "invalid_name"),
        ({"name": "a" * 61}, "name", "invalid_name"),
        ({"name": "Alice"}, "name", "name_taken"),
        ({"name": "ａｌｉｃｅ"}, "name", "name_taken"),
        ({"name": "bob", "email": "bob"}, "email", "invalid_email"),
        ({"name": "bob", "email": "b ob@a.example"}, "email", "invalid_email"),
        ({"name": "bob", "email": "b@" + "a" * 255}, "email", "invalid_email"),
        ({"name": "bob", "display_name": "B\nob"}, "display_name", "invalid_name"),
    ],
)
async def test_an_account_that_cannot_be_is_refused(
    world: World, values: dict[str, Any], field: str, code: str
) -> None:
    """House §8 Users: two that look alike are one too many."""
    await add(world.a)
    with pytest.raises(InvalidValueError) as refused:
        await add(world.a, **values)
    assert (refused.value.field, refused.value.code) == (field, code)
    assert len(await list_accounts(actor=AUDIT, side=world.a.administration)) == 1


async def test_a_new_password_ends_what_the_old_one_opened(world: World) -> None:
    """Ours: whoever knew the old one is out."""
    side, account = world.a.administration, await add(world.a)
    session = await log_in(world.a, account)
    changed = await set_password("alice", OTHER, actor=ADMIN, side=side)
    assert changed.password == OTHER
    assert await world.a.storage.accounts.find(account.id) == changed
    assert await world.a.storage.sessions.find(session, now=world.clock.now()) is None
    assert "argon2" not in await read_audit(world.a)


async def test_a_paused_account_is_logged_out_and_can_be_resumed(world: World) -> None:
    """Issue 5: users pause and resume."""
    side, account = world.a.administration, await add(world.a)
    session = await log_in(world.a, account)
    assert not (await pause_account("Alice", actor=ADMIN, side=side)).active
    assert await world.a.storage.sessions.find(session, now=world.clock.now()) is None
    await pause_account("alice", actor=ADMIN, side=side)
    assert await resume_account("alice", actor=ADMIN, side=side) == account
    await resume_account("alice", actor=ADMIN, side=side)
    assert [action for _, action in await list_events(world.a)] == ["user.added", "user.paused", "user.resumed"]


async def test_a_pause_and_a_new_password_at_once_both_hold(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours: neither writes back what the other has just changed."""
    side, account = world.a.administration, await add(world.a)
    find, paused = side.accounts.find_by_name, False

    async def find_and_be_overtaken(name: str) -> Account | None:
        nonlocal paused
        found = await find(name)
        if not paused:
            paused = True
            await pause_account(name, actor=COMMAND, side=side)
        return found

    monkeypatch.setattr(side.accounts, "find_by_name", find_and_be_overtaken)
    await set_password("alice", OTHER, actor=ADMIN, side=side)
    assert await world.a.storage.accounts.find(account.id) == account.changed(active=False, password=OTHER)


async def test_a_deleted_account_leaves_its_name_and_not_its_id(world: World) -> None:
    """House §8 Users: a new user of the same name inherits nothing."""
    side, account = world.a.administration, await add(world.a)
    session = await log_in(world.a, account)
    await delete_account("alice", actor=ADMIN, side=side)
    assert await world.a.storage.sessions.find(session, now=world.clock.now()) is None
    again = await add(world.a)
    assert again.id != account.id


async def test_the_last_administrator_may_go(world: World) -> None:
    """Issue 5: then `serve` says which command makes one."""
    side = world.a.administration
    await add(world.a, is_administrator=True)
    await pause_account("alice", actor=ADMIN, side=side)
    assert not await world.a.storage.accounts.has_administrator()


@pytest.mark.parametrize("change", CHANGES)
async def test_an_account_that_is_not_there_is_unknown(world: World, change: str) -> None:
    """Product §5 Nothing lost: bad input gets a clear error."""
    for name in ("nobody", "", "\ud800"):
        with pytest.raises(RefusedError) as refused:
            await CHANGES[change](name, ADMIN, world.a.administration)
        assert (refused.value.code, refused.value.status) == ("unknown_user", 404)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.requirement("N-08")
async def test_only_an_administrator_changes_accounts(world: World, change: str) -> None:
    """Product §1; security N-08."""
    account = await add(world.a)
    for actor in (AUDIT, STRANGER):
        with pytest.raises(LinkingError) as refused:
            await CHANGES[change]("alice", actor, world.a.administration)
        assert refused.value.code == "not_administrator"
        with pytest.raises(LinkingError):
            await add_account(NewAccount(name="eve", password=HASH), actor=actor, side=world.a.administration)
    with pytest.raises(LinkingError):
        await list_accounts(actor=STRANGER, side=world.a.administration)
    assert await list_accounts(actor=AUDIT, side=world.a.administration) == [account]
