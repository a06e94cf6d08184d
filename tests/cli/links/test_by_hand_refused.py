"""What cannot be linked by hand, and what else there is to do with such a link."""

import io
import json
import sys
from typing import Any

import pytest

from applinks.cli.links import looking
from applinks.linking.errors import LinkingError
from tests.cli.conftest import BASE_URL, Run
from tests.cli.foreign_server import ForeignServer


def _add(run: Run, foreign: ForeignServer, *more: str) -> dict[str, Any]:
    found = run("links", "add", foreign.url, "--scope", "openid", "--scope", "notes", *more, "--json")
    assert (found.code, found.err) == (0, "")
    added: dict[str, Any] = json.loads(found.out)
    return added


def _make_private(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let looking at an address ask first, as it does where a name leads into a private network."""
    asked = looking.discover

    async def discover(url: str, *, private_confirmed: bool = False, side: Any) -> Any:
        if not private_confirmed:
            raise LinkingError("address_not_allowed", asks_private=True, peer=url)
        return await asked(url, private_confirmed=True, side=side)

    monkeypatch.setattr(looking, "discover", discover)


def test_the_same_address_is_not_linked_twice(run_server: Run, foreign: ForeignServer) -> None:
    """Product §5: a duplicate is refused at once and in words."""
    added = _add(run_server, foreign)
    found = run_server("links", "add", foreign.url, "--scope", "openid")
    assert (found.code, found.out) == (1, "")
    assert found.err.startswith("applinks: Your application is linked with this application already.")
    assert f"applinks links show {added['id']}" in found.err


def test_an_address_where_nobody_answers_is_refused_in_words(run_server: Run, foreign: ForeignServer) -> None:
    """Product §5: a host that does not answer."""
    found = run_server("links", "add", "http://127.0.0.1:9", "--scope", "openid")
    assert (found.code, found.out) == (1, "")
    assert found.err.startswith("applinks: Nothing answers at that address.")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (BASE_URL, "That is your application itself."),
        ("ftp://x", "This is not the address of a web application."),
        ("http://93.184.215.14", "Try: https://93.184.215.14"),
    ],
)
def test_an_address_that_cannot_be_linked_is_refused_in_words(run_server: Run, url: str, words: str) -> None:
    """Product §5: a link to oneself, an address that is not allowed."""
    found = run_server("links", "add", url, "--scope", "openid")
    assert (found.code, found.out) == (1, "")
    assert words in found.err


@pytest.mark.parametrize(("typed", "code"), [("", 1), ("n\n", 1), ("y\n", 0)])
def test_a_private_address_is_asked_about_on_a_terminal(
    run_server: Run, foreign: ForeignServer, monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    """Ours: as on the page; whoever typed a name may not know where it leads."""
    _make_private(monkeypatch)
    terminal = io.StringIO(typed)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    found = run_server("links", "add", foreign.url, "--scope", "openid")
    assert found.code == code
    assert "leads to a private address. Go on? [y/N]" in found.err
    assert ("Nothing was changed." in found.err) is bool(code)


def test_without_a_terminal_a_private_address_needs_its_option(
    run_server: Run, foreign: ForeignServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours: a script says that it is meant."""
    _make_private(monkeypatch)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    found = run_server("links", "add", foreign.url, "--scope", "openid")
    assert (found.code, found.out) == (1, "")
    assert "If that is meant, add --private-address." in found.err
    assert run_server("links", "add", foreign.url, "--scope", "openid", "--private-address").code == 0


def test_a_command_that_prints_addresses_wants_the_base_url(
    run_server: Run, foreign: ForeignServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Product §4: a clear error where it is missing."""
    monkeypatch.delenv("APPLINKS_BASE_URL")
    found = run_server("links", "add", foreign.url, "--scope", "openid")
    assert (found.code, found.out) == (1, "")
    assert "APPLINKS_BASE_URL" in found.err


def test_without_base_url_a_link_is_shown_without_its_redirect_uri(
    run_server: Run, foreign: ForeignServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Product §4: a command that prints no address needs none; and none is made up."""
    handle = _add(run_server, foreign)["handle"]
    monkeypatch.delenv("APPLINKS_BASE_URL")
    assert json.loads(run_server("links", "show", handle, "--json").out)["redirect_uri"] is None
    assert "invalid" not in run_server("links", "show", handle).out


def test_a_link_that_waits_for_its_values_says_so(run_server: Run, foreign: ForeignServer) -> None:
    """Ours: the same words as the page."""
    handle = _add(run_server, foreign)["handle"]
    assert "Waiting for you" in run_server("links", "list").out
    shown = run_server("links", "show", handle).out
    assert "still to be entered: applinks links edit" in shown
    assert "Our key" not in shown


def test_a_link_by_hand_is_paused_resumed_and_deleted(run_server: Run, foreign: ForeignServer) -> None:
    """Issue: links pause|resume|delete; nobody at the other side is told."""
    handle = _add(run_server, foreign)["handle"]
    for verb in ("pause", "resume", "delete"):
        found = run_server("links", verb, handle)
        assert (found.code, found.err) == (0, "")
        assert "tells" not in found.out
    assert json.loads(run_server("links", "list", "--json").out) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("add",),
        ("add", "https://x.example", "--no-outgoing", "--no-incoming"),
        ("add", "https://x.example", "--no-outgoing", "--client-id", "x"),
        ("add", "https://x.example", "--no-incoming", "--redirect-uri", "https://x.example/cb"),
        ("add", "https://x.example", "--client-secret-file", "x"),
        ("add", "https://x.example", "--client-secret", "x"),
        ("add", "https://x.example", "--authentication-method", "password"),
        ("edit", "x"),
        ("edit",),
    ],
)
def test_wrong_use_gives_exit_code_2(run: Run, arguments: tuple[str, ...]) -> None:
    """Product §4: exit 2 for wrong use."""
    found = run("links", *arguments)
    assert (found.code, found.out) == (2, "")
    assert found.err


def test_one_endpoint_alone_is_wrong_use(run_server: Run, foreign: ForeignServer) -> None:
    """Ours: both are needed, and said so."""
    arguments = ("--scope", "notes", "--token-endpoint", f"{foreign.url}/token")
    found = run_server("links", "add", foreign.url, *arguments)
    assert (found.code, found.out) == (2, "")
    assert "--authorization-endpoint and --token-endpoint" in found.err
