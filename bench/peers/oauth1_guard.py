"""Ours whole: what a signed call passes before a host's own code runs, over SQLite, in this process."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from applinks import Secret, Settings, User
from applinks.assembly import assemble
from applinks.clock import SystemClock
from applinks.entropy import SystemEntropy
from applinks.hosts.server.scopes import SCOPES
from applinks.incoming.authentication import authenticate
from applinks.incoming.side import IncomingSide
from applinks.records.scopes import Resource
from applinks.sides import Declared
from applinks.wire.http import Request
from applinks.wire.oauth1.signature import SharedSecrets, SignatureMethod
from applinks.wire.oauth1.signed_request import sign_request
from bench.load import CONNECTIONS
from bench.peers.hosts import Nobody
from bench.peers.oauth1 import Keys, OwnSigner, count_nonces
from bench.subjects import PASSWORD, USER
from bench.subjects.applinks import SCOPE, SEALING_KEY, build_sqlite, run_command

_BASE_URL = "http://127.0.0.1:9"
_CLIENT = "bench"


class _One(Nobody):
    """A host's users, of whom there is one."""

    async def find(self, user_id: str) -> User | None:
        return User(id=user_id, name=USER)


@dataclass(frozen=True, slots=True)
class Whole:
    """An application in this process, and the client that calls it without a user's token (two legs)."""

    side: IncomingSide = field(repr=False)
    runner: asyncio.Runner = field(repr=False)
    secret: str = field(repr=False)
    keys: Keys = field(repr=False)

    def sign(self, method: SignatureMethod, count: int) -> list[Request]:
        """Sign requests, each good for once."""
        signer = OwnSigner(method, SharedSecrets.join(Secret(self.secret)), self.keys.private)
        now, nonces = str(int(time.time())), count_nonces(f"{method}-{time.monotonic_ns()}")
        said = {"oauth_consumer_key": _CLIENT, "oauth_timestamp": now}
        bare = Request(method="GET", url=f"{_BASE_URL}/rest/api/2/search?jql=project%20%3D%20%22AL%22&maxResults=50")
        return [sign_request(bare, said | {"oauth_nonce": next(nonces)}, signer) for _ in range(count)]

    def verify(self, requests: Sequence[Request]) -> None:
        """Let them come, as many at a time as the other measures have connections."""
        self.runner.run(self._verify(requests))

    async def _verify(self, requests: Sequence[Request]) -> None:
        for first in range(0, len(requests), CONNECTIONS):
            batch = requests[first : first + CONNECTIONS]
            for caller in await asyncio.gather(*(authenticate(each, side=self.side) for each in batch)):
                assert caller is not None
                assert caller.user is not None


@contextmanager
def open_whole(folder: Path, keys: Keys) -> Iterator[Whole]:
    """Open it, with a client that has a key and a secret."""
    kind = build_sqlite(folder, "NORMAL", name="oauth1")
    settings = Settings(
        base_url=_BASE_URL, database=kind.database, synchronous="NORMAL", sealing_key=Secret(SEALING_KEY)
    )
    declared = Declared(
        settings=settings,
        users=_One(),
        resources=(Resource(_BASE_URL, tuple(SCOPES)),),
        clock=SystemClock(),
        entropy=SystemEntropy(),
    )
    with asyncio.Runner() as runner:
        running = runner.run(assemble(declared))
        try:
            run_command(kind, "users", "add", USER, "--password-stdin", standard_input=PASSWORD, base_url=_BASE_URL)
            wanted = ["--key", _CLIENT, "--public-key", "-", "--generate-secret", "--scope", SCOPE]
            wanted += ["--two-legged", "--execute-as", USER, "--json"]
            made = run_command(
                kind, "clients", "add-oauth1", *wanted, standard_input=keys.public_pem, base_url=_BASE_URL
            )
            yield Whole(running.incoming, runner, json.loads(made)["shared_secret"], keys)
        finally:
            runner.run(running.close())
