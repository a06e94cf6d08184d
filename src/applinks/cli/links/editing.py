"""The command ``applinks links edit``."""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from applinks.cli.links.options import IncomingOptions, OutgoingOptions, PrivateAddressOption
from applinks.cli.options import CommonOptions, LinkArgument
from applinks.cli.output import refuse_use


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChangeOptions:
    """What changes of a link."""

    name: Annotated[str | None, Parameter(help="What we call the other application.")] = None
    handle: Annotated[str | None, Parameter(help="The link's name in commands and code: a-z, 0-9 and -.")] = None
    url: Annotated[
        str | None, Parameter(help="Their address, where they only called us until now and we shall call them, too.")
    ] = None
    issuer: Annotated[
        str | None, Parameter(help="Their authorization server. At another one every user connects again.")
    ] = None
    private_address: PrivateAddressOption = False
    outgoing: Annotated[
        bool | None,
        Parameter(name="--outgoing", negative="--no-outgoing", show_default=False, help="Whether we call them."),
    ] = None
    incoming: Annotated[
        bool | None,
        Parameter(name="--incoming", negative="--no-incoming", show_default=False, help="Whether they call us."),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedChange:
    """A change, as it was typed."""

    link: LinkChangeOptions
    outgoing: OutgoingOptions
    incoming: IncomingOptions

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said at all."""
        return self == TypedChange(link=LinkChangeOptions(), outgoing=OutgoingOptions(), incoming=IncomingOptions())

    @property
    def wants_incoming(self) -> bool:
        """Whether they shall call us from now on."""
        return bool(self.link.incoming or self.incoming.has_values or self.incoming.incoming_scope)

    @property
    def wants_outgoing(self) -> bool:
        """Whether we shall call them from now on."""
        return bool(self.link.outgoing or self.link.url or self.outgoing.scope)


async def edit(
    link: LinkArgument,
    /,
    *,
    change: LinkChangeOptions | None = None,
    outgoing: OutgoingOptions | None = None,
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
        incoming=incoming or IncomingOptions(),
    )
    if typed.is_empty:
        refuse_use("say what shall change: applinks links edit --help names the options")
    typed.outgoing.check()
    async with open_sides(common) as sides:
        await change_link(link, typed, sides, common)
