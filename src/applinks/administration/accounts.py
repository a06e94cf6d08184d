"""
The accounts of the server form.

Whoever has them hashes the password; what is handed over here is the hash.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from applinks.administration.actor import Actor, check_may_change, check_may_look
from applinks.administration.changing import ROUNDS, build_event
from applinks.administration.side import Administration
from applinks.administration.values import InvalidValueError, clean_name
from applinks.entropy import new_id
from applinks.errors import RefusedError
from applinks.records.accounts import Account
from applinks.records.users import Role
from applinks.secret import Secret

_LONGEST_EMAIL = 254


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """
    An account to add.

    Attributes:
        password: the hash; None: nobody can log in until there is one.
        email: an administrator vouches for it; empty: none.
    """

    name: str
    password: Secret | None = field(repr=False)
    email: str = ""
    display_name: str = ""
    is_administrator: bool = False


async def add_account(new: NewAccount, *, actor: Actor, side: Administration) -> Account:
    """
    Add an account.

    Raises:
        InvalidValueError: ``invalid_name``, ``name_taken`` or ``invalid_email``.
        LinkingError: ``not_administrator``.
    """
    check_may_change(actor)
    account = Account(
        id=new_id(side.entropy, "usr"),
        name=_check_name(new.name),
        display_name=clean_name(new.display_name, field="display_name") if new.display_name else "",
        email=_check_email(new.email),
        password=new.password,
        role=Role.ADMINISTRATOR if new.is_administrator else Role.NONE,
        created_at=side.clock.now(),
    )
    detail = {"name": account.name, "role": account.role.value}
    event = build_event(actor, "user.added", account.id, side=side, detail=detail)
    if not await side.accounts.add(account, event=event):
        raise InvalidValueError("name", "name_taken", f"There is a user {account.name!r} already.")
    return account


async def list_accounts(*, actor: Actor, side: Administration) -> Sequence[Account]:
    """Give the accounts, by name."""
    check_may_look(actor)
    return await side.accounts.list()


async def set_password(name: str, password: Secret, *, actor: Actor, side: Administration) -> Account:
    """
    Give an account a new password, by its hash; whoever is logged in with the old one is logged out.

    Raises:
        RefusedError: ``unknown_user``.
    """
    account = await _change(name, "user.password_changed", actor, side, password=password)
    await side.sessions.delete_of_user(account.id)
    return account


async def pause_account(name: str, *, actor: Actor, side: Administration) -> Account:
    """
    Pause an account: she is logged out, cannot log in, and no application acts for her.

    Raises:
        RefusedError: ``unknown_user``.
    """
    account = await _change(name, "user.paused", actor, side, active=False)
    await side.sessions.delete_of_user(account.id)
    return account


async def resume_account(name: str, *, actor: Actor, side: Administration) -> Account:
    """
    End a pause; what she gave and what she connected is as before.

    Raises:
        RefusedError: ``unknown_user``.
    """
    return await _change(name, "user.resumed", actor, side, active=True)


async def delete_account(name: str, *, actor: Actor, side: Administration) -> Account:
    """
    Delete an account for good, with all that she gave and connected; its id is never used again.

    Raises:
        RefusedError: ``unknown_user``.
    """
    check_may_change(actor)
    account = await _get(name, side)
    event = build_event(actor, "user.deleted", account.id, side=side, detail={"name": account.name})
    if not await side.accounts.delete(account.id, event=event):
        raise _build_unknown(name)
    return account


async def _change(name: str, action: str, actor: Actor, side: Administration, **changes: Secret | bool) -> Account:
    check_may_change(actor)
    for _ in range(ROUNDS):
        account = await _get(name, side)
        changed = account.changed(**changes)
        if changed == account:
            return account
        event = build_event(actor, action, account.id, side=side, detail={"name": account.name})
        if await side.accounts.save(changed, before=account, event=event):
            return changed
        # Somebody else changed it at this moment: a new password must not end a pause.
    detail = f"the user {name[:80]!r} was changed by others {ROUNDS} times meanwhile"
    raise RefusedError("The user was changed at the same moment; try again.", code="busy", status=409, detail=detail)


async def _get(name: str, side: Administration) -> Account:
    account = await side.accounts.find_by_name(name)
    if account is None:
        raise _build_unknown(name)
    return account


def _check_name(name: str) -> str:
    cleaned = clean_name(name)
    if any(character.isspace() for character in cleaned):
        raise InvalidValueError("name", "invalid_name", "A log-in name has no spaces.")
    return cleaned


def _check_email(email: str) -> str:
    cleaned = email.strip()
    local, at, host = cleaned.rpartition("@")
    is_shaped = bool(local and at and host) and cleaned.isprintable() and " " not in cleaned
    if cleaned and (not is_shaped or len(cleaned) > _LONGEST_EMAIL):
        raise InvalidValueError("email", "invalid_email", f"{cleaned[:80]!r} is no e-mail address.")
    return cleaned


def _build_unknown(name: str) -> RefusedError:
    return RefusedError(
        "There is no such user.", code="unknown_user", detail=f"there is no user {name[:80]!r}", status=404
    )
