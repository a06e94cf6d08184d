"""A server that is no Applinks, as the standards describe it, and a side that is registered there by hand."""

import json
from base64 import b64decode
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

import httpx2

from applinks.outgoing.round_trip import Finished, begin, finish
from applinks.records.clients import ClientAuthentication
from applinks.records.connections import Connection
from applinks.records.links import Direction, Link, LinkKind, Peer
from applinks.records.registrations import Registration
from applinks.secret import Secret
from applinks.wire.forms import parse_form
from applinks.wire.jose import sign_jwt
from applinks.wire.linking.terms import Level
from applinks.wire.oauth2.assertions import parse_client_assertion, verify_client_assertion
from applinks.wire.oauth2.pkce import is_code_challenge_of
from tests.fakes import FixedClock
from tests.outgoing.fakes import (
    ALICIA,
    LINK_ID,
    MemoryFailures,
    MemoryStore,
    build_side,
    make_key_pair,
)

APP = "https://app.example/api"
ISSUER = "https://id.example/realms/x"
ELSEWHERE = "https://tokens.example"
BROWSER = b"session-1"
CLIENT_ID = "client one"
SECRET = "s:cret+/ä"


class ForeignServer:
    """
    An OpenID server whose endpoints are its own, and the application that it guards.

    ``claims`` changes what the ID token says, ``answer`` what the token endpoint says; None: left out.
    """

    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        self.key_pair = make_key_pair()
        self.jwks: Any = {"keys": [{"kty": "oct", "k": "x"}, dict(self.key_pair.public) | {"kid": "one"}]}
        self.kid = "one"
        self.metadata: dict[str, Any] = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/auth?x=1",
            "token_endpoint": f"{ISSUER}/token",
            "revocation_endpoint": f"{ISSUER}/revoke",
            "userinfo_endpoint": f"{ISSUER}/me",
            "jwks_uri": f"{ISSUER}/keys",
            "authorization_response_iss_parameter_supported": True,
        }
        self.claims: dict[str, Any] = {}
        self.answer: dict[str, Any] = {}
        self.raw: httpx2.Response | None = None
        self.userinfo: Any = {"sub": "u-17", "preferred_username": "alicia@id"}
        self.client_keys: list[Any] = []
        self.log: list[httpx2.Request] = []
        self.forms: list[dict[str, str]] = []
        self.proofs: list[tuple[str, str]] = []
        self.challenges: dict[str, str] = {}
        self.nonces: dict[str, str] = {}
        self.issued = 0

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.log.append(request)
        url = str(request.url).partition("?")[0]
        if url.endswith("/.well-known/openid-configuration") and self.metadata:
            return httpx2.Response(200, json=self.metadata)
        authorization = request.headers.get("authorization", "")
        match url.rpartition("/")[2]:
            case "token":
                return self._answer_token(request)
            case "revoke":
                answer: Any = self._read(request)
            case "keys":
                answer = self.jwks
            case "me":
                answer = self.userinfo if authorization.startswith("Bearer at-") else {}
            case "things":
                answer = {"by": authorization}
            case _:
                return httpx2.Response(404)
        return httpx2.Response(200, json=answer)

    def approve(self, asked: dict[str, str], **changes: str | None) -> str:
        """Give the query that the browser brings back."""
        code = f"code-{len(self.challenges)}"
        self.challenges[code], self.nonces[code] = asked["code_challenge"], asked.get("nonce", "")
        answer = {"code": code, "state": asked["state"], "iss": ISSUER} | changes
        return urlencode({name: value for name, value in answer.items() if value is not None})

    def _read(self, request: httpx2.Request) -> dict[str, str]:
        form = dict(parse_form(request.content))
        self.forms.append(form)
        authorization = request.headers.get("authorization")
        if authorization:
            assert "client_id" not in form
            assert "client_secret" not in form
            user, _, password = b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
            self.proofs.append(("basic", f"{unquote_plus(user)} {unquote_plus(password)}"))
        elif "client_assertion" in form:
            jwt = parse_client_assertion(form["client_assertion"])
            assert jwt.unverified_header["typ"] == "JWT"
            proof = verify_client_assertion(
                jwt,
                keys=self.client_keys,
                client_id=form["client_id"],
                issuer=ISSUER,
                now=self.clock.now(),
                token_endpoint="",
            )
            self.proofs.append(("key", proof.client_id))
        else:
            self.proofs.append(("body", f"{form['client_id']} {form.get('client_secret', '-')}"))
        return form

    def _answer_token(self, request: httpx2.Request) -> httpx2.Response:
        form = self._read(request)
        if self.raw is not None:
            return self.raw
        self.issued += 1
        answer: dict[str, Any] = {"access_token": f"at-{self.issued}", "token_type": "bearer", "expires_in": 600}
        if form["grant_type"] == "authorization_code":
            assert is_code_challenge_of(self.challenges.pop(form["code"]), form["code_verifier"])
            answer |= {"refresh_token": "rt-1"}
            if nonce := self.nonces[form["code"]]:
                answer |= {"id_token": self._sign(nonce)}
        answer = {name: value for name, value in (answer | self.answer).items() if value is not None}
        return httpx2.Response(
            200, content=json.dumps(answer), headers={"Content-Type": "application/json; charset=utf-8"}
        )

    def _sign(self, nonce: str) -> str:
        now = self.clock.now()
        claims = {
            "iss": ISSUER,
            "sub": "u-17",
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
        } | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        private = json.loads(self.key_pair.private.reveal())
        return sign_jwt(claims, typ="JWT", private_key=private, algorithm="ES256", kid=self.kid)


def make_hand_link(**changes: Any) -> Link:
    link = Link(
        id=LINK_ID,
        handle="app",
        name="App",
        kind=LinkKind.BY_HAND,
        peer=Peer(id="", name="App", url=APP, issuer=ISSUER, manifest={}, keys=()),
        outgoing=Direction(
            level=Level.OAUTH,
            protocols=("oauth2",),
            user_scopes=("openid", "things"),
            application_scopes=("things",),
        ),
        created_at=0,
        created_by="u0",
    )
    return replace(link, **changes)


class HandWorld:
    """A side that is registered at a foreign server."""

    def __init__(self, *, link: Link | None = None, **registration: Any) -> None:
        self.clock = FixedClock()
        self.server = ForeignServer(self.clock)
        self.store = MemoryStore(link or make_hand_link())
        self.registration = Registration(
            **{
                "link_id": LINK_ID,
                "client_id": CLIENT_ID,
                "client_secret": Secret(SECRET),
                "authentication": ClientAuthentication.CLIENT_SECRET_BASIC,
            }
            | registration
        )
        self.store.registrations[LINK_ID] = self.registration
        pair = make_key_pair()
        self.server.client_keys = [dict(pair.public)]
        self.failures = MemoryFailures()
        self.side = build_side(self.store, self.server, clock=self.clock, failures=self.failures, pair=pair)

    @property
    def link(self) -> Link:
        return self.store.links[LINK_ID]

    @property
    def stored(self) -> Connection:
        return self.store.connections[LINK_ID, "u1", ""]

    async def start(self) -> dict[str, str]:
        """Give what the browser carries to the server."""
        url = await begin("app", ALICIA, BROWSER, "/dashboard", side=self.side)
        return {name: value for name, [value] in parse_qs(urlsplit(url).query, strict_parsing=True).items()}

    async def connect(self, **changes: str | None) -> Finished:
        """Go the whole way of a user."""
        query = self.server.approve(await self.start(), **changes)
        return await finish(LINK_ID, query, BROWSER, ALICIA, side=self.side)
