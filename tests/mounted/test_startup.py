"""A host starts with Applinks, or without it says in a sentence why not."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from applinks import Scope, Settings
from applinks.errors import SettingsError, StoreError
from applinks.hosts.starlette import AppLinks
from tests.mounted.hosts import ORIGIN, browse, build_applinks, build_host

pytestmark = pytest.mark.anyio


class Lifespan:
    """What a server does with an application's lifespan."""

    def __init__(self, app: Any) -> None:
        self.sent: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self.received: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self.task = asyncio.create_task(app({"type": "lifespan", "state": {}}, self.sent.get, self.received.put))

    async def say(self, message: str) -> dict[str, str]:
        await self.sent.put({"type": f"lifespan.{message}"})
        return await asyncio.wait_for(self.received.get(), 60)


def make_newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE applinks_version (version_num TEXT)")
        database.execute("INSERT INTO applinks_version VALUES ('9001')")
        database.commit()


def make_foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE invoices (id INTEGER)")
        database.commit()


def make_text(path: Path) -> None:
    path.write_text("Dear diary,\n" * 40)


BROKEN = pytest.mark.parametrize(
    ("make", "words"),
    [
        (make_newer, "schema 9001, newer than this program knows"),
        (make_foreign, "belongs to another program; it was left untouched"),
        (make_text, "is not an SQLite database; it was left untouched"),
        (Path.mkdir, "The database is a folder"),
    ],
    ids=["newer", "foreign", "text", "folder"],
)


@BROKEN
async def test_a_start_that_fails_says_a_sentence(make: Callable[[Path], None], words: str, tmp_path: Path) -> None:
    """House §8, Migrations: a file that is not ours, or not of this version, is refused and left as it was."""
    path = tmp_path / "applinks.db"
    make(path)
    before = path.read_bytes() if path.is_file() else b""
    lifespan = Lifespan(build_host(build_applinks(ORIGIN, tmp_path)))
    answer = await lifespan.say("startup")
    assert answer["type"] == "lifespan.startup.failed"
    assert answer["message"].startswith("Applinks: ")
    assert words in answer["message"]
    assert "Traceback" not in answer["message"]
    assert (path.read_bytes() if path.is_file() else b"") == before
    lifespan.task.cancel()


@BROKEN
async def test_without_a_lifespan_nothing_passes_and_the_log_says_why(
    make: Callable[[Path], None], words: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Ours: nobody could tell who calls; what the caller reads names no file."""
    make(tmp_path / "applinks.db")
    async with browse(build_host(build_applinks(ORIGIN, tmp_path))) as http:
        for path in ("/api/open", "/api/issues", "/applinks/", "/.well-known/application-link"):
            answer = await http.get(path)
            assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
            assert str(tmp_path) not in answer.text
    assert any(record.name == "applinks.guard" and words in record.getMessage() for record in caplog.records)


async def test_a_failed_start_can_be_tried_again(tmp_path: Path) -> None:
    """Ours: what was wrong may be mended while the process waits."""
    applinks = build_applinks(ORIGIN, tmp_path / "later")
    with pytest.raises(StoreError, match="does not exist"):
        await applinks.startup()
    (tmp_path / "later").mkdir()
    async with browse(build_host(applinks)) as http:
        assert (await http.get("/api/open")).status_code == 200
    await applinks.shutdown()


async def test_a_lifespan_starts_after_the_host_and_stops_after_it(tmp_path: Path) -> None:
    """Ours: the host's own start-up and shut-down may use what they need."""
    applinks = build_applinks(ORIGIN, tmp_path)
    seen: list[str] = []

    @asynccontextmanager
    async def own(app):
        with pytest.raises(SettingsError, match="startup"):
            applinks.connection("nobody")
        seen.append("up")
        yield
        applinks.connection("nobody")
        seen.append("down")

    app = Starlette(lifespan=own)
    applinks.mount(app)
    lifespan = Lifespan(app)
    assert (await lifespan.say("startup"))["type"] == "lifespan.startup.complete"
    applinks.connection("nobody")
    assert (await lifespan.say("shutdown"))["type"] == "lifespan.shutdown.complete"
    await lifespan.task
    assert seen == ["up", "down"]
    with pytest.raises(SettingsError, match="startup"):
        applinks.connection("nobody")


async def test_of_many_first_requests_one_starts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Ours: a server may hand over many requests before the first is answered."""
    applinks = build_applinks("http://localhost:8000", tmp_path)
    outer = Starlette(routes=[Mount("/", build_host(applinks))])
    async with browse(outer) as http:
        answers = await asyncio.gather(*(http.get("/api/open") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert [record.getMessage() for record in caplog.records if record.name == "applinks.app"] == [
        "http.allowed base_url=http://localhost:8000 reason='plain http is allowed, because this is a loopback address'"
    ]
    await applinks.shutdown()
    await applinks.shutdown()


def test_a_scope_that_nobody_declared_is_no_protection(tmp_path: Path) -> None:
    """Ours: it is said where the route is written, not when it is called."""
    applinks = build_applinks(ORIGIN, tmp_path)
    with pytest.raises(SettingsError, match="'issues:raed' is needed by a route and declared nowhere"):
        applinks.requires("issues:raed")


def test_a_base_url_that_others_cannot_trust_is_refused() -> None:
    """Product §4: http is for loopback alone."""
    with pytest.raises(SettingsError, match="use https"):
        AppLinks(Settings(base_url="http://tracker.example"), users=None, scopes=[Scope("a", "See")])
