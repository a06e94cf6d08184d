"""
Clients of OAuth 1.0a (consumers) that are added by hand.

RFC 5849 §1.1; house §5: a client belongs to exactly one link.
"""

from dataclasses import replace

from applinks.administration.actor import Actor, check_may_change
from applinks.administration.by_hand import add_incoming, add_link
from applinks.administration.changing import get_lasting_link
from applinks.administration.client_changes import (
    AddedClient,
    add_to_link,
    get_client,
    is_only_client,
    raise_level,
    set_incoming,
    swap_client,
)
from applinks.administration.hand_values import NewLink, NewOAuth1Client, OAuth1ClientChange
from applinks.administration.oauth1.building import build_oauth1_client, change_oauth1, make_shared_secret
from applinks.administration.oauth1.values import check_key
from applinks.administration.side import Administration
from applinks.administration.values import LONGEST_NAME, InvalidValueError, check_within, list_unnamed
from applinks.incoming.store import FoundClient
from applinks.records.clients import Client
from applinks.records.links import Direction, Link
from applinks.secret import Secret
from applinks.wire.linking.terms import Level


async def add_oauth1_client(new: NewOAuth1Client, *, link: str = "", actor: Actor, side: Administration) -> AddedClient:
    """
    Add a client; without ``link`` (a handle or an id) an incoming-only one of its name is made.

    Raises:
        InvalidValueError: a value cannot be taken; ``field`` says which.
        LinkingError: ``unknown_link``, ``busy``, ``not_administrator``.
    """
    check_may_change(actor)
    if not link:
        name = new.name or check_key(new.key)[:LONGEST_NAME]
        added = await add_link(NewLink(name=name, incoming=new), actor=actor, side=side)
        return _take(added.client, added.link, added.secret)
    target = await get_lasting_link(link, side)
    if target.is_by_hand and target.incoming == Direction():
        added = await add_incoming(target.id, new, name=new.name, actor=actor, side=side)
        return _take(added.client, added.link, added.secret)

    async def build(target: Link) -> tuple[Client, Secret | None]:
        _check_fits(new.impersonation, target)
        scopes = new.scopes or list_unnamed(target.incoming.user_scopes)
        check_within(scopes, target.incoming.user_scopes, link=target.handle)
        return await build_oauth1_client(replace(new, scopes=scopes), name=target.name, link_id=target.id, side=side)

    return await add_to_link(build, target, actor=actor, side=side)


async def change_oauth1_client(
    key: str, change: OAuth1ClientChange, *, actor: Actor, side: Administration
) -> AddedClient:
    """
    Change a client, by its consumer key or the id of its record; the link of which it is the only one goes along.

    ``secret`` of what comes back is the new shared secret, where ``makes_secret``.

    Raises:
        InvalidValueError: a value cannot be taken; ``field`` says which. ``other_protocol``: it speaks OAuth 2.
        RefusedError: ``unknown_client``.
    """
    check_may_change(actor)
    made: list[Secret | None] = [None]

    async def decide(found: FoundClient) -> Client:
        if change.impersonation:
            _check_fits(True, found.link)
        changed, made[0] = await change_oauth1(found.client, change, side=side)
        return changed

    before = await get_client(key, side)
    is_only = await is_only_client(before, side)
    if change.scopes is not None and not is_only:
        check_within(change.scopes, before.link.incoming.user_scopes, link=before.link.handle)
    found = await swap_client(before.client.id, decide, "client.changed", actor=actor, side=side)
    link = found.link
    if link.is_by_hand:
        incoming = link.incoming
        if is_only and change.scopes is not None:
            incoming = replace(incoming, user_scopes=found.client.scopes)
        if change.impersonation:
            incoming = raise_level(incoming, found.client)
        link = await set_incoming(link, incoming, actor, side)
    return AddedClient(client=found.client, link=link, secret=made[0])


async def rotate_shared_secret(key: str, *, actor: Actor, side: Administration) -> AddedClient:
    """
    Give a client another shared secret; the one that it had is good no longer, nor what was signed with it.

    Raises:
        InvalidValueError: ``no_secret``: it signs by its key alone.
        RefusedError: ``unknown_client``.
    """
    check_may_change(actor)
    secret = make_shared_secret(side)

    async def decide(found: FoundClient) -> Client:
        oauth1 = found.client.oauth1
        if oauth1 is None or oauth1.shared_secret is None:
            raise InvalidValueError("client_id", "no_secret", "This client has no secret, so there is none to replace.")
        return replace(found.client, oauth1=replace(oauth1, shared_secret=secret))

    found = await swap_client(key, decide, "client.secret_made", actor=actor, side=side)
    return AddedClient(client=found.client, link=found.link, secret=secret)


def _check_fits(impersonation: bool, link: Link) -> None:
    """Check a client against a link that was agreed with the other side, and is raised with it alone."""
    if link.is_by_hand:
        return
    if "oauth1" not in link.incoming.protocols:
        text = f"The link {link.handle} was agreed without OAuth 1.0a."
        raise InvalidValueError("link", "protocol_not_of_link", text)
    if impersonation and link.incoming.level is not Level.IMPERSONATION:
        text = f"The link {link.handle} was agreed without impersonation."
        raise InvalidValueError("impersonation", "level_not_possible", text)


def _take(client: Client | None, link: Link, secret: Secret | None) -> AddedClient:
    assert client is not None  # noqa: S101 - it was asked for.
    return AddedClient(client=client, link=link, secret=secret)
