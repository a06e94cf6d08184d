"""Two whole applications in one process, over real databases, on a network that can lose what we want lost."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from applinks.administration.side import Administration
from applinks.entropy import Rows
from applinks.errors import PeerUnreachableError, RefusedError
from applinks.fetching.transport import Fetcher
from applinks.incoming.seen_users import SeenUsers
from applinks.incoming.side import IncomingSide
from applinks.linking.answerer import Offer, approve, open_proposal
from applinks.linking.discovery.applications import discover
from applinks.linking.keys import find_peer_key
from applinks.linking.proposer import AnswerOutcome, list_possible_terms, open_answer, propose
from applinks.linking.side import LinkingSide
from applinks.linking.statements import send_due
from applinks.outgoing.side import OutgoingSide
from applinks.records.keys import KeyPair
from applinks.records.links import Link
from applinks.records.scopes import Resource, Scope
from applinks.records.users import Role, User
from applinks.settings import Protocol, Settings
from applinks.storage.keys import _make_key_pair, _make_rsa_key_pair
from applinks.storage.open import Storage, open_storage
from applinks.web.protocol.endpoints import build_endpoints
from applinks.wire.http import Request, Response
from applinks.wire.linking.terms import Terms
from tests.fakes import CountingEntropy, FixedClock

A_URL = "https://start.example"
B_URL = "https://hafen.example/tracker"
ADMINISTRATOR = User(id="1", name="admin", role=Role.ADMINISTRATOR)
SECOND = User(id="2", name="second", role=Role.ADMINISTRATOR)
AUDITOR = User(id="3", name="auditor", role=Role.AUDITOR)
NOBODY = User(id="4", name="nobody")
SESSION = "the session that began"

PAGES = Scope("pages:read", "See your pages", default=True, application=True)
NOTIFY = Scope("notify", "Send you notices")
ISSUES = Scope("issues:read", "See your issues", default=True, application=True)
WRITE = Scope("issues:write", "Create and change issues")

Answer = Callable[[Request], Response]


class Users:
    async def find(self, user_id: str) -> User | None:
        return None

    async def find_by_name(self, name: str) -> User | None:
        return None


class RotatingKeys:
    """The keys of an application, which a test can change."""

    def __init__(self, kept: Any) -> None:
        self.kept = kept
        self.pairs: list[KeyPair] = []
        self.oauth1_pairs: list[KeyPair] = []
        self.shown_oauth1: list[KeyPair] | None = None
        self.shown: list[KeyPair] | None = None

    async def get_instance(self) -> Any:
        return await self.kept.get_instance()

    async def get_signing_key(self) -> KeyPair:
        return self.pairs[0] if self.pairs else await self.kept.get_signing_key()

    async def list_pairs(self) -> Any:
        return self.pairs or await self.kept.list_pairs()

    async def list_public_keys(self) -> Any:
        if self.shown is not None:
            return [pair.public for pair in self.shown]
        return [pair.public for pair in self.pairs] if self.pairs else await self.kept.list_public_keys()

    async def get_oauth1_key(self) -> KeyPair:
        return self.oauth1_pairs[0] if self.oauth1_pairs else await self.kept.get_oauth1_key()

    async def list_oauth1_public_keys(self) -> Any:
        pairs = self.oauth1_pairs if self.shown_oauth1 is None else self.shown_oauth1
        return [pair.public for pair in pairs] if pairs else await self.kept.list_oauth1_public_keys()


def make_pair() -> KeyPair:
    return _make_key_pair(1)


def make_rsa_pair() -> KeyPair:
    return _make_rsa_key_pair(1)


@dataclass(kw_only=True)
class Network:
    """
    Carries requests between the applications.

    ``down``: base URLs that do not answer. ``lose_request`` and ``lose_reply``: how many to lose of each path.
    ``answers``: what answers instead, by URL. ``seen``: every request that went out.
    """

    applications: dict[str, "Application"] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    lose_request: dict[str, int] = field(default_factory=dict)
    lose_reply: dict[str, int] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    seen: list[Request] = field(default_factory=list)

    async def carry(self, request: httpx2.Request) -> httpx2.Response:
        sent = Request(
            method=request.method,
            url=str(request.url),
            headers=tuple(request.headers.items()),
            body=await request.aread(),
        )
        self.seen.append(sent)
        answer = await self.answer(sent)
        return httpx2.Response(answer.status, headers=list(answer.headers), content=answer.body)

    async def answer(self, request: Request) -> Response:
        if request.url in self.answers:
            return self.answers[request.url](request)
        base = next(
            (url for url in sorted(self.applications, key=len, reverse=True) if request.url.startswith(url)), None
        )
        if base is None or base in self.down:
            raise PeerUnreachableError("down", detail="down")
        path = request.url.removeprefix(base).partition("?")[0]
        if self._loses(self.lose_request, path):
            raise PeerUnreachableError("lost", detail="lost")
        answer = await self.applications[base].serve(path, request)
        if self._loses(self.lose_reply, path):
            raise PeerUnreachableError("lost", detail="lost")
        return answer

    async def answer_well_known(self, base: str) -> Response:
        """Give an application's link manifest."""
        return await self.answer(Request(method="GET", url=f"{base}/.well-known/application-link"))

    def _loses(self, counts: dict[str, int], path: str) -> bool:
        left = counts.get(path, 0)
        counts[path] = max(left - 1, 0)
        return left > 0


@dataclass(kw_only=True)
class Failures:
    recorded: list[tuple[str, str, str]] = field(default_factory=list)

    async def record(self, error: Any, *, place: str, link_id: str = "", client: str = "", user_id: str = "") -> str:
        self.recorded.append((place, error.code, error.detail))
        return "AL-2222-2222"

    async def find(self, reference: str) -> None:
        return None

    async def list(self, limit: int = 50, *, link_id: str | None = None) -> list[Any]:
        return []


@dataclass(kw_only=True)
class Application:
    url: str
    storage: Storage
    incoming: IncomingSide
    linking: LinkingSide
    administration: Administration
    keys: RotatingKeys
    failures: Failures

    async def serve(self, path: str, request: Request) -> Response:
        endpoint = build_endpoints(incoming=self.incoming, linking=self.linking).get(path)
        if endpoint is None:
            return Response(status=404, headers=(("Content-Type", "text/html"),), body=b"<p>not here")
        try:
            return await endpoint.answer(request, "192.0.2.1")
        except RefusedError as error:
            await self.failures.record(error, place=path)
            body = json.dumps(
                {"error": error.code, "error_description": error.description, "reference": "AL-2222-2222"}
            )
            return Response(
                status=error.status, headers=(("Content-Type", "application/json"), *error.headers), body=body.encode()
            )

    async def find(self, link_id: str) -> Link:
        link = await self.storage.linking.find_link(link_id)
        assert link is not None
        return link

    async def propose(self, pasted: str, *, terms: Terms | None = None, user: User = ADMINISTRATOR) -> str:
        """Propose a link with all that is possible; give the signed proposal."""
        found = await discover(pasted, side=self.linking)
        terms = terms or await list_possible_terms(found, side=self.linking)
        url = await propose(found, terms, administrator=user, session_digest=SESSION, side=self.linking)
        assert url.startswith(found.manifest.link_endpoint + "?request=")
        return read_parameter(url, "request")

    async def show(self, request: str, *, user: User = ADMINISTRATOR) -> Offer:
        offer = await open_proposal(request, user=user, side=self.linking)
        assert isinstance(offer, Offer)
        # As the web session keeps it: through JSON.
        return Offer.from_json(json.loads(json.dumps(offer.to_json())))

    async def approve(self, request: str, *, user: User = ADMINISTRATOR) -> str:
        """Approve all that was proposed; give the signed answer."""
        offer = await self.show(request, user=user)
        url = await approve(offer, offer.terms, user=user, side=self.linking)
        return read_parameter(url, "response")

    async def take(self, response: str, *, user: User = ADMINISTRATOR, session: str = SESSION) -> AnswerOutcome:
        return await open_answer(response, user=user, session_digest=session, side=self.linking)

    async def list_actions(self, link_id: str) -> list[str]:
        events = await self.storage.audit.list(limit=100, link_id=link_id)
        return [event.action for event in reversed(events)]


@dataclass(kw_only=True)
class World:
    clock: FixedClock
    network: Network
    a: Application
    b: Application
    folder: Path
    lives: int = 0

    async def pump(self, *, seconds: int = 0) -> None:
        """Let time pass second by second, and both do what is due, as upkeep does."""
        for _ in range(seconds + 1):
            for application in (self.a, self.b):
                for link in await application.storage.linking.list_due_links(self.clock.now()):
                    await send_due(link.id, side=application.linking)
            if seconds:
                self.clock.advance(1)

    async def restart(self, who: str) -> None:
        """Start one of the two again on its file."""
        before: Application = getattr(self, who)
        await before.linking.fetcher.aclose()
        await before.storage.close()
        self.lives += 1
        settings = before.linking.settings
        after = await build_application(
            before.url,
            name=settings.name,
            scopes=before.linking.resources[0].scopes,
            folder=self.folder,
            network=self.network,
            clock=self.clock,
            seed=f"{before.url}#{self.lives}",
            protocols=settings.protocols,
        )
        setattr(self, who, after)

    async def begin(self) -> str:
        """Go as far as the record of A is confirming and nothing was said yet; give the link id."""
        response = await self.b.approve(await self.a.propose(B_URL))
        outcome = await self.a.take(response)
        return outcome.link.id

    async def link(self) -> str:
        """Link the two, tested from both ends."""
        link_id = await self.begin()
        await self.pump(seconds=3)
        for application in (self.a, self.b):
            link = await application.find(link_id)
            assert link.is_usable
            assert link.check == link.peer.check == "passed"
        self.network.seen.clear()
        return link_id


def read_parameter(url: str, name: str) -> str:
    (value,) = parse_qs(urlsplit(url).query)[name]
    return value


async def build_application(
    url: str,
    *,
    name: str,
    scopes: tuple[Scope, ...],
    folder: Path,
    network: Network,
    clock: FixedClock,
    seed: str = "",
    protocols: tuple[Protocol, ...] = ("oauth2",),
) -> Application:
    settings = Settings(
        base_url=url,
        name=name,
        database=f"sqlite:///{folder}/{name}.db",
        synchronous="NORMAL",
        protocols=protocols,
    )
    entropy = CountingEntropy(seed or url)
    storage = await open_storage(settings, clock=clock, entropy=entropy)
    fetcher = Fetcher(settings, transport=httpx2.MockTransport(network.carry))
    failures, keys, resources = Failures(), RotatingKeys(storage.keys), (Resource(url, scopes),)
    incoming = IncomingSide(
        store=storage.incoming,
        oauth1=storage.oauth1,
        settings=settings,
        clock=clock,
        entropy=entropy,
        rows=Rows(entropy),
        users=SeenUsers(Users(), clock=clock, seconds=30),  # type: ignore[arg-type]
        resources=resources,
        failures=failures,
    )

    async def get_consumer_key() -> str:
        return (await keys.get_instance()).consumer_key

    outgoing = OutgoingSide(
        store=storage.outgoing,
        settings=settings,
        clock=clock,
        entropy=entropy,
        fetcher=fetcher,
        failures=failures,
        get_signing_key=keys.get_signing_key,
        get_oauth1_key=keys.get_oauth1_key,
        get_consumer_key=get_consumer_key,
        retry_pauses=(),
    )

    async def find_consumer(key: str) -> Link | None:
        found = await storage.oauth1.find_client(key)
        return found.link if found else None

    linking = LinkingSide(
        store=storage.linking,
        settings=settings,
        clock=clock,
        entropy=entropy,
        fetcher=fetcher,
        failures=failures,
        keys=keys,
        outgoing=outgoing,
        find_consumer=find_consumer,
        resources=resources,
    )
    incoming.find_peer_key = lambda link, jwt: find_peer_key(link, jwt, side=linking)
    administration = Administration(
        store=storage.linking,
        incoming=storage.incoming,
        oauth1=storage.oauth1,
        outgoing=storage.outgoing,
        keys=keys,
        failures=storage.failures,
        accounts=storage.accounts,
        sessions=storage.sessions,
        settings=settings,
        clock=clock,
        entropy=entropy,
        rows=incoming.rows,
    )
    application = Application(
        url=url,
        storage=storage,
        incoming=incoming,
        linking=linking,
        administration=administration,
        keys=keys,
        failures=failures,
    )
    network.applications[url] = application
    return application


@asynccontextmanager
async def open_world(folder: Path, protocols: tuple[Protocol, ...] = ("oauth2",)) -> AsyncIterator[World]:
    clock, network = FixedClock(), Network()
    of_both: Any = {"folder": folder, "network": network, "clock": clock, "protocols": protocols}
    a = await build_application(A_URL, name="Start page", scopes=(PAGES, NOTIFY), **of_both)
    b = await build_application(B_URL, name="Tracker", scopes=(ISSUES, WRITE), **of_both)
    world = World(clock=clock, network=network, a=a, b=b, folder=folder)
    try:
        yield world
    finally:
        for application in (world.a, world.b):
            await application.linking.fetcher.aclose()
            await application.storage.close()


def narrow(terms: Terms, *, to_url: str, user_scopes: tuple[str, ...]) -> Terms:
    """Take scopes away from one direction."""
    access = tuple(replace(each, user_scopes=user_scopes) if each.to_url == to_url else each for each in terms.access)
    return Terms(access=access)
