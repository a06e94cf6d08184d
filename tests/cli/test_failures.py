"""The commands ``applinks failures``."""

import asyncio
import json
import re

import pytest

from applinks.errors import RefusedError
from tests.cli.conftest import Run, open_database


@pytest.fixture
def reference(database: str) -> str:
    """The reference of a refusal that the application recorded."""

    async def record() -> str:
        storage = await open_database(database)
        try:
            error = RefusedError("The code is not valid.", code="invalid_grant", detail="expired [red]3 s\x1b[0m ago")
            return await storage.failures.record(error, place="token")
        finally:
            await storage.close()

    return asyncio.run(record())


def test_a_reference_is_explained_with_what_the_wire_did_not_say(run: Run, database: str, reference: str) -> None:
    """Issue: a refusal's reference is explained by failures show."""
    found = run("failures", "show", reference, "--database", database)
    assert found.code == 0
    assert "The code is not valid." in found.out
    assert "expired [red]3 s" in found.out


def test_link_and_client_are_named_as_commands_take_them(run_server: Run, database: str) -> None:
    """Ours: an id is no word that anybody knows; of what is gone it is all there is."""
    probe = ("--name", "Probe", "--redirect-uri", "https://probe.example/cb", "--scope", "profile")
    added = json.loads(run_server("clients", "add", *probe, "--json").out)

    async def record(link_id: str, client: str) -> str:
        storage = await open_database(database)
        try:
            error = RefusedError("No.", code="invalid_grant")
            return await storage.failures.record(error, place="token", link_id=link_id, client=client, user_id="usr_1")
        finally:
            await storage.close()

    known = run_server("failures", "show", asyncio.run(record(added["link_id"], added["client_id"]))).out
    assert re.search(rf"^Link +probe\nClient +{added['client_id']}\nUser +usr_1$", known, re.MULTILINE)
    gone = run_server("failures", "show", asyncio.run(record("lnk_gone", "cli_gone"))).out
    assert re.search(r"^Link +lnk_gone\nClient +cli_gone$", gone, re.MULTILINE)


def test_a_reference_is_found_however_it_is_typed(run: Run, database: str, reference: str) -> None:
    """Ours: it is read aloud and typed from a screenshot."""
    found = run("failures", "show", reference.lower(), "--database", database, "--json")
    assert json.loads(found.out)["code"] == "invalid_grant"


def test_what_a_stranger_wrote_cannot_move_the_terminal(run: Run, database: str, reference: str) -> None:
    """Ours: control characters of a refused request are not printed."""
    assert "\x1b" not in run("failures", "show", reference, "--database", database).out


def test_the_list_is_one_line_of_json(run: Run, database: str, reference: str) -> None:
    """Ours: --json on everything that prints data."""
    found = run("failures", "list", "--database", database, "--json")
    assert [each["reference"] for each in json.loads(found.out)] == [reference]
    assert found.out.count("\n") == 1


def test_the_list_for_people_holds_the_reference(run: Run, database: str, reference: str) -> None:
    """Ours."""
    assert reference in run("failures", "list", "--database", database).out


def test_an_unknown_reference_is_refused_with_a_next_step(run: Run, database: str, reference: str) -> None:
    """Ours: errors on stderr with the next step, exit 1."""
    found = run("failures", "show", "AL-XXXX-XXXX", "--database", database)
    assert (found.code, found.out) == (1, "")
    assert "application at the other end" in found.err


@pytest.mark.parametrize(
    "arguments", [("show",), ("list", "--limit", "0"), ("list", "--limit", "x"), ("lst",), ("list", "--no-json")]
)
def test_wrong_use_gives_exit_code_2(run: Run, arguments: tuple[str, ...]) -> None:
    """Product §4: exit 2 for wrong use."""
    found = run("failures", *arguments)
    assert (found.code, found.out) == (2, "")
    assert found.err
