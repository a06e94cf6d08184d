"""The accounts on PostgreSQL: who a call is for is looked up with every call, in one prepared round trip."""

from applinks.records.accounts import Account
from applinks.storage.accounts import AccountTable, build_account
from applinks.storage.postgresql.connection import PostgresDatabase
from applinks.storage.rows import can_stand
from applinks.storage.schema import accounts

_FIND = f"SELECT {', '.join(column.name for column in accounts.columns)} FROM applinks_accounts WHERE id = $1"  # noqa: S608


class PostgresAccounts(AccountTable):
    """The accounts, with the hot look-up on PostgreSQL."""

    def __init__(self, database: PostgresDatabase) -> None:
        super().__init__(database)
        self._hot = database

    async def find(self, account_id: str) -> Account | None:
        """Give an account by its id."""
        row = await self._hot.fetch(_FIND, account_id) if can_stand(account_id) else None
        return build_account(tuple(row.values())) if row else None
