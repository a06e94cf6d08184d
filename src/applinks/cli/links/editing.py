"""The command ``applinks links edit``."""

from applinks.cli.links.oauth1.options import OAuth1Options
from applinks.cli.links.options import IncomingOptions, OutgoingOptions
from applinks.cli.links.typed import LinkChangeOptions, TypedChange
from applinks.cli.options import CommonOptions, LinkArgument
from applinks.cli.output import refuse_use


async def edit(
    link: LinkArgument,
    /,
    *,
    change: LinkChangeOptions | None = None,
    outgoing: OutgoingOptions | None = None,
    oauth1: OAuth1Options | None = None,
    incoming: IncomingOptions | None = None,
    common: CommonOptions | None = None,
) -> None:
    """
    Change a link; what is not named stays.

    Of a link between two Applinks: its name and handle, and, within what both
    administrators approved, what passes in each direction. Of a link by hand
    also what the other side gave you, and a direction that it did not have yet.
    """
    from applinks.cli.links.changing import change_link
    from applinks.cli.sides import open_sides

    common = common or CommonOptions()
    typed = TypedChange(
        link=change or LinkChangeOptions(),
        outgoing=outgoing or OutgoingOptions(),
        oauth1=oauth1 or OAuth1Options(),
        incoming=incoming or IncomingOptions(),
    )
    if typed.is_empty:
        refuse_use("say what shall change: applinks links edit --help names the options")
    typed.outgoing.check()
    typed.oauth1.check()
    if typed.oauth1.is_meant and (typed.outgoing.has_values or typed.outgoing.scope or typed.link.issuer):
        refuse_use("what we call is reached by OAuth 1.0a or by OAuth 2: leave the options of one of them out")
    async with open_sides(common) as sides:
        await change_link(link, typed, sides, common)
