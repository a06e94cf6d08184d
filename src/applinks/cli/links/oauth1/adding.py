"""Makes, for ``links add``, a link with an application that we call over OAuth 1.0a."""

from typing import Any

from applinks.administration.by_hand import add_link
from applinks.administration.hand_values import AddedLink, NewLink, NewOAuth1Client
from applinks.administration.values import InvalidValueError, tidy_description
from applinks.cli.clients.output import describe_new_client, print_new_client
from applinks.cli.links.by_hand import build_incoming, name_incoming
from applinks.cli.links.hand_facts import HandFacts
from applinks.cli.links.looking import Look
from applinks.cli.links.oauth1.output import describe_to_enter, find_own_key, print_oauth1_steps
from applinks.cli.links.oauth1.servers import build_oauth1_outgoing, find_oauth1_server, name_oauth1
from applinks.cli.links.output import describe_link
from applinks.cli.links.typed import Typed
from applinks.cli.opening import check_our_scopes, find_actor
from applinks.cli.options import CommonOptions
from applinks.cli.output import clean, print_line, refuse_use
from applinks.cli.sides import OpenedSides
from applinks.errors import RefusedError
from applinks.linking.discovery.addresses import list_candidates
from applinks.linking.discovery.atlassian import FoundAtlassian
from applinks.wire.oauth1.keys import format_public_key


async def add_oauth1(typed: Typed, look: Look, sides: OpenedSides, common: CommonOptions) -> dict[str, Any]:
    """
    Add a link with a server of which the three URLs are known, print what is to be entered there, and give the JSON.

    Nothing is asked there.

    Raises:
        LinkingError, RefusedError: it cannot be added.
    """
    found = await find_oauth1_server(list_candidates(typed.url, sides.linking)[0], typed.oauth1, look)
    if typed.link.incoming and not typed.incoming.has_values:
        refuse_use("how they call us over OAuth 1.0a is added afterwards: applinks clients add-oauth1 --link LINK")
    new = NewLink(
        name=typed.link.name or found.name,
        url=found.url,
        handle=typed.link.handle or "",
        display_url=typed.link.display_url or "",
        is_primary=typed.link.primary or None,
        private_origins=found.private_origins,
        incoming=build_incoming(typed.incoming) if typed.wants_incoming else None,
        outgoing=build_oauth1_outgoing(typed.oauth1, impersonation=typed.link.impersonation),
    )
    return await _add(new, typed, sides, common)


async def add_atlassian(
    found: FoundAtlassian, typed: Typed, sides: OpenedSides, common: CommonOptions
) -> dict[str, Any]:
    """
    Add a link with an application of Atlassian's kind, as it says of itself.

    It calls us where it says by which key, unless --no-incoming says otherwise.

    Raises:
        LinkingError, RefusedError: it cannot be added.
    """
    if typed.link.incoming and found.consumer is None:
        raise RefusedError(
            f"{clean(found.name)} does not say by which key it calls. Its administrator finds that on the page of the"
            " link there; then: applinks clients add-oauth1 --link LINK",
            code="no_consumer",
        )
    new = NewLink(
        name=typed.link.name or found.name,
        url=found.url,
        handle=typed.link.handle or "",
        display_url=typed.link.display_url or "",
        kind=found.manifest.type_id,
        peer_id=found.manifest.id,
        is_primary=typed.link.primary or None,
        private_origins=found.private_origins,
        incoming=_build_incoming(found, typed) if typed.link.incoming is not False else None,
        outgoing=build_oauth1_outgoing(typed.oauth1, impersonation=typed.link.impersonation, endpoints=found.endpoints)
        if typed.link.outgoing
        else None,
    )
    return await _add(new, typed, sides, common, is_atlassian=True)


def _build_incoming(found: FoundAtlassian, typed: Typed) -> NewOAuth1Client | None:
    if found.consumer is None:
        return None
    return NewOAuth1Client(
        key=found.consumer.key,
        name=found.consumer.name,
        description=tidy_description(found.consumer.description),
        public_key=format_public_key(found.consumer.public_key),
        callback=found.callback,
        scopes=typed.incoming.incoming_scope,
        impersonation=typed.link.incoming_impersonation,
    )


async def _add(
    new: NewLink, typed: Typed, sides: OpenedSides, common: CommonOptions, *, is_atlassian: bool = False
) -> dict[str, Any]:
    await check_our_scopes(typed.incoming.incoming_scope, storage=sides.storage, option="--incoming-scope")
    try:
        added = await add_link(new, actor=find_actor(), side=sides.administration)
    except InvalidValueError as error:
        raise name_oauth1(name_incoming(error)) from error
    link, facts = added.link, HandFacts.gather(added.link, added.registration, sides.settings)
    own_key = await find_own_key(sides.storage.keys)
    if not common.json:
        print_line(clean(f"{link.name} is linked by hand over OAuth 1.0a, as {link.handle}."))
        _print_client(added, sides)
        print_oauth1_steps(link, facts, own_key, own_url=sides.settings.base_url if is_atlassian else "")
    client = None if added.client is None else describe_new_client(added.client, link, added.secret)
    return describe_link(link, facts) | {"client": client, "to_enter": describe_to_enter(facts, own_key)}


def _print_client(added: AddedLink, sides: OpenedSides) -> None:
    client = added.client
    if client is None:
        return
    print_line()
    if client.oauth1 is not None:
        print_line(
            clean(f"It may call us as the client (consumer) {client.client_id}, with: {', '.join(client.scopes)}.")
        )
        return
    print_line(clean(f"{added.link.name} calls us. Enter there:"))
    print_new_client(client, added.secret, sides.settings)
