"""An honest store in memory, a peer that speaks OAuth 2 in memory, and a side that joins them."""

import json
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import httpx2
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey

from applinks.errors import ApplinksError
from applinks.fetching.transport import Fetcher
from applinks.outgoing.side import OutgoingSide
from applinks.records.connections import Connection
from applinks.records.keys import KeyPair
from applinks.records.links import Agreement, Direction, Link, Peer
from applinks.records.registrations import Registration
from applinks.records.users import User
from applinks.secret import Secret
from applinks.settings import Settings
from applinks.wire.forms import parse_form
from applinks.wire.jose import build_public_jwk
from applinks.wire.linking.terms import Level, Terms
from applinks.wire.oauth2.assertions import parse_client_assertion, verify_client_assertion
from applinks.wire.oauth2.pkce import is_code_challenge_of
from tests.fakes import CountingEntropy, FixedClock
from tests.rsa_keys import make_rsa_key, write_private

OWN = "https://start.example"
PEER = "https://tracker.example/app"
CONSUMER_KEY = "applinks:0123456789abcdef0123456789abcdef"
LINK_ID = "lnk_" + "a" * 22
ALICIA = User(id="u1", name="alicia")
BOB = User(id="u2", name="bob")


class MemoryStore:
    """The outgoing store, with the compare-and-swap and the claims of the real one."""

    def __init__(self, *links: Link) -> None:
        self.links = {link.id: link for link in links}
        self.connections: dict[tuple[str, str | None, str], Connection] = {}
        self.trips: dict[bytes, Any] = {}
        self.events: list[Any] = []
        self.registrations: dict[str, Registration] = {}

    async def find_registration(self, link_id):
        return self.registrations.get(link_id)

    async def find_document(self, document):
        return next(
            ((self.links[each.link_id], each) for each in self.registrations.values() if each.document == document),
            None,
        )

    async def find_link(self, id_or_handle):
        found = self.links.get(id_or_handle)
        return found or next((link for link in self.links.values() if link.handle == id_or_handle), None)

    async def list_handles(self):
        return frozenset(link.handle for link in self.links.values() if not link.ended_at)

    async def find_connection(self, *, link_id, user_id, name=""):
        return self.connections.get((link_id, user_id, name))

    async def list_connections_of_user(self, user_id):
        return [(each, self.links[each.link_id]) for each in self.connections.values() if each.user_id == user_id]

    async def count_connections_of_link(self, link_id):
        return len({each.user_id for each in self.connections.values() if each.link_id == link_id} - {None})

    async def add_connection(self, connection, *, event):
        self.connections[connection.link_id, connection.user_id, connection.name] = connection
        self.events.extend([event] if event else [])

    async def swap_connection(self, connection, *, expected_version):
        key = (connection.link_id, connection.user_id, connection.name)
        stored = self.connections.get(key)
        if stored is None or stored.id != connection.id or stored.version != expected_version:
            return False
        self.connections[key] = connection
        return True

    async def delete_connection(self, connection_id, *, event):
        for key, connection in list(self.connections.items()):
            if connection.id == connection_id:
                del self.connections[key]
                self.events.append(event)
                return True
        return False

    async def add_round_trip(self, round_trip):
        self.trips[round_trip.state] = round_trip

    async def claim_round_trip(self, *, state, session, link_id):
        found = self.trips.get(state)
        if found is None or (found.session, found.link_id) != (session, link_id):
            return None
        return self.trips.pop(state)


class MemoryFailures:
    def __init__(self) -> None:
        self.recorded: list[tuple[ApplinksError, dict[str, str]]] = []

    async def record(self, error, *, place, link_id="", client="", user_id=""):
        self.recorded.append((error, {"place": place, "link_id": link_id, "user_id": user_id}))
        return f"AL-TEST-{len(self.recorded):04}"


class FakePeer:
    """
    The application at the other end: authorization server and API.

    ``next_answers`` holds answers that the token endpoint gives before it behaves.
    """

    def __init__(self, url: str = PEER) -> None:
        self.url = url
        self.client_keys: list[dict[str, Any]] = []
        self.now: Callable[[], int] = lambda: 0
        self.metadata = {
            "issuer": url,
            "authorization_endpoint": f"{url}/applinks/oauth2/authorize",
            "token_endpoint": f"{url}/applinks/oauth2/token",
            "revocation_endpoint": f"{url}/applinks/oauth2/revoke",
            "jwks_uri": f"{url}/applinks/oauth2/jwks",
        }
        self.log: list[httpx2.Request] = []
        self.forms: list[dict[str, str]] = []
        self.next_answers: deque[httpx2.Response | Exception] = deque()
        self.access_tokens: set[str] = set()
        self.refresh_tokens: set[str] = set()
        self.codes: dict[str, str] = {}
        self.jtis: set[str] = set()
        self.issued = 0
        self.rotates = True
        self.revoked: list[str] = []
        self.api: Callable[[httpx2.Request], httpx2.Response] = lambda _: httpx2.Response(200, json={"ok": True})

    def count(self, path: str) -> int:
        return sum(request.url.path.endswith(path) for request in self.log)

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.log.append(request)
        path = str(request.url).removeprefix(self.url)
        if path == "/.well-known/oauth-authorization-server":
            return httpx2.Response(200, json=self.metadata)
        if path == "/applinks/oauth2/token":
            return self._answer_token(request)
        if path == "/applinks/oauth2/revoke":
            self._prove(self._read(request))
            self.revoked.append(self.forms[-1]["token"])
            return self.next_answers.popleft() if self.next_answers else httpx2.Response(200)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.access_tokens:
            challenge = 'Bearer realm="x", error="invalid_token", error_description="no"'
            return httpx2.Response(401, headers={"WWW-Authenticate": challenge})
        return self.api(request)

    def issue(self, **more: Any) -> dict[str, Any]:
        self.issued += 1
        access = f"ala_{self.issued}_access"
        self.access_tokens.add(access)
        return {"access_token": access, "token_type": "Bearer", "expires_in": 3600} | more

    def _read(self, request: httpx2.Request) -> dict[str, str]:
        self.forms.append(dict(parse_form(request.content)))
        return self.forms[-1]

    def _prove(self, form: dict[str, str]) -> None:
        proof = verify_client_assertion(
            parse_client_assertion(form["client_assertion"]),
            keys=self.client_keys,
            client_id=f"{OWN}/applinks/oauth2/client.json",
            issuer=self.url,
            now=self.now(),
        )
        assert proof.jti not in self.jtis
        assert form["client_id"] == proof.client_id
        self.jtis.add(proof.jti)

    def _answer_token(self, request: httpx2.Request) -> httpx2.Response:
        form = self._read(request)
        self._prove(form)
        if self.next_answers:
            answer = self.next_answers.popleft()
            if isinstance(answer, Exception):
                raise answer
            return answer
        assert form["resource"] == self.url
        match form["grant_type"]:
            case "client_credentials":
                return httpx2.Response(200, json=self.issue(scope=form["scope"]))
            case "authorization_code":
                challenge = self.codes.pop(form["code"], "")
                if not is_code_challenge_of(challenge, form["code_verifier"]):
                    return error("invalid_grant")
            case "refresh_token":
                if form["refresh_token"] not in self.refresh_tokens:
                    return error("invalid_grant")
        return httpx2.Response(200, json=self.issue() | self._rotate(form))

    def _rotate(self, form: dict[str, str]) -> dict[str, str]:
        if not self.rotates:
            return {}
        self.refresh_tokens.discard(form.get("refresh_token", ""))
        self.refresh_tokens.add(f"alr_{self.issued}_refresh")
        return {"refresh_token": f"alr_{self.issued}_refresh"}


def error(code: str, status: int = 400) -> httpx2.Response:
    return httpx2.Response(status, json={"error": code, "reference": "AL-AAAA-BBBB"})


def make_key_pair() -> KeyPair:
    private = ECKey.import_key(ec.generate_private_key(ec.SECP256R1())).as_dict(private=True)
    public = build_public_jwk(private, algorithm="ES256")
    return KeyPair(
        kid=public["kid"],
        protocol="oauth2",
        algorithm="ES256",
        public=public,
        private=Secret(json.dumps(private)),
        created_at=0,
    )


def make_link(**changes: Any) -> Link:
    link = Link(
        id=LINK_ID,
        handle="tracker",
        name="Tracker",
        peer=Peer(
            id="urn:uuid:6f1c1f0e-3b0a-4c55-9a52-0d6a1f3f7e11",
            name="Tracker",
            url=PEER,
            manifest={"jwks_uri": f"{PEER}/applinks/oauth2/jwks"},
            keys=(),
        ),
        outgoing=Direction(
            level=Level.OAUTH,
            protocols=("oauth2",),
            user_scopes=("issues:read", "issues:write"),
            application_scopes=("issues:read",),
        ),
        agreed=Agreement(revision=1, digest="d", terms=Terms(access=())),
        created_at=0,
        created_by="u0",
    )
    return replace(link, **changes)


async def get_consumer_key() -> str:
    return CONSUMER_KEY


@cache
def make_oauth1_key() -> KeyPair:
    """Make our RSA pair."""
    pem = write_private(make_rsa_key())
    return KeyPair(kid="rsa-1", protocol="oauth1", algorithm="RS256", public={}, private=Secret(pem), created_at=0)


async def get_oauth1_key() -> KeyPair:
    return make_oauth1_key()


def build_side(
    store: MemoryStore,
    peer: Callable[[httpx2.Request], httpx2.Response],
    *,
    clock: FixedClock,
    failures: MemoryFailures,
    pair: KeyPair,
    **more: Any,
) -> OutgoingSide:
    """Make a side that reaches ``peer`` alone, whatever the address, and signs with ``pair``."""
    settings = more.pop("settings", None) or Settings(base_url=OWN)

    async def get_signing_key() -> KeyPair:
        return pair

    return OutgoingSide(
        store=store,
        settings=settings,
        clock=clock,
        entropy=CountingEntropy(),
        fetcher=Fetcher(settings, transport=httpx2.MockTransport(peer)),
        failures=failures,
        get_signing_key=get_signing_key,
        get_oauth1_key=get_oauth1_key,
        get_consumer_key=get_consumer_key,
        retry_pauses=(0, 0),
        **more,
    )


class World:
    """A side, its store and its peer."""

    def __init__(self, *, clock: FixedClock | None = None, **link: Any) -> None:
        self.clock = clock or FixedClock()
        self.peer = FakePeer()
        self.store = MemoryStore(make_link(**link))
        self.failures = MemoryFailures()
        pair = make_key_pair()
        self.peer.client_keys = [dict(pair.public)]
        self.peer.now = self.clock.now
        self.side = build_side(self.store, self.peer, clock=self.clock, failures=self.failures, pair=pair)

    @property
    def link(self) -> Link:
        return self.store.links[LINK_ID]

    def connect(self, user_id: str | None = "u1", **changes: Any) -> Connection:
        """Lay credentials that the peer takes."""
        answer = self.peer.issue()
        self.peer.refresh_tokens.add("alr_first")
        connection = Connection(
            id="con_1",
            link_id=LINK_ID,
            user_id=user_id,
            issuer=PEER,
            access_token=Secret(answer["access_token"]),
            refresh_token=Secret("alr_first") if user_id else None,
            scopes=("issues:read",),
            expires_at=self.clock.now() + 3600,
            created_at=self.clock.now(),
        )
        connection = replace(connection, **changes)
        self.store.connections[LINK_ID, user_id, connection.name] = connection
        return connection

    @property
    def stored(self) -> Connection:
        return self.store.connections[LINK_ID, "u1", ""]
