"""The command ``applinks links add``."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from applinks.cli.links.oauth1.options import OAuth1Options
from applinks.cli.links.options import IncomingOptions, OutgoingOptions
from applinks.cli.links.typed import NewLinkOptions, Typed
from applinks.cli.options import CommonOptions
from applinks.cli.output import print_json, refuse_use
from applinks.errors import RefusedError

if TYPE_CHECKING:
    from applinks.cli.sides import OpenedSides


async def add(
    url: Annotated[str, Parameter(help="The address of the other application, as in https://start.example.")],
    /,
    *,
    link: NewLinkOptions | None = None,
    outgoing: OutgoingOptions | None = None,
    oauth1: OAuth1Options | None = None,
    incoming: IncomingOptions | None = None,
    common: CommonOptions | None = None,
) -> None:
    """
    Link another application.

    Where it has Applinks, its administrator is asked to agree: the command
    prints the address to open. Anything else is linked by hand, such as an
    Atlassian Data Center application or a server of OAuth 2 or 1.0a: the command
    reads what the other side says of itself, takes what it gave you, and prints
    what is to be entered there.
    """
    from applinks.cli.sides import open_sides

    common = common or CommonOptions()
    typed = Typed(
        url=url,
        link=link or NewLinkOptions(),
        outgoing=outgoing or OutgoingOptions(),
        oauth1=oauth1 or OAuth1Options(),
        incoming=incoming or IncomingOptions(),
    )
    _check_directions(typed)
    typed.outgoing.check()
    typed.oauth1.check()
    async with open_sides(common) as sides:
        shown = await _add(typed, sides, common)
    if common.json:
        print_json(shown)


def _check_directions(typed: Typed) -> None:
    if typed.oauth1.has_values and (typed.outgoing.has_values or typed.outgoing.scope or typed.link.issuer):
        refuse_use("what we call is reached by OAuth 1.0a or by OAuth 2: leave the options of one of them out")
    if not typed.link.outgoing and typed.link.incoming is False:
        refuse_use("--no-outgoing and --no-incoming leave nothing of the link")
    if not typed.link.outgoing and (typed.outgoing.has_values or typed.oauth1.has_values or typed.link.impersonation):
        refuse_use("--no-outgoing leaves nothing for the options of outgoing calls")
    if typed.link.incoming is False and (typed.incoming.has_values or typed.incoming.incoming_scope):
        refuse_use("--no-incoming leaves nothing for the options of incoming calls")
    if typed.outgoing.client_secret_file is not None and not typed.outgoing.client_id:
        refuse_use("--client-secret-file needs --client-id: a secret belongs to a client ID")


async def _add(typed: Typed, sides: "OpenedSides", common: CommonOptions) -> dict[str, object]:
    """Make the link, print it for people, and give its JSON."""
    from applinks.cli.links.by_hand import add_by_hand
    from applinks.cli.links.looking import Look
    from applinks.cli.links.oauth1.adding import add_atlassian, add_oauth1
    from applinks.cli.links.proposing import propose_link
    from applinks.linking.errors import LinkingError

    look = Look(private=typed.link.private_address, sides=sides)
    try:
        discovery = None if typed.is_by_hand else await look.find_application(typed.url)
        if discovery is not None:
            return await propose_link(discovery, typed, sides, common)
        atlassian = await look.find_atlassian(typed.url) if typed.may_be_atlassian else None
        if atlassian is not None:
            return await add_atlassian(atlassian, typed, sides, common)
        if typed.link.incoming_impersonation:
            raise RefusedError(
                "Who calls us with impersonation is a client of OAuth 1.0a, which is added once there is the link:"
                " applinks clients add-oauth1 --link LINK --impersonation",
                code="level_not_possible",
            )
        if typed.oauth1.is_meant and typed.link.outgoing:
            return await add_oauth1(typed, look, sides, common)
        if typed.link.impersonation:
            refuse_use("--impersonation is had over OAuth 1.0a alone: --oauth1")
        return await add_by_hand(typed, look, sides, common)
    except LinkingError as error:
        has_endpoints = typed.outgoing.has_endpoints or typed.oauth1.has_endpoints
        if error.code != "peer_unreachable" or has_endpoints or not typed.link.outgoing:
            raise
        raise RefusedError(
            "Nothing answers at that address. Check it, and that the application runs and can be reached from here."
            " Where it publishes nothing, its documentation names its endpoints: give --authorization-endpoint URL and"
            " --token-endpoint URL, or of OAuth 1.0a --request-token-url, --authorize-url and --access-token-url, and"
            " nothing is asked there.",
            code=error.code,
            detail=error.detail,
        ) from error
