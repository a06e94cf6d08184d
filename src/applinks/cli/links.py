"""The commands ``applinks links list|show|pause|resume|delete``."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from applinks.cli.link_output import describe_link, describe_view, list_facts, list_row, list_view_facts
from applinks.cli.options import CommonOptions
from applinks.cli.output import print_facts, print_json, print_line, print_table

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
    else:
        print_table(("Link", "Name", "State", "Incoming", "Outgoing", "Address"), [list_row(link) for link in found])


@app.command
async def show(link: LinkArgument, /, *, common: CommonOptions | None = None) -> None:
    """Show one link: its state, what passes, and its users at both ends."""
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
async def delete(link: LinkArgument, /, *, common: CommonOptions | None = None) -> None:
    """
    Delete a link at both ends, for good.

    The users of both sides lose their connections; the running application tells the other side.
    """
    from applinks.administration import links
    from applinks.cli.opening import find_actor, open_administration

    common = common or CommonOptions()
    async with open_administration(common) as administration:
        changed = await links.delete(link, actor=find_actor(), side=administration)
    _print_changed(changed, common)


def _print_changed(link: "Link", common: CommonOptions) -> None:
    if common.json:
        print_json(describe_link(link))
    else:
        print_facts(list_facts(link))
