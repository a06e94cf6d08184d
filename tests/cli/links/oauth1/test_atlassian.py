"""Links with applications that speak Atlassian's application links: ``applinks links add URL``."""

import json
import re
from typing import Any

import pytest

from applinks.wire.atlassian.consumer_info import ConsumerInfo, format_consumer_info
from tests.cli.conftest import BASE_URL, Run
from tests.cli.foreign_server import ForeignServer
from tests.rsa_keys import make_rsa_key

_TYPES = "com.atlassian.applinks.api.auth.types."


@pytest.fixture
def atlassian(foreign: ForeignServer) -> ForeignServer:
    """A server that answers as a Data Center application does."""
    foreign.metadata = None
    types = [_TYPES + "OAuthAuthenticationProvider", "placeholder.to.ensure.backwards.compatibility"]
    foreign.documents = {
        "/rest/applinks/1.0/manifest": {
            "id": "6b3e3b1c-6a3f-3a5b-9d0c-2f3b8c9d1e2f",
            "name": "Old Jira",
            "typeId": "jira",
            "version": "9.12.0",
            "buildNumber": 912000,
            "applinksVersion": "9.1.0",
            "inboundAuthenticationTypes": types,
            "outboundAuthenticationTypes": types,
            "publicSignup": False,
            "url": foreign.url,
        },
        "/rest/applinks/3.0/capabilities": ["STATUS_API"],
        "/plugins/servlet/oauth/consumer-info": format_consumer_info(
            ConsumerInfo(key="jira-1", name="Old Jira", public_key=make_rsa_key().public_key())
        ),
    }
    return foreign


def _add(run: Run, foreign: ForeignServer, *more: str) -> dict[str, Any]:
    assert run("users", "add", "alice", "--password", "wonderland").code == 0
    found = run("links", "add", foreign.url, *more, "--json")
    assert (found.code, found.err) == (0, "")
    added: dict[str, Any] = json.loads(found.out)
    return added


def test_such_an_application_is_linked_as_it_says_of_itself(run_server: Run, atlassian: ForeignServer) -> None:
    """Issue: discovery proposes a 1.0a link to such a peer."""
    added = _add(run_server, atlassian)
    assert (added["name"], added["handle"], added["type"], added["primary"]) == ("Old Jira", "old-jira", "jira", True)
    assert (added["protocol"], added["signature_method"]) == ("oauth1", "RSA-SHA1")
    assert added["request_token_url"] == f"{atlassian.url}/plugins/servlet/oauth/request-token"
    assert re.fullmatch(r"applinks[0-9a-f]{22}", added["consumer_key"])
    assert added["to_enter"]["public_key"].startswith("-----BEGIN PUBLIC KEY-----")
    client = added["client"]
    assert (client["consumer_key"], client["shared_secret"]) == ("jira-1", None)
    assert client["callbacks"] == [f"{atlassian.url}/plugins/servlet/applinks/oauth/login-dance/access"]
    assert (added["incoming"]["protocols"], added["incoming"]["scopes"]) == (["oauth1"], ["profile", "email"])


def test_people_are_told_what_to_enter_there(run_server: Run, atlassian: ForeignServer) -> None:
    """Product §5: with anything else the exact values to enter on the other side."""
    run_server("users", "add", "alice", "--password", "wonderland")
    said = run_server("links", "add", atlassian.url).out
    assert said.startswith("Old Jira is linked by hand over OAuth 1.0a, as old-jira.")
    assert "It may call us as the client (consumer) jira-1, with: profile, email." in said
    assert f"on the page of its application links enter {BASE_URL}" in said


@pytest.mark.parametrize(("option", "left"), [("--no-incoming", "outgoing"), ("--no-outgoing", "incoming")])
def test_a_direction_can_be_left_out(run_server: Run, atlassian: ForeignServer, option: str, left: str) -> None:
    """Product §5: each set up by itself."""
    added = _add(run_server, atlassian, option)
    assert [name for name in ("incoming", "outgoing") if added[name]["enabled"]] == [left]


def test_one_that_says_no_key_only_is_called(run_server: Run, atlassian: ForeignServer) -> None:
    """Ours: its administrator finds the key on the page of the link there."""
    del atlassian.documents["/plugins/servlet/oauth/consumer-info"]
    run_server("users", "add", "alice", "--password", "wonderland")
    assert "--link LINK" in run_server("links", "add", atlassian.url, "--incoming").err
    found = run_server("links", "add", atlassian.url, "--json")
    assert "by which key" in found.err
    assert json.loads(found.out)["incoming"]["enabled"] is False


def test_a_scope_of_oauth2_asks_nothing_of_that_kind(run_server: Run, atlassian: ForeignServer) -> None:
    """Ours: who names scopes means OAuth 2."""
    found = run_server("links", "add", atlassian.url, "--scope", "READ")
    assert found.code == 1
    assert "/rest/applinks/1.0/manifest" not in atlassian.asked


def test_a_manifest_that_names_another_address_is_not_followed(run_server: Run, atlassian: ForeignServer) -> None:
    """Ours: the administrator begins anew with the address that is offered."""
    atlassian.documents["/rest/applinks/1.0/manifest"]["url"] = "https://jira.example"
    found = run_server("links", "add", atlassian.url)
    assert (found.code, found.out) == (1, "")
    assert "Try: https://jira.example" in found.err
