"""Our client, and an authorization server of authlib's in Flask as an independent judge of it, over HTTP."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from applinks import AuthorizationNeeded, PeerError, Settings
from applinks.hosts.starlette import AppLinks
from applinks.records.links import Link
from tests.interplay.serving import Person, Port, Users, allow, lay, make_link, serve, serve_wsgi, with_storage
from tests.outgoing.authlib_server import AuthlibServer, Client, Token

# Shorter than the time before its end at which we renew a token.
ABOUT_TO_END = 20


@dataclass
class World:
    """Start page, which is ours, and the server that it is linked with."""

    start_page: str
    link: Link
    server: AuthlibServer
    person: Person

    def connect(self) -> httpx2.Response:
        """Go the way of alicia's browser: to the server, which says yes, and back."""
        url = f"{self.start_page}/applinks/connect/{self.link.id}?return_to=/read"
        return self.person.follow(self.person.open(url))

    def read(self, whose: str = "") -> httpx2.Response:
        return self.person.open(f"{self.start_page}/read{whose}")

    def find_live_tokens(self) -> list[Token]:
        return [token for token in self.server.tokens if not token.revoked]

    def let_tokens_end(self) -> None:
        """Issue tokens that end at once from here on."""
        soon = dict.fromkeys(("authorization_code", "refresh_token"), ABOUT_TO_END)
        config = {"OAUTH2_REFRESH_TOKEN_GENERATOR": True, "OAUTH2_TOKEN_EXPIRES_IN": soon}
        self.server.oauth.register_token_generator("default", self.server.oauth.create_bearer_token_generator(config))


def build_host(settings: Settings) -> Starlette:
    applinks = AppLinks(settings, users=Users("alicia", logged_in="alicia"))

    async def read(request):
        user = None if request.query_params.get("whose") == "mine" else "alicia"
        try:
            answer = await applinks.connection("notebook", user=user).get("/api/issues")
        except AuthorizationNeeded as needed:
            return JSONResponse({"connect_at": needed.url}, 403)
        except PeerError as error:
            return JSONResponse({"code": error.code, "detail": error.detail}, 502)
        return JSONResponse(answer.json(), answer.status_code)

    async def disconnect(request):
        return JSONResponse({"confirmed": await applinks.disconnect("notebook", user="alicia")})

    app = Starlette(routes=[Route("/read", read), Route("/disconnect", disconnect, methods=["POST"])])
    applinks.mount(app)
    return app


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    own, other = Port(), Port()
    settings = Settings(base_url=own.base_url, database=f"sqlite:///{tmp_path / 'applinks.db'}", synchronous="NORMAL")
    scopes = allow("issues:read", application=("issues:read",))
    link = make_link("notebook", other.base_url, outgoing=scopes, private_address=True)

    async def prepare(storage: Any) -> dict[str, Any]:
        await lay(storage, link)
        return dict((await storage.keys.get_signing_key()).public)

    key = with_storage(settings, prepare)
    client = Client(f"{own.base_url}/applinks/oauth2/client.json", f"{own.base_url}/applinks/callback/{link.id}", [key])
    server = AuthlibServer(other.base_url, client)
    with serve_wsgi(server.app, other), serve(build_host(settings), own) as start_page:
        yield World(start_page, link, server, Person())


def test_a_user_is_asked_to_connect_and_then_called_for(world: World) -> None:
    """Issue: our client against an authlib server, from the first refusal to the answer."""
    refused = world.read()
    assert (refused.status_code, refused.json()) == (
        403,
        {"connect_at": f"{world.start_page}/applinks/connect/{world.link.id}"},
    )
    answer = world.connect()
    assert (str(answer.url), answer.json()) == (f"{world.start_page}/read", {"of": "alice"})


def test_the_request_has_all_that_protects_it(world: World) -> None:
    """RFC 9700 §2.1.1, RFC 8707 §2; handshake: a redirect URI of its own for every link."""
    url = f"{world.start_page}/applinks/connect/{world.link.id}"
    answer = world.person.open(url)
    sent = parse_qs(urlsplit(answer.headers["location"]).query)
    assert answer.status_code == 303
    assert (sent["code_challenge_method"], len(sent["code_challenge"][0])) == (["S256"], 43)
    assert len(sent["state"][0]) >= 43
    assert sent["resource"] == [world.server.issuer]
    assert sent["redirect_uri"] == [f"{world.start_page}/applinks/callback/{world.link.id}"]


def test_the_application_calls_for_itself(world: World) -> None:
    """RFC 6749 §4.4."""
    assert world.read("?whose=mine").json() == {"of": None}


@pytest.mark.requirement("CL-30")
def test_a_token_is_renewed_and_the_rotated_one_kept(world: World) -> None:
    """RFC 9700 §4.14.2: the server refuses a refresh token that it gave a successor to."""
    world.let_tokens_end()
    world.connect()
    for count in (3, 4, 5):
        assert world.read().json() == {"of": "alice"}
        assert len(world.server.tokens) == count
    assert world.find_live_tokens() == [world.server.tokens[-1]]


def test_a_token_that_the_server_forgot_is_renewed_at_once(world: World) -> None:
    """RFC 6750 §3.1: invalid_token, and the refresh token is good."""
    world.connect()
    first = world.server.tokens[0]
    first.access_token = "forgotten"
    assert world.read().json() == {"of": "alice"}
    assert len(world.server.tokens) == 2


def test_a_grant_that_the_server_ended_asks_the_user_again(world: World) -> None:
    """RFC 6749 §5.2: invalid_grant is for good."""
    world.connect()
    for token in world.server.tokens:
        token.revoked = True
    assert "connect_at" in world.read().json()
    assert world.connect().json() == {"of": "alice"}


def test_disconnecting_revokes_at_the_server(world: World) -> None:
    """RFC 7009 §2; product §5: it says whether that worked."""
    world.connect()
    answer = world.person.http.post(f"{world.start_page}/disconnect")
    assert answer.json() == {"confirmed": True}
    assert world.find_live_tokens() == []
    assert "connect_at" in world.read().json()


@pytest.mark.requirement("CL-10")
def test_an_answer_is_taken_once_and_in_the_browser_that_began(world: World) -> None:
    """RFC 9700 §2.1: state is bound to the browser, and used up."""
    url = f"{world.start_page}/applinks/connect/{world.link.id}?return_to=/read"
    at_server = world.person.open(world.person.open(url).headers["location"])
    callback = at_server.headers["location"]
    assert Person().open(callback).status_code == 400
    assert world.person.open(callback).headers["location"] == "/read"
    assert world.person.open(callback).status_code == 400
    assert world.read().json() == {"of": "alice"}


@pytest.mark.requirement("CL-20")
@pytest.mark.parametrize("issuer", ["https://other.example", None])
def test_an_answer_of_another_issuer_gets_no_code(world: World, issuer: str | None) -> None:
    """RFC 9207 §2.4 MUST."""
    url = f"{world.start_page}/applinks/connect/{world.link.id}?return_to=/read"
    at_server = world.person.open(world.person.open(url).headers["location"])
    back = httpx2.URL(at_server.headers["location"])
    back = back.copy_set_param("iss", issuer) if issuer else back.copy_remove_param("iss")
    assert world.person.open(str(back)).status_code == 502
    assert world.server.tokens == []


@pytest.mark.requirement("N-05")
def test_nothing_secret_of_the_server_is_in_our_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Ours: connected, renewed, refused and given up, at the most talkative level."""
    caplog.set_level(logging.DEBUG)
    world.let_tokens_end()
    world.connect()
    assert world.read().json() == {"of": "alice"}
    for token in world.server.tokens:
        token.revoked = True
    assert "connect_at" in world.read().json()
    world.connect()
    world.person.http.post(f"{world.start_page}/disconnect")
    # The server runs in this very process, and authlib writes down what it issues.
    ours = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("authlib"))
    secrets = [value for token in world.server.tokens for value in (token.access_token, token.refresh_token)]
    assert len(secrets) == 2 * 5
    assert "/applinks/oauth2/token" in ours
    assert not [value for value in secrets if value in ours]
