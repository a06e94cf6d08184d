"""
A server of PostgreSQL for the tests: the one that ``APPLINKS_TEST_POSTGRESQL`` names, else one of our own.

Ours lives in a temporary folder as long as the tests do, is written through to the disk as a real one is, and asks
for a password.
"""

import asyncio
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

VARIABLE = "APPLINKS_TEST_POSTGRESQL"
PASSWORD = f"database-password-{secrets.token_hex(8)}"
_USER = "applinks_tester"


def find_programs() -> Path | None:
    """Where the server's programs are; Debian keeps them out of the path."""
    found = [Path(path).parent for path in [shutil.which("initdb")] if path]
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parent.name.split(".")[0]))
    return next((each for each in [*found, *debian[::-1]] if (each / "postgres").exists()), None)


@contextmanager
def run_server(programs: Path) -> Iterator[str]:
    """Run a server of our own; gives its address, with a user that may make databases."""
    folder = Path(tempfile.mkdtemp(prefix="applinks-pg-"))
    # The server refuses to run as root.
    account = _find_account() if os.geteuid() == 0 else None
    options: dict[str, object] = (
        {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    )
    data, word = folder / "data", folder / "password"
    word.write_text(PASSWORD)
    if account:
        for each in (folder, word):
            os.chown(each, account.pw_uid, account.pw_gid)
    made = [programs / "initdb", "-D", data, "-U", _USER, f"--pwfile={word}", "-A", "scram-sha-256", "-E", "UTF8"]
    port = _find_port()
    try:
        subprocess.run([*made, "--locale=C.UTF-8"], check=True, stdout=subprocess.DEVNULL, cwd=folder, **options)  # type: ignore[call-overload]
        serve = [programs / "postgres", "-D", data, "-k", folder, "-h", "127.0.0.1", "-p", str(port)]
        with (
            (folder / "log").open("wb") as log,
            subprocess.Popen(
                serve,
                stdout=log,
                stderr=log,
                cwd=folder,
                **options,  # type: ignore[call-overload]
            ) as server,
        ):
            try:
                url = f"postgresql://{_USER}:{PASSWORD}@127.0.0.1:{port}/postgres"
                _wait_for(url, server, folder / "log")
                yield url
            finally:
                # Breaks off every connection and ends in order.
                server.send_signal(2)
                server.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _find_account() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise AssertionError("there is no account without rights")


def _find_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])


def _wait_for(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(600):
        try:
            execute(url, "SELECT 1")
        except (OSError, asyncpg.PostgresError):
            if server.poll() is not None:
                break
            time.sleep(0.05)
        else:
            return
    raise AssertionError(log.read_text("utf-8", "replace"))


def execute(url: str, *statements: str) -> None:
    """Run statements from outside, each a transaction."""
    asyncio.run(execute_in_loop(url, *statements))


async def execute_in_loop(url: str, *statements: str) -> list[asyncpg.Record]:
    """Run statements from outside, each a transaction; gives what the last one found."""
    connection = await asyncpg.connect(url, timeout=10)
    found: list[asyncpg.Record] = []
    try:
        for statement in statements:
            found = await connection.fetch(statement)
    finally:
        await connection.close()
    return found


@contextmanager
def make_database(server: str, name: str) -> Iterator[str]:
    """Make an empty database; gives its address, and drops it at the end."""
    execute(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"')
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        execute(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


# Emptying is cheaper than making anew; children come before their parents.
_EMPTY = """
DO $$ DECLARE name text; BEGIN
  IF to_regclass('applinks_version') IS NOT NULL THEN
    FOREACH name IN ARRAY '{sessions,accounts,leases,failures,audit,assertions,nonces,temporary_credentials,
      token_credentials,codes,access_tokens,refresh_tokens,families,round_trips,connections,
      registrations,grants,client_secrets,clients,decided_proposals,links,keys,instance}'::text[]
    LOOP EXECUTE format('DELETE FROM applinks_%s', trim(name)); END LOOP;
  END IF;
END $$
"""
_DROP = "DROP SCHEMA public CASCADE"


def empty(url: str) -> None:
    """Delete every row of ours."""
    execute(url, _EMPTY)


def drop_tables(url: str) -> None:
    """Drop every table, ours or not, so that the database is as new."""
    execute(url, _DROP, "CREATE SCHEMA public")


class Relay:
    """Stands between us and the server, and can be gone."""

    def __init__(self, server: str) -> None:
        self._server = urlsplit(server)
        self._writers: set[asyncio.StreamWriter] = set()
        self._listener: asyncio.Server | None = None
        self._port = _find_port()

    @property
    def url(self) -> str:
        """The database, through here."""
        who = self._server.netloc.rpartition("@")[0]
        return self._server._replace(netloc=f"{who}@127.0.0.1:{self._port}").geturl()

    async def open(self) -> None:
        """Let everybody through."""
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self._port)

    async def close(self) -> None:
        """Break off every connection, and take no other."""
        if self._listener is not None:
            self._listener.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._server.hostname, self._server.port)
        self._writers |= {writer, back}
        try:
            await asyncio.gather(_copy(reader, back), _copy(there, writer))
        finally:
            self._writers -= {writer, back}


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while part := await reader.read(65536):
            writer.write(part)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
