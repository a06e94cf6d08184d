"""The commands ``applinks links list|show|pause|resume|delete``."""

import sys
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from applinks.cli.link_output import (
    ENDED_HEADINGS,
    LIST_HEADINGS,
    describe_link,
    describe_view,
    is_told,
    list_ended_cells,
    list_facts,
    list_row,
    list_view_facts,
)
from applinks.cli.options import CommonOptions
from applinks.cli.output import ask, clean, print_facts, print_json, print_line, print_note, print_table

if TYPE_CHECKING:
    from applinks.records.links import Link

# What a command needs of the database is loaded inside it: --help and a typing error are answered without.
app = App(name="links", help="See, pause, resume and delete application links.")

LinkArgument = Annotated[str, Parameter(help="The link's handle or id.")]


@app.command(name="list")
async def list_links(
    *,
    ended: Annotated[
        bool, Parameter(name="--all", negative="", show_default=False, help="Also those that have ended.")
    ] = False,
    common: CommonOptions | None = None,
) -> None:
    """List the links, with their state and what passes in each direction."""
    from applinks.administration import links
    from applinks.cli.opening import find_actor, open_administration

    common = common or CommonOptions()
    async with open_administration(common) as administration:
        found = await links.list_links(ended=ended, actor=find_actor(), side=administration)
    if common.json:
        print_json([describe_link(link) for link in found])
    elif not found:
        print_line("Nothing is linked yet. An administrator begins on the application's page /applinks/new.")
    elif ended:
        rows = [(*list_row(link), *list_ended_cells(link)) for link in found]
        print_table((*LIST_HEADINGS, *ENDED_HEADINGS), rows)
    else:
        print_table(LIST_HEADINGS, [list_row(link) for link in found])


@app.command
async def show(link: LinkArgument, /, *, common: CommonOptions | None = None) -> None:
    """
    Show one link: its state, what passes, and its users at both ends.

    One that has ended is shown by its id.
    """
    from applinks.administration import links
    from applinks.cli.opening import find_actor, open_administration

    common = common or CommonOptions()
    async with open_administration(common) as administration:
        found = await links.show_link(link, actor=find_actor(), side=administration)
    if common.json:
        print_json(describe_view(found))
    else:
        print_facts(list_view_facts(found))


@app.command
async def pause(
    link: LinkArgument,
    /,
    *,
    reason: Annotated[str, Parameter(help="For the other administrators here.")] = "",
    common: CommonOptions | None = None,
) -> None:
    """
    Pause a link: from now on nothing passes, in either direction.

    The running application obeys at once, and tells the other side within seconds.
    """
    from applinks.administration import links
    from applinks.cli.opening import find_actor, open_administration

    common = common or CommonOptions()
    async with open_administration(common) as administration:
        changed = await links.pause(link, reason=reason, actor=find_actor(), side=administration)
    _print_changed(changed, common)


@app.command
async def resume(link: LinkArgument, /, *, common: CommonOptions | None = None) -> None:
    """Resume a link that this side paused; a pause of the other side stays."""
    from applinks.administration import links
    from applinks.cli.opening import find_actor, open_administration

    common = common or CommonOptions()
    async with open_administration(common) as administration:
        changed = await links.resume(link, actor=find_actor(), side=administration)
    _print_changed(changed, common)


@app.command
async def delete(
    link: LinkArgument,
    /,
    *,
    yes: Annotated[
        bool, Parameter(negative="", show_default=False, help="Do not ask. Without a terminal nothing is asked.")
    ] = False,
    common: CommonOptions | None = None,
) -> None:
    """
    Delete a link at both ends, for good.

    The users of both sides lose their connections; the running application tells the other side.
    """
    from applinks.administration import links
    from applinks.cli.opening import find_actor, open_administration

    common = common or CommonOptions()
    async with open_administration(common) as administration:
        if not yes and sys.stdin.isatty():
            name = (await links.show_link(link, actor=find_actor(), side=administration)).link.name
            if not ask(f"Delete the link with {name} at both ends?"):
                print_note("Nothing was changed.")
                sys.exit(1)
        changed = await links.delete(link, actor=find_actor(), side=administration)
    _print_changed(changed, common)


def _print_changed(link: "Link", common: CommonOptions) -> None:
    if common.json:
        print_json(describe_link(link))
        return
    print_facts(list_facts(link))
    if not is_told(link):
        # What a command can say: it sends nothing itself.
        print_line(clean(f"The running application tells {link.name} within seconds."))
