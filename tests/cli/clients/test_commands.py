"""The commands ``applinks clients``."""

import json
import re
from typing import Any

import pytest

from applinks.wire.token_format import TokenKind, parse_token
from tests.cli.conftest import BASE_URL, Run

_PROBE = ("--name", "Probe", "--redirect-uri", "http://127.0.0.1:8765/callback", "--scope", "profile")


def _add(run: Run, *more: str) -> dict[str, Any]:
    found = run("clients", "add", *_PROBE, *more, "--json")
    assert (found.code, found.err) == (0, "")
    added: dict[str, Any] = json.loads(found.out)
    return added


def test_a_new_client_has_what_scripts_rely_on(run_server: Run) -> None:
    """Product §4: clients add."""
    added = _add(run_server, "--scope", "email")
    assert list(added)[:4] == ["client_id", "client_secret", "redirect_uris", "scopes"]
    assert re.fullmatch(r"probe-[0-9a-z]{4,8}", added["client_id"])
    parsed = parse_token(added["client_secret"])
    assert parsed is not None
    assert parsed.kind is TokenKind.CLIENT_SECRET
    assert added["redirect_uris"] == ["http://127.0.0.1:8765/callback"]
    assert added["scopes"] == ["profile", "email"]
    # Which of them it may have for itself, only the application knows that declares them.
    assert "application_scopes" not in added


def test_a_confidential_client_may_use_all_three_grant_types(run_server: Run) -> None:
    """Product §4 Defaults."""
    assert _add(run_server)["grant_types"] == ["authorization_code", "refresh_token", "client_credentials"]


def test_a_public_client_has_no_secret_and_gets_nothing_for_itself(run_server: Run) -> None:
    """Product §4 Defaults."""
    added = _add(run_server, "--public")
    assert added["client_secret"] is None
    assert added["authentication"] == "none"
    assert added["grant_types"] == ["authorization_code", "refresh_token"]


def test_grant_types_can_be_said(run_server: Run) -> None:
    """Product §4 Defaults: --grant-type says otherwise."""
    assert _add(run_server, "--grant-type", "authorization_code")["grant_types"] == ["authorization_code"]


def test_without_link_it_gets_one_of_its_own_name(run_server: Run) -> None:
    """House §5: clients add without --link makes an incoming-only link of the client's name."""
    added = _add(run_server)
    [link] = json.loads(run_server("links", "list", "--json").out)
    assert (link["id"], link["handle"], link["name"]) == (added["link_id"], "probe", "Probe")
    assert (link["kind"], link["incoming"]["enabled"], link["outgoing"]["enabled"]) == ("by_hand", True, False)


def test_a_second_client_of_a_link_stays_within_what_the_link_allows(run_server: Run) -> None:
    """House §5: a link may have several clients; policy stands on the link."""
    _add(run_server)
    assert _add(run_server, "--link", "probe")["link"] == "probe"
    found = run_server("clients", "add", *_PROBE, "--scope", "email", "--link", "probe")
    assert (found.code, found.out) == (1, "")
    assert found.err.startswith("applinks: --scope: The link probe does not allow email here")


def test_for_people_the_values_stand_on_lines_of_their_own(run_server: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours: what is to be copied is never broken, however narrow the terminal."""
    monkeypatch.setenv("COLUMNS", "30")
    found = run_server("clients", "add", *_PROBE)
    assert found.code == 0
    lines = found.out.splitlines()
    assert any(re.fullmatch(r"  Client secret +als_[\w-]+", line) for line in lines)
    assert any(re.fullmatch(rf"  Issuer +{BASE_URL}", line) for line in lines)
    assert any(re.fullmatch(rf"  Token endpoint +{BASE_URL}/applinks/oauth2/token", line) for line in lines)
    assert "The secret is not shown again: copy it now." in lines


def test_no_base_url_is_needed_where_no_address_can_be_printed(
    run_server: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Product §4: a command that prints no address needs none; and none is made up."""
    monkeypatch.delenv("APPLINKS_BASE_URL")
    found = run_server("clients", "add", *_PROBE)
    assert found.code == 0
    assert "Client secret" in found.out
    assert "Issuer" not in found.out
    assert "invalid" not in found.out


def test_a_resource_server_is_a_client_that_obtains_nothing(run_server: Run) -> None:
    """Issue: introspection for a client that is named as a resource's server."""
    found = run_server("clients", "add", "--name", "Api", "--resource", f"{BASE_URL}/api", "--json")
    assert found.code == 0
    added = json.loads(found.out)
    assert added["resources"] == [f"{BASE_URL}/api"]
    assert added["grant_types"] == []


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (("--name", "X", "--redirect-uri", "http://x.example/cb", "--scope", "profile"), "--redirect-uri"),
        (("--name", "X", "--redirect-uri", "https://x.example/*", "--scope", "profile"), "--redirect-uri"),
        (("--name", "X", "--public", "--scope", "profile"), "--redirect-uri"),
        (("--name", "X", "--redirect-uri", "https://x.example/cb"), "--scope"),
        (("--name", "X", "--redirect-uri", "https://x.example/cb", "--scope", "a b"), "--scope"),
        (("--name", " ", "--redirect-uri", "https://x.example/cb", "--scope", "profile"), "--name"),
        ((*_PROBE, "--public", "--grant-type", "client_credentials"), "--grant-type"),
        ((*_PROBE, "--resource", "/api"), "--resource"),
    ],
)
def test_a_value_that_cannot_be_taken_is_named_by_its_option(
    run_server: Run, arguments: tuple[str, ...], option: str
) -> None:
    """Ours: errors on stderr with the next step, exit 1, and nothing is written."""
    found = run_server("clients", "add", *arguments)
    assert (found.code, found.out) == (1, "")
    assert found.err.startswith(f"applinks: {option}: ")
    assert json.loads(run_server("clients", "list", "--json").out) == []


def test_the_list_shows_no_secret(run_server: Run) -> None:
    """AS-43: shown once."""
    secret = _add(run_server)["client_secret"]
    for arguments in (("list",), ("list", "--json"), ("show", "probe"), ("list", "--link", "probe")):
        assert secret not in run_server("clients", *arguments).out


def test_a_client_is_shown_with_what_can_be_shown_of_its_secrets(run_server: Run) -> None:
    """Issue: two overlapping secrets with expiry and last use."""
    added = _add(run_server)
    hint = added["secrets"][0]["hint"].removesuffix("…")
    assert added["client_secret"].startswith(hint)
    shown = run_server("clients", "show", added["client_id"])
    assert shown.code == 0
    assert hint in shown.out
    assert "not used yet" in shown.out


def test_a_new_secret_stands_beside_the_old_one(run_server: Run) -> None:
    """Issue: two overlapping secrets."""
    added = _add(run_server)
    found = run_server("clients", "rotate-secret", added["client_id"], "--json")
    assert found.code == 0
    rotated = json.loads(found.out)
    assert rotated["client_secret"] != added["client_secret"]
    newer, older = rotated["secrets"]
    assert newer["expires_at"] is None
    assert older["expires_at"] is not None
    assert older["hint"] == added["secrets"][0]["hint"]


def test_people_are_told_how_long_the_old_secret_lasts(run_server: Run) -> None:
    """Ours: somebody has to change it over there before that."""
    added = _add(run_server)
    found = run_server("clients", "rotate-secret", added["client_id"])
    assert re.search(r"^The old one \(als_\w+…\) stays good until 20\d\d-", found.out, re.MULTILINE)


def test_an_old_secret_can_end_at_once(run_server: Run) -> None:
    """Ours: one that leaked."""
    added = _add(run_server)
    rotated = json.loads(run_server("clients", "rotate-secret", added["client_id"], "--keep-days", "0", "--json").out)
    assert len(rotated["secrets"]) == 1
    said = run_server("clients", "rotate-secret", added["client_id"], "--keep-days", "0").out
    assert "No other is good any more" in said


def test_a_public_client_has_no_secret_to_rotate(run_server: Run) -> None:
    """Ours."""
    added = _add(run_server, "--public")
    found = run_server("clients", "rotate-secret", added["client_id"])
    assert (found.code, found.out) == (1, "")
    assert found.err.startswith("applinks: CLIENT: This client has no secret")


def test_where_the_users_are_ours_only_our_scopes_are_taken(run_server: Run) -> None:
    """Ours: a typing error would show only in the client; a host declares scopes that no command knows."""
    assert run_server("clients", "add", *_PROBE, "--scope", "issues:read").code == 0
    assert run_server("users", "add", "alice", "--password", "wonderland").code == 0
    found = run_server("clients", "add", *_PROBE, "--scope", "nix")
    assert (found.code, found.out) == (1, "")
    assert found.err == "applinks: --scope: 'nix' is no scope of this server. There are: profile, email.\n"
    assert run_server("clients", "add", *_PROBE, "--scope", "offline_access").code == 0
    options = ("--no-outgoing", "--redirect-uri", "https://tool.example/cb", "--incoming-scope", "nix")
    assert "--incoming-scope: 'nix' is no scope" in run_server("links", "add", "https://tool.example", *options).err


def test_a_deleted_client_takes_the_link_that_was_its_own(run_server: Run) -> None:
    """Ours: a link of nobody would only confuse."""
    added = _add(run_server)
    found = run_server("clients", "delete", added["client_id"], "--json")
    assert json.loads(found.out) == {"client_id": added["client_id"], "deleted": True}
    assert json.loads(run_server("clients", "list", "--json").out) == []
    assert json.loads(run_server("links", "list", "--json").out) == []


@pytest.mark.parametrize("verb", ["show", "rotate-secret", "delete"])
def test_an_unknown_client_is_refused_in_words(run_server: Run, verb: str) -> None:
    """Ours: exit 1, nothing on standard output, no traceback."""
    found = run_server("clients", verb, "nobody")
    assert (found.code, found.out) == (1, "")
    assert found.err == "applinks: There is no such client. See: applinks clients list\n"


@pytest.mark.parametrize(
    "arguments",
    [("add",), ("show",), ("rotate-secret", "a", "--keep-days", "-1"), ("add", *_PROBE, "--grant-type", "x")],
)
def test_wrong_use_gives_exit_code_2(run: Run, arguments: tuple[str, ...]) -> None:
    """Product §4: exit 2 for wrong use."""
    found = run("clients", *arguments)
    assert (found.code, found.out) == (2, "")
    assert found.err
