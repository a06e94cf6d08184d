# ruff: noqa: ASYNC240 - the loop of a test serves nobody else.
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from applinks.errors import SchemaError, SettingsError, StoreError
from applinks.linking.store import LinkWrite
from applinks.secret import Secret
from applinks.settings import Settings
from applinks.storage import migrations
from applinks.storage.open import Storage, open_storage
from applinks.storage.sqlite.place import find_file_system, parse_path
from tests.conformance.records import (
    NOW,
    add_link,
    add_refresh_token,
    make_connection,
    make_hand_link,
    make_registration,
)
from tests.fakes import CountingEntropy, FixedClock

pytestmark = pytest.mark.anyio


def list_names(folder: Path) -> list[str]:
    """The files, without those that SQLite keeps beside an open database."""
    return sorted(each.name for each in folder.iterdir() if not each.name.endswith(("-wal", "-shm")))


async def open_again(settings: Settings, **options) -> Storage:
    return await open_storage(settings, clock=FixedClock(), entropy=CountingEntropy("again"), **options)


@pytest.mark.requirement("N-06")
async def test_a_new_database_is_for_its_owner_alone(storage: Storage, path: Path) -> None:
    """N-06: the key is in a 0600 file beside the database, and the database is no more open."""
    for each in (path, path.with_name("applinks.db.key")):
        assert stat.S_IMODE(each.stat().st_mode) == 0o600
    assert not [name for name in list_names(path.parent) if name.startswith("applinks.db.key.")]


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "postgresql://host/name", "sqlite:///a.db?mode=ro", "a.db"]
)
def test_another_url_is_refused_in_words(url: str) -> None:
    """Ours: the error names what to write."""
    with pytest.raises(SettingsError, match="sqlite:///PATH"):
        parse_path(url)


def test_a_relative_url_is_relative_to_the_current_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """product.md §4: sqlite:///applinks.db in the current folder; four slashes for an absolute path."""
    monkeypatch.chdir(tmp_path)
    assert parse_path("sqlite:///a/b.db") == tmp_path / "a/b.db"
    assert parse_path("sqlite:////srv/b.db") == Path("/srv/b.db")


async def test_a_path_with_strange_characters_opens(tmp_path: Path) -> None:
    """Ours: a question mark or a percent sign is part of a folder's name, not of a URI."""
    folder = tmp_path / "hundred % # ü"
    folder.mkdir()
    settings = Settings(base_url="https://tracker.example", database=f"sqlite:///{folder}/a b.db")
    await (await open_again(settings)).close()
    await (await open_again(settings, for_command=True)).close()
    assert (folder / "a b.db").stat().st_size > 0


async def test_an_empty_file_becomes_the_database(settings: Settings, path: Path) -> None:
    """Ours: absent or empty is new."""
    path.touch()
    storage = await open_again(settings)
    assert await storage.linking.list_links() == []
    await storage.close()


async def test_a_command_makes_no_database(settings: Settings, path: Path) -> None:
    """Ours: a mistyped path is an error that names it, not an empty database."""
    with pytest.raises(SchemaError, match=str(path)):
        await open_again(settings, for_command=True)
    path.touch()
    with pytest.raises(SchemaError, match=str(path)):
        await open_again(settings, for_command=True)
    with pytest.raises(SchemaError, match=str(path)):
        migrations.check(settings)
    assert list_names(path.parent) == ["applinks.db"]
    assert path.stat().st_size == 0


async def test_an_upgrade_makes_the_database_that_is_not_there(settings: Settings, path: Path) -> None:
    """Ours: with its sealing key, ready for the commands that come next."""
    status = migrations.upgrade(settings)
    assert (status.version, status.is_current) == (None, False)
    assert list_names(path.parent) == ["applinks.db", "applinks.db.key"]
    assert migrations.check(settings).is_current
    storage = await open_again(settings, for_command=True)
    assert await storage.keys.get_signing_key()
    await storage.close()


async def check_untouched(settings: Settings, path: Path, words: str) -> None:
    before, names = path.read_bytes(), list_names(path.parent)
    with pytest.raises(SchemaError, match=words):
        await open_again(settings)
    with pytest.raises(SchemaError, match=words):
        await open_again(settings, for_command=True)
    for look in (migrations.check, migrations.upgrade):
        with pytest.raises(SchemaError, match=words):
            look(settings)
    assert path.read_bytes() == before
    assert list_names(path.parent) == names


async def test_a_file_that_is_no_database_is_left_untouched(settings: Settings, path: Path) -> None:
    """Ours: refused in words."""
    path.write_text("Dear diary,")
    await check_untouched(settings, path, "not an SQLite database")


async def test_the_database_of_another_program_is_left_untouched(settings: Settings, path: Path) -> None:
    """Ours: refused in words."""
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE alembic_version (version_num TEXT)")
    other.close()
    await check_untouched(settings, path, "another program")


async def test_a_newer_schema_is_refused_with_its_version(settings: Settings, path: Path) -> None:
    """house.md §8 Migrations."""
    await (await open_again(settings)).close()
    raw = sqlite3.connect(path)
    raw.execute("UPDATE applinks_version SET version_num = '9999'")
    raw.commit()
    raw.close()
    await check_untouched(settings, path, "9999")


async def test_an_older_schema_is_refused_with_the_command(
    settings: Settings, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """house.md §8 Migrations: serve refuses an older schema, naming the command."""
    await (await open_again(settings)).close()
    raw = sqlite3.connect(path)
    raw.execute("UPDATE applinks_version SET version_num = '0000'")
    raw.commit()
    raw.close()
    monkeypatch.setattr(migrations, "REVISIONS", ("0000", "0001"))
    with pytest.raises(SchemaError, match="applinks database upgrade"):
        await open_again(settings)
    status = migrations.check(settings)
    assert (status.version, status.is_current) == ("0000", False)


async def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    """Ours: nothing is made on the way."""
    settings = Settings(base_url="https://tracker.example", database=f"sqlite:///{tmp_path}/none/a.db")
    with pytest.raises(StoreError, match=f"does not exist: {tmp_path}/none"):
        await open_again(settings)
    assert list_names(tmp_path) == []


async def test_a_folder_in_place_of_the_file_is_refused(settings: Settings, path: Path) -> None:
    """Ours: in words."""
    path.mkdir()
    with pytest.raises((StoreError, SchemaError), match=str(path)):
        await open_again(settings)


def test_the_file_system_is_the_one_mounted_deepest(tmp_path: Path) -> None:
    """performance.md 1: network file systems are refused, whatever holds the folder above."""
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda / ext4 rw 0 0\nserver:/x {tmp_path} nfs4 rw 0 0\nnone /proc proc rw 0 0\n\n")
    assert find_file_system(tmp_path, mounts) == "nfs4"
    assert find_file_system(tmp_path.parent, mounts) == "ext4"
    assert find_file_system(tmp_path, tmp_path / "nothing") == ""


async def test_a_database_on_a_network_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """performance.md 1."""
    monkeypatch.setattr("applinks.storage.sqlite.place.find_file_system", lambda folder: "cifs")
    with pytest.raises(StoreError, match="network file system"):
        await open_again(settings)


async def test_a_lost_key_file_is_not_made_again(storage: Storage, settings: Settings, path: Path) -> None:
    """house.md §8 Keys: a new key would silently lose every sealed secret."""
    await storage.close()
    key = path.with_name("applinks.db.key")
    key.unlink()
    with pytest.raises(SettingsError, match=str(key)):
        await open_again(settings)
    assert not key.exists()


@pytest.mark.parametrize("content", ["", "short\n", "ü", "a" * 44])
async def test_a_key_file_without_a_key_is_refused(
    storage: Storage, settings: Settings, path: Path, content: str
) -> None:
    """Ours: the error names the file."""
    await storage.close()
    key = path.with_name("applinks.db.key")
    key.write_text(content)
    with pytest.raises((SettingsError, StoreError), match=str(key)):
        await open_again(settings)


async def test_a_key_that_others_can_read_is_a_warning(
    storage: Storage, settings: Settings, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Ours: said, not mended behind the administrator's back."""
    await storage.close()
    path.with_name("applinks.db.key").chmod(0o644)
    await (await open_again(settings)).close()
    assert "sealing_key.readable_by_others" in caplog.text


async def test_a_key_of_the_settings_needs_no_file(settings: Settings, path: Path) -> None:
    """house.md §8 Keys: APPLINKS_SEALING_KEY, else the file."""
    given = settings.changed(sealing_key=Secret("A" * 43))
    storage = await open_again(given)
    assert await storage.keys.get_signing_key()
    await storage.close()
    assert not path.with_name("applinks.db.key").exists()


async def test_a_key_of_the_settings_opens_what_the_file_sealed(storage: Storage, settings: Settings) -> None:
    """Ours: a key ring; the current key seals, older ones open."""
    link, _ = await add_link(storage)
    await storage.outgoing.add_connection(make_connection(link), event=None)
    key = await storage.keys.get_signing_key()
    await storage.close()
    again = await open_again(settings.changed(sealing_key=Secret("A" * 43)))
    assert await again.keys.get_signing_key() == key
    assert await again.outgoing.find_connection(link_id=link.id, user_id="alicia") == make_connection(link)
    await again.close()


async def test_another_sealing_key_is_refused_at_start_and_destroys_nothing(
    storage: Storage, settings: Settings, path: Path
) -> None:
    """House §8 Keys; ours: a key that was mistyped once is put right, and all is there."""
    link, _ = await add_link(storage)
    await storage.outgoing.add_connection(make_connection(link), event=None)
    key = await storage.keys.get_signing_key()
    await storage.close()
    file = path.with_name("applinks.db.key")
    kept = file.rename(path.with_name("kept.key"))
    with pytest.raises(SettingsError, match="not the one with which") as refused:
        await open_again(settings.changed(sealing_key=Secret("A" * 43)))
    assert "APPLINKS_SEALING_KEY_LOST=1" in str(refused.value)
    assert not file.exists()
    kept.rename(file)
    again = await open_again(settings)
    assert await again.keys.get_signing_key() == key
    assert await again.outgoing.find_connection(link_id=link.id, user_id="alicia") == make_connection(link)
    await again.close()


@pytest.mark.parametrize("by_file", [True, False])
async def test_a_sealing_key_that_is_lost_for_good_costs_what_it_sealed_and_nothing_else(
    storage: Storage, settings: Settings, path: Path, caplog: pytest.LogCaptureFixture, by_file: bool
) -> None:
    """House §8 Keys. Lost: links and incoming tokens survive, connections must be made anew; start says which."""
    grant, _, _ = await add_refresh_token(storage)
    link = await storage.linking.find_link(grant.link_id)
    assert link is not None
    await storage.outgoing.add_connection(make_connection(link), event=None)
    by_hand = make_hand_link(2)
    registration = make_registration(by_hand)
    await storage.linking.commit(LinkWrite(link=by_hand, expected_version=None, registration=registration))
    before, oauth1 = await storage.keys.get_signing_key(), await storage.keys.get_oauth1_key()
    await storage.close()
    path.with_name("applinks.db.key").unlink()
    given = settings if by_file else settings.changed(sealing_key=Secret("A" * 43))
    with pytest.raises(SettingsError, match="APPLINKS_SEALING_KEY_LOST=1"):
        await open_again(given)
    again = await open_again(given.changed(sealing_key_lost=True))
    after, new = await again.keys.get_signing_key(), await again.keys.get_oauth1_key()
    assert [key["kid"] for key in await again.keys.list_oauth1_public_keys()] == [new.kid] != [oauth1.kid]
    assert [key["kid"] for key in await again.keys.list_public_keys()] == [after.kid] != [before.kid]
    assert await again.outgoing.find_connection(link_id=link.id, user_id="alicia") is None
    assert await again.linking.find_link(link.id) == link
    assert await again.outgoing.find_registration(by_hand.id) == replace(registration, client_secret=None)
    assert {pair.kid: pair.retired_at for pair in await again.keys.list_pairs()} == {
        **dict.fromkeys((after.kid, new.kid), 0),
        **dict.fromkeys((before.kid, oauth1.kid), NOW),
    }
    assert await again.incoming.find_refresh_token(1) is not None
    assert f"sealing_key.lost link={link.handle} connections=1" in caplog.text
    assert f"sealing_key.lost link={by_hand.handle} connections=0 client_secrets=1" in caplog.text
    assert f"new_key={after.kid} new_oauth1_key={new.kid}" in caplog.text
    await again.outgoing.add_connection(make_connection(link), event=None)
    await again.close()
    # Left on, it changes nothing any more.
    last = await open_again(given.changed(sealing_key_lost=True))
    assert await last.keys.get_signing_key() == after
    assert await last.outgoing.find_connection(link_id=link.id, user_id="alicia") is not None
    await last.close()
