"""What the address of a database may carry behind its ``?``."""

import re
from pathlib import Path

import asyncpg
import pytest

from applinks.errors import SettingsError, StoreError
from applinks.settings import Settings
from applinks.storage.postgresql import place
from applinks.storage.postgresql.address import parse_address
from tests.storage.postgresql.opening import build_settings, open_again

pytestmark = pytest.mark.anyio

_BASE = "postgresql://me:pass-word@db.example/shop"


@pytest.mark.parametrize(
    "query",
    [
        "connect_timeout=9",
        "application_name=shop",
        "target_session_attrs=read-write",
        "sslmode=disable&connect_timeout=9",
        "options=-c%20search_path%3Dpublic",
        "host=/nowhere",
    ],
)
async def test_the_common_parameters_work(settings: Settings, query: str) -> None:
    """How-to run-on-postgresql: what PostgreSQL's own programs understand, so far."""
    storage = await open_again(settings.changed(database=f"{settings.database}?{query}"))
    await storage.close()


def test_the_time_to_connect_is_ours_to_keep() -> None:
    """Libpq's name; the driver would send it on, for the server to refuse."""
    address = parse_address(f"{_BASE}?connect_timeout=9&application_name=a%20b")
    assert (address.url, address.connect_seconds) == (f"{_BASE}?application_name=a+b", 9)
    assert parse_address(f"{_BASE}?connect_timeout=9").url == parse_address(_BASE).url == _BASE
    assert "pass-word" not in repr(address)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("foo=bar", "the parameter foo is not known"),
        ("channel_binding=require&password=pass-word", "the parameter channel_binding is not known"),
        ("%1b[31m=1", r"the parameter \[31m is not known"),
        ("foo", "NAME=VALUE"),
        ("sslmode=", "sslmode is empty"),
        ("sslmode=bad", "sslmode is one of disable, .* verify-full"),
        ("target_session_attrs=any%20of", "target_session_attrs is one of"),
        ("connect_timeout=soon", "connect_timeout is a whole number"),
        ("connect_timeout=0", "connect_timeout is a whole number"),
        ("connect_timeout=9999999", "connect_timeout is a whole number"),
        ("port=x", "port is a number"),
        ("sslrootcert=/nowhere/ca.crt", "file of sslrootcert cannot be read: No such file"),
        ("sslkey=%00", "file of sslkey cannot be read"),
    ],
)
async def test_any_other_is_refused_by_its_name(query: str, words: str) -> None:
    """Ours: one sentence, without the password, before anything is opened."""
    for look in (open_again(build_settings(f"{_BASE}?{query}")), place.check(f"{_BASE}?{query}")):
        with pytest.raises(SettingsError, match=words) as caught:
            await look
        assert "pass-word" not in str(caught.value) + caught.value.detail


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("sslmode=verify-full", "root certificate .* sslrootcert=FILE names it"),
        ("options=-c", "invalid command-line argument"),
        ("options=-c%20nothing%3D1", 'unrecognized configuration parameter "nothing"'),
        ("ssl_min_protocol_version=TLSv9", "No such TLS version"),
    ],
)
async def test_what_driver_or_server_refuse_is_a_sentence(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, query: str, words: str
) -> None:
    """Ours: never a traceback."""
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(SettingsError, match=words) as caught:
        await open_again(settings.changed(database=f"{settings.database}?{query}"))
    assert isinstance(caught.value.__cause__, asyncpg.InterfaceError | asyncpg.PostgresError)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("?", "?sslmode=require"), "rejected SSL upgrade"),
        (("@127.0.0.1", "@nowhere.invalid"), "nowhere.invalid.*: gaierror: "),
    ],
)
async def test_the_detail_of_what_cannot_be_reached_names_host_and_cause(
    settings: Settings, change: tuple[str, str], words: str
) -> None:
    """Ours: the sentence is for the wire, the detail for the log and for commands."""
    before, after = change
    url = f"{settings.database}?".replace(before, after).removesuffix("?")
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        await open_again(settings.changed(database=url))
    assert re.search(words, caught.value.detail)
    assert caught.value.detail.startswith("postgresql://")
