"""Opens the database, and gives all that is kept in it."""

from dataclasses import dataclass
from pathlib import Path

from applinks.clock import Clock
from applinks.entropy import Entropy
from applinks.errors import SchemaError
from applinks.settings import Settings
from applinks.storage import pruning
from applinks.storage.audit import AuditTrail
from applinks.storage.failures import FailureTable
from applinks.storage.key_file import read_sealing_keys
from applinks.storage.keys import KeyTables, check_sealing_key
from applinks.storage.leases import LeaseTable
from applinks.storage.linking import LinkingTables
from applinks.storage.migrations import check_version, migrate
from applinks.storage.sealing import Sealer
from applinks.storage.sessions import SessionTable
from applinks.storage.sqlite.connection import SqliteDatabase
from applinks.storage.sqlite.incoming import SqliteIncoming
from applinks.storage.sqlite.kept_records import KeptRecords
from applinks.storage.sqlite.outgoing import SqliteOutgoing
from applinks.storage.sqlite.place import check_folder, find_version, is_new, make_file, parse_path
from applinks.storage.usage import UsageTables


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """All that is kept, by whom it serves; ``close`` it at the end."""

    database: SqliteDatabase
    settings: Settings
    incoming: SqliteIncoming
    outgoing: SqliteOutgoing
    linking: LinkingTables
    keys: KeyTables
    failures: FailureTable
    audit: AuditTrail
    sessions: SessionTable
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
        self.database.close()


async def open_storage(settings: Settings, *, clock: Clock, entropy: Entropy, for_command: bool = False) -> Storage:
    """
    Open the database of the settings; make it where it is new, unless a command asks.

    Raises:
        SettingsError: the URL is not understood, or the sealing key is missing or another.
        SchemaError: the file is not ours, or of an older or newer schema; ``for_command``: there is none.
        StoreError: the folder or the file cannot be used.
    """
    path = parse_path(settings.database)
    _prepare(settings, path, for_command=for_command)
    sealer = Sealer(read_sealing_keys(settings, path, is_new=False))
    database = SqliteDatabase(path, synchronous=settings.synchronous)
    try:
        storage = _assemble(database, settings, sealer, clock=clock, entropy=entropy)
        await storage.keys.make_first(clock=clock, entropy=entropy)
        await check_sealing_key(storage.keys, database, sealer, settings=settings, clock=clock)
    except BaseException:
        database.close()
        raise
    return storage


def _prepare(settings: Settings, path: Path, *, for_command: bool) -> None:
    """Leave a database of the newest schema at the path, and its sealing key beside it."""
    if for_command and is_new(path):
        raise SchemaError(f"There is no database at {path.absolute()}; --database names another.")
    check_folder(path)
    version = None if is_new(path) else find_version(path)
    if version is None and not for_command:
        # The key first: whoever finds a database finds its key.
        read_sealing_keys(settings, path, is_new=True)
        make_file(path)
        migrate(path)
        return
    check_version(version, path)


def _assemble(
    database: SqliteDatabase, settings: Settings, sealer: Sealer, *, clock: Clock, entropy: Entropy
) -> Storage:
    lifetimes = settings.lifetimes
    kept = KeptRecords()
    return Storage(
        database=database,
        settings=settings,
        incoming=SqliteIncoming(database, sealer, kept),
        outgoing=SqliteOutgoing(database, sealer, kept),
        linking=LinkingTables(database),
        keys=KeyTables(database, sealer),
        failures=FailureTable(database, clock=clock, entropy=entropy, kept_per_link=settings.sizes.failures_per_link),
        audit=AuditTrail(database),
        sessions=SessionTable(
            database,
            sealer,
            idle_seconds=lifetimes.session_idle_seconds,
            absolute_seconds=lifetimes.session_absolute_seconds,
        ),
        leases=LeaseTable(database),
        usage=UsageTables(database),
    )
