"""The command ``applinks links add``."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from applinks.cli.links.options import IncomingOptions, OutgoingOptions, PrivateAddressOption
from applinks.cli.options import CommonOptions
from applinks.cli.output import print_json, refuse_use

if TYPE_CHECKING:
    from applinks.cli.sides import OpenedSides


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class NewLinkOptions:
    """What a new link is, whichever way it is made."""

    name: Annotated[
        str | None, Parameter(help="What we call the other application. By default what it calls itself.")
    ] = None
    handle: Annotated[
        str | None,
        Parameter(help="The link's name in commands and code: a-z, 0-9 and -. By default made of the name."),
    ] = None
    issuer: Annotated[
        str | None,
        Parameter(help="Their authorization server, where it is not found at the address. By hand only."),
    ] = None
    private_address: PrivateAddressOption = False
    outgoing: Annotated[
        bool,
        Parameter(name="--outgoing", negative="--no-outgoing", show_default=False, help="Whether we call them."),
    ] = True
    incoming: Annotated[
        bool | None,
        Parameter(
            name="--incoming",
            negative="--no-incoming",
            show_default=False,
            help="Whether they call us. By default yes between two Applinks, and by hand only with --redirect-uri or"
            " --incoming-scope.",
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A new link, as it was typed."""

    url: str
    link: NewLinkOptions
    outgoing: OutgoingOptions
    incoming: IncomingOptions

    @property
    def is_by_hand(self) -> bool:
        """Whether something was given that only a link by hand has."""
        return bool(self.link.issuer) or self.outgoing.has_values or self.incoming.has_values

    @property
    def wants_incoming(self) -> bool:
        """Whether they shall call us, where that has to be said."""
        if self.link.incoming is not None:
            return self.link.incoming
        return self.incoming.has_values or bool(self.incoming.incoming_scope)


async def add(
    url: Annotated[str, Parameter(help="The address of the other application, as in https://start.example.")],
    /,
    *,
    link: NewLinkOptions | None = None,
    outgoing: OutgoingOptions | None = None,
    incoming: IncomingOptions | None = None,
    common: CommonOptions | None = None,
) -> None:
    """
    Link another application.

    Where it has Applinks, its administrator is asked to agree: the command
    prints the address to open. Anything else is linked by hand: the command
    reads what the other side says of itself, takes what it gave you, and prints
    what is to be entered there.
    """
    from applinks.cli.sides import open_sides

    common = common or CommonOptions()
    typed = Typed(
        url=url,
        link=link or NewLinkOptions(),
        outgoing=outgoing or OutgoingOptions(),
        incoming=incoming or IncomingOptions(),
    )
    _check_directions(typed)
    typed.outgoing.check()
    async with open_sides(common) as sides:
        shown = await _add(typed, sides, common)
    if common.json:
        print_json(shown)


def _check_directions(typed: Typed) -> None:
    if not typed.link.outgoing and typed.link.incoming is False:
        refuse_use("--no-outgoing and --no-incoming leave nothing of the link")
    if not typed.link.outgoing and typed.outgoing.has_values:
        refuse_use("--no-outgoing leaves nothing for the options of outgoing calls")
    if typed.link.incoming is False and (typed.incoming.has_values or typed.incoming.incoming_scope):
        refuse_use("--no-incoming leaves nothing for the options of incoming calls")
    if typed.outgoing.client_secret_file is not None and not typed.outgoing.client_id:
        refuse_use("--client-secret-file needs --client-id: a secret belongs to a client ID")


async def _add(typed: Typed, sides: "OpenedSides", common: CommonOptions) -> dict[str, object]:
    """Make the link, print it for people, and give its JSON."""
    from applinks.cli.links.by_hand import add_by_hand
    from applinks.cli.links.looking import Look
    from applinks.cli.links.proposing import propose_link
    from applinks.errors import RefusedError
    from applinks.linking.errors import LinkingError

    look = Look(private=typed.link.private_address, sides=sides)
    try:
        discovery = None if typed.is_by_hand else await look.find_application(typed.url)
        if discovery is not None:
            return await propose_link(discovery, typed, sides, common)
        return await add_by_hand(typed, look, sides, common)
    except LinkingError as error:
        if error.code != "peer_unreachable" or typed.outgoing.has_endpoints or not typed.link.outgoing:
            raise
        raise RefusedError(
            "Nothing answers at that address. Check it, and that the application runs and can be reached from here."
            " Where it publishes nothing, its documentation names its endpoints: give --authorization-endpoint URL and"
            " --token-endpoint URL, and nothing is asked there.",
            code=error.code,
            detail=error.detail,
        ) from error
