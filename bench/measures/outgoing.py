"""What our connection costs beside the HTTP client that it is made of."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx2

from applinks import Secret, Settings, app
from bench.findings import Goal, Report, Table
from bench.peers.hosts import SCOPES, Nobody
from bench.rounds import Effort, compute_ratio
from bench.subject import Subject
from bench.subjects.applinks import SEALING_KEY, Kind, build_sqlite, run_command

_GOAL = Goal(target=1.15, moonshot=1.05, is_most=True)
_COUNT = 500
_BASE_URL = "http://127.0.0.1:9"


def measure_outgoing(server: Subject, folder: Path, effort: Effort, report: Report) -> None:
    """Call a page that costs its server next to nothing, over a link by hand and by the bare client."""
    asyncio.run(_measure(server, folder, effort, report))


async def _measure(server: Subject, folder: Path, effort: Effort, report: Report) -> None:
    kind = build_sqlite(folder, "NORMAL", name="outgoing")
    settings = Settings(
        base_url=_BASE_URL, database=kind.database, synchronous="NORMAL", sealing_key=Secret(SEALING_KEY)
    )
    applinks = app.AppLinks(settings, users=Nobody(), scopes=SCOPES)
    await applinks.startup()
    try:
        _add_link(server, kind)
        line = applinks.connection("peer")
        async with httpx2.AsyncClient() as client:
            headers = {"Authorization": "Bearer something-as-long-as-a-token-of-ours-is-0123456789-0123456789"}
            url = f"{server.base_url}/hello"
            contestants: dict[str, Callable[[], Awaitable[httpx2.Response]]] = {
                "`applinks.connection`": lambda: line.get("/hello"),
                "bare `httpx2.AsyncClient`": lambda: client.get(url, headers=headers),
            }
            found = await _interleave(contestants, effort)
    finally:
        await applinks.shutdown()
    ours, bare = found
    rows = [(name, f"{statistics.median(times) * 1e6:,.0f}") for name, times in found.items()]
    report.tables.append(Table(title="The outgoing call", head=("client", "µs a call, one after another"), rows=rows))
    report.add("outgoing call ÷ the same client bare, time", compute_ratio(found[ours], found[bare]), _GOAL)


async def _interleave(
    contestants: dict[str, Callable[[], Awaitable[httpx2.Response]]], effort: Effort
) -> dict[str, list[float]]:
    """As `bench.rounds.interleave`, in one event loop."""
    count = 5 if effort.is_smoke else _COUNT
    found: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(effort.rounds + 1):
        for name, call in contestants.items():
            begun = time.perf_counter()
            for _ in range(count):
                answer = await call()
                assert answer.text == "hello"
            if number:
                found[name].append((time.perf_counter() - begun) / count)
    return found


def _add_link(server: Subject, kind: Kind) -> None:
    command = ["links", "add", server.base_url, "--name", "Peer", "--private-address", "--scope", server.scope]
    command += ["--issuer", server.base_url, "--client-id", server.client_id, "--client-secret-file", "-"]
    command += ["--authorization-endpoint", f"{server.base_url}{server.authorization_path}"]
    command += ["--token-endpoint", f"{server.base_url}{server.token_path}"]
    run_command(kind, *command, standard_input=server.client_secret, base_url=_BASE_URL)
