"""The accounts of the server form, which has users of its own."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from applinks.records.accounts import Account, fold_name
from applinks.records.audit import AuditEvent
from applinks.records.grants import GrantEnd
from applinks.records.users import Role
from applinks.secret import Secret
from applinks.storage.journals.audit import add_events
from applinks.storage.rows import can_stand
from applinks.storage.schema import accounts, connections, grants, round_trips, sessions
from applinks.storage.units import ConflictError, Database, UnitUndone


class AccountTable:
    """The accounts; two whose names differ in case or width alone cannot stand beside each other."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, account: Account, *, event: AuditEvent) -> bool:
        """Insert an account; False: the name is taken, and nothing was written."""

        def unit(connection: Connection) -> None:
            connection.execute(insert(accounts).values(_format(account)))
            add_events(connection, (event,))

        try:
            await self._database.write(unit)
        except ConflictError:
            return False
        return True

    async def find(self, account_id: str) -> Account | None:
        """Give an account by its id."""
        return next(iter(await self._select(accounts.c.id == account_id, account_id)), None)

    async def find_by_name(self, name: str) -> Account | None:
        """Give an account by its log-in name, whatever its case."""
        return next(iter(await self._select(accounts.c.name_key == fold_name(name), name)), None)

    async def find_by_email(self, email: str) -> Sequence[Account]:
        """Give the accounts with that address, by name; an empty one is nobody's."""
        return await self._select(accounts.c.email_key == _fold_email(email), email) if email else []

    async def list(self) -> Sequence[Account]:
        """Give all accounts, by name."""
        return await self._select()

    async def save(self, account: Account, *, before: Account | None = None, event: AuditEvent) -> bool:
        """
        Replace an account; False: it is gone, or its new name is taken, and nothing was written.

        Nothing is written either where it is no longer as ``before``, which somebody read. When it was made and when
        somebody last logged in stay as they are.
        """
        changes = {name: value for name, value in _format(account).items() if name not in _NEVER_SAVED}

        def unit(connection: Connection) -> bool:
            if (
                connection.execute(
                    update(accounts).where(*_list_conditions(account.id, before)).values(changes)
                ).rowcount
                == 0
            ):
                raise UnitUndone(False)
            add_events(connection, (event,))
            return True

        try:
            return await self._database.write(unit)
        except ConflictError:
            return False

    async def delete(self, account_id: str, *, event: AuditEvent) -> bool:
        """
        Delete an account, its connections, journeys and sessions, and end its grants; False: it was gone.

        Its id is never used again, so nobody inherits anything.
        """

        def unit(connection: Connection) -> bool:
            if connection.execute(delete(accounts).where(accounts.c.id == account_id)).rowcount == 0:
                raise UnitUndone(False)
            given = (grants.c.user_id == account_id, grants.c.ended_at == 0)
            ends = {"ended_at": event.at, "ended_by": GrantEnd.ADMINISTRATOR.value}
            connection.execute(update(grants).where(*given).values(ends))
            for table in (connections, round_trips, sessions):
                connection.execute(delete(table).where(table.c.user_id == account_id))
            add_events(connection, (event,))
            return True

        return await self._database.write(unit)

    async def note_login(self, account_id: str, at: int) -> None:
        """Note when somebody logged in."""
        later = update(accounts).where(accounts.c.id == account_id, accounts.c.last_login_at < at)
        await self._database.write(lambda connection: connection.execute(later.values(last_login_at=at)).rowcount)

    async def has_administrator(self) -> bool:
        """Whether there is an administrator who is not paused."""
        active = (accounts.c.role == Role.ADMINISTRATOR.value, accounts.c.active == 1)
        query = select(accounts.c.id).where(*active).limit(1)
        return await self._database.read(lambda connection: connection.execute(query).first() is not None)

    async def _select(self, condition: ColumnElement[bool] | None = None, given: str = "") -> Sequence[Account]:
        """Read accounts by name; ``given`` is what somebody typed."""
        if not can_stand(given):
            return []
        query = select(accounts).order_by(accounts.c.name_key)
        narrowed = query if condition is None else query.where(condition)
        return await self._database.read(
            lambda connection: [build_account(row) for row in connection.execute(narrowed)]
        )


_NEVER_SAVED = frozenset({"id", "created_at", "last_login_at"})
_ROLES = {role.value: role for role in Role}


def _list_conditions(account_id: str, before: Account | None) -> list[ColumnElement[bool]]:
    conditions = [accounts.c.id == account_id]
    if before is not None:
        was = {name: value for name, value in _format(before).items() if name not in _NEVER_SAVED}
        conditions += [accounts.c[name].is_not_distinct_from(value) for name, value in was.items()]
    return conditions


def _fold_email(email: str) -> str:
    """Give the address as it is compared: by more than ASCII's case, another's address could become hers."""
    return "".join(character.lower() if character.isascii() else character for character in email)


def _format(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "name": account.name,
        "name_key": fold_name(account.name),
        "display_name": account.display_name,
        "email": account.email,
        "email_key": _fold_email(account.email),
        "password": account.password.reveal() if account.password else None,
        "role": account.role.value,
        "active": int(account.active),
        "created_at": account.created_at,
        "last_login_at": account.last_login_at,
    }


def build_account(values: Sequence[Any]) -> Account:
    """Give the account whose values stand in the order of the schema."""
    id_, name, _, display_name, email, _, password, role, active, created_at, last_login_at = values
    return Account(
        id=id_,
        name=name,
        display_name=display_name,
        email=email,
        password=None if password is None else Secret(password),
        role=_ROLES[role],
        active=bool(active),
        created_at=created_at,
        last_login_at=last_login_at,
    )
