"""One of each secret, to look for in a dump."""

from dataclasses import replace

from applinks.linking.store import CommitResult, LinkWrite
from applinks.records.links import Link
from applinks.secret import Secret, digest_secret
from applinks.storage.open import Storage
from applinks.storage.sessions import Session
from tests.conformance.oauth1.records import (
    add_oauth1_client,
    make_credentials,
    make_oauth1_family,
    make_temporary,
)
from tests.conformance.records import (
    NOW,
    add_link,
    add_refresh_token,
    make_access_token,
    make_connection,
    make_grant,
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
    client = make_hand_client(by_hand, 3, secrets=(make_secret(digest=digest_secret("the-client-secret")),))
    registration = make_registration(by_hand, client_secret=Secret("their-client-secret"))
    write = LinkWrite(link=by_hand, expected_version=None, clients=(client,), registration=registration)
    assert await storage.linking.commit(write) is CommitResult.WRITTEN
    await storage.outgoing.add_round_trip(
        replace(make_round_trip(link.id, digest_secret("the-state")), code_verifier=Secret("the-code-verifier"))
    )
    session = Session(id=digest_secret("the-session"), csrf=Secret("the-csrf-secret"), created_at=NOW, seen_at=NOW)
    await storage.sessions.start(session)
    await storage.incoming.rotate_refresh_token(
        token.row,
        at=NOW,
        answer=Secret('{"access_token": "the-answer"}'),
        access_token=make_access_token(grant, 2, family=family, digest=digest_secret("the-access-token")),
        refresh_token=make_refresh_token(grant, family, 2, digest=digest_secret("the-refresh-token")),
    )
    await _keep_secrets_of_oauth1(storage, by_hand, link)
    private = (await storage.keys.get_signing_key()).private.reveal()
    rsa = (await storage.keys.get_oauth1_key()).private.reveal()
    return {
        "access token of a connection": "their-access-token",
        "refresh token of a connection": "their-refresh-token",
        "client secret at a server": "their-client-secret",
        "secret of a client of ours": "the-client-secret",
        "code verifier": "the-code-verifier",
        "CSRF secret": "the-csrf-secret",
        "kept answer": "the-answer",
        "issued access token": "the-access-token",
        "issued refresh token": "the-refresh-token",
        "state": "the-state",
        "session": "the-session",
        "private key": private.split('"d": "')[1].split('"')[0],
        "shared secret": "the-shared-secret",
        "secret of temporary credentials": "the-temporary-secret",
        "verifier": "the-oauth1-verifier",
        "token of token credentials": "the-oauth1-token",
        "secret of token credentials": "the-token-secret",
        "session handle": "the-session-handle",
        "token secret of a connection": "their-token-secret",
        "RSA key": rsa.splitlines()[9],
    }


async def _keep_secrets_of_oauth1(storage: Storage, by_hand: Link, link: Link) -> None:
    client = await add_oauth1_client(storage, by_hand)
    temporary = make_temporary(client, 1, secret=Secret("the-temporary-secret"))
    await storage.oauth1.add_temporary_credentials(temporary)
    grant = make_grant(client, 9)
    await storage.oauth1.approve_temporary_credentials(
        1, at=NOW, oauth_verifier=digest_secret("the-oauth1-verifier"), grant=grant, event=None
    )
    family = make_oauth1_family(grant)
    credentials = make_credentials(
        grant,
        family,
        digest=digest_secret("the-oauth1-token"),
        secret=Secret("the-token-secret"),
        session_handle=digest_secret("the-session-handle"),
    )
    await storage.oauth1.exchange_temporary_credentials(1, at=NOW, family=family, credentials=credentials)
    connection = make_connection(link, "alicia", 9, name="1.0a", token_secret=Secret("their-token-secret"))
    await storage.outgoing.add_connection(connection, event=None)
