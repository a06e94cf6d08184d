"""
Links the two again and again, kills one of them each time at a write of the handshake, and looks what is left.

Which write, where in it, and whether the person stays, follows from the number of the run.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from applinks import Settings
from applinks.administration import links
from applinks.administration.actor import Actor
from applinks.administration.side import build_administration
from applinks.clock import SystemClock
from applinks.demo.administrators import _go_through, _is_connected, _log_in
from applinks.demo.applications import Application
from applinks.entropy import SystemEntropy
from applinks.linking.errors import LinkingError
from applinks.storage.open import open_storage
from tests.linking.survive.pair import MOST_SECONDS, GaveUpError, Pair, Person, Row, Server

POSITIONS = ("before", "inside", "after")
CONNECTED = "after Connected"
# The handshake's own writes: proposed or approved, confirming or in force, in force or heard, heard, tested.
WRITES = 4
# Short, so that a person who leaves is waited out; long enough for two loaded cores.
PROPOSAL_SECONDS = 10
LIVE = {"approved", "confirming", "in_force"}


@dataclass(frozen=True, slots=True)
class Run:
    """
    One run and what came of it.

    ``write`` is counted from the beginning of the handshake; 0: none, but when both pages have said *Connected*.
    ``stays``: whether the person presses reload where a page does not come, or goes away.
    """

    who: str
    write: int
    position: str
    stays: bool
    death: str = ""
    outcome: str = ""
    reloads: int = 0
    seconds: float = 0.0


def plan(count: int, *, seed: int) -> list[Run]:
    """Give the runs: every crash point about as often as every other, one application after the other in turn."""
    points = [(write, position) for write in range(1, WRITES + 1) for position in POSITIONS]
    points.append((0, CONNECTED))
    random, seen, runs = Random(seed), set[tuple[str, int, str]](), []
    order: dict[str, list[tuple[int, str]]] = {"Start page": [], "Tracker": []}
    for number in range(count):
        who = ("Start page", "Tracker")[number % 2]
        order[who] = order[who] or random.sample(points, len(points))
        write, position = order[who].pop()
        # Of each write that a page waits for, the person goes away once: then both have to end by themselves.
        is_first = (who, write, position) not in seen
        seen.add((who, write, position))
        runs.append(Run(who, write, position, stays=not is_first or write not in {1, 2}))
    return runs


def run_all(pair: Pair, runs: list[Run]) -> Iterator[Run]:
    """Do one run after the other, on the same two databases."""
    person = Person(pair)
    # Both are logged in before anything is killed; nobody loses a link by that.
    for server in pair.servers:
        _log_in(person, person.open(server.application.links_url), _applications(pair))
    for run in runs:
        yield _run(pair, person, run)


def _run(pair: Pair, person: Person, run: Run) -> Run:
    begun = time.monotonic()
    victim = next(server for server in pair.servers if server.application.name == run.who)
    deaths, reloads = victim.deaths, person.reloads
    person.gives_up = not run.stays
    if run.write:
        victim.order(run.write, run.position)
    one, other = pair.start_page.application, pair.tracker.application
    with suppress(GaveUpError):
        _go_through(person, person.open(one.base_url + "/applinks/new"), _applications(pair), peer=other)
    person.gives_up = False
    outcome = _wait_for_outcome(pair, person)
    death = victim.find_death() if run.write else None
    if death is not None:
        _wait_until(lambda: victim.deaths > deaths, "the process that was killed did not come back")
    person.check_kept()
    if outcome == "both in force":
        _wait_until(
            lambda: _is_connected(person, one, other) and _is_connected(person, other, one),
            "both are in force, and a page does not say Connected",
        )
        if not run.write:
            death = _kill(pair, person, victim)
    for server in pair.servers:
        asyncio.run(_delete_all(server))
    pair.check()
    return Run(
        run.who,
        run.write,
        run.position,
        run.stays,
        death=death or "",
        outcome=outcome,
        reloads=person.reloads - reloads,
        seconds=time.monotonic() - begun,
    )


def _kill(pair: Pair, person: Person, victim: Server) -> str:
    """Kill an application whose pages said *Connected*; the first look afterwards finds them saying so."""
    before, deaths = [_read_live(server) for server in pair.servers], victim.deaths
    assert victim.process is not None
    os.kill(victim.process.pid, signal.SIGKILL)
    _wait_until(lambda: victim.deaths > deaths, "the process that was killed did not come back")
    assert [_read_live(server) for server in pair.servers] == before
    one, other = _applications(pair)
    assert _is_connected(person, one, other)
    assert _is_connected(person, other, one)
    return "connected"


def _applications(pair: Pair) -> tuple[Application, Application]:
    return pair.start_page.application, pair.tracker.application


def _wait_for_outcome(pair: Pair, person: Person) -> str:
    """Wait until both are in force and equal, or neither is on its way any more."""
    deadline = time.monotonic() + MOST_SECONDS
    while time.monotonic() < deadline:
        pair.check()
        person.check_kept()
        one, other = (_read_live(server) for server in pair.servers)
        if not one and not other:
            return "neither"
        if one.keys() == other.keys() and _are_in_force(list(one.values()), list(other.values())):
            return "both in force"
        time.sleep(0.05)
    raise AssertionError(f"one half is left: {one} and {other}")


def _read_live(server: Server) -> dict[str, Row]:
    return {link: row for link, row in server.read_rows().items() if row.state in LIVE}


def _are_in_force(one: list[Row], other: list[Row]) -> bool:
    return len(one) == 1 and one == other and one[0].state == "in_force"


def _wait_until(is_so: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + MOST_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise AssertionError(otherwise)
        time.sleep(0.05)


async def _delete_all(server: Server) -> None:
    """Delete what is left, as a command does, so that the next run begins anew."""
    application = server.application
    settings = Settings(base_url=application.base_url, name=application.name, database=application.database)
    clock, entropy = SystemClock(), SystemEntropy()
    storage = await open_storage(settings, clock=clock, entropy=entropy, for_command=True)
    administration = build_administration(storage, clock=clock, entropy=entropy)
    try:
        for link in await storage.linking.list_links():
            # The other's end may be told while we look.
            with suppress(LinkingError):
                await links.delete(link.id, actor=Actor.for_command("survive"), side=administration)
    finally:
        await storage.close()
