"""What a start meets on the disk, and a start that is refused: in words, with everything left as it was."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from applinks.errors import ApplinksError, SettingsError
from applinks.hosts.starlette import AppLinks
from applinks.secret import Secret
from applinks.settings import Settings
from tests.fakes import FixedClock
from tests.hostile.peers import Peer
from tests.hostile.site import LINK, ROBIN, Sent, Users, build_host, lay, make_key, make_settings, open_site, send

pytestmark = pytest.mark.anyio

Make = Callable[[Path], None]


def make_text(path: Path) -> None:
    path.write_text("Dear diary,\n" * 400)


def make_foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE applinks_links (id INTEGER)")
        raw.commit()


def make_newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("UPDATE applinks_version SET version_num = '9001'")
        raw.commit()
        raw.execute("PRAGMA journal_mode = DELETE")


def cut_off(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA journal_mode = DELETE")
    path.write_bytes(path.read_bytes()[:6000])


def empty_key(path: Path) -> None:
    path.with_name("applinks.db.key").write_text("")


def lose_key(path: Path) -> None:
    path.with_name("applinks.db.key").unlink()


def change_key(path: Path) -> None:
    path.with_name("applinks.db.key").write_text("A" * 43 + "\n")


def list_files(folder: Path) -> dict[str, bytes]:
    """Give every file, without what SQLite keeps beside a database that it looked at."""
    files = (each for each in folder.iterdir() if each.is_file() and not each.name.endswith(("-wal", "-shm")))
    return {each.name: each.read_bytes() for each in files}


async def start(settings: Settings) -> None:
    applinks = AppLinks(settings, users=Users(), clock=FixedClock())
    try:
        await applinks.startup()
    finally:
        await applinks.shutdown()


@pytest.mark.parametrize(
    ("laid", "make", "words"),
    [
        (False, make_text, "is not an SQLite database; it was left untouched"),
        (False, make_foreign, "belongs to another program; it was left untouched"),
        (False, Path.mkdir, "The database is a folder"),
        (True, make_newer, "schema 9001, newer than this program knows"),
        (True, cut_off, "damaged"),
        (True, empty_key, "holds no sealing key"),
        (True, lose_key, "is missing: it holds the key"),
        (True, change_key, "not the one with which the secrets in this database were sealed"),
    ],
    ids=["text", "foreign", "folder", "newer", "cut-off", "empty-key", "lost-key", "other-key"],
)
async def test_a_start_is_refused_in_words_and_touches_nothing(
    tmp_path: Path, laid: bool, make: Make, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    """House §8 Migrations, Keys: also the host's routes are closed, because nobody could tell who calls."""
    settings = make_settings(tmp_path)
    if laid:
        await lay(settings, make_key(), FixedClock())
    make(tmp_path / "applinks.db")
    before = list_files(tmp_path)
    with pytest.raises(ApplinksError, match=words):
        await start(settings)
    app = build_host(AppLinks(settings, users=Users(), scopes=_scopes(), clock=FixedClock()))
    for path in ("/api/open", "/applinks/", "/.well-known/application-link"):
        answer = await send(app, Sent(path=path, headers=((b"host", b"tracker.example"),)))
        assert (answer.status, answer.header(b"retry-after")) == (503, b"60")
        assert f"guard.not_started reference={answer.reference}" in caplog.text
        assert str(tmp_path) not in answer.text
    assert list_files(tmp_path) == before


def _scopes():
    from tests.incoming.world import RESOURCES

    return RESOURCES[0].scopes


async def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours; the system's answer is given by the test, because root may read everything."""
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(ApplinksError, match=f"cannot be written: {tmp_path}"):
        await start(make_settings(tmp_path))
    assert list_files(tmp_path) == {}


@pytest.mark.parametrize("key", ["", " ", "short", "é" * 43, "A" * 44, "!" * 43])
def test_a_sealing_key_that_is_none_is_refused_with_the_way_to_make_one(tmp_path: Path, key: str) -> None:
    """House §8 Keys: the error says how to make one, and never repeats the key."""
    with pytest.raises(SettingsError, match="openssl rand -base64 32") as refused:
        make_settings(tmp_path, sealing_key=Secret(key))
    assert not key.strip() or key not in str(refused.value)


async def test_after_the_key_was_lost_the_application_works_on_with_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """House §8 Keys. Lost: links and incoming tokens survive, connections must be made anew."""
    first = await open_site(tmp_path, monkeypatch)
    tokens = await first.exchange(await first.authorize())
    before = await first.storage.keys.list_public_keys()
    await first.applinks.shutdown()
    lose_key(tmp_path / "applinks.db")
    settings = make_settings(tmp_path, sealing_key_lost=True)
    applinks = AppLinks(settings, users=Users(), scopes=_scopes(), clock=first.clock)
    first.app, first.applinks = build_host(applinks), applinks
    await applinks.startup()
    access = tokens.body.split(b'"access_token"')[1].split(b'"')[1]
    assert (await first.get("/api/issues", headers=[(b"authorization", b"Bearer " + access)])).status == 200
    assert (await first.get(f"/applinks/links/{LINK}", user=ROBIN)).status == 200
    # The peer is heard as before, and what we sign names a key that it has to compare.
    assert (await Peer(first).ask_for_token()).status == 200
    jwks = await first.get("/applinks/oauth2/jwks")
    assert before[0]["kid"] not in jwks.text
    assert (await first.storage.outgoing.find_connection(link_id=LINK, user_id="1")) is None
    await applinks.shutdown()
