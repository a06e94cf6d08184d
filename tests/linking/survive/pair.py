"""The demo's two applications as processes that are started again when they die, and a person who presses reload."""

import json
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPMessage
from pathlib import Path
from socket import socket
from typing import Any
from urllib.parse import parse_qs, urlsplit

from applinks.demo.applications import Application, build_applications
from applinks.demo.browser import Browser
from applinks.demo.folder import DemoError, StateFolder
from applinks.demo.ports import bind_ports
from applinks.demo.supervisor import _end, _wait_until_ready
from applinks.wire.jose import parse_jwt
from applinks.wire.linking.messages import ANSWER_TYP, PROPOSAL_TYP

ROOT = Path(__file__).parents[3]
RANKS = {"proposed": 1, "approved": 1, "confirming": 2, "in_force": 3, "ended": 4}
# Bounds a loaded machine, and is no assertion.
MOST_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Row:
    """What a database says of a link, read from outside."""

    state: str
    digest: str
    reason: str


@dataclass
class Server:
    """One application: its process, and how often it was killed."""

    application: Application
    sockets: Sequence[socket]
    config: Path
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0

    def start(self) -> None:
        application, numbers = self.application, [each.fileno() for each in self.sockets]
        asked = {
            "module": application.module,
            "name": application.name,
            "kind": application.kind,
            "base_url": application.base_url,
            "database": application.database,
            "folder": str(application.folder),
            "config": str(self.config),
            "sockets": numbers,
        }
        with application.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.linking.survive.server", json.dumps(asked)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=numbers,
                cwd=ROOT,
                start_new_session=True,
            )
        _wait_until_ready(application, self._check_alive)

    def _check_alive(self) -> None:
        if self.is_dead():
            last = self.application.log.read_text("utf-8", "replace")[-1000:]
            raise AssertionError(f"{self.application.name} ended while it started: {last}")

    def is_dead(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def order(self, write: int, position: str) -> None:
        """Have it killed at a write from now."""
        (self.application.folder / "killed.json").unlink(missing_ok=True)
        (self.application.folder / "kill.json").write_text(json.dumps({"write": write, "position": position}), "utf-8")

    def find_death(self) -> str | None:
        """What the write was at which it was killed; an order that came to nothing is taken back."""
        (self.application.folder / "kill.json").unlink(missing_ok=True)
        killed = self.application.folder / "killed.json"
        return json.loads(killed.read_text("utf-8")) if killed.exists() else None

    def read_rows(self) -> dict[str, Row]:
        """Read all links from outside the process."""
        with closing(sqlite3.connect(self.application.folder / "applinks.db", timeout=10)) as database:
            found = database.execute("SELECT id, state, agreed, ended_reason FROM applinks_links").fetchall()
        return {
            link: Row(state, json.loads(agreed)["digest"] if agreed else "", reason or "")
            for link, state, agreed, reason in found
        }


@dataclass
class Pair:
    """Both, with somebody who starts again what died: at once, as an init system does."""

    start_page: Server
    tracker: Server
    troubles: list[str] = field(default_factory=list)
    is_over: bool = False

    @property
    def servers(self) -> tuple[Server, Server]:
        return self.start_page, self.tracker

    def watch(self) -> None:
        try:
            while not self.is_over:
                for server in self.servers:
                    if server.is_dead() and not self.is_over:
                        self._revive(server)
                time.sleep(0.01)
        except (AssertionError, DemoError) as error:
            self.troubles.append(str(error))

    def check(self) -> None:
        """Fail where a process did something else than to be killed and to come back."""
        if self.troubles:
            raise AssertionError("; ".join(self.troubles))

    def _revive(self, server: Server) -> None:
        assert server.process is not None
        code = server.process.wait()
        if server.process.stdin is not None:
            server.process.stdin.close()
        if code != -9:
            self.troubles.append(f"{server.application.name} ended with {code} and was not killed")
        server.start()
        server.deaths += 1


@contextmanager
def run_pair(folder: Path, *, proposal_seconds: int) -> Iterator[Pair]:
    """Start both on a folder that survives them, and end them with the block."""
    config = folder / "applinks.toml"
    config.write_text(f"[lifetimes]\nproposal_seconds = {proposal_seconds}\n", "utf-8")
    state = StateFolder(path=folder, is_kept=True)
    with bind_ports(0, 0) as bound:
        tracker, start_page = build_applications(
            bound.ports, state.for_application("tracker"), state.for_application("start-page")
        )
        pair = Pair(Server(start_page, bound.second, config), Server(tracker, bound.first, config))
        for server in pair.servers:
            server.start()
        watcher = threading.Thread(target=pair.watch, daemon=True)
        watcher.start()
        try:
            yield pair
        finally:
            pair.is_over = True
            watcher.join(MOST_SECONDS)
            for server in pair.servers:
                if server.process is not None:
                    _end(server.process)


class GaveUpError(Exception):
    """The person closed the browser where a page did not come."""


class Person(Browser):
    """
    The administrator of both, who presses reload where a page does not come.

    ``confirmed`` is what answers have told her so far: by application and link, the least that has to be kept.
    """

    def __init__(self, pair: Pair) -> None:
        super().__init__()
        self.pair = pair
        self.confirmed: dict[tuple[str, str], int] = {}
        self.gives_up = False
        self.reloads = 0

    def _request(self, method: str, url: str, body: bytes | None, site: str) -> tuple[int, HTTPMessage, str]:
        for _ in range(5):
            try:
                answer = super()._request(method, url, body, site)
            except DemoError:
                if self.gives_up:
                    raise GaveUpError from None
                self.reloads += 1
                self._wait_for_life()
            else:
                self._note(url, answer[0], answer[1].get("location", ""))
                return answer
        raise AssertionError(f"{url} did not answer five times")

    def _wait_for_life(self) -> None:
        """Wait until what died is there again; a reset connection is seen a moment before the process is gone."""
        deadline = time.monotonic() + MOST_SECONDS
        time.sleep(0.05)
        while any(server.is_dead() for server in self.pair.servers):
            self.pair.check()
            if time.monotonic() > deadline:
                raise AssertionError("a process did not come back")
            time.sleep(0.02)

    def _note(self, url: str, status: int, location: str) -> None:
        """Keep what an answer confirms: a redirect with a proposal or an answer, and the callback's own."""
        if status != 303:
            return
        asked, given = parse_qs(urlsplit(url).query), parse_qs(urlsplit(location).query)
        here = self._find(url)
        if "request" in given:
            self._confirm(here, _read_link(given["request"][0], PROPOSAL_TYP), "proposed")
        if "response" in given:
            self._confirm(here, _read_link(given["response"][0], ANSWER_TYP), "approved")
        elif "response" in asked and "login" not in location:
            self._confirm(here, _read_link(asked["response"][0], ANSWER_TYP), "confirming")

    def _find(self, url: str) -> str:
        return next(
            server.application.name for server in self.pair.servers if url.startswith(server.application.base_url + "/")
        )

    def _confirm(self, name: str, link: str, state: str) -> None:
        key = (name, link)
        self.confirmed[key] = max(self.confirmed.get(key, 0), RANKS[state])

    def check_kept(self) -> None:
        """What a page had confirmed is there."""
        rows = {server.application.name: server.read_rows() for server in self.pair.servers}
        for (name, link), rank in self.confirmed.items():
            row = rows[name].get(link)
            assert row is not None, f"{name} said that it keeps {link}, and does not"
            assert RANKS[row.state] >= rank, f"{name} went back to {row.state}"


def _read_link(text: str, typ: str) -> str:
    jwt: Any = parse_jwt(text, limit=100_000, typ=frozenset({typ}))
    return str(jwt.unverified_claims["link"])
