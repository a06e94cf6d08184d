"""One of each secret, to look for in a dump."""

from applinks.secret import Secret, digest_secret
from applinks.storage.open import Storage
from applinks.storage.sessions import Session
from tests.conformance.records import (
    NOW,
    add_link,
    add_refresh_token,
    make_access_token,
    make_connection,
    make_link,
    make_refresh_token,
)
from tests.conformance.test_outgoing_store import make_round_trip


async def keep_every_secret(storage: Storage) -> dict[str, str]:
    """Keep one of each; gives the clear values by what they are."""
    link, _ = await add_link(storage, make_link(2))
    grant, family, token = await add_refresh_token(storage)
    await storage.outgoing.add_connection(make_connection(link), event=None)
    await storage.outgoing.add_round_trip(make_round_trip(link.id, digest_secret("the-state")))
    session = Session(id=digest_secret("the-session"), csrf=Secret("the-csrf-secret"), created_at=NOW, seen_at=NOW)
    await storage.sessions.start(session)
    await storage.incoming.rotate_refresh_token(
        token.row,
        at=NOW,
        answer=Secret('{"access_token": "the-answer"}'),
        access_token=make_access_token(grant, 2, family=family, digest=digest_secret("the-access-token")),
        refresh_token=make_refresh_token(grant, family, 2, digest=digest_secret("the-refresh-token")),
    )
    private = (await storage.keys.get_signing_key()).private.reveal()
    return {
        "access token of a connection": "their-access-token",
        "refresh token of a connection": "their-refresh-token",
        "code verifier": "verifier",
        "CSRF secret": "the-csrf-secret",
        "kept answer": "the-answer",
        "issued access token": "the-access-token",
        "issued refresh token": "the-refresh-token",
        "state": "the-state",
        "session": "the-session",
        "private key": private.split('"d": "')[1].split('"')[0],
    }
