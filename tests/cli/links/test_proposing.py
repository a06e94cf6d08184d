"""The command ``applinks links add`` where the other application has Applinks."""

import asyncio
import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from applinks.wire.jose import parse_jwt
from applinks.wire.linking.manifest import ManifestScope, build_manifest
from applinks.wire.linking.messages import PROPOSAL_TYP
from tests.cli.conftest import Run, open_database
from tests.cli.foreign_server import ForeignServer, serve_foreign
from tests.interplay.serving import make_key
from tests.wire.linking.samples import make_manifest

_MANIFEST = "/.well-known/application-link"


@pytest.fixture
def peer(foreign: ForeignServer) -> ForeignServer:
    """An application with Applinks, as far as a proposal needs one."""
    show_manifest(foreign, name="Tracker")
    return foreign


@pytest.fixture
def own(run_server: Run, database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[ForeignServer]:
    """The running application of our database, with scopes that only it declares."""
    with serve_foreign() as server:
        scopes = (ManifestScope(name="pages:read", description="See your pages"),)
        show_manifest(server, id=_find_instance(database), name="Start page", scopes=scopes)
        monkeypatch.setenv("APPLINKS_BASE_URL", server.url)
        yield server


def show_manifest(server: ForeignServer, **changes: Any) -> None:
    server.documents[_MANIFEST] = build_manifest(make_manifest(server.url, **changes))
    server.documents["/applinks/oauth2/jwks"] = {"keys": [make_key()[1]]}


def _find_instance(database: str) -> str:
    async def find() -> str:
        storage = await open_database(database)
        try:
            return (await storage.keys.get_instance()).id
        finally:
            await storage.close()

    return asyncio.run(find())


def _read_terms(added: dict[str, Any]) -> dict[str, Any]:
    """Give the terms of a proposal, by who asks."""
    [request] = parse_qs(urlsplit(added["proposal_url"]).query)["request"]
    claims = parse_jwt(request, limit=8192, typ=frozenset({PROPOSAL_TYP})).unverified_claims
    return {each["from"]: each for each in claims["terms"]["access"]}


def test_its_administrator_is_asked_by_an_address(run_server: Run, own: ForeignServer, peer: ForeignServer) -> None:
    """Handshake §3: a proposal made on the command line prints its address."""
    found = run_server("links", "add", peer.url)
    assert (found.code, found.err) == (0, "")
    [address] = [line for line in found.out.splitlines() if line.startswith("http")]
    assert address.startswith(f"{peer.url}/applinks/link?request=")
    assert "Tracker has Applinks" in found.out
    assert "within 10 minutes" in found.out
    assert "applinks links show tracker" in found.out


def test_the_json_has_what_scripts_rely_on(run_server: Run, own: ForeignServer, peer: ForeignServer) -> None:
    """Product §4: links add."""
    added = json.loads(run_server("links", "add", peer.url, "--json").out)
    assert list(added)[:7] == ["id", "handle", "name", "state", "url", "incoming", "outgoing"]
    assert (added["state"], added["kind"], added["url"]) == ("proposed", "handshake", peer.url)
    assert run_server("links", "show", added["handle"]).code == 0


def test_all_that_both_declare_is_asked_for(run_server: Run, own: ForeignServer, peer: ForeignServer) -> None:
    """Ours: as on the page; our scopes are those that the running application declares."""
    terms = _read_terms(json.loads(run_server("links", "add", peer.url, "--json").out))
    assert terms[own.url]["user_scopes"] == ["issues:read", "issues:write"]
    assert terms[own.url]["application_scopes"] == ["issues:read"]
    assert terms[peer.url]["user_scopes"] == ["pages:read"]


def test_less_can_be_asked_for(run_server: Run, own: ForeignServer, peer: ForeignServer) -> None:
    """Ours: one direction, or some of its scopes."""
    added = run_server("links", "add", peer.url, "--scope", "issues:write", "--no-incoming", "--json")
    terms = _read_terms(json.loads(added.out))
    assert terms.keys() == {own.url}
    assert terms[own.url]["user_scopes"] == ["issues:write"]
    assert terms[own.url]["application_scopes"] == []


@pytest.mark.parametrize(
    ("option", "words"), [("--scope", "There are: issues:read, issues:write."), ("--incoming-scope", "pages:read.")]
)
def test_a_scope_that_nobody_declares_is_refused_with_those_that_there_are(
    run_server: Run, own: ForeignServer, peer: ForeignServer, option: str, words: str
) -> None:
    """Ours."""
    found = run_server("links", "add", peer.url, option, "nosuch")
    assert (found.code, found.out) == (1, "")
    assert f"{option} nosuch" in found.err
    assert words in found.err


def test_the_link_is_called_as_was_said(run_server: Run, own: ForeignServer, peer: ForeignServer) -> None:
    """Ours: --name and --handle hold for every link."""
    added = json.loads(run_server("links", "add", peer.url, "--name", "Issues", "--handle", "issues", "--json").out)
    assert (added["name"], added["handle"]) == ("Issues", "issues")


def test_a_bad_handle_is_refused_before_anybody_is_asked(
    run_server: Run, own: ForeignServer, peer: ForeignServer
) -> None:
    """Ours: nothing is left behind."""
    assert run_server("links", "add", peer.url, "--handle", "A B").code == 1
    assert json.loads(run_server("links", "list", "--json").out) == []


def test_an_application_that_does_not_run_yet_is_noted(
    run_server: Run, peer: ForeignServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours: the other side will look at it before it shows anything."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("APPLINKS_BASE_URL", f"http://127.0.0.1:{unused.getsockname()[1]}")
        found = run_server("links", "add", peer.url)
    assert found.code == 0
    assert "Start it before the address is opened" in found.err


def test_another_application_at_our_address_is_a_slip(
    run_server: Run, peer: ForeignServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours: the wrong database, or the wrong base URL."""
    with serve_foreign() as other:
        show_manifest(other, id="urn:uuid:00000000-0000-4000-8000-000000000001")
        monkeypatch.setenv("APPLINKS_BASE_URL", other.url)
        found = run_server("links", "add", peer.url)
    assert (found.code, found.out) == (1, "")
    assert "another application answers than the one of this database" in found.err


def test_options_of_a_link_by_hand_make_one_by_hand(run_server: Run, own: ForeignServer, peer: ForeignServer) -> None:
    """Ours: whoever has a client id from there knows what she wants."""
    found = run_server("links", "add", peer.url, "--client-id", "x", "--scope", "openid", "--json")
    assert json.loads(found.out)["kind"] == "by_hand"


def test_a_link_between_two_applinks_takes_no_values_of_one_by_hand(
    run_server: Run, own: ForeignServer, peer: ForeignServer
) -> None:
    """Ours: they tell each other who they are."""
    run_server("links", "add", peer.url)
    found = run_server("links", "edit", "tracker", "--client-id", "x")
    assert (found.code, found.out) == (1, "")
    assert "a link between two Applinks" in found.err
    assert run_server("links", "edit", "tracker", "--name", "Issues").code == 0
