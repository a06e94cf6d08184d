"""The command ``applinks links edit``."""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from applinks.cli.links.oauth1.options import OAuth1Options
from applinks.cli.links.options import DisplayUrlOption, IncomingOptions, OutgoingOptions, PrivateAddressOption
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
    impersonation: Annotated[
        bool | None,
        Parameter(
            name="--impersonation",
            negative="--no-impersonation",
            show_default=False,
            help="Whether we name the user as whom we call, over OAuth 1.0a. By hand only.",
        ),
    ] = None
    incoming_impersonation: Annotated[
        bool | None,
        Parameter(
            name="--incoming-impersonation",
            negative="--no-incoming-impersonation",
            show_default=False,
            help="Whether they may name the user as whom they call, over OAuth 1.0a. By hand only.",
        ),
    ] = None
    display_url: DisplayUrlOption = None
    primary: Annotated[
        bool | None,
        Parameter(
            name="--primary",
            negative="--no-primary",
            show_default=False,
            help="Whether it is the first of its type here.",
        ),
    ] = None

    @property
    def is_of_hand(self) -> bool:
        """Whether something was said that can be changed of a link by hand alone."""
        levels = (self.impersonation, self.incoming_impersonation)
        return bool(self.issuer or self.url) or self.display_url is not None or any(each is not None for each in levels)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedChange:
    """A change, as it was typed."""

    link: LinkChangeOptions
    outgoing: OutgoingOptions
    oauth1: OAuth1Options
    incoming: IncomingOptions

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said at all."""
        return self == TypedChange(
            link=LinkChangeOptions(), outgoing=OutgoingOptions(), oauth1=OAuth1Options(), incoming=IncomingOptions()
        )

    @property
    def wants_incoming(self) -> bool:
        """Whether they shall call us from now on."""
        return bool(self.link.incoming or self.incoming.has_values or self.incoming.incoming_scope)

    @property
    def wants_outgoing(self) -> bool:
        """Whether we shall call them from now on."""
        return bool(self.link.outgoing or self.link.url or self.outgoing.scope or self.oauth1.has_endpoints)


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
