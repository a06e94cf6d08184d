import logging
from dataclasses import replace
from pathlib import Path

import pytest

from applinks.secret import Secret
from applinks.settings import Settings
from applinks.storage.open import Storage, open_storage
from tests.conformance.oauth1.records import (
    RSA,
    add_approved,
    add_oauth1_client,
    add_token_credentials,
    make_temporary,
)
from tests.conformance.records import NOW, add_hand_link, make_connection, make_hand_link
from tests.fakes import CountingEntropy, FixedClock

pytestmark = pytest.mark.anyio


async def test_the_secrets_of_oauth_1_0a_are_given_up_and_the_links_named(
    storage: Storage, settings: Settings, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """House §8 Keys. Lost: 1.0a secrets must be made anew, and the start says which; consents stand."""
    link, _ = await add_hand_link(storage)
    other, _ = await add_hand_link(storage, make_hand_link(2), 2)
    client, grant, _ = await add_token_credentials(storage, link)
    await storage.oauth1.add_temporary_credentials(make_temporary(client, 2))
    by_key = await add_oauth1_client(storage, other, 3, oauth1=RSA)
    await add_approved(storage, by_key, 4, user_id="bob")
    connection = make_connection(link, protocol="oauth1", token_secret=Secret("token secret"))
    await storage.outgoing.add_connection(connection, event=None)
    await storage.close()
    path.with_name("applinks.db.key").unlink()
    with caplog.at_level(logging.WARNING):
        again = await open_storage(
            settings.changed(sealing_key_lost=True), clock=FixedClock(), entropy=CountingEntropy()
        )
    told = f"link={link.handle} connections=1 client_secrets=0 shared_secrets=1 token_credentials=1"
    assert told in caplog.text
    assert f"link={other.handle}" not in caplog.text
    for row in (1, 2, 4):
        assert await again.oauth1.find_temporary_credentials(row) is None
        assert await again.oauth1.find_token_credentials(row) is None
    found = await again.oauth1.find_client(client.client_id)
    assert found is not None
    assert client.oauth1 is not None
    assert found.client == client.changed(oauth1=replace(client.oauth1, shared_secret=None))
    kept = await again.oauth1.find_client(by_key.client_id)
    assert kept is not None
    assert kept.client == by_key
    assert [each.grant for each in await again.incoming.list_grants_of_user("alice")] == [grant]
    assert await again.incoming.list_families(now=NOW) == []
    await again.close()
