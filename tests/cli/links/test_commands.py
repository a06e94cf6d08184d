"""The commands ``applinks links``."""

import asyncio
import io
import json
import sys
from collections.abc import Sequence

import pytest

from applinks.records.audit import AuditEvent
from applinks.records.links import Direction, Link
from applinks.wire.linking.terms import Level
from tests.cli.conftest import Run, open_database
from tests.conformance.records import add_link, make_link

_INCOMING = Direction(
    level=Level.OAUTH, protocols=("oauth2",), user_scopes=("issues:read",), application_scopes=("projects:read",)
)
_OUTGOING = Direction()


@pytest.fixture
def link(database: str) -> Link:
    """A link in force, in the database of an application."""

    async def add() -> Link:
        storage = await open_database(database)
        try:
            return (await add_link(storage, make_link(incoming=_INCOMING, outgoing=_OUTGOING)))[0]
        finally:
            await storage.close()

    return asyncio.run(add())


def _load(database: str, link: Link) -> Link:
    async def load() -> Link | None:
        storage = await open_database(database)
        try:
            return await storage.linking.find_link(link.id)
        finally:
            await storage.close()

    found = asyncio.run(load())
    assert found is not None
    return found


def _list_events(database: str) -> Sequence[AuditEvent]:
    async def list_events() -> Sequence[AuditEvent]:
        storage = await open_database(database)
        try:
            return await storage.audit.list()
        finally:
            await storage.close()

    return asyncio.run(list_events())


def test_the_list_has_what_scripts_rely_on(run: Run, database: str, link: Link) -> None:
    """Product §4: links list."""
    found = run("links", "list", "--json", "--database", database)
    assert found.code == 0
    [shown] = json.loads(found.out)
    assert (shown["id"], shown["handle"], shown["name"]) == (link.id, link.handle, link.name)
    assert (shown["state"], shown["url"]) == ("in_force", link.peer.url)
    for direction in ("incoming", "outgoing"):
        record = getattr(link, direction)
        assert shown[direction]["enabled"] is record.is_enabled
        assert shown[direction]["level"] == record.level.value
        assert shown[direction]["protocols"] == list(record.protocols)
        assert set(shown[direction]["scopes"]) == {*record.user_scopes, *record.application_scopes}


def test_no_base_url_is_needed_to_look(run: Run, database: str, link: Link) -> None:
    """Product §4: a command that prints no address needs none."""
    found = run("links", "list", "--database", database)
    assert found.code == 0
    assert link.handle in found.out


def test_a_link_is_shown_by_handle_or_id(run: Run, database: str, link: Link) -> None:
    """House §8: pages, commands and code take either."""
    for name in (link.handle, link.id):
        found = run("links", "show", name, "--json", "--database", database)
        assert json.loads(found.out)["id"] == link.id
    assert link.id in run("links", "show", link.handle, "--database", database).out


def test_a_pause_stops_the_link_and_leaves_something_to_tell(run: Run, database: str, link: Link) -> None:
    """Issue: a pause by command is obeyed at once and told to the peer."""
    found = run("links", "pause", link.handle, "--reason", "migration", "--json", "--database", database)
    assert found.code == 0
    shown = json.loads(found.out)
    assert shown["paused"]
    assert not shown["usable"]
    stored = _load(database, link)
    assert not stored.is_usable
    assert stored.seq > link.seq
    assert stored.pause is not None
    assert stored.pause.reason == "migration"


def test_a_resumed_link_is_usable_again(run: Run, database: str, link: Link) -> None:
    """Handshake §5: the pausing side resumes."""
    run("links", "pause", link.handle, "--database", database)
    found = run("links", "resume", link.handle, "--database", database)
    assert found.code == 0
    assert _load(database, link).pause is None


def test_a_deleted_link_has_ended_for_good(run: Run, database: str, link: Link) -> None:
    """Handshake §5: delete."""
    found = run("links", "delete", link.handle, "--json", "--database", database)
    assert json.loads(found.out)["state"] == "ended"
    assert json.loads(run("links", "list", "--json", "--database", database).out) == []
    assert len(json.loads(run("links", "list", "--all", "--json", "--database", database).out)) == 1
    assert run("links", "resume", link.handle, "--database", database).code == 1


def test_what_passes_without_a_user_is_said(run: Run, database: str, link: Link) -> None:
    """Ours: an administrator sees in a terminal what her page shows."""
    words = "OAuth · OAuth 2 · issues:read; without a user: projects:read"
    assert words in run("links", "list", "--database", database).out
    shown = run("links", "show", link.handle, "--database", database).out
    assert f"{link.name} calls us: {words}" in shown
    assert f"we call {link.name}: Disabled" in shown


@pytest.mark.parametrize("verb", ["pause", "delete"])
def test_who_changes_a_link_is_told_who_tells_the_other_side(run: Run, database: str, link: Link, verb: str) -> None:
    """Issue: told to the peer within seconds, by the running application."""
    found = run("links", verb, link.handle, "--database", database)
    assert f"The running application tells {link.name} within seconds." in found.out
    assert "Not told yet" not in found.out


def test_a_link_that_ended_is_listed_with_the_id_by_which_it_is_shown(run: Run, database: str, link: Link) -> None:
    """House §8: a handle goes to the next link of that name, an id is never reused."""
    run("links", "delete", link.handle, "--database", database)
    listed = run("links", "list", "--all", "--database", database).out
    assert link.id in listed
    assert "Ended" in listed
    shown = run("links", "show", link.id, "--database", database)
    assert shown.code == 0
    assert "The link was deleted." in shown.out
    assert "Disabled" in shown.out
    assert run("links", "show", link.handle, "--database", database).code == 1


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("typed", "arguments", "ended"),
    [
        ("y\n", (), True),
        ("Yes\n", (), True),
        ("\n", (), False),
        ("n\n", (), False),
        ("", (), False),
        ("", ("--yes",), True),
    ],
)
def test_on_a_terminal_a_deletion_asks_first(
    run: Run,
    database: str,
    link: Link,
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    arguments: tuple[str, ...],
    ended: bool,
) -> None:
    """Ours: what cannot be brought back is not done by a slip; a script passes --yes, or has no terminal."""
    monkeypatch.setattr(sys, "stdin", _Terminal(typed))
    found = run("links", "delete", link.handle, *arguments, "--database", database)
    assert (found.code == 0) is ended
    assert bool(_load(database, link).ended_at) is ended
    asks = f"Delete the link with {link.name} at both ends? [y/N]" in found.err
    assert asks is not bool(arguments)
    if not ended:
        assert (found.out, "Nothing was changed." in found.err) == ("", True)


def test_the_audit_names_the_command_line_and_its_user(run: Run, database: str, link: Link) -> None:
    """House §2: the audit names the command line and the system's user."""
    run("links", "pause", link.handle, "--database", database)
    assert any(event.actor.startswith("command:") and event.link_id == link.id for event in _list_events(database))


@pytest.mark.parametrize("verb", ["show", "pause", "resume", "delete"])
def test_an_unknown_link_is_refused_in_words(run: Run, database: str, link: Link, verb: str) -> None:
    """Ours: exit 1, nothing on standard output, no traceback."""
    found = run("links", verb, "nobody", "--database", database)
    assert (found.code, found.out) == (1, "")
    assert found.err.startswith("applinks: There is no such link")


@pytest.mark.parametrize("arguments", [("show",), ("pause", "a", "b"), ("resume", "--reason", "x", "a")])
def test_wrong_use_gives_exit_code_2(run: Run, arguments: tuple[str, ...]) -> None:
    """Product §4: exit 2 for wrong use."""
    found = run("links", *arguments)
    assert (found.code, found.out) == (2, "")
