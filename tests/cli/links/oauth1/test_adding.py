"""Links with servers of OAuth 1.0a: ``applinks links add --oauth1`` and ``edit``."""

import json
import re
from typing import Any

import pytest

from tests.cli.conftest import BASE_URL, Run
from tests.cli.foreign_server import ForeignServer

_URLS = ("--request-token-url", "/oauth/rt", "--access-token-url", "oauth/at", "--authorize-url", "/oauth/az")


def _add(run: Run, foreign: ForeignServer, *more: str) -> dict[str, Any]:
    found = run("links", "add", foreign.url, "--oauth1", *_URLS, *more, "--json")
    assert (found.code, found.err) == (0, "")
    added: dict[str, Any] = json.loads(found.out)
    return added


def test_a_link_is_made_of_the_values_that_they_gave(run_server: Run, foreign: ForeignServer) -> None:
    """Issue: links add URL --oauth1; the three URLs may be relative to the link's address."""
    given = ("--consumer-key", "hardware", "--shared-secret", "s3cret", "--signature-method", "HMAC-SHA256")
    added = _add(run_server, foreign, *given, "--name", "Thing")
    assert (added["handle"], added["state"], added["usable"], added["complete"]) == ("thing", "in_force", True, True)
    assert (added["protocol"], added["consumer_key"], added["signature_method"]) == (
        "oauth1",
        "hardware",
        "HMAC-SHA256",
    )
    assert added["request_token_url"] == f"{foreign.url}/oauth/rt"
    assert added["authorize_url"] == f"{foreign.url}/oauth/az"
    assert added["access_token_url"] == f"{foreign.url}/oauth/at"
    assert (added["outgoing"]["protocols"], added["outgoing"]["level"]) == (["oauth1"], "oauth")
    assert added["incoming"]["enabled"] is False
    assert added["to_enter"] == {
        "consumer_key": "hardware",
        "public_key": None,
        "callback": f"{BASE_URL}/applinks/callback/{added['id']}",
    }
    # Nothing was asked there, and the secret is nowhere to be seen.
    assert foreign.asked == []
    assert "s3cret" not in json.dumps(added)


def test_with_our_key_our_values_are_printed_to_be_entered_there(run_server: Run, foreign: ForeignServer) -> None:
    """Wire, What an administrator enters: consumer key, public key, callback."""
    found = run_server(
        "links", "add", foreign.url, "--oauth1", *_URLS, "--signature-method", "RSA-SHA1", "--name", "Thing"
    )
    assert (found.code, found.err) == (0, "")
    lines = found.out.splitlines()
    assert any(re.fullmatch(r"  Consumer key +applinks[0-9a-f]{22}", line) for line in lines)
    assert any(re.fullmatch(rf"  Callback URL +{BASE_URL}/applinks/callback/lnk_\w+", line) for line in lines)
    assert "-----BEGIN PUBLIC KEY-----" in lines
    assert "PRIVATE" not in found.out
    assert any(line.startswith("  applinks out thing /PATH") for line in lines)


def test_impersonation_is_a_level_of_the_link(run_server: Run, foreign: ForeignServer) -> None:
    """Wire: levels shown per direction."""
    options = ("--display-url", "https://thing.example", "--primary", "--impersonation", "--name", "Thing")
    added = _add(run_server, foreign, "--consumer-key", "k", "--signature-method", "RSA-SHA256", *options)
    assert (added["outgoing"]["level"], added["display_url"]) == ("impersonation", "https://thing.example")
    assert added["primary"] is True
    shown = run_server("links", "show", "thing").out
    assert "OAuth with impersonation · OAuth 1.0a" in shown
    assert re.search(r"^We sign with +RSA-SHA256, with our key$", shown, re.MULTILINE)
    assert re.search(r"^Display URL +https://thing.example$", shown, re.MULTILINE)


def test_a_secret_can_come_from_standard_input(
    run_server: Run, foreign: ForeignServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours: a secret is not shown in the list of processes; with one, HMAC-SHA1 is meant."""
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO("s3cret\n"))
    added = _add(run_server, foreign, "--consumer-key", "k", "--shared-secret-file", "-", "--name", "Thing")
    assert added["signature_method"] == "HMAC-SHA1"
    assert re.search(r"^Shared secret +kept, not shown$", run_server("links", "show", "thing").out, re.MULTILINE)


def test_what_they_gave_can_be_changed(run_server: Run, foreign: ForeignServer) -> None:
    """Ours: what is not named stays."""
    _add(run_server, foreign, "--consumer-key", "k", "--shared-secret", "s", "--name", "Thing")
    options = ("--consumer-key", "other", "--signature-method", "RSA-SHA1", "--authorize-url", f"{foreign.url}/az2")
    found = run_server("links", "edit", "thing", *options, "--impersonation", "--no-primary", "--json")
    assert (found.code, found.err) == (0, "")
    changed = json.loads(found.out)
    assert (changed["consumer_key"], changed["signature_method"]) == ("other", "RSA-SHA1")
    assert (changed["authorize_url"], changed["request_token_url"]) == (f"{foreign.url}/az2", f"{foreign.url}/oauth/rt")
    assert (changed["outgoing"]["level"], changed["primary"]) == ("impersonation", False)
    assert "-----BEGIN PUBLIC KEY-----" in run_server("links", "edit", "thing", "--consumer-key", "third").out
    assert json.loads(run_server("links", "edit", "thing", "--no-impersonation", "--json").out)["outgoing"][
        "level"
    ] == ("oauth")


def test_a_link_that_only_called_us_is_called_too(run_server: Run, foreign: ForeignServer) -> None:
    """Ours: a direction that it did not have yet."""
    run_server("users", "add", "alice", "--password", "wonderland")
    assert run_server("clients", "add-oauth1", "--key", "thing", "--generate-secret").code == 0
    options = ("--url", foreign.url, *_URLS, "--consumer-key", "k", "--shared-secret", "s")
    changed = json.loads(run_server("links", "edit", "thing", *options, "--json").out)
    assert (changed["outgoing"]["protocols"], changed["incoming"]["protocols"]) == (["oauth1"], ["oauth1"])
    levels = json.loads(run_server("links", "edit", "thing", "--incoming-impersonation", "--json").out)
    assert levels["incoming"]["level"] == "impersonation"


def test_the_options_of_the_other_protocol_are_refused(run_server: Run, foreign: ForeignServer) -> None:
    """Ours: instead of passing over what was typed."""
    _add(run_server, foreign, "--consumer-key", "k", "--shared-secret", "s", "--name", "Thing")
    found = run_server("links", "edit", "thing", "--client-id", "x")
    assert (found.code, found.out) == (1, "")
    assert "over OAuth 1.0a" in found.err
    found = run_server("links", "edit", "thing", "--consumer-key", "a b")
    assert found.err.startswith("applinks: --consumer-key: ")
    two = ("--client-id", "c", "--client-secret-file", "none", "--scope", "notes")
    assert run_server("links", "add", foreign.url, "--oauth1", *_URLS, "--consumer-key", "k", *two).code == 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--oauth1",), 1, "--request-token-url URL"),
        (("--oauth1", "--request-token-url", "/rt"), 2, "Name all three"),
        (("--oauth1", *_URLS, "--consumer-key", " "), 2, "--consumer-key is empty"),
        (("--oauth1", *_URLS, "--consumer-key", "a b", "--shared-secret", "s"), 1, "--consumer-key: "),
        (("--oauth1", *_URLS, "--consumer-key", "k", "--signature-method", "HMAC-SHA1"), 1, "--shared-secret: "),
        (("--oauth1", *_URLS, "--shared-secret", "s", "--signature-method", "RSA-SHA1"), 2, "leave the shared secret"),
        (("--oauth1", *_URLS, "--shared-secret", "s", "--shared-secret-file", "f"), 2, "name one of"),
        (("--oauth1", *_URLS[:5], "ftp://x", "--shared-secret", "s"), 1, "--authorize-url: "),
        (("--oauth1", *_URLS, "--shared-secret", "s", "--no-outgoing"), 2, "--no-outgoing leaves nothing"),
        (("--oauth1", *_URLS, "--shared-secret", "s", "--incoming"), 2, "clients add-oauth1 --link"),
        (("--oauth1", *_URLS, "--shared-secret", "s", "--incoming-impersonation"), 1, "add-oauth1 --link LINK"),
        (("--scope", "notes", "--impersonation"), 2, "over OAuth 1.0a alone"),
        (("--oauth1", *_URLS, "--signature-method", "RSA-SHA1", "--display-url", "javascript:x"), 1, "--display-url: "),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_option(
    run_server: Run, foreign: ForeignServer, arguments: tuple[str, ...], code: int, said: str
) -> None:
    """Ours: nothing is written."""
    found = run_server("links", "add", foreign.url, *arguments)
    assert (found.code, found.out) == (code, "")
    assert said.lower() in found.err.lower()
    assert json.loads(run_server("links", "list", "--json").out) == []


def test_a_description_of_their_server_is_kept_shown_and_changed(run_server: Run, foreign: ForeignServer) -> None:
    """Wire, What an administrator enters: description."""
    added = _add(run_server, foreign, "--name", "Thing", "--description", "Our cloud")
    assert added["description"] == "Our cloud"
    found = run_server("links", "edit", "thing", "--description", "Theirs", "--json")
    assert json.loads(found.out)["description"] == "Theirs"
    assert re.search(r"^Description +Theirs$", run_server("links", "show", "thing").out, re.MULTILINE)
    found = run_server("links", "edit", "thing", "--description", "x" * 201)
    assert (found.code, found.out) == (1, "")
    assert found.err.startswith("applinks: --description: A description is one line")


def test_an_address_that_leads_nowhere_now_can_be_linked(run_server: Run) -> None:
    """Ours: nothing is asked there, and what it is has been said; as on the page."""
    found = run_server("links", "add", "https://wiki.invalid", "--oauth1", *_URLS, "--json")
    assert (found.code, found.err) == (0, "")
    assert json.loads(found.out)["request_token_url"] == "https://wiki.invalid/oauth/rt"
