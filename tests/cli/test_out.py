"""The command ``applinks out``."""

import asyncio
import io
import json
import sys
from pathlib import Path

import pytest

from applinks.clock import SystemClock
from applinks.records.accounts import Account
from tests.cli.conftest import Run, open_database
from tests.cli.foreign_server import ForeignServer
from tests.conformance.records import make_account, make_connection, make_event


@pytest.fixture
def link(run_server: Run, foreign: ForeignServer, tmp_path: Path) -> str:
    """A link over which we may call, as a user and as the application itself."""
    (tmp_path / "secret").write_text("secret")
    known = ("--client-id", "al", "--client-secret-file", str(tmp_path / "secret"))
    found = run_server("links", "add", foreign.url, "--scope", "notes", "--handle", "notes", *known, "--json")
    assert found.code == 0, found.err
    return "notes"


@pytest.fixture
def alice(database: str, link: str) -> Account:
    """A user of ours who has connected her account there."""

    async def connect() -> Account:
        account = make_account(name="alice")
        storage = await open_database(database)
        try:
            found = await storage.linking.find_link(link)
            assert found is not None
            assert await storage.accounts.add(account, event=make_event())
            connection = make_connection(found, account.id, expires_at=SystemClock().now() + 3600)
            await storage.outgoing.add_connection(connection, event=None)
        finally:
            await storage.close()
        return account

    return asyncio.run(connect())


def test_a_user_s_data_is_fetched_as_the_user(run_server: Run, foreign: ForeignServer, alice: Account) -> None:
    """Issue: applinks out LINK /me --user alice answers with the user's data."""
    found = run_server("out", "notes", "/api/me", "--user", "alice")
    assert (found.code, found.err) == (0, "")
    assert json.loads(found.out) == {"method": "GET", "path": "/api/me", "body": ""}
    [(_, _, headers, _)] = foreign.calls
    assert headers["authorization"] == "Bearer their-access-token"


def test_a_user_may_be_named_by_her_id(run_server: Run, foreign: ForeignServer, alice: Account) -> None:
    """Ours: a name may change."""
    assert run_server("out", "notes", "/api/me", "--user", alice.id).code == 0


def test_without_user_the_application_itself_calls(run_server: Run, foreign: ForeignServer, link: str) -> None:
    """Product §5: a service connection beside personal ones."""
    found = run_server("out", link, "/api/me")
    assert (found.code, found.err) == (0, "")
    assert [form["grant_type"] for form in foreign.token_forms] == ["client_credentials"]


def test_a_user_who_is_not_connected_is_told_where_to_connect(
    run_server: Run, link: str, alice: Account, database: str
) -> None:
    """Product §5: an error that carries the URL."""

    async def add_bob() -> None:
        storage = await open_database(database)
        try:
            await storage.accounts.add(make_account(2, name="bob"), event=make_event(2))
        finally:
            await storage.close()

    asyncio.run(add_bob())
    found = run_server("out", link, "/api/me", "--user", "bob")
    assert (found.code, found.out) == (1, "")
    assert "bob is not connected with notes yet. Log in as bob and open: http" in found.err
    assert "/applinks/connect/lnk_" in found.err


def test_a_name_that_nobody_has_is_refused(run_server: Run, link: str, alice: Account) -> None:
    """Ours: a slip is no reason to be sent to a connect page."""
    found = run_server("out", link, "/api/me", "--user", "alcie")
    assert (found.code, found.out) == (1, "")
    assert found.err == "applinks: There is no user 'alcie'. See: applinks users list\n"


def test_where_the_users_are_a_host_s_their_id_is_taken_as_it_is(run_server: Run, link: str) -> None:
    """Ours: who they are only the host knows."""
    found = run_server("out", link, "/api/me", "--user", "u-17")
    assert "u-17 is not connected with notes yet." in found.err


def test_a_body_is_posted_as_what_it_is(run_server: Run, foreign: ForeignServer, alice: Account) -> None:
    """Ours: JSON, else a form, unless a header says otherwise."""
    for data, kind in (('{"a": 1}', "application/json"), ("a=1", "application/x-www-form-urlencoded")):
        assert run_server("out", "notes", "/api/new", "--user", "alice", "--data", data).code == 0
        method, _, headers, body = foreign.calls.pop()
        assert (method, headers["content-type"], body.decode()) == ("POST", kind, data)


def test_method_and_headers_can_be_said(run_server: Run, foreign: ForeignServer, alice: Account) -> None:
    """Ours."""
    options = ("--method", "put", "--data", "x", "--header", "Content-Type: text/plain", "--header", "X-One:1")
    assert run_server("out", "notes", "/api/x", "--user", "alice", *options).code == 0
    [(method, _, headers, _)] = foreign.calls
    assert (method, headers["content-type"], headers["x-one"]) == ("PUT", "text/plain", "1")


def test_a_body_may_come_from_a_file_or_from_standard_input(
    run_server: Run, foreign: ForeignServer, alice: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours."""
    (tmp_path / "body").write_bytes(b"\xff\x00")
    run_server("out", "notes", "/api/x", "--user", "alice", "--data", f"@{tmp_path / 'body'}")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"typed")))
    run_server("out", "notes", "/api/x", "--user", "alice", "--data", "-")
    assert [body for *_, body in foreign.calls] == [b"\xff\x00", b"typed"]


def test_the_json_has_status_headers_and_body(run_server: Run, alice: Account) -> None:
    """Product §4: --json on everything that prints data."""
    found = run_server("out", "notes", "/api/me", "--user", "alice", "--json")
    answer = json.loads(found.out)
    assert answer["status"] == 200
    assert answer["headers"]["content-type"] == "application/json"
    assert answer["body"]["path"] == "/api/me"


def test_an_answer_that_says_no_is_printed_and_gives_exit_code_1(run_server: Run, alice: Account) -> None:
    """Ours: a script sees it, and a person reads why."""
    found = run_server("out", "notes", "/api/no", "--user", "alice")
    assert found.code == 1
    assert json.loads(found.out)["path"] == "/api/no"
    assert found.err == "applinks: notes answered 403 Forbidden.\n"


def test_a_link_that_is_not_complete_says_what_is_missing(run_server: Run, foreign: ForeignServer) -> None:
    """Ours: and the command that enters it."""
    run_server("links", "add", foreign.url, "--scope", "notes", "--handle", "half")
    found = run_server("out", "half", "/api/me")
    assert (found.code, found.out) == (1, "")
    assert "applinks links edit half --client-id ID --client-secret-file -" in found.err
    # One sentence for people, and no line of a log beside it.
    assert found.err.count("\n") == 1


def test_a_path_that_leads_elsewhere_is_refused(run_server: Run, foreign: ForeignServer, alice: Account) -> None:
    """CL-20: credentials are never used at another."""
    for path in ("https://evil.example/", "/api/../../x", "me"):
        found = run_server("out", "notes", path, "--user", "alice")
        assert (found.code, found.out) == (1, "")
    assert foreign.calls == []


@pytest.mark.parametrize("header", ["Authorization: x", "Host: evil.example", "X-Ü: ä", "X Y: z", "X: a\nb"])
def test_a_header_that_cannot_be_sent_is_refused_in_words(run_server: Run, alice: Account, header: str) -> None:
    """Ours: never a traceback."""
    found = run_server("out", "notes", "/api/me", "--user", "alice", "--header", header)
    assert found.code in {1, 2}
    assert found.out == ""
    assert found.err.startswith("applinks: ")
    assert found.err.count("\n") == 1


@pytest.mark.parametrize("method", ["G T", "GET\r\nX: y"])
def test_a_method_that_is_none_is_refused_in_words(run_server: Run, alice: Account, method: str) -> None:
    """Ours: never a traceback."""
    found = run_server("out", "notes", "/api/me", "--user", "alice", "--method", method)
    assert found.code in {1, 2}
    assert found.out == ""
    assert found.err.startswith("applinks: ")


def test_an_unknown_link_is_refused_with_the_list(run_server: Run) -> None:
    """Ours."""
    found = run_server("out", "nobody", "/me")
    assert (found.code, found.out) == (1, "")
    assert found.err == "applinks: There is no such link. See: applinks links list\n"


@pytest.mark.parametrize("arguments", [(), ("a",), ("a", "/b", "c"), ("a", "/b", "--header", "x")])
def test_wrong_use_gives_exit_code_2(run: Run, arguments: tuple[str, ...]) -> None:
    """Product §4: exit 2 for wrong use."""
    found = run("out", *arguments)
    assert (found.code, found.out) == (2, "")
    assert found.err
