"""Makes, for ``links add``, a link with an application that has no Applinks."""

from typing import Any

from applinks.administration.by_hand import add_link
from applinks.administration.hand_values import NewIncoming, NewLink
from applinks.administration.values import InvalidValueError
from applinks.cli.clients.output import describe_new_client, print_new_client
from applinks.cli.links.hand_facts import HandFacts
from applinks.cli.links.looking import Look
from applinks.cli.links.options import IncomingOptions
from applinks.cli.links.output import describe_link
from applinks.cli.links.servers import build_outgoing, find_other_side
from applinks.cli.links.steps import print_next_steps
from applinks.cli.links.typed import Typed
from applinks.cli.opening import check_our_scopes, find_actor
from applinks.cli.options import CommonOptions
from applinks.cli.output import clean, print_line
from applinks.cli.sides import OpenedSides
from applinks.linking.discovery.addresses import list_candidates
from applinks.linking.discovery.servers import FoundServer
from applinks.wire.urls import get_host


async def add_by_hand(typed: Typed, look: Look, sides: OpenedSides, common: CommonOptions) -> dict[str, Any]:
    """
    Add the link, print what is to be entered there, and give the JSON.

    Raises:
        LinkingError, RefusedError: it cannot be added.
    """
    url = list_candidates(typed.url, sides.linking)[0]
    calls = typed.link.outgoing
    if calls:
        found = await find_other_side(url, issuer=typed.link.issuer, options=typed.outgoing, look=look)
    else:
        found = FoundServer(url=url, issuer="", name=get_host(url))
    new = NewLink(
        name=typed.link.name or found.name,
        url=found.url,
        handle=typed.link.handle or "",
        display_url=typed.link.display_url or "",
        is_primary=typed.link.primary or None,
        private_origins=found.private_origins,
        incoming=build_incoming(typed.incoming) if typed.wants_incoming or not calls else None,
        outgoing=build_outgoing(found, typed.outgoing) if calls else None,
    )
    await check_our_scopes(typed.incoming.incoming_scope, storage=sides.storage, option="--incoming-scope")
    try:
        added = await add_link(new, actor=find_actor(), side=sides.administration)
    except InvalidValueError as error:
        raise name_incoming(error) from error
    link, facts = added.link, HandFacts.gather(added.link, added.registration, sides.settings)
    if not common.json:
        print_line(clean(f"{link.name} is linked by hand, as {link.handle}."))
        if added.client is not None:
            print_line()
            print_line(clean(f"{link.name} calls us. Enter there:"))
            print_new_client(added.client, added.secret, sides.settings)
        print_next_steps(link, facts)
    client = None if added.client is None else describe_new_client(added.client, link, added.secret)
    return describe_link(link, facts) | {"client": client}


def build_incoming(options: IncomingOptions) -> NewIncoming:
    """Give how they are to call us."""
    return NewIncoming(
        redirect_uris=options.redirect_uri,
        scopes=options.incoming_scope,
        grant_types=options.grant_types,
        public=options.public,
    )


def name_incoming(error: InvalidValueError) -> InvalidValueError:
    """Call the scopes of a new client by the option of these commands, where the plain word is taken by our own."""
    error.field = "incoming_scopes" if error.field == "scopes" else error.field
    return error
