"""One of each secret, to look for in a dump."""

from applinks.linking.store import LinkWrite
from applinks.secret import Secret, digest_secret
from applinks.storage.open import Storage
from applinks.storage.sessions import Session
from tests.conformance.records import (
    NOW,
    add_link,
    add_refresh_token,
    make_access_token,
    make_connection,
    make_hand_client,
    make_hand_link,
    make_link,
    make_refresh_token,
    make_registration,
    make_secret,
)
from tests.conformance.test_outgoing_store import make_round_trip


async def keep_every_secret(storage: Storage) -> dict[str, str]:
    """Keep one of each; gives the clear values by what they are."""
    link, _ = await add_link(storage, make_link(2))
    grant, family, token = await add_refresh_token(storage)
    await storage.outgoing.add_connection(make_connection(link), event=None)
    by_hand = make_hand_link(3)
    client = make_hand_client(by_hand, secrets=(make_secret(digest=digest_secret("the-client-secret")),))
    registration = make_registration(by_hand, client_secret=Secret("their-client-secret"))
    await storage.linking.commit(
        LinkWrite(link=by_hand, expected_version=None, client=client, registration=registration)
    )
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
        "client secret at a server": "their-client-secret",
        "secret of a client of ours": "the-client-secret",
        "code verifier": "verifier",
        "CSRF secret": "the-csrf-secret",
        "kept answer": "the-answer",
        "issued access token": "the-access-token",
        "issued refresh token": "the-refresh-token",
        "state": "the-state",
        "session": "the-session",
        "private key": private.split('"d": "')[1].split('"')[0],
    }
