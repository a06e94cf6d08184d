"""The command ``applinks clients edit``."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.keys import format_public

_OAUTH2 = ("--name", "Two", "--redirect-uri", "https://x.example/cb", "--scope", "profile")


@pytest.fixture
def ours(run_server: Run, tmp_path: Path) -> Run:
    """Run a command on a server with a user and a client of OAuth 1.0a, beside a key."""
    (tmp_path / "rsa.pub.pem").write_bytes(format_public())
    assert run_server("users", "add", "alice", "--password", "wonderland").code == 0
    assert run_server("clients", "add-oauth1", "--key", "probe", "--shared-secret", "s3cret").code == 0
    return run_server


def _edit(ours: Run, *arguments: str) -> dict[str, Any]:
    found = ours("clients", "edit", "probe", *arguments, "--json")
    assert (found.code, found.err) == (0, "")
    changed: dict[str, Any] = json.loads(found.out)
    return changed


def test_what_is_not_named_stays(ours: Run) -> None:
    """Issue: edit."""
    changed = _edit(ours, "--callback", "https://x.example/cb", "--dialect-1-0")
    assert (changed["callbacks"], changed["dialect_1_0"]) == (["https://x.example/cb"], True)
    changed = _edit(ours, "--name", "Gadget", "--two-legged", "--execute-as", "alice", "--scope", "profile")
    assert (changed["callbacks"], changed["dialect_1_0"]) == (["https://x.example/cb"], True)
    assert (changed["name"], changed["two_legged"], changed["scopes"]) == ("Gadget", True, ["profile"])
    changed = _edit(ours, "--no-two-legged", "--no-dialect-1-0", "--callback", "")
    assert (changed["callbacks"], changed["dialect_1_0"], changed["two_legged"]) == ([], False, False)


def test_a_key_takes_the_place_of_a_secret(ours: Run) -> None:
    """O1-05: what a client cannot be verified by, no signature is taken by."""
    assert "RSA-SHA1" in _edit(ours, "--public-key", "rsa.pub.pem")["signature_methods"]
    changed = _edit(ours, "--no-shared-secret")
    assert (changed["has_shared_secret"], len(changed["public_keys"])) == (False, 1)
    assert all(method.startswith("RSA-") for method in changed["signature_methods"])
    found = ours("clients", "edit", "probe", "--no-public-key")
    assert found.err.startswith("applinks: --public-key: Enter the public key, or a shared secret")


def test_a_secret_that_is_made_is_shown_once(ours: Run) -> None:
    """Product §4: --generate-secret."""
    changed = _edit(ours, "--generate-secret")
    assert re.fullmatch(r"[\w-]{43}", changed["shared_secret"])
    assert list(changed)[:2] == ["consumer_key", "shared_secret"]
    assert re.search(r"Shared secret +[\w-]{43}", ours("clients", "edit", "probe", "--generate-secret").out)
    assert "shared_secret" not in _edit(ours, "--shared-secret", "another")


def test_impersonation_raises_the_level_of_its_link(ours: Run) -> None:
    """Product §5: impersonation by allowed links only."""
    assert (
        _edit(ours, "--impersonation", "--protect-user", "alice", "--protect-group", "staff")["impersonation"] is True
    )
    [link] = json.loads(ours("links", "list", "--json").out)
    assert link["incoming"]["level"] == "impersonation"
    shown = ours("clients", "edit", "probe", "--name", "Gadget").out
    assert re.search(r"^Never as +alice$", shown, re.MULTILINE)
    assert re.search(r"^Never as of +staff$", shown, re.MULTILINE)


def test_a_description_is_kept_shown_and_changed(ours: Run) -> None:
    """Wire, What an administrator enters: description."""
    assert _edit(ours, "--description", "Old script; ask alice")["description"] == "Old script; ask alice"
    assert _edit(ours, "--name", "Gadget")["description"] == "Old script; ask alice"
    shown = ours("clients", "show", "probe").out
    assert re.search(r"^Description +Old script; ask alice$", shown, re.MULTILINE)
    found = ours("clients", "add-oauth1", "--key", "other", "--generate-secret", "--description", "Mine", "--json")
    assert json.loads(found.out)["description"] == "Mine"
    found = ours("clients", "edit", "probe", "--description", "x" * 201)
    assert (found.code, found.out) == (1, "")
    assert found.err.startswith("applinks: --description: A description is one line")


def test_a_client_of_oauth2_is_changed_too(ours: Run) -> None:
    """Issue: edit for both protocols."""
    added = json.loads(ours("clients", "add", *_OAUTH2, "--json").out)
    uri = "https://x.example/other"
    found = ours("clients", "edit", added["client_id"], "--name", "Other", "--redirect-uri", uri, "--json")
    changed = json.loads(found.out)
    assert (changed["name"], changed["redirect_uris"], changed["scopes"]) == ("Other", [uri], ["profile"])
    assert "Other" in ours("clients", "edit", added["client_id"], "--scope", "email").out


def test_the_options_of_the_other_protocol_are_refused(ours: Run) -> None:
    """Ours: instead of passing over what was typed."""
    added = json.loads(ours("clients", "add", *_OAUTH2, "--json").out)
    found = ours("clients", "edit", added["client_id"], "--two-legged")
    assert (found.code, found.out) == (1, "")
    assert "speaks OAuth 2" in found.err
    found = ours("clients", "edit", "probe", "--redirect-uri", "https://x.example/cb")
    assert (found.code, found.out) == (1, "")
    assert "--callback" in found.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--callback", "x"), "--callback: "),
        (("--two-legged",), "--execute-as: Name the user"),
        (("--scope", "nix"), "--scope: 'nix' is no scope"),
        (("--no-three-legged",), "--three-legged: Nothing is left"),
        (("--signature-method", "RSA-SHA1"), "--signature-method: RSA-SHA1 needs"),
    ],
)
def test_a_value_that_cannot_be_taken_is_named_by_its_option(ours: Run, arguments: tuple[str, ...], said: str) -> None:
    """Ours: errors on stderr, exit 1, and nothing is written."""
    found = ours("clients", "edit", "probe", *arguments)
    assert (found.code, found.out) == (1, "")
    assert found.err.startswith(f"applinks: {said}")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("probe",),
        ("probe", "--generate-secret", "--no-shared-secret"),
        ("probe", "--public-key", "rsa.pub.pem", "--no-public-key"),
        ("probe", "--shared-secret", "a", "--shared-secret-file", "b"),
    ],
)
def test_wrong_use_gives_exit_code_2(ours: Run, arguments: tuple[str, ...]) -> None:
    """Product §4: exit 2 for wrong use."""
    found = ours("clients", "edit", *arguments)
    assert (found.code, found.out) == (2, "")
    assert found.err


def test_an_unknown_client_is_refused_in_words(ours: Run) -> None:
    """Ours: with the command that lists them."""
    found = ours("clients", "edit", "nobody", "--name", "X")
    assert (found.code, found.err) == (1, "applinks: There is no such client. See: applinks clients list\n")
