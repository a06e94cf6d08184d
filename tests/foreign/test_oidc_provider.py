"""Our client, linked by hand with npm oidc-provider."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.foreign.browser import Page
from tests.foreign.ours import Ours, run_ours
from tests.foreign.processes import run_process
from tests.javascript import FOLDER

# Shorter than the time before its end at which we renew a token.
ABOUT_TO_END = "20"
SCOPES = ("--scope", "openid", "--scope", "profile", "--scope", "things")


@dataclass
class World:
    """Start page, and the provider with the application that it guards."""

    ours: Ours
    provider: str

    def link(self, *more: str) -> dict[str, Any]:
        """Link the provider; it does not know us yet."""
        link: dict[str, Any] = self.ours.command("links", "add", self.provider, "--name", "Foreign", *SCOPES, *more)
        return link

    def register(self, link: dict[str, Any], method: str = "client_secret_basic", **more: Any) -> dict[str, Any]:
        """Register us there, as its administrator, and enter here what that gave."""
        metadata: dict[str, Any] = {
            "client_name": "Start page",
            "redirect_uris": [link["redirect_uri"]],
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "token_endpoint_auth_method": method,
        }
        if method == "private_key_jwt":
            keys = httpx2.get(f"{self.ours.base_url}/applinks/oauth2/jwks").json()
            metadata |= {"jwks": keys, "token_endpoint_auth_signing_alg": "ES256"}
        answer = httpx2.post(f"{self.provider}/reg", json=metadata | more)
        assert answer.status_code == 201, answer.text
        given = answer.json()
        return self.ours.enter(link, given["client_id"], given.get("client_secret", ""), method)

    def connect(self, link: dict[str, Any], name: str = "alice") -> Page:
        """Log in there, consent, and come back."""
        ours = self.ours
        page = ours.browser.send(ours.begin(link), login=name, password="any")
        return ours.browser.send(page, prompt="consent")

    def read_log(self, what: str) -> list[dict[str, Any]]:
        return [entry for entry in httpx2.get(f"{self.provider}/log").json() if entry["what"] == what]

    def list_failures(self) -> list[dict[str, Any]]:
        return self.read_log("failed") + self.read_log("refused")


@pytest.fixture
def world(request: pytest.FixtureRequest, node_path: str, tmp_path: Path) -> Iterator[World]:
    seconds = getattr(request, "param", "3600")
    command = [node_path, FOLDER / "oidc_provider.js", seconds]
    with run_process(command, folder=tmp_path) as said, run_ours(tmp_path) as ours:
        yield World(ours, said["url"])


def test_a_link_says_what_to_enter_there_and_is_whole_with_what_that_gave(world: World) -> None:
    """Issue: links by hand, with a server that publishes its metadata."""
    link = world.link()
    assert (link["kind"], link["issuer"], link["url"]) == ("by_hand", world.provider, world.provider)
    assert link["redirect_uri"] == f"{world.ours.base_url}/applinks/callback/{link['id']}"
    assert (link["client_id"], link["complete"]) == (None, False)
    assert world.ours.call(link, "/api/things")["code"] == "registration_incomplete"
    assert world.register(link)["complete"] is True
    assert world.ours.call(link, "/api/things") == {
        "connect_at": f"{world.ours.base_url}/applinks/connect/{link['id']}"
    }


@pytest.mark.parametrize(
    ("method", "proof"),
    [
        ("client_secret_basic", "header"),
        ("client_secret_post", "body"),
        ("private_key_jwt", "key"),
        ("none", "none"),
    ],
)
def test_a_user_connects_and_is_called_for(world: World, method: str, proof: str) -> None:
    """Issue: our client against oidc-provider, in every way of proving ourselves that it knows."""
    link = world.link()
    grants = {"grant_types": ["authorization_code", "refresh_token"]} if method == "none" else {}
    world.register(link, method, **grants)
    page = world.connect(link)
    assert (page.url, page.json) == (f"{world.ours.base_url}/began", {"began": True})
    assert world.ours.call(link, "/api/things") == {"of": "alice", "scope": "openid profile things"}
    assert [(entry["by"], entry["proof"]) for entry in world.read_log("issued")] == [("authorization_code", proof)]
    [asked] = [entry["asked"] for entry in world.read_log("authorized")]
    assert (asked["code_challenge_method"], len(asked["nonce"])) == ("S256", 43)
    assert "alice@provider" in world.ours.read_account(link)
    assert world.list_failures() == []


@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "EdDSA"])
def test_an_id_token_is_taken_by_each_algorithm_of_the_provider(world: World, algorithm: str) -> None:
    """OpenID Connect Core §3.1.3.7; RS256 is every other test's."""
    link = world.link()
    world.register(link, id_token_signed_response_alg=algorithm)
    assert world.connect(link).json == {"began": True}


@pytest.mark.parametrize("method", ["client_secret_basic", "private_key_jwt"])
def test_the_application_calls_for_itself(world: World, method: str) -> None:
    """RFC 6749 §4.4."""
    link = world.link()
    world.register(link, method)
    assert world.ours.call(link, "/api/things", as_user=False)["of"] is None
    [issued] = world.read_log("issued")
    assert issued["by"] == "client_credentials"


@pytest.mark.parametrize("world", [ABOUT_TO_END], indirect=True)
def test_a_token_is_renewed_and_the_rotated_one_kept(world: World) -> None:
    """RFC 9700 §4.14.2: the provider ends everything where a refresh token comes twice."""
    link = world.link()
    world.register(link)
    world.connect(link)
    for _ in range(3):
        assert world.ours.call(link, "/api/things")["of"] == "alice"
    assert [entry["by"] for entry in world.read_log("issued")] == ["authorization_code", *["refresh_token"] * 3]
    assert world.read_log("revoked") == world.list_failures() == []


@pytest.mark.parametrize("world", [ABOUT_TO_END], indirect=True)
def test_disconnecting_ends_the_grant_there_and_she_is_asked_again(world: World) -> None:
    """RFC 7009 §2.1; product §5."""
    link = world.link()
    world.register(link)
    world.connect(link)
    assert world.ours.disconnect(link) == {"confirmed": True}
    assert len(world.read_log("revoked")) == 1
    assert "connect_at" in world.ours.call(link, "/api/things")
    # The provider still knows her, and asks for consent alone.
    assert world.ours.browser.send(world.ours.begin(link), prompt="consent").json == {"began": True}


def test_a_wrong_secret_connects_nobody_and_says_so(world: World) -> None:
    """RFC 6749 §5.2: invalid_client is our administrator's matter."""
    link = world.link()
    changed = world.register(link)
    world.ours.enter(link, changed["client_id"], "another secret", "client_secret_basic")
    page = world.connect(link)
    assert page.status == 502
    assert [entry["error"] for entry in world.list_failures()] == ["invalid_client"]
    assert "connect_at" in world.ours.call(link, "/api/things")


def test_the_endpoints_can_be_entered_instead(world: World) -> None:
    """Issue: by metadata if it publishes any, else by hand."""
    at = world.provider
    named = ("--authorization-endpoint", f"{at}/auth", "--token-endpoint", f"{at}/token", "--issuer", at)
    link = world.link(*named, "--revocation-endpoint", f"{at}/token/revocation", "--userinfo-endpoint", f"{at}/me")
    world.register(link)
    assert world.connect(link).json == {"began": True}
    assert world.ours.call(link, "/api/things")["of"] == "alice"
    assert "alice@provider" in world.ours.read_account(link)
    assert world.ours.disconnect(link) == {"confirmed": True}
