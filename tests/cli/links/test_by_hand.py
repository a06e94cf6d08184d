"""The commands ``applinks links add|edit`` with an application that has no Applinks."""

import io
import json
import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import BASE_URL, Run
from tests.cli.foreign_server import ForeignServer

_SECRET = "s3cret/of=theirs"


@pytest.fixture
def secret_file(tmp_path: Path) -> str:
    """A file as the other administrator may have sent it, with a final line feed."""
    path = tmp_path / "secret"
    path.write_text(f"{_SECRET}\n")
    return str(path)


def _add(run: Run, foreign: ForeignServer, *more: str) -> dict[str, Any]:
    found = run("links", "add", foreign.url, "--scope", "openid", "--scope", "notes", *more, "--json")
    assert (found.code, found.err) == (0, "")
    added: dict[str, Any] = json.loads(found.out)
    return added


def test_a_new_link_has_what_scripts_rely_on(run_server: Run, foreign: ForeignServer) -> None:
    """Product §4: links add."""
    added = _add(run_server, foreign)
    assert list(added)[:7] == ["id", "handle", "name", "state", "url", "incoming", "outgoing"]
    assert (added["state"], added["kind"], added["url"]) == ("in_force", "by_hand", foreign.url)
    assert added["incoming"]["enabled"] is False
    assert added["outgoing"]["enabled"] is True
    assert added["outgoing"]["user_scopes"] == ["openid", "notes"]
    assert added["redirect_uri"] == f"{BASE_URL}/applinks/callback/{added['id']}"
    assert (added["client_id"], added["complete"], added["client"]) == (None, False, None)


def test_people_are_given_the_redirect_uri_and_the_next_command(run_server: Run, foreign: ForeignServer) -> None:
    """Issue: links add prints the redirect URI to register there."""
    found = run_server("links", "add", foreign.url, "--scope", "openid", "--name", "Provider")
    assert (found.code, found.err) == (0, "")
    link = json.loads(run_server("links", "show", "provider", "--json").out)
    assert f"  Redirect URI  {link['redirect_uri']}\n" in found.out
    assert "  applinks links edit provider --client-id ID --client-secret-file -\n" in found.out


def test_what_came_from_there_is_entered_later(run_server: Run, foreign: ForeignServer, secret_file: str) -> None:
    """Issue: links edit LINK --client-id … --client-secret-file …."""
    added = _add(run_server, foreign)
    found = run_server("links", "edit", added["id"], "--client-id", "al", "--client-secret-file", secret_file, "--json")
    assert (found.code, found.err) == (0, "")
    changed = json.loads(found.out)
    assert (changed["client_id"], changed["complete"]) == ("al", True)


def test_only_what_is_still_missing_is_asked_for(run_server: Run, foreign: ForeignServer) -> None:
    """Ours: after the id alone, the secret alone."""
    handle = _add(run_server, foreign)["handle"]
    needed = run_server("out", handle, "/").err
    assert "the client ID and the client secret of the other application are still to be entered." in needed
    assert f"applinks links edit {handle} --client-id ID --client-secret-file -" in needed
    edited = run_server("links", "edit", handle, "--client-id", "ours").out
    assert f"  applinks links edit {handle} --client-secret-file -\n" in edited
    needed = run_server("out", handle, "/").err
    assert "the client secret of the other application is still to be entered." in needed
    assert needed.endswith(f"With: applinks links edit {handle} --client-secret-file -\n")


def test_an_empty_client_id_is_wrong_use(run_server: Run, foreign: ForeignServer) -> None:
    """Ours: it would change nothing, and say nothing."""
    handle = _add(run_server, foreign)["handle"]
    for command in (("edit", handle), ("add", foreign.url, "--scope", "notes")):
        found = run_server("links", *command, "--client-id", "")
        assert (found.code, found.out) == (2, "")
        assert found.err.startswith("applinks: --client-id is empty")


def test_a_link_whose_directions_are_both_off_is_not_ready(run_server: Run, foreign: ForeignServer) -> None:
    """Ours: nothing passes over it."""
    handle = _add(run_server, foreign, "--redirect-uri", "https://x.example/cb", "--incoming-scope", "profile")[
        "handle"
    ]
    assert "Switched off" in run_server("links", "edit", handle, "--no-incoming", "--no-outgoing").out
    assert "Switched off" in run_server("links", "list").out


def test_where_nobody_answers_the_way_by_hand_is_named(run_server: Run) -> None:
    """Ours: as on the page."""
    found = run_server("links", "add", "http://127.0.0.1:9", "--scope", "notes")
    assert (found.code, found.out) == (1, "")
    assert "Nothing answers at that address." in found.err
    assert "--authorization-endpoint URL and --token-endpoint URL" in found.err


def test_what_is_known_before_is_taken_at_once(run_server: Run, foreign: ForeignServer, secret_file: str) -> None:
    """Issue: with --client-id and --client-secret-file known before, links add takes them at once."""
    added = _add(run_server, foreign, "--client-id", "al", "--client-secret-file", secret_file)
    assert (added["client_id"], added["complete"]) == ("al", True)


def test_a_secret_can_come_from_standard_input(
    run_server: Run, foreign: ForeignServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours: no secret has to stand in a file or in the process list."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{_SECRET}\n"))
    added = _add(run_server, foreign, "--client-id", "al", "--client-secret-file", "-")
    assert added["complete"] is True


@pytest.mark.requirement("N-05")
def test_a_secret_of_theirs_is_write_only(
    run_server: Run, foreign: ForeignServer, secret_file: str, tmp_path: Path
) -> None:
    """N-05, and the issue: secrets sealed, write-only."""
    handle = _add(run_server, foreign, "--client-id", "al", "--client-secret-file", secret_file)["handle"]
    shown = [
        run_server("links", "show", handle),
        run_server("links", "show", handle, "--json"),
        run_server("links", "edit", handle, "--client-secret-file", secret_file),
        run_server("links", "list", "--json"),
    ]
    assert all(_SECRET not in each.out + each.err for each in shown)
    assert "kept, not shown" in shown[0].out
    with closing(sqlite3.connect(tmp_path / "applinks.db")) as connection:
        assert _SECRET not in "\n".join(connection.iterdump())


@pytest.mark.parametrize("content", ["", "\n", "two\nlines\n", "\x00", "x" * 5000])
def test_a_file_that_holds_no_secret_is_refused(
    run_server: Run, foreign: ForeignServer, tmp_path: Path, content: str
) -> None:
    """Ours: a wrong file is a slip, and its content is not repeated."""
    (tmp_path / "wrong").write_text(content)
    arguments = ("--client-id", "al", "--client-secret-file", str(tmp_path / "wrong"))
    found = run_server("links", "add", foreign.url, "--scope", "openid", *arguments)
    assert (found.code, found.out) == (1, "")
    assert found.err.startswith("applinks: The client secret: ")
    assert json.loads(run_server("links", "list", "--json").out) == []


def test_a_file_that_is_not_there_is_a_sentence(run_server: Run, foreign: ForeignServer) -> None:
    """Ours: never a traceback."""
    arguments = ("--client-id", "al", "--client-secret-file", "nowhere")
    found = run_server("links", "add", foreign.url, "--scope", "openid", *arguments)
    assert (found.code, found.out) == (1, "")
    assert found.err == "applinks: The client secret: nowhere cannot be read: No such file or directory.\n"


def test_without_a_scope_those_that_there_are_are_named(run_server: Run, foreign: ForeignServer) -> None:
    """Ours: the next step."""
    found = run_server("links", "add", foreign.url)
    assert (found.code, found.out) == (1, "")
    assert "with --scope. It has: openid, profile, notes." in found.err


def test_a_server_that_says_nothing_is_linked_by_its_endpoints(run_server: Run, foreign: ForeignServer) -> None:
    """Issue: by metadata if it publishes any, else by hand."""
    foreign.metadata = None
    refused = run_server("links", "add", foreign.url, "--scope", "notes")
    assert (refused.code, refused.out) == (1, "")
    assert "--authorization-endpoint URL" in refused.err
    endpoints = ("--authorization-endpoint", f"{foreign.url}/auth", "--token-endpoint", f"{foreign.url}/token")
    added = _add(run_server, foreign, *endpoints)
    assert added["issuer"] == foreign.url
    assert f"{foreign.url}/token" in run_server("links", "show", added["handle"]).out


def test_the_server_may_be_named_that_speaks_for_an_application(run_server: Run, foreign: ForeignServer) -> None:
    """Ours: where the application says nothing of its authorization server."""
    address = foreign.url.replace("127.0.0.1", "localhost")
    found = run_server("links", "add", address, "--issuer", foreign.url, "--scope", "notes", "--json")
    assert (found.code, found.err) == (0, "")
    added = json.loads(found.out)
    assert (added["url"], added["issuer"]) == (address, foreign.url)


@pytest.mark.requirement("CL-21")
def test_metadata_of_another_issuer_is_left_aside_and_said(run_server: Run, foreign: ForeignServer) -> None:
    """CL-21: the issuer equals the URL asked."""
    assert foreign.metadata is not None
    foreign.metadata["issuer"] = "https://other.example"
    found = run_server("links", "add", foreign.url, "--scope", "notes")
    assert (found.code, found.out) == (1, "")
    assert "names another issuer" in found.err


@pytest.mark.requirement("CL-21")
def test_a_token_endpoint_on_another_host_is_flagged(run_server: Run, foreign: ForeignServer) -> None:
    """CL-21."""
    assert foreign.metadata is not None
    foreign.metadata["token_endpoint"] = "https://tokens.example/token"
    found = run_server("links", "add", foreign.url, "--scope", "notes")
    assert found.code == 0
    assert "Its token endpoint is at another host: tokens.example" in found.err


@pytest.fixture
def run_https(run_server: Run, foreign: ForeignServer, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command of an application that has TLS, beside a server on this machine that reads documents."""
    assert foreign.metadata is not None
    foreign.metadata["client_id_metadata_document_supported"] = True
    monkeypatch.setenv("APPLINKS_BASE_URL", "https://start.example")
    monkeypatch.setenv("APPLINKS_ALLOW_HTTP_FOR_LOOPBACK", "true")
    return run_server


def test_a_server_that_reads_documents_needs_no_registration(run_https: Run, foreign: ForeignServer) -> None:
    """Issue: a server that is not ours gets a client id document of its own where it understands one."""
    added = _add(run_https, foreign)
    assert added["client_id"].startswith("https://start.example/applinks/oauth2/clients/")
    assert added["complete"] is True


def test_a_document_on_http_is_not_chosen(run_server: Run, foreign: ForeignServer) -> None:
    """draft-ietf-oauth-client-id-metadata-document §3 MUST: https; a server that reads documents refuses any other."""
    assert foreign.metadata is not None
    foreign.metadata["client_id_metadata_document_supported"] = True
    added = _add(run_server, foreign)
    assert (added["client_id"], added["complete"]) == (None, False)


@pytest.mark.parametrize("has_secret", [True, False])
def test_a_client_id_takes_the_place_of_the_document(
    run_https: Run, foreign: ForeignServer, secret_file: str, has_secret: bool
) -> None:
    """Ours: a server may refuse the document that it says it reads; what it registered instead is entered."""
    handle = _add(run_https, foreign)["handle"]
    secret = ("--client-secret-file", secret_file) if has_secret else ()
    found = run_https("links", "edit", handle, "--client-id", "al", *secret, "--json")
    assert (found.code, found.err) == (0, "")
    changed = json.loads(found.out)
    assert (changed["client_id"], changed["complete"]) == ("al", has_secret)
    shown = run_https("links", "show", handle).out
    assert re.search(rf"Our secret +{'kept, not shown' if has_secret else 'still to be entered'}", shown)


def test_a_link_may_call_both_ways(run_server: Run, foreign: ForeignServer) -> None:
    """Issue: incoming gives the values, outgoing takes them, either alone or both."""
    both = ("--redirect-uri", "https://notes.example/cb", "--incoming-scope", "profile")
    added = _add(run_server, foreign, *both)
    assert added["incoming"]["enabled"]
    assert added["outgoing"]["enabled"]
    assert added["client"]["client_secret"].startswith("als_")
    assert added["client"]["redirect_uris"] == ["https://notes.example/cb"]
    assert added["client"]["link"] == added["handle"]


def test_a_link_may_only_be_called(run_server: Run) -> None:
    """Ours: nothing is fetched where we never call."""
    options = ("--no-outgoing", "--redirect-uri", "https://notes.example/cb", "--incoming-scope", "profile")
    found = run_server("links", "add", "https://notes.example", *options)
    assert (found.code, found.err) == (0, "")
    assert "calls us. Enter there:" in found.out
    assert "We call it" not in found.out


def test_a_missing_direction_is_added_later(run_server: Run, foreign: ForeignServer) -> None:
    """Issue: either alone or both."""
    handle = _add(run_server, foreign)["handle"]
    incoming = ("--redirect-uri", "https://notes.example/cb", "--incoming-scope", "profile")
    changed = json.loads(run_server("links", "edit", handle, *incoming, "--json").out)
    assert changed["incoming"]["user_scopes"] == ["profile"]
    assert changed["client"]["client_secret"].startswith("als_")
    run_server("clients", "add", "--name", "Probe", "--redirect-uri", "https://x.example/cb", "--scope", "profile")
    run_server("links", "delete", handle)
    changed = json.loads(run_server("links", "edit", "probe", "--url", foreign.url, "--scope", "notes", "--json").out)
    assert (changed["url"], changed["outgoing"]["user_scopes"]) == (foreign.url, ["notes"])


def test_scopes_names_and_switches_are_changed(run_server: Run, foreign: ForeignServer) -> None:
    """Issue: links edit."""
    handle = _add(run_server, foreign)["handle"]
    options = ("--name", "Notes", "--handle", "notes", "--scope", "notes", "--no-outgoing", "--json")
    changed = json.loads(run_server("links", "edit", handle, *options).out)
    assert (changed["name"], changed["handle"], changed["outgoing"]["enabled"]) == ("Notes", "notes", False)
    changed = json.loads(run_server("links", "edit", "notes", "--outgoing", "--json").out)
    assert changed["outgoing"]["user_scopes"] == ["notes"]


def test_another_redirect_uri_is_another_client(run_server: Run, foreign: ForeignServer) -> None:
    """Ours: what a command cannot change it refuses, with the command that helps."""
    incoming = ("--redirect-uri", "https://notes.example/cb", "--incoming-scope", "profile")
    handle = _add(run_server, foreign, *incoming)["handle"]
    found = run_server("links", "edit", handle, "--redirect-uri", "https://notes.example/other")
    assert (found.code, found.out) == (1, "")
    assert f"applinks clients add --link {handle}" in found.err
