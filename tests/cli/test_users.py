"""`applinks users`."""

import asyncio
import io
import json
import sys
from typing import Any

import pytest

from applinks.hosts.server.passwords import verify_password
from applinks.records.accounts import Account
from applinks.secret import Secret
from tests.cli.conftest import Run, open_database


@pytest.fixture(autouse=True)
def made(run: Run, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPLINKS_DATABASE", database)
    assert run("database", "upgrade").code == 0


def find(database: str, name: str) -> Account | None:
    async def look() -> Account | None:
        storage = await open_database(database)
        try:
            return await storage.accounts.find_by_name(name)
        finally:
            await storage.close()

    return asyncio.run(look())


def has_password(database: str, name: str, password: str) -> bool:
    account = find(database, name)
    assert account is not None
    return asyncio.run(verify_password(Secret(password), account.password))


class Terminal(io.StringIO):
    """A keyboard, as far as a command can tell."""

    def isatty(self) -> bool:
        return True


def test_a_user_is_added_and_shown(run: Run, database: str) -> None:
    """Product §4 users."""
    added = run("users", "add", "alice", "--password", "wonderland", "--email", "alice@hafen.example")
    assert (added.code, added.out) == (0, "alice can log in.\n")
    assert has_password(database, "alice", "wonderland")
    assert "is an administrator" in run("users", "add", "robin", "--password", "sherwood", "--admin").out
    listed = json.loads(run("users", "list", "--json").out)
    assert [(each["name"], each["email"], each["role"], each["active"]) for each in listed] == [
        ("alice", "alice@hafen.example", "none", True),
        ("robin", None, "administrator", True),
    ]
    assert listed[0]["last_login_at"] is None
    shown = run("users", "list").out
    assert "alice@hafen.example" in shown
    assert "administrator" in shown


def test_the_json_of_a_new_user_holds_no_password(run: Run) -> None:
    """Security N-05."""
    added = run("users", "add", "alice", "--password", "wonderland", "--json")
    assert json.loads(added.out)["id"].startswith("usr_")
    assert "wonderland" not in added.out + added.err
    assert "argon2" not in added.out


def test_a_password_comes_from_standard_input(run: Run, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Product §4: --password-stdin, a line; spaces are part of it."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(" down the hole \nand more\n"))
    assert run("users", "add", "alice", "--password-stdin").code == 0
    assert has_password(database, "alice", " down the hole ")


def test_a_password_is_asked_for_on_a_terminal_twice(run: Run, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Product §4: asked for where none is given."""
    answers = iter(["wonderland", "wonderland", "one thing", "another"])
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", lambda prompt, stream=None: next(answers))
    assert run("users", "add", "alice").code == 0
    assert has_password(database, "alice", "wonderland")
    differing = run("users", "password", "alice")
    assert (differing.code, "not the same" in differing.err) == (1, True)
    assert has_password(database, "alice", "wonderland")


def test_without_a_terminal_a_password_has_to_be_given(
    run: Run, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours: a script is never left waiting."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("wonderland\n"))
    done = run("users", "add", "alice")
    assert (done.code, "--password-stdin" in done.err) == (2, True)
    assert run("users", "add", "alice", "--password", "x" * 9, "--password-stdin").code == 2
    assert find(database, "alice") is None


def test_a_short_password_is_taken_and_said(run: Run, database: str) -> None:
    """NIST SP 800-63B: eight characters; the administrator decides."""
    done = run("users", "add", "alice", "--password", "short")
    assert (done.code, "is short" in done.err) == (0, True)
    assert has_password(database, "alice", "short")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("alice", "--password", ""), "1 to 1000 characters"),
        (("alice", "--password", "x" * 1001), "1 to 1000 characters"),
        (("", "--password", "wonderland"), "1 to 60 characters"),
        (("al ice", "--password", "wonderland"), "no spaces"),
        (("a\x1b[31m", "--password", "wonderland"), "can all be shown"),
        (("alice", "--password", "wonderland", "--email", "nobody"), "no e-mail address"),
        (("BOB", "--password", "wonderland"), "There is a user 'BOB' already."),
        (("BOB", "--password", "wonderland"), "applinks users password BOB gives a new password"),
        (("BOB", "--password", "wonderland", "--admin"), "Another role or e-mail address takes a new account"),
        (("", "--password", "wonderland"), "applinks: NAME: A name has"),
        (("alice", "--password", "w\udcffnderland"), "no text in UTF-8"),
    ],
)
def test_what_cannot_be_a_user_is_refused_in_a_sentence(
    run: Run, database: str, arguments: tuple[str, ...], said: str
) -> None:
    """Ours: exit code 1, and nothing was written."""
    run("users", "add", "bob", "--password", "wonderland")
    done = run("users", "add", *arguments)
    assert (done.code, said in done.err) == (1, True), done.err
    assert find(database, "alice") is None


def test_a_new_password_replaces_the_old_one(run: Run, database: str) -> None:
    """Product §4 users password."""
    run("users", "add", "alice", "--password", "wonderland")
    done = run("users", "password", "Alice", "--password", "looking-glass")
    assert (done.code, done.out) == (0, "alice has a new password.\n")
    assert has_password(database, "alice", "looking-glass")
    assert not has_password(database, "alice", "wonderland")


def test_pause_and_resume_say_what_they_did(run: Run, database: str) -> None:
    """Product §4 users pause, resume; twice changes nothing."""
    run("users", "add", "alice", "--password", "wonderland")
    for _ in range(2):
        assert "logged out everywhere" in run("users", "pause", "ALICE").out
    assert "paused" in run("users", "list").out
    assert json.loads(run("users", "resume", "alice", "--json").out)["active"]


@pytest.mark.parametrize("action", ["pause", "delete"])
def test_without_an_administrator_left_the_command_that_makes_one_is_named(run: Run, action: str) -> None:
    """Product §4 users: allowed, and said."""
    run("users", "add", "robin", "--password", "sherwood", "--admin")
    run("users", "add", "dana", "--password", "lighthouse", "--admin")
    run("users", "add", "alice", "--password", "wonderland")
    assert run("users", action, "robin").err == ""
    assert "applinks users add NAME --admin" in run("users", action, "dana").err
    assert run("users", action, "alice").err == ""


def test_a_deleted_user_is_gone_and_her_name_is_free(run: Run, database: str) -> None:
    """Product §4 users delete; house §8: an id is never used again."""
    first = json.loads(run("users", "add", "alice", "--password", "wonderland", "--json").out)
    assert run("users", "delete", "alice", "--yes").out == "alice is deleted.\n"
    assert find(database, "alice") is None
    again = json.loads(run("users", "add", "alice", "--password", "wonderland", "--json").out)
    assert again["id"] != first["id"]


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("\n", 1), ("", 1)])
def test_deleting_is_asked_about_on_a_terminal(
    run: Run, database: str, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    """Ours: as with links."""
    run("users", "add", "alice", "--password", "wonderland")
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    done = run("users", "delete", "alice")
    assert done.code == code
    assert "Delete alice" in done.err
    assert (find(database, "alice") is None) == (code == 0)


@pytest.mark.parametrize("action", ["password", "pause", "resume", "delete"])
def test_an_unknown_user_is_said_to_be_one(run: Run, action: str) -> None:
    """Ours: with the command that lists them."""
    more = ("--password", "x" * 9) if action == "password" else ()
    done = run("users", action, "nobody", *more)
    assert (done.code, done.err) == (1, "applinks: There is no user 'nobody'. See: applinks users list\n")


def test_without_users_the_list_says_how_to_begin(run: Run) -> None:
    """Ours."""
    assert "applinks users add" in run("users", "list").out
    assert json.loads(run("users", "list", "--json").out) == []


def test_every_change_is_in_the_audit(run: Run, database: str) -> None:
    """House §3: the audit names the command line and the system's user."""
    run("users", "add", "alice", "--password", "wonderland")
    run("users", "pause", "alice")
    run("users", "delete", "alice")

    async def read() -> Any:
        storage = await open_database(database)
        try:
            return await storage.audit.list()
        finally:
            await storage.close()

    events = asyncio.run(read())
    assert [event.action for event in events if event.action.startswith("user.")] == [
        "user.deleted",
        "user.paused",
        "user.added",
    ]
    assert all(event.actor.startswith("command:") for event in events)
    assert "wonderland" not in repr(events)
