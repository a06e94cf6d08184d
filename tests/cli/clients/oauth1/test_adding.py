"""The command ``applinks clients add-oauth1``, and its client in the commands beside it."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tests.cli.conftest import BASE_URL, Run
from tests.cli.keys import format_private, format_public

CALLBACK = "http://127.0.0.1:8765/callback"


@pytest.fixture
def ours(run_server: Run, tmp_path: Path) -> Run:
    """Run a command on a server that has users, beside the key of a client."""
    (tmp_path / "rsa.pub.pem").write_bytes(format_public())
    assert run_server("users", "add", "alice", "--password", "wonderland").code == 0
    assert run_server("users", "add", "root", "--password", "wonderland", "--admin").code == 0
    return run_server


def _add(ours: Run, *more: str, key: str = "probe") -> dict[str, Any]:
    found = ours("clients", "add-oauth1", "--key", key, *more, "--json")
    assert (found.code, found.err) == (0, "")
    added: dict[str, Any] = json.loads(found.out)
    return added


def test_a_new_client_has_what_scripts_rely_on(ours: Run) -> None:
    """Product §4: clients add-oauth1, with the very options of the issue."""
    given = ("--public-key", "rsa.pub.pem", "--shared-secret", "s3cret", "--callback", CALLBACK)
    added = _add(ours, *given, key="real-consumer")
    assert list(added)[:2] == ["consumer_key", "shared_secret"]
    assert (added["consumer_key"], added["shared_secret"]) == ("real-consumer", "s3cret")
    assert (added["protocol"], added["callbacks"]) == ("oauth1", [CALLBACK])
    assert added["signature_methods"] == [
        *("RSA-SHA1", "RSA-SHA256", "RSA-SHA512"),
        *("HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512"),
    ]
    # Product §4 Defaults: all default scopes.
    assert added["scopes"] == ["profile", "email"]


def test_without_a_secret_there_is_none(ours: Run) -> None:
    """Product §4: "shared_secret" | null."""
    added = _add(ours, "--public-key", "rsa.pub.pem")
    assert added["shared_secret"] is None
    assert added["signature_methods"] == ["RSA-SHA1", "RSA-SHA256", "RSA-SHA512"]


def test_a_secret_can_be_made_and_is_shown_once(ours: Run) -> None:
    """Product §4: --generate-secret."""
    added = _add(ours, "--generate-secret")
    assert re.fullmatch(r"[\w-]{43}", added["shared_secret"])
    for arguments in (("list", "--json"), ("list",), ("show", "probe"), ("show", "probe", "--json")):
        assert added["shared_secret"] not in ours("clients", *arguments).out


def test_a_secret_comes_from_a_file_or_from_standard_input(
    ours: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours: nobody has to show it in the list of processes."""
    (tmp_path / "secret").write_text("of a file\n", "utf-8")
    assert _add(ours, "--shared-secret-file", "secret")["shared_secret"] == "of a file"
    monkeypatch.setattr("sys.stdin", io.StringIO("typed\n"))
    assert _add(ours, "--shared-secret-file", "-", key="other")["shared_secret"] == "typed"


@pytest.mark.parametrize("written", [format_public(encoding=Encoding.DER), format_public().replace(b"\n", b"\r\n")])
def test_a_key_is_taken_as_it_is_kept(ours: Run, tmp_path: Path, written: bytes) -> None:
    """Ours: also as the bare bytes, which the page could not take."""
    (tmp_path / "key").write_bytes(written)
    [kept] = _add(ours, "--public-key", "key")["public_keys"]
    assert kept.encode() == format_public()


def test_what_it_may_do_can_be_said(ours: Run) -> None:
    """Issue: per client three-legged, two-legged with execute-as, impersonation, whom it never reaches, dialect."""
    options = ("--name", "Gadget", "--scope", "profile", "--two-legged", "--execute-as", "alice", "--no-three-legged")
    more = ("--impersonation", "--protect-user", "root", "--protect-group", "staff", "--dialect-1-0", "--no-oob")
    added = _add(ours, "--generate-secret", "--signature-method", "HMAC-SHA256", *options, *more)
    assert (added["name"], added["link"], added["scopes"]) == ("Gadget", "gadget", ["profile"])
    assert added["signature_methods"] == ["HMAC-SHA256"]
    assert (added["three_legged"], added["two_legged"], added["impersonation"]) == (False, True, True)
    assert (added["dialect_1_0"], added["out_of_band"], added["protected_groups"]) == (True, False, ["staff"])
    assert added["execute_as"].startswith("usr_")
    [link] = json.loads(ours("links", "list", "--json").out)
    assert (link["incoming"]["protocols"], link["incoming"]["level"]) == (["oauth1"], "impersonation")
    shown = ours("clients", "show", "probe").out
    assert re.search(r"^Two legs +as alice$", shown, re.MULTILINE)
    assert re.search(r"^Never as +root$", shown, re.MULTILINE)


def test_for_people_the_values_stand_on_lines_of_their_own(ours: Run) -> None:
    """Ours: what is to be copied is never broken."""
    found = ours("clients", "add-oauth1", "--key", "probe", "--generate-secret")
    assert found.code == 0
    lines = found.out.splitlines()
    assert any(re.fullmatch(r"  Shared secret +[\w-]{43}", line) for line in lines)
    assert any(re.fullmatch(rf"  Request token URL +{BASE_URL}/applinks/oauth1/request-token", line) for line in lines)
    assert any(re.fullmatch(rf"  Authorize URL +{BASE_URL}/applinks/oauth1/authorize", line) for line in lines)
    assert any(re.fullmatch(rf"  Access token URL +{BASE_URL}/applinks/oauth1/access-token", line) for line in lines)
    assert f"{BASE_URL}/plugins/servlet/oauth/" in found.out
    assert "The secret is not shown again: copy it now." in lines


def test_a_secret_that_was_given_is_not_printed(ours: Run) -> None:
    """Ours: whoever gave it has it."""
    assert "s3cret-s3cret" not in ours("clients", "add-oauth1", "--key", "p", "--shared-secret", "s3cret-s3cret").out


def test_a_short_key_is_taken_and_warned_about(ours: Run, tmp_path: Path) -> None:
    """Wire: accept keys down to 1024 bits, warn about those under 2048."""
    (tmp_path / "weak.pem").write_bytes(format_public(1024))
    found = ours("clients", "add-oauth1", "--key", "probe", "--public-key", "weak.pem", "--json")
    assert found.code == 0
    assert json.loads(found.out)["consumer_key"] == "probe"
    assert "2048 bits" in found.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--key", "a b", "--generate-secret"), "--key: "),
        (("--key", "x"), "--public-key: Enter the public key, or a shared secret"),
        (("--key", "x", "--public-key", "private.pem"), "--public-key: This is a private key"),
        (("--key", "x", "--public-key", "nothing.pem"), "--public-key: nothing.pem cannot be read"),
        (("--key", "x", "--public-key", "empty.pem"), "--public-key: empty.pem is empty"),
        (("--key", "x", "--generate-secret", "--callback", "ftp://x"), "--callback: "),
        (("--key", "x", "--generate-secret", "--scope", "nix"), "--scope: 'nix' is no scope"),
        (
            ("--key", "x", "--generate-secret", "--two-legged", "--execute-as", "nobody"),
            "--execute-as: There is no user",
        ),
        (
            ("--key", "x", "--generate-secret", "--two-legged", "--execute-as", "root"),
            "--execute-as: 'root' administers",
        ),
        (("--key", "x", "--generate-secret", "--signature-method", "RSA-SHA1"), "--signature-method: RSA-SHA1 needs"),
        (("--key", "x", "--generate-secret", "--signature-method", "PLAINTEXT"), "--signature-method: PLAINTEXT shows"),
        (("--key", "x", "--generate-secret", "--link", "nix"), "There is no such link"),
    ],
)
def test_a_value_that_cannot_be_taken_is_named_by_its_option(
    ours: Run, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    """Ours: errors on stderr with the next step, exit 1, and nothing is written."""
    (tmp_path / "private.pem").write_bytes(format_private())
    (tmp_path / "empty.pem").write_bytes(b"\n")
    found = ours("clients", "add-oauth1", *arguments)
    assert (found.code, found.out) == (1, "")
    assert found.err.startswith(f"applinks: {said}")
    assert json.loads(ours("clients", "list", "--json").out) == []


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--key", "x", "--generate-secret", "--shared-secret", "y"),
        ("--key", "x", "--generate-secret", "--two-legged"),
        ("--key", "x", "--generate-secret", "--execute-as", "alice"),
        ("--key", "x", "--generate-secret", "--signature-method", "MD5"),
        ("--key", "x", "--public-key", "-", "--shared-secret-file", "-"),
    ],
)
def test_wrong_use_gives_exit_code_2(ours: Run, arguments: tuple[str, ...]) -> None:
    """Product §4: exit 2 for wrong use."""
    found = ours("clients", "add-oauth1", *arguments)
    assert (found.code, found.out) == (2, "")
    assert found.err


def test_a_key_is_taken_once_for_its_protocol(ours: Run) -> None:
    """Ours: the key says who calls."""
    _add(ours, "--generate-secret")
    found = ours("clients", "add-oauth1", "--key", "probe", "--generate-secret")
    assert (found.code, found.out) == (1, "")
    assert found.err.startswith("applinks: --key: There is a client (consumer) with the key 'probe' already")


def test_it_may_stand_at_a_link_that_is_there(ours: Run) -> None:
    """House §5: a link may have several clients."""
    _add(ours, "--generate-secret")
    assert _add(ours, "--generate-secret", "--link", "probe", key="second")["link"] == "probe"


def test_before_anybody_has_an_account_the_scopes_are_said_that_it_gets(run_server: Run) -> None:
    """Ours: a host has scopes of its own, which no command knows."""
    found = run_server("clients", "add-oauth1", "--key", "early", "--generate-secret", "--json")
    assert json.loads(found.out)["scopes"] == ["profile", "email"]
    assert "it gets profile, email, those of applinks serve" in found.err
    named = run_server("clients", "add-oauth1", "--key", "k", "--generate-secret", "--scope", "issues:read", "--json")
    assert (json.loads(named.out)["scopes"], named.err) == (["issues:read"], "")


def test_lists_show_clients_of_both_protocols(ours: Run) -> None:
    """Issue: list, show, rotate-secret and delete for both."""
    _add(ours, "--generate-secret")
    ours("clients", "add", "--name", "Two", "--redirect-uri", "https://x.example/cb", "--scope", "profile")
    assert {each["protocol"] for each in json.loads(ours("clients", "list", "--json").out)} == {"oauth1", "oauth2"}
    table = ours("clients", "list").out
    assert "OAuth 1.0a" in table
    assert "by a shared secret" in table


def test_another_secret_counts_at_once(ours: Run) -> None:
    """Ours: of OAuth 1.0a there is one."""
    first = _add(ours, "--generate-secret")["shared_secret"]
    rotated = json.loads(ours("clients", "rotate-secret", "probe", "--json").out)
    assert rotated["consumer_key"] == "probe"
    assert rotated["shared_secret"] not in {None, first}
    assert "The old one is no longer good" in ours("clients", "rotate-secret", "probe").out
    assert ours("clients", "rotate-secret", "probe", "--keep-days", "3").code == 2
    _add(ours, "--public-key", "rsa.pub.pem", key="by-key")
    assert ours("clients", "rotate-secret", "by-key").err.startswith("applinks: CLIENT: This client has no secret")


def test_it_is_deleted_with_the_link_that_was_its_own(ours: Run) -> None:
    """Ours: as a client of OAuth 2."""
    _add(ours, "--generate-secret")
    assert json.loads(ours("clients", "delete", "probe", "--json").out)["deleted"] is True
    assert json.loads(ours("links", "list", "--json").out) == []
