"""Opens the database, and gives all that is kept in it."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import BigInteger, cast, func

from applinks.clock import Clock
from applinks.entropy import Entropy
from applinks.errors import SchemaError
from applinks.incoming.oauth1.store import OAuth1Store
from applinks.incoming.store import IncomingStore
from applinks.outgoing.store import OutgoingStore
from applinks.settings import Settings
from applinks.storage import pruning
from applinks.storage.accounts import AccountTable
from applinks.storage.journals.audit import AuditTrail
from applinks.storage.journals.failures import FailureTable
from applinks.storage.keys import KeyTables
from applinks.storage.leases import LeaseTable
from applinks.storage.linking import LinkingTables
from applinks.storage.migrations import check_version, make
from applinks.storage.postgresql import check_driver
from applinks.storage.sealing.key_file import get_given_key, read_sealing_keys
from applinks.storage.sealing.loss import check_sealing_key
from applinks.storage.sealing.sealer import Sealer
from applinks.storage.sessions import SessionTable
from applinks.storage.sqlite.accounts import SqliteAccounts
from applinks.storage.sqlite.connection import SqliteDatabase
from applinks.storage.sqlite.incoming import SqliteIncoming
from applinks.storage.sqlite.kept_records import KeptRecords
from applinks.storage.sqlite.oauth1 import SqliteOAuth1
from applinks.storage.sqlite.outgoing import SqliteOutgoing
from applinks.storage.sqlite.place import check_folder, find_version, is_new, parse_path
from applinks.storage.sqlite.sessions import SqliteSessions
from applinks.storage.units import Database
from applinks.storage.usage import UsageTables


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """All that is kept, by whom it serves; ``close`` it at the end."""

    database: Database
    settings: Settings
    incoming: IncomingStore
    oauth1: OAuth1Store
    outgoing: OutgoingStore
    linking: LinkingTables
    keys: KeyTables
    failures: FailureTable
    audit: AuditTrail
    sessions: SessionTable
    accounts: AccountTable
    leases: LeaseTable
    usage: UsageTables

    async def prune(self, *, now: int) -> int:
        """Delete all that is over, in short units; gives how many rows."""
        gone = await pruning.prune(self.database, self.settings.lifetimes, now=now)
        while found := await self.sessions.prune(now=now, limit=200):
            gone += found
        return gone

    async def checkpoint(self) -> None:
        """Move the write-ahead log into the file, as far as nobody reads it."""
        await self.database.checkpoint()

    async def close(self) -> None:
        """Close the database; what is asked of it afterwards fails."""
        await self.database.aclose()


async def open_storage(settings: Settings, *, clock: Clock, entropy: Entropy, for_command: bool = False) -> Storage:
    """
    Open the database of the settings; make it where it is new, unless a command asks.

    Raises:
        SettingsError: the URL is not understood, or the sealing key is missing or another.
        SchemaError: the file is not ours, or of an older or newer schema; ``for_command``: there is none.
        StoreError: the folder or the file cannot be used.
    """
    if settings.is_postgresql:
        parts = await _open_postgresql(settings, for_command=for_command)
    else:
        parts = _open_sqlite(settings, for_command=for_command)
    try:
        storage = _assemble(parts, settings, clock=clock, entropy=entropy)
        await storage.keys.make_first(clock=clock, entropy=entropy)
        await check_sealing_key(storage.keys, parts.database, parts.sealer, settings=settings, clock=clock)
        # Only now: nothing is sealed with a key that is not the right one.
        await storage.keys.make_missing(clock=clock)
    except BaseException:
        await parts.database.aclose()
        raise
    return storage


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What differs from database to database."""

    database: Database
    sealer: Sealer
    incoming: IncomingStore
    oauth1: OAuth1Store
    outgoing: OutgoingStore
    sessions: SessionTable
    accounts: AccountTable
    leases: LeaseTable


def _open_sqlite(settings: Settings, *, for_command: bool) -> _Parts:
    path = parse_path(settings.database)
    _prepare(settings, path, for_command=for_command)
    sealer = Sealer(read_sealing_keys(settings, path, is_new=False))
    database, kept = SqliteDatabase(path, synchronous=settings.synchronous), KeptRecords(sealer)
    return _Parts(
        database=database,
        sealer=sealer,
        incoming=SqliteIncoming(database, sealer, kept),
        oauth1=SqliteOAuth1(database, sealer, kept),
        outgoing=SqliteOutgoing(database, sealer, kept),
        sessions=SqliteSessions(database, sealer, settings.lifetimes),
        accounts=SqliteAccounts(database),
        leases=LeaseTable(database),
    )


def _prepare(settings: Settings, path: Path, *, for_command: bool) -> None:
    """Leave a database of the newest schema at the path, and its sealing key beside it."""
    if for_command and is_new(path):
        raise SchemaError(
            f"There is no database at {path.absolute()};"
            " --database names another, and applinks database upgrade makes it."
        )
    check_folder(path)
    version = None if is_new(path) else find_version(path)
    if version is None and not for_command:
        make(path, settings)
        return
    check_version(version, str(path), options=f" --database sqlite:///{path}")


async def _open_postgresql(settings: Settings, *, for_command: bool) -> _Parts:
    check_driver()
    # The driver is an option of the installation, and takes time to load.
    from applinks.storage.postgresql import place
    from applinks.storage.postgresql.accounts import PostgresAccounts
    from applinks.storage.postgresql.connection import PostgresDatabase
    from applinks.storage.postgresql.incoming import PostgresIncoming
    from applinks.storage.postgresql.kept_records import KeptRecords
    from applinks.storage.postgresql.oauth1 import PostgresOAuth1
    from applinks.storage.postgresql.outgoing import PostgresOutgoing
    from applinks.storage.postgresql.sessions import PostgresSessions

    sealer = Sealer((get_given_key(settings),))
    await place.prepare(settings.database, for_command=for_command)
    database = PostgresDatabase(settings.database)
    kept = KeptRecords(database, sealer)
    return _Parts(
        database=database,
        sealer=sealer,
        incoming=PostgresIncoming(database, sealer, kept),
        oauth1=PostgresOAuth1(database, sealer, kept),
        outgoing=PostgresOutgoing(database, sealer, kept),
        sessions=PostgresSessions(database, sealer, settings.lifetimes),
        accounts=PostgresAccounts(database),
        leases=LeaseTable(database, moment=cast(func.extract("epoch", func.clock_timestamp()), BigInteger)),
    )


def _assemble(parts: _Parts, settings: Settings, *, clock: Clock, entropy: Entropy) -> Storage:
    database = parts.database
    return Storage(
        database=database,
        settings=settings,
        incoming=parts.incoming,
        oauth1=parts.oauth1,
        outgoing=parts.outgoing,
        linking=LinkingTables(database, parts.sealer),
        keys=KeyTables(database, parts.sealer),
        failures=FailureTable(database, clock=clock, entropy=entropy, kept_per_link=settings.sizes.failures_per_link),
        audit=AuditTrail(database),
        sessions=parts.sessions,
        accounts=parts.accounts,
        leases=parts.leases,
        usage=UsageTables(database),
    )
