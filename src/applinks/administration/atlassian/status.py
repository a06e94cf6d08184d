"""How a link is set up for OAuth 1.0a, as Data Center peers tell and ask each other."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from applinks.administration.actor import Actor, check_may_change
from applinks.administration.atlassian.naming import get_shown_id
from applinks.administration.changing import Update, tell_directions, update_link
from applinks.administration.client_changes import swap_client
from applinks.administration.hand_values import NewOutgoing
from applinks.administration.oauth1.registering import build_oauth1_outgoing, build_oauth1_registration
from applinks.administration.side import Administration
from applinks.errors import RefusedError
from applinks.incoming.store import FoundClient
from applinks.linking.discovery.atlassian import get_atlassian_endpoints
from applinks.records.clients import Client
from applinks.records.links import Direction, Link
from applinks.records.registrations import Registration
from applinks.wire.atlassian.status import DirectionStatus, LinkStatus, build_link_status
from applinks.wire.linking.terms import Level


async def get_oauth_status(link: Link, *, side: Administration) -> LinkStatus:
    """Give how both directions of a link are set up, as we see them."""
    clients = await list_oauth1_clients(link, side)
    incoming, outgoing = link.incoming, link.outgoing
    calls_in = incoming.is_enabled and "oauth1" in incoming.protocols and bool(clients)
    calls_out = outgoing.is_enabled and "oauth1" in outgoing.protocols
    impersonates = incoming.level is Level.IMPERSONATION and any(
        client.is_peer or (client.oauth1 is not None and client.oauth1.impersonation) for client in clients
    )
    return LinkStatus(
        incoming=DirectionStatus(
            enabled=calls_in,
            two_legged=calls_in and any(each.oauth1 is not None and each.oauth1.two_legged for each in clients),
            impersonation=calls_in and impersonates,
        ),
        outgoing=DirectionStatus(
            enabled=calls_out,
            two_legged=calls_out and (link.is_by_hand or bool(outgoing.application_scopes)),
            impersonation=calls_out and outgoing.level is Level.IMPERSONATION,
        ),
    )


async def set_oauth_status(link: Link, wanted: LinkStatus, *, actor: Actor, side: Administration) -> Link:
    """
    Set both directions of a link that was made by hand, in our own words: a peer, whose incoming is our outgoing,
    sends them swapped.

    Our outgoing side is made where there is none: with our key, at the addresses of a Data Center application.

    Raises:
        RefusedError: ``unsupported_terms``: it was agreed with another Applinks; ``client_missing``: nobody said who
            the other application is; ``url_missing``.
    """
    check_may_change(actor)
    check_by_hand(link)
    clients = await list_oauth1_clients(link, side)
    if wanted.incoming.enabled and not clients:
        text = "It is not known by which consumer the other application calls: send that first."
        raise RefusedError(text, code="client_missing", status=409)
    for client in clients:
        await allow(
            client,
            two_legged=wanted.incoming.two_legged,
            impersonation=wanted.incoming.impersonation,
            actor=actor,
            side=side,
        )

    async def decide(before: Link) -> Update:
        outgoing, registration = await _decide_outgoing(before, wanted.outgoing, side)
        after = replace(before, incoming=_set_level(before.incoming, wanted.incoming), outgoing=outgoing)
        return Update(link=after, registration=registration, happened=tell_directions(before, after, actor))

    return (await update_link(link.id, decide, side=side)).link


async def allow(client: Client, *, two_legged: bool, impersonation: bool, actor: Actor, side: Administration) -> Client:
    """
    Let a client call in two legs, and name users, or not.

    Unlike our pages this takes two legs without a user as whom it calls, since peers switch both on at once: such calls
    are refused until an administrator names one.
    """

    async def decide(found: FoundClient) -> Client:
        if found.client.oauth1 is None:
            return found.client
        oauth1 = replace(found.client.oauth1, two_legged=two_legged, impersonation=impersonation)
        return replace(found.client, oauth1=oauth1)

    return (await swap_client(client.id, decide, "client.changed", actor=actor, side=side)).client


async def describe_status(link: Link, *, side: Administration) -> dict[str, Any]:
    """Give what an administrator at the other side is told of a link; nothing is called for it."""
    own = build_link_status(await get_oauth_status(link, side=side))
    error = _find_error(link)
    return {
        "link": describe_application(link),
        "working": error is None,
        "localAuthentication": own,
        # What the other side has set up only itself knows; nobody is called while somebody waits for this.
        "remoteAuthentication": None,
        "error": error,
    }


def describe_application(link: Link) -> dict[str, Any]:
    """Give an application of a link as peers list it; there is no icon that we would vouch for."""
    return {
        "id": get_shown_id(link),
        "typeId": link.peer.kind or "generic",
        "name": link.name,
        "displayUrl": link.peer.display_url or link.peer.url,
        "iconUrl": None,
        "rpcUrl": link.peer.url,
        "isPrimary": link.peer.is_primary,
    }


async def list_oauth1_clients(link: Link, side: Administration) -> Sequence[Client]:
    """Give the clients of OAuth 1.0a of a link."""
    found = await side.incoming.list_clients(link_id=link.id)
    return [each.client for each in found if each.client.oauth1 is not None]


def check_by_hand(link: Link) -> None:
    """
    Check that a link is set up by each side for itself.

    Raises:
        RefusedError: ``unsupported_terms``.
    """
    if not link.is_by_hand:
        detail = f"the link {link.handle} was agreed between two Applinks"
        text = "This link was agreed with the other side, and is changed with it."
        raise RefusedError(text, code="unsupported_terms", detail=detail, status=409)


def _set_level(direction: Direction, wanted: DirectionStatus) -> Direction:
    if direction == Direction():
        return direction
    level = Level.IMPERSONATION if wanted.impersonation else Level.OAUTH
    return replace(direction, level=level if wanted.enabled else Level.DISABLED)


async def _decide_outgoing(
    link: Link, wanted: DirectionStatus, side: Administration
) -> tuple[Direction, Registration | None]:
    if link.outgoing != Direction() or not wanted.enabled:
        if "oauth1" not in link.outgoing.protocols:
            # Calls over OAuth 2 are no business of this peer's.
            return link.outgoing, None
        return _set_level(link.outgoing, wanted), None
    if not link.peer.url:
        text = "It is not known where the other application answers."
        raise RefusedError(text, code="url_missing", status=409)
    new = NewOutgoing(protocol="oauth1", endpoints=get_atlassian_endpoints(link.peer.url))
    registration = await build_oauth1_registration(link.id, new, url=link.peer.url, side=side)
    return build_oauth1_outgoing(impersonation=wanted.impersonation), registration


def _find_error(link: Link) -> dict[str, str] | None:
    """Give why calls do not pass, in the words of Data Center applications; None: nothing is known to be wrong."""
    if not link.is_usable:
        return {"category": "SYSTEM", "type": "DISABLED", "details": "The link is paused, or not in force."}
    if not link.incoming.is_enabled and not link.outgoing.is_enabled:
        return {"category": "DISABLED", "type": "DISABLED", "details": "Both directions are switched off."}
    if not link.outgoing.is_enabled:
        return {"category": "INCOMPATIBLE", "type": "NO_OUTGOING_AUTH", "details": "There is no outgoing side."}
    if link.check.startswith("failed:"):
        details = f"The last call failed: {link.check.removeprefix('failed:')}."
        return {"category": "NETWORK_ERROR", "type": "OAUTH_PROBLEM", "details": details}
    return None
