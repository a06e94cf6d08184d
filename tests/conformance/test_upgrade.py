import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, text

from applinks.errors import SchemaError, SettingsError
from applinks.linking.store import CommitResult, LinkWrite
from applinks.records.links import EndReason, Link, LinkState
from applinks.secret import Secret
from applinks.settings import Settings
from applinks.storage import migrations
from applinks.storage.migrations.configuration import build_configuration
from applinks.storage.open import Storage, open_storage
from applinks.storage.schema import metadata
from applinks.storage.sqlite.place import parse_path
from tests.conformance.oauth1.records import add_token_credentials
from tests.conformance.records import (
    NOW,
    THEM,
    US,
    make_account,
    make_client,
    make_code,
    make_connection,
    make_event,
    make_family,
    make_full_link,
    make_grant,
    make_hand_client,
    make_hand_link,
    make_link,
    make_registration,
    make_secret,
)
from tests.conformance.test_journals import make_session
from tests.conformance.test_linking_store import make_decided
from tests.conformance.test_outgoing_store import make_round_trip
from tests.fakes import CountingEntropy, FixedClock
from tests.postgresql import drop_tables, execute

pytestmark = pytest.mark.anyio

# One of everything that each version kept, as it wrote it to SQLite; sealed with the key of these tests.
SCHEMAS = Path(__file__).parent / "schemas"


@pytest.fixture(params=migrations.REVISIONS[:-1])
def version(request: pytest.FixtureRequest) -> str:
    """One of those that are older than this program's."""
    return str(request.param)


@pytest.fixture
def settings(settings: Settings, version: str) -> Iterator[Settings]:
    """A database that a version left behind."""
    settings = replace(settings, sealing_key=Secret("A" * 43))
    dump = (SCHEMAS / f"{version}.sql").read_text("utf-8")
    if settings.is_postgresql:
        drop_tables(settings.database)
        asyncio.run(_make(settings.database, version))
        execute(settings.database, *list_inserts(dump))
    else:
        raw = sqlite3.connect(parse_path(settings.database))
        raw.executescript(dump)
        raw.execute("PRAGMA journal_mode = WAL")
        raw.close()
    yield settings
    if settings.is_postgresql:
        # The next test finds no tables, rather than those of another version.
        drop_tables(settings.database)


async def _make(url: str, version: str) -> None:
    from applinks.storage.postgresql.connection import connect

    def unit(connection: Connection) -> None:
        command.upgrade(build_configuration(connection), version)

    engine = connect(url)
    async with engine.begin() as connection:
        await connection.run_sync(unit)
    await engine.dispose()


def list_inserts(dump: str) -> list[str]:
    """Give what SQLite dumped as PostgreSQL takes it, parents before their children."""
    found = re.findall(r"^INSERT INTO .*?;$", dump, re.DOTALL | re.MULTILINE)
    by_table = {name: [each for each in found if f'"{name}"' in each] for name in metadata.tables}
    assert sum(map(len, by_table.values())) == len(found) - 1  # all but the version
    ordered = [each for table in metadata.sorted_tables for each in by_table[table.name]]
    counted = [
        f"SELECT setval(pg_get_serial_sequence('{name}', 'row'), (SELECT max(row) FROM {name}))"
        for name in ("applinks_audit", "applinks_failures")
    ]
    return [*(re.sub(r"\bX'([0-9A-F]*)'", r"'\\x\1'", each) for each in ordered), *counted]


@pytest.fixture
async def upgraded(
    settings: Settings, version: str, clock: FixedClock, entropy: CountingEntropy
) -> AsyncIterator[Storage]:
    status = await asyncio.to_thread(migrations.upgrade, settings)
    assert (status.version, status.is_current) == (version, False)
    storage = await open_storage(settings, clock=clock, entropy=entropy)
    yield storage
    await storage.close()


def make_second() -> Link:
    full = make_full_link()
    peer = replace(full.peer, id="urn:uuid:2", url="https://start2.example")
    return replace(full, id=f"lnk_{2:022d}", handle="start-2", peer=peer)


async def test_an_older_schema_is_refused_in_words(
    settings: Settings, version: str, clock: FixedClock, entropy: CountingEntropy
) -> None:
    """house.md §8 Migrations: the text names the command, and nothing is changed."""
    told = rf"has schema {version}, this program needs .* applinks database upgrade"
    for _ in range(2):
        with pytest.raises(SchemaError, match=told):
            await open_storage(settings, clock=clock, entropy=entropy)


async def test_every_record_outlives_the_upgrade(upgraded: Storage, version: str) -> None:
    """house.md §8 Migrations: links and clients come back as they were kept, with what is new at its default."""
    first, second = make_link(1), make_second()
    third = make_link(3, LinkState.PROPOSED)
    ended = make_link(4, ended_at=NOW, ended_reason=EndReason.DELETED)
    by_hand = () if version == "0001" else (make_hand_link(8),)
    assert {each.id: each for each in await upgraded.linking.list_links(ended=True)} == {
        each.id: each for each in (first, second, third, ended, *by_hand)
    }
    assert await upgraded.linking.find_decided_proposal(issuer=THEM, jti="jti") == make_decided()
    for link in (first, second):
        found = await upgraded.incoming.find_client(make_client(link).client_id)
        assert found is not None
        assert (found.client, found.link) == (make_client(link), link)
    for link in by_hand:
        found = await upgraded.incoming.find_client("probe-8")
        assert found is not None
        secrets = (make_secret(9), make_secret(8, expires_at=NOW + 60))
        assert found.client == make_hand_client(link, 8, secrets=secrets, resources=(US,))
        assert await upgraded.outgoing.find_registration(link.id) == make_registration(link, document="document-8")
        assert await upgraded.accounts.find_by_name("user-8") == make_account(8)
    assert (await upgraded.audit.list())[-2:] == [make_event(2), make_event(1)]
    assert [each.code for each in await upgraded.failures.list()] == ["invalid_grant"]
    assert (await upgraded.keys.get_instance()).id == "urn:uuid:7176f79f-d68c-4ad3-ae2d-4843b8d7dd83"


async def test_every_credential_outlives_the_upgrade(upgraded: Storage) -> None:
    """Ours: tokens work on, what is sealed opens, and what was used once stays used."""
    grant = make_grant(make_client(make_link(1)))
    assert await upgraded.incoming.list_grants_of_user("alice") != []
    (listed,) = await upgraded.incoming.list_families(now=NOW)
    assert (listed.family, listed.grant) == (make_family(grant), grant)
    refresh = await upgraded.incoming.find_refresh_token(1)
    assert refresh is not None
    assert (refresh.token.successor, refresh.token.successor_row) == (Secret("answer"), 2)
    assert await upgraded.incoming.find_access_token(2) is not None
    code = await upgraded.incoming.find_code(3)
    assert code is not None
    assert code.code == make_code(grant, 3)
    assert not await upgraded.incoming.claim_assertion(issuer="a", jti="b", expires_at=NOW)
    second = make_second()
    assert await upgraded.outgoing.find_connection(link_id=second.id, user_id="alicia") == make_connection(second)
    journey = make_round_trip(second.id)
    assert (
        await upgraded.outgoing.claim_round_trip(state=journey.state, session=journey.session, link_id=second.id)
        == journey
    )
    session = make_session(user_id="alice", data={"offers": {"a": 1}})
    assert await upgraded.sessions.find(session.id, now=NOW) == session
    assert (await upgraded.keys.get_signing_key()).private.reveal().startswith("{")


async def test_what_is_new_works_after_the_upgrade(upgraded: Storage) -> None:
    """Ours: links by hand, clients with secrets, accounts, and all of OAuth 1.0a."""
    links = [make_hand_link(number) for number in (5, 6)]
    for number, link in enumerate(links, 5):
        client, registration = make_hand_client(link, number), make_registration(link)
        write = LinkWrite(link=link, expected_version=None, clients=(client,), registration=registration)
        assert await upgraded.linking.commit(write) is CommitResult.WRITTEN
        found = await upgraded.incoming.find_client(client.client_id)
        assert found is not None
        assert (found.client, found.link) == (client, link)
        assert await upgraded.outgoing.find_registration(link.id) == registration
    taken = make_link(7, peer=make_second().peer)
    assert await upgraded.linking.commit(LinkWrite(link=taken, expected_version=None)) is CommitResult.TAKEN
    assert await upgraded.accounts.add(make_account(), event=make_event(9))
    # A client of OAuth 2 may have the name already: each protocol has names of its own.
    client, _, kept = await add_token_credentials(upgraded, links[0], client_id="probe-5")
    credentials = await upgraded.oauth1.find_token_credentials(kept.row)
    assert credentials is not None
    assert (credentials.credentials, credentials.client) == (kept, client)
    assert await upgraded.oauth1.claim_nonce(b"n" * 32, expires_at=NOW)


async def test_an_upgraded_database_has_an_rsa_key(
    upgraded: Storage, settings: Settings, clock: FixedClock, entropy: CountingEntropy
) -> None:
    """House §8 Keys: made once, with the first start after the upgrade; the one that signs for OAuth 2 stays."""
    key, signing = await upgraded.keys.get_oauth1_key(), await upgraded.keys.get_signing_key()
    again = await open_storage(settings, clock=clock, entropy=entropy)
    try:
        assert await again.keys.get_oauth1_key() == key
        assert await again.keys.get_signing_key() == signing
        assert {pair.kid for pair in await again.keys.list_pairs()} == {key.kid, signing.kid}
    finally:
        await again.close()


async def test_of_several_that_open_an_upgraded_database_one_makes_the_rsa_key(
    settings: Settings, clock: FixedClock, entropy: CountingEntropy
) -> None:
    """Ours: workers start at the same moment, and all sign with one key."""
    await asyncio.to_thread(migrations.upgrade, settings)
    opened = await asyncio.gather(*(open_storage(settings, clock=clock, entropy=entropy) for _ in range(3)))
    try:
        assert len({(await each.keys.get_oauth1_key()).kid for each in opened}) == 1
        assert len(await opened[0].keys.list_oauth1_public_keys()) == 1
    finally:
        for each in opened:
            await each.close()


async def test_a_wrong_sealing_key_makes_no_key_in_an_upgraded_database(
    settings: Settings, clock: FixedClock, entropy: CountingEntropy
) -> None:
    """Ours: what was sealed with a mistyped key would never open again."""
    await asyncio.to_thread(migrations.upgrade, settings)
    with pytest.raises(SettingsError):
        await open_storage(settings.changed(sealing_key=Secret("B" * 43)), clock=clock, entropy=entropy)
    storage = await open_storage(settings, clock=clock, entropy=entropy)
    assert (await storage.keys.get_oauth1_key()).private.reveal().startswith("-----BEGIN PRIVATE KEY-----")
    await storage.close()


async def test_an_upgrade_that_fails_leaves_the_older_schema(
    settings: Settings, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """libraries.md, traps: all of it or nothing, and the next one goes through."""
    places: list[object] = [migrations]
    if settings.is_postgresql:
        from applinks.storage.postgresql import place

        places.append(place)
    run = migrations.run_alembic

    def fail(connection: object) -> None:
        run(connection)
        raise RuntimeError("the lights went out")

    for each in places:
        monkeypatch.setattr(each, "run_alembic", fail)
    with pytest.raises(RuntimeError):
        await asyncio.to_thread(migrations.upgrade, settings)
    monkeypatch.undo()
    assert (await asyncio.to_thread(migrations.check, settings)).version == version
    assert (await asyncio.to_thread(migrations.upgrade, settings)).version == version
    assert (await asyncio.to_thread(migrations.upgrade, settings)).version == migrations.NEWEST


def list_schema(connection: Connection) -> list[tuple[str, ...]]:
    """Give every index and column as the database names it."""
    if connection.dialect.name == "sqlite":
        found = ask(connection, "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return sorted((name, *sorted(map(str.strip, sql.removesuffix(")").split(",")))) for name, sql in found)
    columns = ask(
        connection,
        "SELECT table_name, column_name, data_type, is_nullable, coalesce(column_default, '') "
        "FROM information_schema.columns WHERE starts_with(table_name, 'applinks_')",
    )
    indexes = ask(connection, "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'")
    return sorted([*columns, *indexes])


def ask(connection: Connection, query: str) -> list[tuple[str, ...]]:
    return [tuple(map(str, row)) for row in connection.execute(text(query))]


async def test_an_upgraded_schema_is_that_of_a_new_database(
    upgraded: Storage, settings: Settings, tmp_path: Path, clock: FixedClock, entropy: CountingEntropy
) -> None:
    """Ours: the way there does not matter."""
    found = await upgraded.database.read(list_schema)
    await upgraded.close()
    if settings.is_postgresql:
        await asyncio.to_thread(drop_tables, settings.database)
    else:
        settings = replace(settings, database=f"sqlite:///{tmp_path}/new.db")
    new = await open_storage(settings, clock=clock, entropy=entropy)
    try:
        assert await new.database.read(list_schema) == found
        assert len(found) > 20
    finally:
        await new.close()
