"""``applinks links add|edit``: the token endpoint that was seen, and the private addresses that were meant."""

import asyncio
import io
import json
import sys
from typing import Any

import pytest

from applinks.cli.links import looking
from applinks.linking.errors import LinkingError
from applinks.records.links import Link
from tests.cli.conftest import Run, open_database
from tests.cli.foreign_server import ForeignServer

MOVED = "https://moved.example/token"


def find_link(database: str, handle: str) -> Link:
    """Give the link as it is stored."""

    async def find() -> Link | None:
        storage = await open_database(database)
        try:
            return await storage.linking.find_link(handle)
        finally:
            await storage.close()

    link = asyncio.run(find())
    assert link is not None
    return link


def add(run: Run, url: str, *more: str) -> str:
    found = run("links", "add", url, "--scope", "notes", *more, "--json")
    assert (found.code, found.err) == (0, "")
    return str(json.loads(found.out)["handle"])


@pytest.mark.requirement("CL-21")
def test_a_token_endpoint_that_moved_is_taken_only_where_the_issuer_is_named_again(
    run_server: Run, foreign: ForeignServer, database: str
) -> None:
    """Ours: secrets go there, so it is not switched on in passing."""
    handle = add(run_server, foreign.url)
    assert find_link(database, handle).peer.token_endpoint == f"{foreign.url}/token"
    assert foreign.metadata is not None
    foreign.metadata["token_endpoint"] = MOVED
    assert run_server("links", "edit", handle, "--scope", "openid").code == 0
    refused = run_server("links", "edit", handle, "--outgoing")
    assert (refused.code, refused.out) == (1, "")
    assert "Its token endpoint moved to another host: moved.example." in refused.err
    assert f"applinks links edit {handle} --issuer {foreign.url}" in refused.err
    assert find_link(database, handle).peer.token_endpoint == f"{foreign.url}/token"
    assert run_server("links", "edit", handle, "--issuer", foreign.url).code == 0
    assert find_link(database, handle).peer.token_endpoint == MOVED


@pytest.mark.requirement("CL-21")
def test_switching_on_looks_again_and_needs_no_answer(run_server: Run, foreign: ForeignServer, database: str) -> None:
    """Ours: a server that is down keeps its pin."""
    handle = add(run_server, foreign.url)
    assert foreign.metadata is not None
    foreign.metadata["token_endpoint"] = f"{foreign.url}/token/v2"
    assert run_server("links", "edit", handle, "--outgoing").code == 0
    assert find_link(database, handle).peer.token_endpoint == f"{foreign.url}/token/v2"
    foreign.metadata = None
    assert run_server("links", "edit", handle, "--outgoing").code == 0
    assert find_link(database, handle).peer.token_endpoint == f"{foreign.url}/token/v2"
    endpoints = ("--authorization-endpoint", f"{foreign.url}/auth", "--token-endpoint", f"{foreign.url}/token")
    assert run_server("links", "edit", handle, *endpoints).code == 0
    assert find_link(database, handle).peer.token_endpoint == ""


@pytest.mark.requirement("N-02")
def test_the_option_is_about_what_was_typed_and_not_about_whom_a_server_names(
    run_server: Run, foreign: ForeignServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours: nobody meant an address that only a stranger's document names."""
    inner, find_server, read_server = "https://inner.example", looking.find_server, looking.read_server

    async def find(url: str, *, private_confirmed: Any, side: Any) -> Any:
        if inner not in private_confirmed:
            raise LinkingError("address_not_allowed", asks_private=True, peer=f"{inner}/as")
        return await find_server(url, private_confirmed=private_confirmed, side=side)

    async def read(issuer: str, *, private_confirmed: Any, side: Any) -> Any:
        if foreign.url not in private_confirmed:
            raise LinkingError("address_not_allowed", asks_private=True, peer=issuer)
        return await read_server(issuer, private_confirmed=private_confirmed, side=side)

    monkeypatch.setattr(looking, "find_server", find)
    monkeypatch.setattr(looking, "read_server", read)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    found = run_server("links", "add", foreign.url, "--scope", "notes", "--private-address")
    assert (found.code, found.out) == (1, "")
    assert f"inner.example leads to a private address. If that is meant, add --issuer {inner}/as" in found.err
    handle = add(run_server, foreign.url, "--issuer", foreign.url, "--private-address")
    # This machine itself is not private by its name: nothing is opened that needs no opening.
    assert find_link(database, handle).peer.private_origins == ()
    assert run_server("links", "edit", handle, "--private-address").code == 0
    assert find_link(database, handle).peer.private_origins == (foreign.url,)
