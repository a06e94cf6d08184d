"""
What users decide about clients of OAuth 1.0a, in the database.

What every call does is in ``sqlite/oauth1.py`` and ``postgresql/oauth1.py``.
"""

from sqlalchemy import Connection, and_, delete, select, text, update

from applinks.records.audit import AuditEvent
from applinks.records.grants import Grant
from applinks.storage.incoming import write_grant
from applinks.storage.journals.audit import add_events
from applinks.storage.schema import SUPERSEDED, nonces, temporary_credentials, token_credentials
from applinks.storage.units import Database, UnitUndone

# A nonce is of no use once its timestamp is too old. A clock that was ahead for less than this has cost nothing; and
# at a hundred calls a second some hundred thousand are kept.
_NONCES_KEPT_SECONDS = 3600


class OAuth1Tables:
    """The part of ``incoming.oauth1.store.OAuth1Store`` that is the same on every database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def approve_temporary_credentials(
        self, row: int, *, at: int, oauth_verifier: bytes, grant: Grant, event: AuditEvent | None
    ) -> bool:
        """
        Note the user's yes, and insert the grant or widen the live one of its id. No event: the grant stood already.

        False, and nothing written: they were decided already, the grant of that id ended meanwhile, or a new grant
        finds another live one of the same client, user and resource.
        """
        decided = {"user_id": grant.user_id, "grant_id": grant.id, "oauth_verifier": oauth_verifier, "decided_at": at}

        def unit(connection: Connection) -> bool:
            if not (_decide(connection, row, decided) and write_grant(connection, grant, only=True)):
                raise UnitUndone(False)
            add_events(connection, (event,) if event else ())
            return True

        return await self._database.write(unit)

    async def deny_temporary_credentials(self, row: int, *, at: int, user_id: str) -> bool:
        """Note the user's no; False: they were decided already."""
        decided = {"user_id": user_id, "decided_at": at}
        return await self._database.write(lambda connection: _decide(connection, row, decided))


def prune_oauth1(connection: Connection, *, now: int, kept_until: int, limit: int) -> int:
    """
    Delete some of the credentials and nonces whose time is over; gives how many.

    Credentials stay until ``kept_until`` is past their end, so that what is presented too late is still known.
    """
    superseded = token_credentials.c.superseded_at
    # Where a setting lets a token last longer than its session, the token counts.
    sessions_over = and_(
        token_credentials.c.session_expires_at < kept_until, token_credentials.c.expires_at < kept_until
    )
    over = (
        (temporary_credentials.c.row, temporary_credentials.c.expires_at < kept_until),
        (token_credentials.c.row, sessions_over),
        # In the very words of the partial index, which then serves it.
        (token_credentials.c.row, and_(text(SUPERSEDED), superseded < kept_until)),
        (nonces.c.digest, nonces.c.expires_at < now - _NONCES_KEPT_SECONDS),
    )
    gone = 0
    for name, condition in over:
        some = select(name).where(condition).limit(limit)
        gone += connection.execute(delete(name.table).where(name.in_(some))).rowcount
    return gone


def _decide(connection: Connection, row: int, decided: dict[str, object]) -> bool:
    table = temporary_credentials
    undecided = and_(table.c.row == row, table.c.decided_at == 0, table.c.claimed_at == 0)
    return connection.execute(update(table).where(undecided).values(decided)).rowcount == 1
