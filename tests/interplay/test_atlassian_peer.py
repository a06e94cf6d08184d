"""A scripted Data Center application and ours: each reads the other, they configure each other, and both call."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route

from applinks import AuthorizationNeeded, PeerError, Scope, Settings, User
from applinks.administration.actor import Actor
from applinks.administration.by_hand import add_link, change_by_hand
from applinks.administration.hand_values import LinkChange, NewLink, NewOAuth1Client, NewOutgoing
from applinks.administration.side import build_administration
from applinks.clock import SystemClock
from applinks.entropy import SystemEntropy
from applinks.hosts.starlette import AppLinks
from applinks.linking.discovery.atlassian import find_atlassian_application
from applinks.records.links import Link
from applinks.records.scopes import Resource
from applinks.records.users import Role
from applinks.sides import Declared, build_sides
from applinks.storage.open import Storage
from applinks.wire.linking.terms import Level
from applinks.wire.oauth1.keys import format_public_key
from tests.interplay.atlassian_peer import OAUTH, SERVLETS, WHOAMI, AtlassianPeer
from tests.interplay.serving import Person, Port, Users, serve, serve_wsgi, with_storage

NOTES = Scope("notes:read", "See your notes", default=True)
ON = {"enabled": True, "twoLoEnabled": True, "twoLoImpersonationEnabled": False}
REST = "/rest/applinks/3.0"


@dataclass
class Both:
    """Start page, which is ours, and the board, which is theirs."""

    start_page: str
    board: AtlassianPeer
    link: Link
    users: Users
    settings: Settings

    def get_token(self, user: str) -> str:
        """Let a user of ours give the board access, in her browser, at the addresses that the board knows."""
        self.users.logged_in = user
        person = Person()
        begin = self.board.begin(self.start_page, f"{self.board.base_url}/back")
        page = person.open(person.open(begin).headers["location"])
        answer = page if page.has_redirect_location else person.press(page, "approve")
        assert answer.has_redirect_location, answer.text
        said = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
        return self.board.finish(self.start_page, said["oauth_token"], said["oauth_verifier"])["oauth_token"]

    def put(self, path: str, body: Any, token: str) -> httpx2.Response:
        return self.board.call("PUT", f"{self.start_page}{path}", body, token=token)

    def read_status(self) -> Any:
        return httpx2.get(f"{self.start_page}{REST}/status/{self.board.id}/oauth").json()

    def ask(self, whose: str = "") -> httpx2.Response:
        """Let our application call the board."""
        return httpx2.get(f"{self.start_page}/ask{whose}")


def build_host(settings: Settings, users: Users) -> Starlette:
    applinks = AppLinks(settings, users=users, scopes=[NOTES])

    @applinks.requires("notes:read", user=True)
    async def notes(request: Request) -> JSONResponse:
        caller = applinks.caller(request)
        assert caller is not None
        return JSONResponse({"of": caller.user and caller.user.name, "by": caller.link.handle})

    async def ask(request: Request) -> Any:
        user, link = request.query_params.get("user"), request.query_params.get("link", "board")
        try:
            answer = await applinks.connection(link, user=user).get(WHOAMI)
        except AuthorizationNeeded as needed:
            return RedirectResponse(needed.connect_url(return_to=f"/ask?user={user}"))
        except PeerError as error:
            return JSONResponse({"code": error.code, "detail": error.detail}, status_code=502)
        return JSONResponse(answer.json(), status_code=answer.status_code)

    app = Starlette(routes=[Route("/api/notes", notes), Route("/ask", ask)])
    applinks.mount(app)
    return app


async def link_with(board: AtlassianPeer, settings: Settings, users: Users, storage: Storage) -> Link:
    """Do what our administrator does: paste the address, take what is found, and link."""
    clock, entropy = SystemClock(), SystemEntropy()
    resources = (Resource(settings.base_url, (NOTES,)),)
    declared = Declared(settings=settings, users=users, resources=resources, clock=clock, entropy=entropy)
    sides = build_sides(declared, storage)
    confirmed = (board.base_url,)
    found = await find_atlassian_application(board.base_url, private_confirmed=confirmed, side=sides.linking)
    await sides.close()
    assert found is not None
    assert found.consumer is not None
    assert (found.manifest.id, found.capabilities, found.warnings) == (board.id, ("STATUS_API",), ())
    new = NewLink(
        name=found.name,
        url=found.url,
        kind=found.manifest.type_id,
        peer_id=found.manifest.id,
        private_origins=found.private_origins,
        incoming=NewOAuth1Client(
            key=found.consumer.key,
            public_key=format_public_key(found.consumer.public_key),
            callback=f"{board.base_url}/back",
            scopes=("notes:read", "applinks:admin"),
        ),
        outgoing=NewOutgoing(protocol="oauth1", endpoints=found.endpoints),
    )
    side = build_administration(storage, clock=clock, entropy=entropy, declared=(NOTES,), users=users)
    return (await add_link(new, actor=Actor.for_command("root"), side=side)).link


@pytest.fixture
def both(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Both]:
    ours, theirs = Port(), Port()
    users = Users("alice", "bot", logged_in="root")
    users.known["root"] = User(id="root", name="root", role=Role.ADMINISTRATOR)
    settings = Settings(base_url=ours.base_url, name="Start page", database=f"sqlite:///{tmp_path / 'applinks.db'}")
    board = AtlassianPeer(theirs.base_url, speaks_json=getattr(request, "param", True))
    with serve_wsgi(board, theirs):
        link = with_storage(settings, lambda storage: link_with(board, settings, users, storage))
        with serve(build_host(settings, users), ours) as base_url:
            board.learn(base_url)
            yield Both(base_url, board, link, users, settings)


@pytest.mark.parametrize("both", [True, False], ids=["json", "xml"], indirect=True)
def test_each_configures_the_other_and_both_call(both: Both) -> None:
    """Issue, linking: a scripted Atlassian-like peer and we configure each other."""
    board, start_page = both.board, both.start_page
    (known,) = board.known.values()
    assert (known.name, known.capabilities) == ("Start page", ["STATUS_API"])
    assert both.read_status()["incoming"] == {**ON, "twoLoEnabled": False}
    token = both.get_token("root")
    urls = {f"serviceProvider.{step}Url": f"{board.base_url}{SERVLETS}/{path}" for step, path in STEPS.items()}
    config = {"consumerKey.outbound": known.key, **urls}
    consumer = {
        "key": board.key,
        "name": "Board",
        "publicKey": board.format_public_key(),
        "callback": f"{board.base_url}/back",
        "outgoing": False,
        "twoLOAllowed": True,
        "executingTwoLOUser": "bot",
        "twoLOImpersonationAllowed": False,
    }
    link = f"/applicationlink/{board.id}/authentication"
    assert both.put(f"{REST}{link}/provider", {"provider": OAUTH, "config": config}, token).status_code == 201
    answer = both.put(f"/rest/applinks-oauth/latest{link}/consumer", consumer, token)
    assert answer.status_code == 201, answer.text
    assert both.put(f"{REST}/status/{known.id}/oauth", {"incoming": ON, "outgoing": ON}, token).status_code == 204
    assert both.read_status() == {"incoming": ON, "outgoing": ON}
    status = board.call("GET", f"{start_page}{REST}/status/{board.id}", token=token).json()
    assert (status["working"], status["link"]["rpcUrl"]) == (True, board.base_url)
    # The peer's check, as it ends where all is well.
    for accept in ("application/xml", "application/json"):
        checked = board.call("GET", f"{start_page}/rest/applinks/latest/manifest", accept=accept)
        assert (checked.status_code, checked.headers["content-type"].partition(";")[0]) == (200, accept)
    # Two legs and three, in both directions.
    assert board.call("GET", f"{start_page}/api/notes").json() == {"of": "bot", "by": "board"}
    assert board.call("GET", f"{start_page}/api/notes", empty=False).json()["of"] == "bot"
    theirs = both.get_token("alice")
    assert board.call("GET", f"{start_page}/api/notes", token=theirs).json() == {"of": "alice", "by": "board"}
    assert both.ask().json() == {"name": "bot-of-board"}
    both.users.logged_in = "alice"
    person = Person()
    assert person.follow(person.open(f"{start_page}/ask?user=alice")).json() == {"name": "maria"}
    assert both.ask("?user=alice").json() == {"name": "maria"}
    assert not [call for call in board.calls if "icon" in call]


STEPS = {"requestToken": "request-token", "accessToken": "access-token", "authorize": "authorize"}


def test_only_an_administrator_of_ours_lets_the_peer_configure_us(both: Both) -> None:
    """Atlassian wire: 401 not an administrator."""
    token = both.get_token("alice")
    before = both.read_status()
    for answer in (
        both.put(f"{REST}/status/{both.board.id}/oauth", {"incoming": ON, "outgoing": ON}, token),
        httpx2.put(f"{both.start_page}{REST}/status/{both.board.id}/oauth", json={"incoming": ON, "outgoing": ON}),
    ):
        assert answer.status_code == 401
        assert "oauth_problem" in answer.headers["www-authenticate"]
        assert "set-cookie" not in answer.headers
    assert both.read_status() == before


def test_a_signature_of_somebody_else_does_not_pass_for_the_peer_s(both: Both) -> None:
    """Atlassian wire: a signed request for the manifest is answered only if the signature is good."""
    manifest = f"{both.start_page}{REST}/manifest"
    assert both.board.call("GET", manifest).status_code == 200
    stranger = AtlassianPeer(both.board.base_url, id=both.board.id)
    answer = stranger.call("GET", manifest)
    assert answer.status_code == 401
    assert dict(parse_qsl(answer.text))["oauth_problem"] == "signature_invalid"
    nobody = AtlassianPeer(both.board.base_url)
    assert "consumer_key_unknown" in nobody.call("GET", manifest).text
    assert httpx2.get(manifest).status_code == 200


def test_the_consumer_s_own_round_trip_begins_and_ends_at_its_addresses(both: Both) -> None:
    """Atlassian wire: login-dance."""
    both.users.logged_in = "alice"
    person = Person()
    back = f"{both.start_page}/ask?user=alice"
    dance = f"{both.start_page}/plugins/servlet/applinks/oauth/login-dance/authorize"
    begun = person.http.get(dance, params={"applicationLinkID": both.board.id, "redirectUrl": back})
    assert person.follow(begun).json() == {"name": "maria"}
    elsewhere = {"applicationLinkID": both.board.id, "redirectUrl": "https://evil.example/"}
    assert person.http.get(dance, params=elsewhere).status_code == 400


def test_the_peer_is_called_as_the_user_where_it_lets_us_name_her(both: Both) -> None:
    """Atlassian wire: impersonation by the signed query parameter xoauth_requestor_id."""

    async def raise_level(storage: Storage) -> Link:
        side = build_administration(storage, clock=SystemClock(), entropy=SystemEntropy(), users=both.users)
        change = LinkChange(outgoing_level=Level.IMPERSONATION)
        return await change_by_hand(both.link.id, change, actor=Actor.for_command("root"), side=side)

    with_storage(both.settings, raise_level)
    assert both.ask("?user=alice").json() == {"name": "alice"}
    assert both.ask().json() == {"name": "bot-of-board"}


@pytest.mark.requirement("N-02")
def test_nothing_inside_is_asked_on_a_peer_s_word(both: Both) -> None:
    """Atlassian wire: known holes: fetching a URL that a client supplied, its icon among them."""
    token = both.get_token("root")
    with socket.create_server(("127.0.0.2", 0)) as inside:
        inside.setblocking(False)
        url = f"https://127.0.0.2:{inside.getsockname()[1]}"
        entity = {"name": "Inside", "rpcUrl": url, "displayUrl": url, "typeId": "jira"}
        added = both.put(f"{REST}/applicationlink", entity, token)
        assert added.status_code == 201, added.text
        link = added.json()["resources-created"][0]["href"].rpartition("/")[2]
        path = f"/rest/applinks-oauth/1.0/applicationlink/{link}/authentication/consumer?autoConfigure=true"
        refused = both.put(path, {"key": "x"}, token)
        assert (refused.status_code, refused.json()["error"]) == (400, "address_not_allowed")
        on = {"incoming": dict.fromkeys(ON, False), "outgoing": ON}
        assert both.put(f"{REST}/status/{link}/oauth", on, token).status_code == 204
        assert both.board.call("GET", f"{both.start_page}{REST}/status/{link}", token=token).status_code == 200
        assert httpx2.get(f"{both.start_page}/ask?link={link}").json()["code"] == "address_not_allowed"
        with pytest.raises(BlockingIOError):
            inside.accept()
