"""The commands ``applinks tokens``."""

import asyncio
import io
import json
import sys
from dataclasses import replace

import pytest

from applinks.clock import SystemClock
from applinks.records.grants import Grant
from applinks.secret import digest_secret
from applinks.wire.token_format import TokenKind, format_token, parse_token
from tests.cli.conftest import Run, open_database
from tests.conformance.records import (
    add_hand_link,
    make_access_token,
    make_account,
    make_code,
    make_event,
    make_family,
    make_grant,
    make_refresh_token,
)

_ROW = 77
_LEAKED = format_token(TokenKind.ACCESS, _ROW, bytes(range(32)))


@pytest.fixture
def grant(run_server: Run, database: str) -> Grant:
    """What a client holds for alice since one consent, and a token that it has for itself."""

    async def hold() -> Grant:
        now = SystemClock().now()
        storage = await open_database(database)
        try:
            account = make_account(name="alice")
            await storage.accounts.add(account, event=make_event())
            _, client = await add_hand_link(storage)
            grant = make_grant(client, user_id=account.id, created_at=now)
            code = make_code(grant, issued_at=now, expires_at=now + 60)
            assert await storage.incoming.save_consent(grant, code, None)
            family = replace(make_family(grant), created_at=now, absolute_expires_at=now + 86400)
            leaked = parse_token(_LEAKED)
            assert leaked is not None
            times = {"issued_at": now, "expires_at": now + 3600}
            assert await storage.incoming.exchange_code(
                code.row,
                at=now,
                family=family,
                access_token=make_access_token(grant, _ROW, family=family, digest=leaked.digest, **times),
                refresh_token=make_refresh_token(grant, family, issued_at=now, idle_expires_at=now + 86400),
            )
            own = {"grant_id": "", "family_id": "", "user_id": None, "digest": digest_secret("own")}
            await storage.incoming.add_access_token(make_access_token(grant, 99, **own, **times))
        finally:
            await storage.close()
        return grant

    return asyncio.run(hold())


def _list(run: Run, *arguments: str) -> list[dict[str, object]]:
    found = run("tokens", "list", *arguments, "--json")
    assert (found.code, found.err) == (0, "")
    listed: list[dict[str, object]] = json.loads(found.out)
    return listed


def test_each_consent_and_each_token_of_an_application_has_a_line(run_server: Run, grant: Grant) -> None:
    """Issue: tokens list."""
    listed = _list(run_server)
    assert {each["user"] for each in listed} == {"alice", None}
    assert {each["protocol"] for each in listed} == {"oauth2"}
    found = run_server("tokens", "list")
    assert found.code == 0
    for each in listed:
        assert str(each["name"]) in found.out
    assert "alice" in found.out


def test_no_token_is_printed(run_server: Run, grant: Grant) -> None:
    """N-05: what is kept is a digest, and what is shown opens nothing."""
    assert _LEAKED not in run_server("tokens", "list").out
    assert _LEAKED not in run_server("tokens", "list", "--json").out


def test_the_list_is_narrowed_by_user_client_and_link(run_server: Run, grant: Grant) -> None:
    """Ours."""
    assert [each["user"] for each in _list(run_server, "--user", "alice")] == ["alice"]
    assert len(_list(run_server, "--client", "probe-1")) == 2
    [link] = json.loads(run_server("links", "list", "--json").out)
    assert len(_list(run_server, "--link", link["handle"])) == 2


def test_tokens_are_revoked_by_the_name_that_is_listed(run_server: Run, grant: Grant) -> None:
    """Issue: tokens revoke."""
    for each in _list(run_server):
        found = run_server("tokens", "revoke", str(each["name"]))
        assert (found.code, found.err) == (0, "")
    assert _list(run_server) == []


def test_a_token_that_leaked_is_revoked_from_standard_input(
    run_server: Run, grant: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours: it need not stand in the process list as well."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{_LEAKED}\n"))
    found = run_server("tokens", "revoke", "-", "--json")
    assert (found.code, json.loads(found.out)) == (0, {"revoked": 1})
    assert [each["user"] for each in _list(run_server)] == [None]


def test_all_of_a_user_ends_at_once(run_server: Run, grant: Grant) -> None:
    """Ours: somebody left."""
    found = run_server("tokens", "revoke", "--user", "alice")
    assert (found.code, found.err) == (0, "")
    assert "One consent or token has ended." in found.out
    assert _list(run_server, "--user", "alice") == []
    assert "nothing left to end" in run_server("tokens", "revoke", "--user", "alice").out


@pytest.mark.parametrize(("typed", "code"), [("n\n", 1), ("y\n", 0)])
def test_on_a_terminal_all_of_somebody_is_asked_about(
    run_server: Run, grant: Grant, monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    """Ours: what cannot be brought back is not done by a slip."""
    terminal = io.StringIO(typed)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    found = run_server("tokens", "revoke", "--client", "probe-1")
    assert found.code == code
    assert "End all tokens of the client probe-1? [y/N]" in found.err
    assert len(_list(run_server)) == (2 if code else 0)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("fam_nobody", "There are no such tokens, or they have ended. See: applinks tokens list"),
        ("grt_nobody", "There are no such tokens"),
        (format_token(TokenKind.ACCESS, 5, bytes(32)), "There are no such tokens"),
        (format_token(TokenKind.CLIENT_SECRET, 5, bytes(32)), "applinks clients rotate-secret"),
    ],
)
def test_what_names_no_tokens_is_refused_with_a_next_step(run_server: Run, name: str, words: str) -> None:
    """Ours: exit 1, nothing on standard output."""
    found = run_server("tokens", "revoke", name)
    assert (found.code, found.out) == (1, "")
    assert words in found.err


def test_an_empty_list_is_a_sentence(run_server: Run) -> None:
    """Ours."""
    assert run_server("tokens", "list").out == "No application holds anything that would let it call us now.\n"


@pytest.mark.parametrize("arguments", [("revoke",), ("revoke", "x", "--user", "y"), ("revoke", "x", "y")])
def test_wrong_use_gives_exit_code_2(run: Run, arguments: tuple[str, ...]) -> None:
    """Product §4: exit 2 for wrong use."""
    found = run("tokens", *arguments)
    assert (found.code, found.out) == (2, "")
    assert found.err
