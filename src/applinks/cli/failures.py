"""The commands ``applinks failures list|show``."""

import contextlib
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter
from cyclopts.validators import Number

from applinks.cli.options import CommonOptions
from applinks.cli.output import format_time, print_facts, print_json, print_line, print_table
from applinks.errors import RefusedError

if TYPE_CHECKING:
    from applinks.cli.opening import Opened
    from applinks.records.failures import Failure

app = App(name="failures")


@app.command(name="list")
async def list_failures(
    *,
    limit: Annotated[int, Parameter(validator=Number(gte=1, lte=1000), help="How many, the newest first.")] = 50,
    common: CommonOptions | None = None,
) -> None:
    """List the newest failures."""
    from applinks.administration import failures
    from applinks.cli.opening import find_actor, open_administration

    common = common or CommonOptions()
    async with open_administration(common) as administration:
        found = await failures.list_failures(limit=limit, actor=find_actor(), side=administration)
    if common.json:
        print_json([_describe(failure) for failure in found])
    elif not found:
        print_line("Nothing was refused and nothing failed.")
    else:
        rows = [
            (failure.reference, format_time(failure.at) or "", failure.place, failure.code, failure.description)
            for failure in found
        ]
        print_table(("Reference", "Time", "Where", "Code", "What"), rows)


@app.command
async def show(
    reference: Annotated[str, Parameter(help="As the page or the answer gave it, such as AL-7KQ2-M9F4.")],
    /,
    *,
    common: CommonOptions | None = None,
) -> None:
    """Explain one failure by its reference."""
    from applinks.administration import failures
    from applinks.cli.opening import find_actor, open_database

    common = common or CommonOptions()
    async with open_database(common) as opened:
        administration = opened.administration
        try:
            failure = await failures.show_failure(reference, actor=find_actor(), side=administration)
        except RefusedError as error:
            raise RefusedError(
                f"No failure here has the reference {reference!r}."
                " It may be older than what is kept, or of the application at the other end: try its database."
            ) from error
        whom = await _name_whom(failure, opened)
    if common.json:
        print_json(_describe(failure))
        return
    print_facts([(name, value) for name, value in (*_list_facts(failure), *whom) if value])


async def _name_whom(failure: "Failure", opened: "Opened") -> list[tuple[str, str]]:
    """Give the names that commands take of whom it concerns; an id where there is nothing of that name any more."""
    from applinks.administration.clients import show_client
    from applinks.administration.links import show_link
    from applinks.cli.opening import find_actor

    link, client, user = failure.link_id, failure.client, failure.user_id
    actor, side = find_actor(), opened.administration
    with contextlib.suppress(RefusedError):
        link = (await show_link(link, actor=actor, side=side)).link.handle if link else ""
    with contextlib.suppress(RefusedError):
        client = (await show_client(client, actor=actor, side=side)).client.client_id if client else ""
    account = await opened.storage.accounts.find(user) if user else None
    return [("Link", link), ("Client", client), ("User", account.name if account else user)]


def _describe(failure: "Failure") -> dict[str, Any]:
    return {
        "reference": failure.reference,
        "at": format_time(failure.at),
        "place": failure.place,
        "code": failure.code,
        "description": failure.description,
        "detail": failure.detail,
        "link": failure.link_id or None,
        "client": failure.client or None,
        "user": failure.user_id or None,
    }


def _list_facts(failure: "Failure") -> list[tuple[str, str]]:
    return [
        ("Reference", failure.reference),
        ("Time", format_time(failure.at) or ""),
        ("Where", failure.place),
        ("Code", failure.code),
        ("What was said", failure.description),
        ("Why", failure.detail),
    ]
