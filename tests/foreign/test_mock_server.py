"""Our client, linked by hand with npm oauth2-mock-server, which says too little of itself and lies when asked to."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.foreign.ours import Ours, run_ours
from tests.foreign.processes import run_process
from tests.javascript import FOLDER

SCOPES = ("--scope", "openid", "--scope", "things")


@dataclass
class World:
    """Start page, and the server, which asks nobody."""

    ours: Ours
    server: str

    def link(self, *more: str) -> dict[str, Any]:
        """Link the server, whose metadata knows public clients alone."""
        given = ("--private-address", "--client-id", "start-page", *SCOPES)
        link: dict[str, Any] = self.ours.command("links", "add", self.server, *given, *more)
        return link

    def lie(self, **changes: str) -> None:
        """Let it say this from now on: ``claim.NAME`` of an ID token, ``answer.NAME`` of the token endpoint."""
        assert httpx2.get(f"{self.server}/lie", params=changes).status_code == 200

    def read_log(self) -> list[dict[str, Any]]:
        log: list[dict[str, Any]] = httpx2.get(f"{self.server}/log").json()
        return log


@pytest.fixture
def world(node_path: str, tmp_path: Path) -> Iterator[World]:
    command = [node_path, FOLDER / "mock_server.js"]
    with run_process(command, folder=tmp_path) as said, run_ours(tmp_path) as ours:
        yield World(ours, said["url"])


def test_a_public_client_connects_calls_and_disconnects(world: World) -> None:
    """Issue: our client against oauth2-mock-server, without a secret as its metadata says."""
    link = world.link()
    assert (link["complete"], link["issuer"]) == (True, world.server)
    assert world.ours.begin(link).json == {"began": True}
    assert world.ours.call(link, "/api/things") == {"by": "Bearer "}
    assert "johndoe" in world.ours.read_account(link)
    assert world.ours.disconnect(link) == {"confirmed": True}
    [issued, revoked] = world.read_log()
    assert (issued["client_id"], issued["authorization"], revoked) == ("start-page", None, {"revoked": True})
    assert 43 <= len(issued["code_verifier"]) <= 128


def test_a_secret_that_was_given_is_used_although_its_metadata_knows_of_none(world: World) -> None:
    """RFC 6749 §2.3.1; ours: what an administrator enters counts."""
    link = world.link()
    world.ours.enter(link, "start-page", "a secret")
    assert world.ours.begin(link).json == {"began": True}
    [issued] = world.read_log()
    assert issued["authorization"].startswith("Basic ")
    assert "client_id" not in issued


def test_the_application_calls_for_itself(world: World) -> None:
    """RFC 6749 §4.4."""
    link = world.link()
    world.ours.enter(link, "start-page", "a secret")
    assert world.ours.call(link, "/api/things", as_user=False) == {"by": "Bearer "}
    [issued] = world.read_log()
    assert (issued["grant_type"], issued["scope"]) == ("client_credentials", "things")


def test_an_answer_in_another_manner_is_understood_and_its_tokens_are_renewed(world: World) -> None:
    """RFC 6749 §5.1: and what servers make of it: numbers as text, other words for bearer, members of their own."""
    link = world.link()
    world.lie(**{"answer.expires_in": "20", "answer.token_type": "bearer", "answer.extra": "1"})
    assert world.ours.begin(link).json == {"began": True}
    for _ in range(2):
        assert world.ours.call(link, "/api/things") == {"by": "Bearer "}
    log = world.read_log()
    assert [issued["grant_type"] for issued in log] == ["authorization_code", "refresh_token", "refresh_token"]
    # It gives another refresh token each time.
    assert len({issued.get("refresh_token") for issued in log}) == 3


@pytest.mark.requirement("CL-11")
@pytest.mark.parametrize(
    "lie",
    [
        {"claim.iss": "http://localhost:1"},
        {"claim.aud": "another-client"},
        {"claim.nonce": "of another journey"},
        {"claim.exp": "1"},
        {"claim.sub": ""},
        {"claim.at_hash": "of another token"},
        {"answer.id_token": ""},
        {"answer.id_token": "e30.e30.e30"},
    ],
    ids=lambda lie: "=".join(next(iter(lie.items()))),
)
def test_an_id_token_that_is_not_good_connects_nobody(world: World, lie: dict[str, str]) -> None:
    """OpenID Connect Core §3.1.3.7 MUST."""
    link = world.link()
    world.lie(**lie)
    page = world.ours.begin(link)
    assert page.status == 502
    assert "connect_at" in world.ours.call(link, "/api/things")
    world.lie()
    assert world.ours.begin(link).json == {"began": True}


@pytest.mark.parametrize(
    "lie", [{"answer.token_type": "mac"}, {"answer.access_token": ""}, {"answer.access_token": "a\nb"}]
)
def test_an_answer_that_cannot_be_used_connects_nobody(world: World, lie: dict[str, str]) -> None:
    """RFC 6749 §5.1, §7.1 MUST NOT."""
    link = world.link()
    world.lie(**lie)
    assert world.ours.begin(link).status == 502
    assert "connect_at" in world.ours.call(link, "/api/things")


def test_another_spelling_of_its_address_than_its_own_is_not_taken_for_it(world: World) -> None:
    """RFC 8414 §3.3 MUST: 127.0.0.1 is not localhost."""
    address = world.server.replace("localhost", "127.0.0.1")
    complaint = world.ours.command("links", "add", address, "--client-id", "x", *SCOPES, succeeds=False)
    assert address in complaint
