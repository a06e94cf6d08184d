import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from applinks.errors import AuthorizationNeeded, PeerRefusedError, RefusedError
from applinks.incoming.authentication import authenticate
from applinks.incoming.oauth1.owner_authorization import (
    approve_authorization,
    deny_authorization,
    open_owner_authorization,
)
from applinks.incoming.seen_users import SeenUsers
from applinks.linking.discovery.applications import discover
from applinks.linking.proposer import impersonate, list_possible_terms
from applinks.outgoing.connection import PeerConnection
from applinks.outgoing.errors import AccessDeniedError
from applinks.outgoing.round_trip import begin, finish
from applinks.records.connections import ConnectionState
from applinks.records.users import Role, User
from applinks.web.errors import answer_protocol_error
from applinks.web.protocol.endpoints import build_endpoints
from applinks.wire.http import Request, Response
from applinks.wire.linking.terms import Terms
from tests.linking.world import B_URL, Application, World, open_world

pytestmark = pytest.mark.anyio

HERE = User(id="11", name="alicia")
THERE = User(id="77", name="alicia")
CHIEF = User(id="78", name="chief", role=Role.ADMINISTRATOR)
BROWSER = b"browser"


class Users:
    """Who is known at the application that is called."""

    async def find(self, user_id: str) -> User | None:
        return next((user for user in (THERE, CHIEF) if user.id == user_id), None)

    async def find_by_name(self, name: str) -> User | None:
        return next((user for user in (THERE, CHIEF) if user.name == name), None)


def guard(application: Application) -> None:
    """Let an application say below /api who called, and report problems as it does in the web."""
    serve = application.serve

    async def answer(path: str, request: Request) -> Response:
        try:
            if path.startswith("/applinks/oauth1/"):
                endpoints = build_endpoints(incoming=application.incoming, linking=application.linking)
                return await endpoints[path].answer(request, "192.0.2.1")
            if not path.startswith("/api/"):
                return await serve(path, request)
            caller = await authenticate(request, side=application.incoming, source="192.0.2.1")
        except RefusedError as error:
            return await answer_protocol_error(error, place=path, failures=application.failures, realm=application.url)
        assert caller is not None
        said = {"user": caller.user.id if caller.user else None, "scopes": sorted(caller.scopes)}
        return Response(status=200, body=json.dumps(said | {"protocol": caller.protocol}).encode())

    application.serve = answer


@pytest.fixture
async def linked(tmp_path: Path) -> AsyncIterator[tuple[World, str]]:
    """Two applications that are linked over OAuth 1.0a; and the link's id."""
    async with open_world(tmp_path, ("oauth1",)) as world:
        prepare(world)
        yield world, await world.link()


def prepare(world: World) -> None:
    guard(world.b)
    world.b.incoming.users = SeenUsers(Users(), clock=world.clock, seconds=0)

    async def find_user_name(user_id: str) -> str | None:
        return {"11": "alicia", "12": "chief", "13": "nobody"}.get(user_id)

    outgoing = replace(world.a.linking.outgoing, find_user_name=find_user_name)
    world.a.linking = replace(world.a.linking, outgoing=outgoing)


def hold(world: World, link_id: str, user_id: str | None = HERE.id) -> PeerConnection:
    return PeerConnection(link_id, user_id=user_id, side=world.a.linking.outgoing)


async def connect(world: World, link_id: str) -> None:
    """Go the way of a user's browser: our application, theirs, ours."""
    outgoing = world.a.linking.outgoing
    url = await begin(link_id, HERE, BROWSER, "/dashboard", side=outgoing)
    opened = await open_owner_authorization(urlsplit(url).query, side=world.b.incoming)
    approved = await approve_authorization(opened, THERE, side=world.b.incoming)
    assert approved.url.startswith(f"{world.a.url}/applinks/callback/{link_id}?")
    finished = await finish(link_id, urlsplit(approved.url).query, BROWSER, HERE, side=outgoing)
    assert finished.return_to == "/dashboard"


async def find(world: World, link_id: str) -> Any:
    return await world.a.storage.outgoing.find_connection(link_id=link_id, user_id=HERE.id)


async def test_both_halves_go_the_three_legs(linked: tuple[World, str]) -> None:
    """RFC 5849 §2: our client at our server."""
    world, link_id = linked
    with pytest.raises(AuthorizationNeeded):
        await hold(world, link_id).get("/api/x")
    await connect(world, link_id)
    answer = await hold(world, link_id).post("/api/x", params={"q": ["ä b", "", "|[&"]}, data={"f": "1+1"})
    assert answer.json() == {"user": THERE.id, "scopes": ["issues:read", "issues:write"], "protocol": "oauth1"}


async def test_both_halves_understand_each_other_with_two_legs(linked: tuple[World, str]) -> None:
    """Atlassian's wire, two-legged: a peer by handshake calls as itself."""
    world, link_id = linked
    said = (await hold(world, link_id, None).get("/api/x")).json()
    assert (said["user"], "issues:read" in said["scopes"]) == (None, True)


async def test_both_halves_renew_before_the_token_ends(linked: tuple[World, str]) -> None:
    """The session extension."""
    world, link_id = linked
    await connect(world, link_id)
    before = await find(world, link_id)
    world.clock.advance(before.expires_at - world.clock.now() - 10)
    for _ in range(2):
        assert (await hold(world, link_id).get("/api/x")).json()["user"] == THERE.id
    after = await find(world, link_id)
    assert after.version == 2
    assert after.access_token != before.access_token
    assert after.expires_at > before.expires_at


async def test_both_halves_end_what_the_user_ended_there(linked: tuple[World, str]) -> None:
    """Product §5: the grant was revoked."""
    world, link_id = linked
    await connect(world, link_id)
    object.__setattr__(THERE, "active", False)
    try:
        assert (await hold(world, link_id).get("/api/x")).status_code == 401
    finally:
        object.__setattr__(THERE, "active", True)
    world.clock.advance((await find(world, link_id)).session_expires_at - world.clock.now())
    with pytest.raises(AuthorizationNeeded):
        await hold(world, link_id).get("/api/x")
    assert (await find(world, link_id)).state is ConnectionState.ENDED_BY_PEER
    await connect(world, link_id)
    assert (await hold(world, link_id).get("/api/x")).status_code == 200


async def test_both_halves_take_a_no(linked: tuple[World, str]) -> None:
    """Atlassian's wire: ``oauth_verifier=denied``."""
    world, link_id = linked
    outgoing = world.a.linking.outgoing
    url = await begin(link_id, HERE, BROWSER, "/dashboard", side=outgoing)
    opened = await open_owner_authorization(urlsplit(url).query, side=world.b.incoming)
    denied = await deny_authorization(opened, THERE, side=world.b.incoming)
    assert denied is not None
    with pytest.raises(AccessDeniedError):
        await finish(link_id, urlsplit(denied).query, BROWSER, HERE, side=outgoing)


async def test_both_halves_speak_of_their_clocks(linked: tuple[World, str]) -> None:
    """Problem reporting: ``timestamp_refused`` with what is acceptable."""
    world, link_id = linked
    late = replace(world.a.linking.outgoing, clock=type(world.clock)(world.clock.now() - 900))
    with pytest.raises(PeerRefusedError) as raised:
        await PeerConnection(link_id, user_id=None, side=late).get("/api/x")
    assert raised.value.code == "timestamp_refused"
    assert "900 seconds behind" in raised.value.description


@pytest.mark.requirement("O1-06")
async def test_both_halves_impersonate_where_both_agreed_and_never_the_privileged(tmp_path: Path) -> None:
    """Atlassian's wire: ``xoauth_requestor_id``; security O1-06."""
    async with open_world(tmp_path, ("oauth1",)) as world:
        prepare(world)
        found = await discover(B_URL, side=world.a.linking)
        terms = await list_possible_terms(found, side=world.a.linking)
        wanted = Terms(access=tuple(impersonate(each) if each.to_url == B_URL else each for each in terms.access))
        response = await world.b.approve(await world.a.propose(B_URL, terms=wanted))
        link_id = (await world.a.take(response)).link.id
        await world.pump(seconds=3)
        said = (await hold(world, link_id).get("/api/x?a=b")).json()
        assert (said["user"], said["scopes"]) == (THERE.id, ["issues:read", "issues:write"])
        for privileged_or_unknown in ("12", "13"):
            answer = await hold(world, link_id, privileged_or_unknown).get("/api/x")
            assert answer.status_code == 401
            assert "permission_denied" in answer.headers["www-authenticate"]
