"""Servers that are no Applinks and answer with anything at all, at every place where we call them."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from applinks.bounds import Sizes
from applinks.errors import ApplinksError, PeerError
from applinks.fetching.transport import Fetcher
from applinks.linking.discovery.servers import find_server
from applinks.linking.errors import LinkingError
from applinks.outgoing.disconnection import disconnect
from applinks.settings import Settings
from tests.hostile.lying_server import FAULTS, LyingServer, ToServer, serve
from tests.linking.world import open_world
from tests.outgoing.fakes import OWN
from tests.outgoing.foreign import ISSUER, SECRET, ForeignServer, HandWorld

pytestmark = pytest.mark.anyio

METADATA, KEYS, TOKEN = "/realms/x/.well-known/openid-configuration", "/realms/x/keys", "/realms/x/token"
USERINFO, REVOKE = "/realms/x/me", "/realms/x/revoke"
# Only those that never come to an end are given a short time; what is shown is that there is an end at all.
HASTE = Sizes(connect_seconds=0.12, read_seconds=0.06, call_seconds=0.12, link_document_seconds=0.12)
# Of these nothing is wrong with what these servers say.
HARMLESS = frozenset({"another's"})


class Between(httpx2.AsyncBaseTransport):
    """Lets a good server answer, save where the lying one has its turn."""

    def __init__(self, good: ForeignServer, lying: LyingServer) -> None:
        self._good, self._lying = good, lying

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await request.aread()
        answer = await self._good(request)
        if request.url.path != self._lying.bad:
            return answer
        self._lying.good[request.url.path] = answer.content
        return await ToServer(self._lying).handle_async_request(request)


@pytest.fixture
async def lying() -> AsyncIterator[LyingServer]:
    async with serve() as server:
        yield server


def prepare(lying: LyingServer, fault: str, path: str) -> HandWorld:
    lying.bad, lying.fault = path, FAULTS[fault]
    world = HandWorld()
    settings = Settings(base_url=OWN, sizes=HASTE if fault in {"hang", "drip"} else Sizes())
    fetcher = Fetcher(settings, transport=Between(world.server, lying))
    world.side = replace(world.side, settings=settings, fetcher=fetcher)
    return world


@pytest.mark.requirement("CL-11")
@pytest.mark.requirement("CL-21")
@pytest.mark.requirement("CL-30")
@pytest.mark.requirement("N-04")
@pytest.mark.parametrize("path", [METADATA, KEYS, TOKEN])
@pytest.mark.parametrize("fault", sorted(FAULTS.keys() - HARMLESS))
async def test_a_server_that_misbehaves_makes_no_connection(lying: LyingServer, path: str, fault: str) -> None:
    """Issue: hostile answers from servers that are not ours; in words, and nothing is stored."""
    world = prepare(lying, fault, path)
    with pytest.raises(PeerError) as failed:
        await world.connect()
    assert failed.value.description
    assert SECRET not in failed.value.detail
    assert world.store.connections == {}


@pytest.mark.parametrize("fault", sorted(FAULTS.keys() - HARMLESS))
async def test_a_userinfo_endpoint_that_misbehaves_costs_only_the_name(lying: LyingServer, fault: str) -> None:
    """Ours: failure to ask never fails the connection."""
    world = prepare(lying, fault, USERINFO)
    await world.connect()
    assert world.stored.account == ""


@pytest.mark.parametrize("fault", sorted(FAULTS.keys() - HARMLESS))
async def test_a_server_that_does_not_confirm_an_end_keeps_nobody_connected(lying: LyingServer, fault: str) -> None:
    """RFC 7009 §2.2; product §5: says whether that worked."""
    world = prepare(lying, fault, "")
    await world.connect()
    lying.bad = REVOKE
    # The body of the answer does not matter (RFC 7009 §2.2), its status does.
    confirmed = await disconnect(world.stored, actor="user:u1", side=world.side)
    assert world.store.connections == {}
    if fault in {"redirect", "redirect with the method", "error page", "not found", "nothing", "hang", "closed"}:
        assert not confirmed


async def test_what_cannot_be_read_is_not_taken_for_a_server(lying: LyingServer, tmp_path: Path) -> None:
    """Issue: by metadata if it publishes any, else by hand."""
    async with open_world(tmp_path) as world:
        for fault in sorted(FAULTS.keys() - HARMLESS):
            hand = prepare(lying, fault, METADATA)
            side = replace(world.a.linking, fetcher=hand.side.fetcher, settings=hand.side.settings)
            with suppress(LinkingError):
                found = await find_server(ISSUER, side=side)
                assert (found.issuer, found.metadata) == ("", None), fault


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from([ISSUER, "Bearer"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def choose(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, values))


@given(
    choose("issuer", "token_endpoint", "authorization_endpoint", "jwks_uri", "userinfo_endpoint"),
    choose("access_token", "expires_in", "refresh_token", "scope", "id_token"),
    choose("iss", "sub", "aud", "azp", "exp", "nonce"),
    values,
    values,
)
async def test_whatever_is_said_the_user_is_connected_or_told_why_not(metadata, answer, claims, userinfo, jwks):
    """House §7: no input gives anything but our own errors."""
    world = HandWorld()
    world.server.metadata |= metadata
    world.server.answer, world.server.claims, world.server.userinfo = answer, claims, userinfo
    world.server.jwks = world.server.jwks if jwks is None else jwks
    with suppress(ApplinksError):
        await world.connect()
    assert all(each.issuer == ISSUER for each in world.store.connections.values())
