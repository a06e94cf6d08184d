"""The incoming side's store on SQLite."""

from applinks.storage.incoming import IncomingTables
from applinks.storage.sealing import Sealer
from applinks.storage.sqlite.connection import SqliteDatabase
from applinks.storage.sqlite.hot_tokens import HotTokens
from applinks.storage.sqlite.kept_records import KeptRecords


class SqliteIncoming(IncomingTables, HotTokens):
    """Implements ``incoming.store.IncomingStore``."""

    def __init__(self, database: SqliteDatabase, sealer: Sealer, kept: KeptRecords) -> None:
        IncomingTables.__init__(self, database)
        HotTokens.__init__(self, database, sealer, kept)
