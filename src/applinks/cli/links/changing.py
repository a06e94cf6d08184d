"""Changes a link for ``links edit``: what both administrators approved within that, what was made by hand freely."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from applinks.administration.by_hand import add_incoming, add_outgoing, change_by_hand
from applinks.administration.hand_values import AddedLink, LinkChange, NewOutgoing
from applinks.administration.links import LinkView, Wanted, change_incoming, change_outgoing, show_link
from applinks.administration.values import InvalidValueError
from applinks.cli.clients.output import describe_new_client, print_new_client
from applinks.cli.links.by_hand import build_incoming, name_incoming
from applinks.cli.links.hand_facts import HandFacts
from applinks.cli.links.looking import Look
from applinks.cli.links.oauth1.output import find_own_key, print_oauth1_steps
from applinks.cli.links.oauth1.servers import (
    build_oauth1_outgoing,
    change_oauth1_outgoing,
    choose_level,
    find_oauth1_server,
    name_oauth1,
)
from applinks.cli.links.output import describe_link, print_changed
from applinks.cli.links.servers import build_outgoing, choose_changed, find_other_side
from applinks.cli.links.steps import print_next_steps
from applinks.cli.links.typed import TypedChange
from applinks.cli.opening import check_our_scopes, find_actor
from applinks.cli.options import CommonOptions
from applinks.cli.output import clean, print_json, print_line, refuse_use
from applinks.cli.sides import OpenedSides
from applinks.errors import RefusedError
from applinks.linking.discovery.addresses import list_candidates
from applinks.linking.discovery.servers import FoundServer
from applinks.linking.errors import LinkingError
from applinks.records.links import Direction, Link
from applinks.wire.linking.terms import Access
from applinks.wire.urls import get_host, get_origin
from applinks.words import say_warning


async def change_link(id_or_handle: str, typed: TypedChange, sides: OpenedSides, common: CommonOptions) -> None:
    """
    Change the link and print it.

    Raises:
        LinkingError, RefusedError: something of it cannot be changed.
    """
    view = await show_link(id_or_handle, actor=find_actor(), side=sides.administration)
    if view.link.is_by_hand:
        await _change_by_hand(view.link, typed, sides, common)
        return
    await _change_agreed(view, typed, sides)
    link = (await show_link(view.link.id, actor=find_actor(), side=sides.administration)).link
    print_changed(link, HandFacts(), common)


async def _change_agreed(view: LinkView, typed: TypedChange, sides: OpenedSides) -> None:
    """Change a link between two Applinks; what passes, within what both administrators approved."""
    link, actor, side = view.link, find_actor(), sides.administration
    if any((typed.outgoing.has_values, typed.incoming.has_values, typed.oauth1.is_meant, typed.link.is_of_hand)):
        raise RefusedError(
            f"{link.handle} is a link between two Applinks: what they are to each other, they tell each other."
            " Its name and handle can be changed here, its scopes, and whether a direction is on.",
            code="unsupported_terms",
        )
    incoming = _Direction("--incoming-scope", view.incoming_ceiling, link.incoming)
    outgoing = _Direction("--scope", view.outgoing_ceiling, link.outgoing)
    wanted_in = incoming.want(typed.link.incoming, typed.incoming.incoming_scope)
    wanted_out = outgoing.want(typed.link.outgoing, typed.outgoing.scope)
    names = LinkChange(name=typed.link.name, handle=typed.link.handle, is_primary=typed.link.primary)
    if names != LinkChange():
        await change_by_hand(link.id, names, actor=actor, side=side)
    if wanted_in is not None:
        await change_incoming(link.id, wanted_in, actor=actor, side=side)
    if wanted_out is not None:
        await change_outgoing(link.id, wanted_out, actor=actor, side=side)


@dataclass(frozen=True, slots=True)
class _Direction:
    """A direction of a link between two Applinks, and the option that names its scopes."""

    option: str
    ceiling: Access | None
    now: Direction

    def want(self, enabled: bool | None, scopes: Sequence[str]) -> Wanted | None:
        """Give how it shall be; None: as it is."""
        if enabled is None and not scopes:
            return None
        agreed = self.ceiling.user_scopes + self.ceiling.application_scopes if self.ceiling else ()
        if beyond := [name for name in scopes if name not in agreed]:
            there_are = ", ".join(dict.fromkeys(agreed)) or "nothing"
            raise RefusedError(
                f"{self.option} {beyond[0]}: both administrators approved {there_are}. More takes a new link.",
                code="unsupported_terms",
            )
        is_on = self.now.is_enabled if enabled is None else enabled
        if not scopes or self.ceiling is None:
            return Wanted(enabled=is_on)
        return Wanted(
            enabled=is_on,
            user_scopes=[name for name in self.ceiling.user_scopes if name in scopes],
            application_scopes=[name for name in self.ceiling.application_scopes if name in scopes],
        )


async def _change_by_hand(link: Link, typed: TypedChange, sides: OpenedSides, common: CommonOptions) -> None:
    """Change a link by hand: what it has, and then the directions that it did not have yet."""
    actor, side = find_actor(), sides.administration
    adds_incoming = link.incoming == Direction() and typed.wants_incoming
    adds_outgoing = link.outgoing == Direction() and typed.wants_outgoing
    _check_known(link, typed, adds_incoming=adds_incoming, adds_outgoing=adds_outgoing)
    await check_our_scopes(typed.incoming.incoming_scope, storage=sides.storage, option="--incoming-scope")
    outgoing = await _find_outgoing(link, typed, sides) if adds_outgoing else None
    change = LinkChange(
        name=typed.link.name,
        handle=typed.link.handle,
        display_url=typed.link.display_url,
        is_primary=typed.link.primary,
        incoming_level=choose_level(typed.link.incoming_impersonation),
    )
    if not adds_incoming:
        change = replace(change, incoming=typed.link.incoming, incoming_scopes=typed.incoming.incoming_scope or None)
    if not adds_outgoing:
        change = await _change_outgoing(change, link, typed, sides)
    added: AddedLink | None = None
    try:
        if change != LinkChange():
            await change_by_hand(link.id, change, actor=actor, side=side)
        if adds_incoming:
            added = await add_incoming(link.id, build_incoming(typed.incoming), actor=actor, side=side)
        if outgoing is not None:
            found, new = outgoing
            origins = found.private_origins
            await add_outgoing(link.id, new, url=found.url, private_origins=origins, actor=actor, side=side)
    except InvalidValueError as error:
        named = name_incoming(error) if adds_incoming else error
        raise name_oauth1(named) if typed.oauth1.is_meant else named from error
    await _print(link.id, added, typed, sides, common)


def _check_known(link: Link, typed: TypedChange, *, adds_incoming: bool, adds_outgoing: bool) -> None:
    """Refuse what this command cannot change, instead of passing over it."""
    if typed.incoming.has_values and not adds_incoming:
        raise RefusedError(
            "Redirect URIs and grant types belong to a client, of which this link has one. For another:"
            f" applinks clients add --link {link.handle}",
            code="direction_exists",
        )
    if typed.link.url and not adds_outgoing:
        raise RefusedError(
            "The address of a link that calls stays: delete the link, and add it anew at the other address.",
            code="direction_exists",
        )


async def _find_outgoing(link: Link, typed: TypedChange, sides: OpenedSides) -> tuple[FoundServer, NewOutgoing]:
    """Find the server that shall be called from now on, and how."""
    url = typed.link.url or link.peer.url
    if not url:
        refuse_use("--url is needed: where is the other application?")
    look = Look(private=typed.link.private_address, sides=sides)
    base_url = list_candidates(url, sides.linking)[0]
    if typed.oauth1.is_meant:
        found = await find_oauth1_server(base_url, typed.oauth1, look)
        return found, build_oauth1_outgoing(typed.oauth1, impersonation=bool(typed.link.impersonation))
    found = await find_other_side(base_url, issuer=typed.link.issuer, options=typed.outgoing, look=look)
    return found, build_outgoing(found, typed.outgoing)


async def _change_outgoing(change: LinkChange, link: Link, typed: TypedChange, sides: OpenedSides) -> LinkChange:
    """Add what changes of the outgoing side; another issuer is asked what it says of itself."""
    registration = await sides.storage.outgoing.find_registration(link.id)
    if (typed.outgoing.has_values or typed.oauth1.is_meant) and registration is None:
        raise RefusedError(
            f"{link.name} only calls us. That we call it, too, begins with: applinks links edit {link.handle}"
            " --url URL --scope SCOPE",
            code="direction_missing",
        )
    if registration is not None and registration.protocol == "oauth1":
        look = Look(private=typed.link.private_address, sides=sides, confirmed=link.peer.private_origins)
        return await change_oauth1_outgoing(change, typed, registration, look)
    if typed.oauth1.is_meant:
        raise RefusedError("This link calls over OAuth 2.", code="other_protocol")
    secret = typed.outgoing.read_secret()
    change = replace(
        change,
        outgoing_level=choose_level(typed.link.impersonation),
        outgoing=typed.link.outgoing,
        outgoing_scopes=typed.outgoing.scope or None,
        client_id=typed.outgoing.client_id,
        client_secret=secret,
        authentication=choose_changed(registration, secret, typed.outgoing),
        endpoints=typed.outgoing.build_endpoints(registration.endpoints if registration else None),
    )
    origins = link.peer.private_origins
    if typed.link.private_address:
        origins = tuple(dict.fromkeys(get_origin(each) for each in (link.peer.url, link.issuer) if each))
        change = replace(change, private_origins=origins)
    look = Look(private=typed.link.private_address, sides=sides, confirmed=origins)
    if typed.link.issuer is None:
        if typed.link.outgoing and registration and registration.endpoints is None and change.endpoints is None:
            change = replace(change, token_endpoint=await _look_again(link, look))
        return change
    found = await find_other_side(link.peer.url, issuer=typed.link.issuer, options=typed.outgoing, look=look)
    return replace(
        change,
        issuer=found.issuer,
        reads_metadata=change.endpoints is None,
        token_endpoint=found.metadata.token_endpoint if found.metadata else None,
        private_origins=found.private_origins,
    )


async def _look_again(link: Link, look: Look) -> str | None:
    """
    Give the token endpoint that the server's metadata names now; None: it cannot be read at the moment.

    Raises:
        RefusedError: it moved to another host, and that is not switched on in passing.
    """
    try:
        found = await look.find_server(link.peer.url, issuer=link.issuer)
    except LinkingError:
        return None
    if found.metadata is None:
        return None
    pinned, named = link.peer.token_endpoint, found.metadata.token_endpoint
    if pinned and get_host(pinned) != get_host(named):
        said = say_warning("token_endpoint_moved", server=get_host(link.issuer), token_host=get_host(named))
        raise RefusedError(
            f"{said.what}. If its documentation names that host: applinks links edit {link.handle}"
            f" --issuer {clean(link.issuer)}",
            code="token_endpoint_moved",
        )
    return named


async def _print(
    link_id: str, added: AddedLink | None, typed: TypedChange, sides: OpenedSides, common: CommonOptions
) -> None:
    link = (await show_link(link_id, actor=find_actor(), side=sides.administration)).link
    registration = await sides.storage.outgoing.find_registration(link.id)
    facts = HandFacts.gather(link, registration, sides.settings)
    client = None if added is None else added.client
    if common.json:
        shown = describe_link(link, facts)
        if added is not None and client is not None:
            shown["client"] = describe_new_client(client, link, added.secret)
        print_json(shown)
        return
    print_changed(link, facts, common)
    if added is not None and client is not None:
        print_line()
        print_line(clean(f"{link.name} calls us, too. Enter there:"))
        print_new_client(client, added.secret, sides.settings)
    if typed.outgoing.has_values or typed.oauth1.is_meant or typed.wants_outgoing:
        if registration is not None and registration.protocol == "oauth1":
            print_oauth1_steps(link, facts, await find_own_key(sides.storage.keys))
        else:
            print_next_steps(link, facts)
