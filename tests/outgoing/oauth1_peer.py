"""A server of OAuth 1.0a in memory that has oauthlib judge every signature, and a side that calls it."""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from oauthlib.oauth1.rfc5849 import signature

from applinks.outgoing.connection import PeerConnection
from applinks.outgoing.round_trip import Finished, begin, finish
from applinks.records.connections import Connection
from applinks.records.links import Direction, Link, LinkKind, Peer
from applinks.records.registrations import Registration, ServerEndpoints
from applinks.secret import Secret
from applinks.settings import Settings
from applinks.wire.linking.terms import Level
from applinks.wire.oauth1.keys import parse_private_key
from applinks.wire.oauth1.problems import Problem
from applinks.wire.oauth1.signature import SignatureMethod
from tests.fakes import FixedClock
from tests.outgoing.fakes import (
    ALICIA,
    CONSUMER_KEY,
    LINK_ID,
    OWN,
    PEER,
    MemoryFailures,
    MemoryStore,
    build_side,
    make_key_pair,
    make_link,
    make_oauth1_key,
)

ROOT = f"{PEER}/oauth"
ENDPOINTS = ServerEndpoints(
    temporary=f"{ROOT}/request-token", authorization=f"{ROOT}/authorize?x=1", token=f"{ROOT}/access-token"
)
SHARED = "sh&red secret/ä"
BROWSER = b"session-1"
VERIFIERS = {
    "HMAC-SHA1": signature.verify_hmac_sha1,
    "HMAC-SHA256": signature.verify_hmac_sha256,
    "HMAC-SHA512": signature.verify_hmac_sha512,
    "PLAINTEXT": signature.verify_plaintext,
    "RSA-SHA1": signature.verify_rsa_sha1,
    "RSA-SHA256": signature.verify_rsa_sha256,
    "RSA-SHA512": signature.verify_rsa_sha512,
}


class FakeOAuth1Peer:
    """
    The application at the other end.

    ``next_answers`` holds answers that the access-token address gives before it behaves; ``confirms`` and ``handles``
    are whether it is of this century and whether what it gives can be renewed.
    """

    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        public = parse_private_key(make_oauth1_key().private.reveal()).public_key()
        self.public_key = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        self.client = CONSUMER_KEY
        self.shared = SHARED
        self.log: list[httpx2.Request] = []
        self.seen: list[dict[str, str]] = []
        self.nonces: set[tuple[str, ...]] = set()
        self.temporary: dict[str, dict[str, str]] = {}
        self.tokens: dict[str, dict[str, str]] = {}
        self.refusals: dict[str, Problem] = {}
        self.next_answers: deque[httpx2.Response | Exception] = deque()
        self.confirms = True
        self.handles = True
        self.in_body = False
        self.more: dict[str, str] = {}
        self.issued = 0
        self.api: Callable[[httpx2.Request], httpx2.Response] = lambda _: httpx2.Response(200, json=self.seen[-1])

    def count(self, path: str) -> int:
        return sum(request.url.path.endswith(path) for request in self.log)

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.log.append(request)
        said = read_parameters(request)
        self.seen.append(said)
        path = str(request.url).partition("?")[0]
        held = self.temporary | self.tokens
        secret = held.get(said.get("oauth_token", ""), {}).get("secret", "")
        if problem := self._find_problem(request, said, secret):
            return self.refuse(problem)
        if path == ENDPOINTS.temporary:
            return self._give_temporary(said)
        if path == ENDPOINTS.token:
            return self._give_token(said)
        token = said.get("oauth_token", "")
        if token and token not in self.tokens:
            return self.refuse(self.refusals.get(token, Problem.TOKEN_REJECTED))
        return self.api(request)

    def refuse(self, problem: str, status: int | None = None, **more: str) -> httpx2.Response:
        said = {"oauth_problem": problem} | self.more | more
        status = status or Problem(problem).status
        if self.in_body:
            return httpx2.Response(status, headers={"WWW-Authenticate": 'OAuth realm="x"'}, text=urlencode(said))
        pairs = "".join(f', {name}="{value}"' for name, value in said.items())
        return httpx2.Response(status, headers={"WWW-Authenticate": f'OAuth realm="{PEER}"{pairs}'})

    def approve(self, url: str, **changes: str | None) -> str:
        """Give what the browser brings back from the page that asks."""
        token = dict(parse_qsl(urlsplit(url).query))["oauth_token"]
        assert urlsplit(url).path == "/app/oauth/authorize"
        answer = {"oauth_token": token, "oauth_verifier": self.temporary[token]["verifier"]} | changes
        return urlencode({name: value for name, value in answer.items() if value is not None})

    def give(self, **more: str) -> dict[str, str]:
        """Make token credentials that are taken from now on."""
        self.issued += 1
        token = f"token/{self.issued}"
        self.tokens[token] = {"secret": f"s&cret {self.issued}", "handle": f"handle+{self.issued}"} | more
        given = {"oauth_token": token, "oauth_token_secret": self.tokens[token]["secret"]}
        if not self.handles:
            return given
        session = {"oauth_session_handle": self.tokens[token]["handle"], "oauth_authorization_expires_in": "86400"}
        return given | session | {"oauth_expires_in": "3600"}

    def _find_problem(self, request: httpx2.Request, said: dict[str, str], secret: str) -> Problem | None:
        if said.get("oauth_consumer_key") != self.client:
            return Problem.CONSUMER_KEY_UNKNOWN
        token = said.get("oauth_token", "")
        if token and token not in self.temporary | self.tokens:
            return self.refusals.get(token, Problem.TOKEN_REJECTED)
        method = said["oauth_signature_method"]
        asked = SimpleNamespace(
            params=[(name, value) for name, value in list_parameters(request) if name != "oauth_signature"],
            signature=said["oauth_signature"],
            uri=str(request.url),
            http_method=request.method,
            headers={},
        )
        keys = (self.public_key,) if method.startswith("RSA") else (self.shared, secret)
        if not VERIFIERS[method](asked, *keys):
            return Problem.SIGNATURE_INVALID
        if abs(self.clock.now() - int(said["oauth_timestamp"])) > 300:
            return Problem.TIMESTAMP_REFUSED
        claimed = tuple(said.get(f"oauth_{name}", "") for name in ("token", "timestamp", "nonce"))
        if claimed in self.nonces:
            return Problem.NONCE_USED
        self.nonces.add(claimed)
        return None

    def _give_temporary(self, said: dict[str, str]) -> httpx2.Response:
        assert said["oauth_callback"] == f"{OWN}/applinks/callback/{LINK_ID}"
        token = f"temporary {len(self.temporary)}"
        self.temporary[token] = {"secret": "temp&secret", "verifier": f"verifier={len(self.temporary)}"}
        given = {"oauth_token": token, "oauth_token_secret": "temp&secret"}
        return httpx2.Response(
            200, text=urlencode(given | ({"oauth_callback_confirmed": "true"} if self.confirms else {}))
        )

    def _give_token(self, said: dict[str, str]) -> httpx2.Response:
        if self.next_answers:
            answer = self.next_answers.popleft()
            if isinstance(answer, Exception):
                raise answer
            return answer
        handle, token = said.get("oauth_session_handle"), said["oauth_token"]
        if handle is None:
            if self.temporary.pop(token)["verifier"] != said["oauth_verifier"]:
                return self.refuse("verifier_invalid")
        elif self.tokens.pop(token, {}).get("handle") != handle:
            return self.refuse("token_rejected")
        return httpx2.Response(200, text=urlencode(self.give()) + "\n")


def list_parameters(request: httpx2.Request) -> list[tuple[str, str]]:
    is_form = request.headers.get("content-type") == "application/x-www-form-urlencoded"
    return signature.collect_parameters(
        uri_query=request.url.query.decode(),
        body=request.content.decode() if is_form else "",
        headers=dict(request.headers),
        exclude_oauth_signature=False,
    )


def read_parameters(request: httpx2.Request) -> dict[str, str]:
    return dict(list_parameters(request))


def make_oauth1_link(**outgoing: Any) -> Link:
    """Make a link by handshake over OAuth 1.0a."""
    link = make_link()
    named = {
        "consumer_key": "applinks:peer",
        "jwks_uri": f"{ROOT}/jwks",
        "request_token_uri": ENDPOINTS.temporary,
        "authorize_uri": ENDPOINTS.authorization,
        "access_token_uri": ENDPOINTS.token,
    }
    peer = replace(link.peer, manifest=dict(link.peer.manifest) | {"oauth1": named, "check_endpoint": f"{PEER}/check"})
    return replace(link, peer=peer, outgoing=replace(link.outgoing, **{"protocols": ("oauth1",)} | outgoing))


def make_hand_link(**outgoing: Any) -> Link:
    """Make a link by hand, to a server that knows no scopes."""
    return Link(
        id=LINK_ID,
        handle="tracker",
        name="Tracker",
        kind=LinkKind.BY_HAND,
        peer=Peer(id="", name="Tracker", url=PEER, manifest={}, keys=()),
        outgoing=Direction(**{"level": Level.OAUTH, "protocols": ("oauth1",)} | outgoing),
        created_at=0,
        created_by="u0",
    )


def register(method: SignatureMethod = SignatureMethod.HMAC_SHA1, **changes: Any) -> Registration:
    fields = {
        "link_id": LINK_ID,
        "protocol": "oauth1",
        "client_id": CONSUMER_KEY,
        "client_secret": None if method.is_rsa else Secret(SHARED),
        "endpoints": ENDPOINTS,
        "signature_method": method,
    }
    return Registration(**fields | changes)


class OAuth1World:
    """A side that calls a server of OAuth 1.0a; with a registration, over a link by hand."""

    def __init__(self, link: Link | None = None, registration: Registration | None = None) -> None:
        self.clock = FixedClock()
        self.peer = FakeOAuth1Peer(self.clock)
        self.store = MemoryStore(link or (make_hand_link() if registration else make_oauth1_link()))
        if registration is not None:
            self.store.registrations[LINK_ID] = registration
        self.failures = MemoryFailures()
        self.names = {"u1": "alicia", "u2": "bob & co/ä"}

        async def find_user_name(user_id: str) -> str | None:
            return self.names.get(user_id)

        self.side = build_side(
            self.store,
            self.peer,
            clock=self.clock,
            failures=self.failures,
            pair=make_key_pair(),
            settings=Settings(base_url=OWN, protocols=("oauth1", "oauth2")),
            find_user_name=find_user_name,
        )

    @property
    def link(self) -> Link:
        return self.store.links[LINK_ID]

    @property
    def stored(self) -> Connection:
        return self.store.connections[LINK_ID, "u1", ""]

    def hold(self, user_id: str | None = "u1", name: str = "") -> PeerConnection:
        return PeerConnection("tracker", user_id=user_id, side=self.side, name=name)

    async def start(self) -> str:
        return await begin("tracker", ALICIA, BROWSER, "/dashboard", side=self.side)

    async def connect(self, **changes: str | None) -> Finished:
        """Go the whole way of a user."""
        query = self.peer.approve(await self.start(), **changes)
        return await finish(LINK_ID, query, BROWSER, ALICIA, side=self.side)
