"""``applinks serve`` as a process of its own, set up by its commands, and a user before its pages."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from applinks.cli.main import main
from tests.foreign.browser import Browser
from tests.foreign.processes import MOST_SECONDS

REDIRECT_URI = "http://127.0.0.1:8765/callback"
USER, PASSWORD, EMAIL = "alice", "the password of alice", "alice@example.org"
_READY = re.compile(r"Applinks serves (\S+)/ and listens at (\S+)\.")


def run_command(environment: dict[str, str], *arguments: str, typed: str = "", succeeds: bool = True) -> Any:
    """Run a command of ours and give its JSON, or what it complains of."""
    printed, complained, code = io.StringIO(), io.StringIO(), 0
    # Not a process of its own, which would take most of the time of these tests.
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed), redirect_stderr(complained):
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["applinks", *arguments, "--json"])
        patch.setattr(sys, "stdin", io.StringIO(typed))
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
    assert (code == 0) is succeeds, printed.getvalue() + complained.getvalue()
    return json.loads(printed.getvalue()) if succeeds else complained.getvalue()


@dataclass
class Client:
    """A client of the server, as its developer knows it."""

    id: str
    secret: str
    redirect_uri: str = REDIRECT_URI


@dataclass
class Served:
    """A running server; ``address`` is where this process of it listens."""

    base_url: str
    address: str
    environment: dict[str, str] = field(repr=False)

    @property
    def me(self) -> str:
        return f"{self.address}/applinks/api/v1/me"

    def command(self, *arguments: str, typed: str = "") -> Any:
        return run_command(self.environment, *arguments, typed=typed)

    def read_metadata(self) -> dict[str, Any]:
        """Read what clients find everything by."""
        metadata: dict[str, Any] = httpx2.get(f"{self.base_url}/.well-known/oauth-authorization-server").json()
        return metadata

    def add_client(self, *more: str, redirect_uri: str = REDIRECT_URI) -> Client:
        """Add a client that may ask for everything."""
        scopes = ("--scope", "profile", "--scope", "email")
        made = self.command("clients", "add", "--name", "Probe", "--redirect-uri", redirect_uri, *scopes, *more)
        return Client(made["client_id"], made["client_secret"] or "", redirect_uri)

    def approve(self, url: str, *, button: str = "approve", browser: Browser | None = None) -> str:
        """Log in and decide on the consent page, as alice does; gives the address to which the answer goes."""
        browser = browser or Browser(outside=REDIRECT_URI)
        page = browser.open(url)
        if any("password" in form.fields for form in page.forms):
            page = browser.send(page, username=USER, password=PASSWORD)
        if page.status:
            page = browser.send(page, button=button)
        return page.url

    def ask_me(self, token: str) -> httpx2.Response:
        return httpx2.get(self.me, headers={"Authorization": f"Bearer {token}"}, timeout=MOST_SECONDS)


def build_environment(database: str) -> dict[str, str]:
    """Give the settings of a server whose base URL is still to come."""
    return {
        "APPLINKS_DATABASE": database,
        "APPLINKS_SEALING_KEY": "c2VhbGluZyBrZXkgb2YgdGhlIHRlc3RzLCAzMiBieXQ=",
    }


def build_process_environment(environment: dict[str, str]) -> dict[str, str]:
    """Give ours with these settings, and without the address of another server."""
    return {name: value for name, value in os.environ.items() if name != "APPLINKS_BASE_URL"} | environment


@contextmanager
def run_served(database: str, folder: Path, *, base_url: str = "") -> Iterator[Served]:
    """Run it on any port that is free, at the latest of the schemas, until it is asked to end as by Ctrl-C."""
    environment = build_environment(database)
    command = [sys.executable, "-m", "applinks", "serve", "--port", "0"]
    command += ["--base-url", base_url] if base_url else []
    with run_until_interrupted(command, environment, folder, ready=_READY) as ready:
        yield Served(ready[1], f"http://{ready[2]}", environment | {"APPLINKS_BASE_URL": ready[1]})


@contextmanager
def run_until_interrupted(
    command: Sequence[str | Path], environment: dict[str, str], folder: Path, *, ready: re.Pattern[str]
) -> Iterator[re.Match[str]]:
    """Run a server of ours, and give the line that says that it serves; it has to end well as by Ctrl-C."""
    log = folder / f"served-{len(list(folder.iterdir()))}.log"
    with log.open("ab") as errors:
        process = subprocess.Popen(
            command,
            env=build_process_environment(environment),
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    bound = threading.Timer(MOST_SECONDS, process.kill)
    bound.start()
    try:
        said = next((found for found in map(ready.match, process.stdout) if found), None)
        bound.cancel()
        assert said, log.read_text("utf-8", "replace")
        yield said
    finally:
        bound.cancel()
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=MOST_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
    assert process.returncode == 0, log.read_text("utf-8", "replace")


def add_user(database: str) -> None:
    """Bring the database up to date, and add alice."""
    environment = build_environment(database)
    run_command(environment, "database", "upgrade")
    run_command(environment, "users", "add", USER, "--email", EMAIL, "--password-stdin", typed=PASSWORD)


def read_answer(url: str) -> dict[str, str]:
    """Give what an authorization answer says."""
    assert url.startswith(REDIRECT_URI), url
    return {name: value for name, [value] in parse_qs(urlsplit(url).query, strict_parsing=True).items()}
