"""The accounts on SQLite: who a call is for is looked up with every call, on the raw connection."""

import sqlite3

from applinks.records.accounts import Account
from applinks.storage.accounts import AccountTable, build_account
from applinks.storage.rows import can_stand
from applinks.storage.schema import accounts
from applinks.storage.sqlite.connection import SqliteDatabase

_FIND = f"SELECT {', '.join(column.name for column in accounts.columns)} FROM applinks_accounts WHERE id = ?"  # noqa: S608


class SqliteAccounts(AccountTable):
    """The accounts, with the hot look-up on SQLite."""

    def __init__(self, database: SqliteDatabase) -> None:
        super().__init__(database)
        self._hot = database

    async def find(self, account_id: str) -> Account | None:
        """Give an account by its id."""

        def unit(raw: sqlite3.Connection) -> Account | None:
            row = raw.execute(_FIND, (account_id,)).fetchone()
            return build_account(row) if row else None

        return await self._hot.read_raw(unit) if can_stand(account_id) else None
