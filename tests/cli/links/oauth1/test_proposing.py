"""The command ``applinks links add`` between two Applinks that have OAuth 1.0a."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from applinks.wire.jose import compute_thumbprint, parse_jwt
from applinks.wire.linking.manifest import build_manifest
from applinks.wire.linking.messages import PROPOSAL_TYP
from applinks.wire.oauth1.keys import build_rsa_jwk
from tests.cli.conftest import Run, open_database
from tests.cli.foreign_server import ForeignServer, serve_foreign
from tests.interplay.serving import make_key as make_signing_key
from tests.rsa_keys import make_rsa_key
from tests.wire.linking.samples import make_manifest

BOTH = ("oauth2", "oauth1")


def _show(server: ForeignServer, **changes: Any) -> None:
    server.documents["/.well-known/application-link"] = build_manifest(make_manifest(server.url, **changes))
    server.documents["/applinks/oauth2/jwks"] = {"keys": [make_signing_key()[1]]}
    jwk = build_rsa_jwk(make_rsa_key().public_key())
    server.documents["/applinks/oauth1/jwks"] = {"keys": [jwk | {"kid": compute_thumbprint(jwk), "use": "sig"}]}


@pytest.fixture
def peer(foreign: ForeignServer) -> ForeignServer:
    """An application with Applinks and both protocols."""
    _show(foreign, name="Tracker", protocols=BOTH)
    return foreign


@pytest.fixture
def own(run_server: Run, database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[ForeignServer]:
    """The running application of our database."""

    async def find() -> str:
        storage = await open_database(database)
        try:
            return (await storage.keys.get_instance()).id
        finally:
            await storage.close()

    with serve_foreign() as server:
        _show(server, id=asyncio.run(find()), name="Start page", protocols=BOTH)
        monkeypatch.setenv("APPLINKS_BASE_URL", server.url)
        yield server


def _read_terms(added: dict[str, Any]) -> dict[str, Any]:
    [request] = parse_qs(urlsplit(added["proposal_url"]).query)["request"]
    claims = parse_jwt(request, limit=8192, typ=frozenset({PROPOSAL_TYP})).unverified_claims
    return {each["from"]: (each["protocols"], each["level"]) for each in claims["terms"]["access"]}


def _propose(run: Run, peer: ForeignServer, *options: str) -> dict[str, Any]:
    found = run("links", "add", peer.url, *options, "--json")
    assert (found.code, found.err) == (0, "")
    return _read_terms(json.loads(found.out))


def test_both_protocols_are_proposed(run_server: Run, own: ForeignServer, peer: ForeignServer) -> None:
    """Product §4 Defaults: a link holds those both sides have, in our order of preference."""
    asked = (["oauth2", "oauth1"], "oauth")
    assert _propose(run_server, peer) == {own.url: asked, peer.url: asked}


def test_one_protocol_can_be_asked_for(run_server: Run, own: ForeignServer, peer: ForeignServer) -> None:
    """Issue: two Applinks agree on 1.0a, on 2, or on both."""
    asked = (["oauth1"], "oauth")
    assert _propose(run_server, peer, "--oauth1") == {own.url: asked, peer.url: asked}


def test_impersonation_is_asked_for_in_one_direction(run_server: Run, own: ForeignServer, peer: ForeignServer) -> None:
    """Handshake §2 Terms: impersonation is OAuth 1.0a's alone."""
    terms = _propose(run_server, peer, "--impersonation")
    assert terms == {own.url: (["oauth1"], "impersonation"), peer.url: (["oauth2", "oauth1"], "oauth")}


def test_they_are_asked_of_them_too(run_server: Run, own: ForeignServer, peer: ForeignServer) -> None:
    """Wire: levels per direction."""
    terms = _propose(run_server, peer, "--incoming-impersonation", "--no-outgoing")
    assert terms == {peer.url: (["oauth1"], "impersonation")}


@pytest.mark.parametrize("option", ["--oauth1", "--impersonation", "--incoming-impersonation"])
def test_what_one_of_them_does_not_have_is_refused(
    run_server: Run, own: ForeignServer, foreign: ForeignServer, option: str
) -> None:
    """Ours: nothing is proposed that could not be agreed."""
    _show(foreign, name="Tracker", protocols=("oauth2",))
    found = run_server("links", "add", foreign.url, option)
    assert (found.code, found.out) == (1, "")
    assert "OAuth 1.0a" in found.err
    assert json.loads(run_server("links", "list", "--json").out) == []


@pytest.mark.parametrize("option", [("--oauth1",), ("--impersonation",), ("--display-url", "https://x.example")])
def test_what_was_agreed_is_not_changed_as_by_hand(
    run_server: Run, own: ForeignServer, peer: ForeignServer, option: tuple[str, ...]
) -> None:
    """Ours: they tell each other who they are."""
    run_server("links", "add", peer.url)
    found = run_server("links", "edit", "tracker", *option)
    assert (found.code, found.out) == (1, "")
    assert "a link between two Applinks" in found.err
