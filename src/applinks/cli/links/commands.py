"""The commands ``applinks links``; adding and editing have modules of their own."""

from typing import Annotated

from cyclopts import App, Parameter

from applinks.cli.asking import confirm
from applinks.cli.links.adding import add
from applinks.cli.links.editing import edit
from applinks.cli.links.hand_facts import HandFacts, find_hand_facts
from applinks.cli.links.output import (
    ENDED_HEADINGS,
    LIST_HEADINGS,
    describe_link,
    describe_view,
    list_ended_cells,
    list_row,
    list_view_facts,
    print_changed,
)
from applinks.cli.options import CommonOptions, LinkArgument, YesOption
from applinks.cli.output import print_facts, print_json, print_line, print_table

# What a command needs of the database is loaded inside it: --help and a typing error are answered without.
app = App(name="links")
app.command(add)
app.command(edit)


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
    from applinks.cli.opening import find_actor, open_database

    common = common or CommonOptions()
    async with open_database(common) as opened:
        listed = await links.list_links(ended=ended, actor=find_actor(), side=opened.administration)
        found = [(link, await find_hand_facts(link, opened)) for link in listed]
    if common.json:
        print_json([describe_link(link, facts) for link, facts in found])
    elif not found:
        print_line("Nothing is linked yet. Begin with: applinks links add URL, or on the page /applinks/new.")
    elif ended:
        rows = [(*list_row(link, facts), *list_ended_cells(link)) for link, facts in found]
        print_table((*LIST_HEADINGS, *ENDED_HEADINGS), rows)
    else:
        print_table(LIST_HEADINGS, [list_row(link, facts) for link, facts in found])


@app.command
async def show(link: LinkArgument, /, *, common: CommonOptions | None = None) -> None:
    """
    Show one link: its state, what passes, and its users at both ends.

    One that has ended is shown by its id.
    """
    from applinks.administration import links
    from applinks.cli.opening import find_actor, open_database

    common = common or CommonOptions()
    async with open_database(common) as opened:
        found = await links.show_link(link, actor=find_actor(), side=opened.administration)
        facts = await find_hand_facts(found.link, opened)
    if common.json:
        print_json(describe_view(found, facts))
    else:
        print_facts(list_view_facts(found, facts))


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

    The running application obeys at once, and tells the other side within
    seconds.
    """
    from applinks.administration import links
    from applinks.cli.opening import find_actor, open_database

    common = common or CommonOptions()
    async with open_database(common) as opened:
        changed = await links.pause(link, reason=reason, actor=find_actor(), side=opened.administration)
        facts = await find_hand_facts(changed, opened)
    print_changed(changed, facts, common)


@app.command
async def resume(link: LinkArgument, /, *, common: CommonOptions | None = None) -> None:
    """Resume a link that this side paused; a pause of the other side stays."""
    from applinks.administration import links
    from applinks.cli.opening import find_actor, open_database

    common = common or CommonOptions()
    async with open_database(common) as opened:
        changed = await links.resume(link, actor=find_actor(), side=opened.administration)
        facts = await find_hand_facts(changed, opened)
    print_changed(changed, facts, common)


@app.command
async def delete(link: LinkArgument, /, *, yes: YesOption = False, common: CommonOptions | None = None) -> None:
    """
    Delete a link, for good; between two Applinks at both ends.

    The users of both sides lose their connections; the running application
    tells the other side.
    """
    from applinks.administration import links
    from applinks.cli.opening import find_actor, open_administration

    common = common or CommonOptions()
    async with open_administration(common) as administration:
        found = (await links.show_link(link, actor=find_actor(), side=administration)).link
        confirm(f"Delete the link with {found.name}{'' if found.is_by_hand else ' at both ends'}?", yes=yes)
        changed = await links.delete(link, actor=find_actor(), side=administration)
    print_changed(changed, HandFacts(), common)
