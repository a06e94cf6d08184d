"""
Links with applications that are no Applinks: what the administrators of each side enter of the other.

Product §5 Links.

Nothing is asked of the other side here; what it publishes of itself was read before, by `applinks.linking.discovery`.
"""

from dataclasses import replace

from applinks.administration.actor import Actor, check_may_change
from applinks.administration.changing import (
    ROUNDS,
    Update,
    build_event,
    describe_added,
    is_first_of_kind,
    list_demoted,
    tell_address,
    tell_directions,
    tell_names,
    tell_registration,
    update_link,
)
from applinks.administration.hand_values import (
    AddedLink,
    LinkChange,
    NewIncoming,
    NewLink,
    NewOAuth1Client,
    NewOutgoing,
)
from applinks.administration.new_clients import build_client, get_incoming
from applinks.administration.oauth1.building import build_oauth1_client
from applinks.administration.oauth1.registering import (
    build_oauth1_outgoing,
    build_oauth1_registration,
    change_oauth1_registration,
)
from applinks.administration.registering import build_outgoing, build_registration, change_registration
from applinks.administration.side import Administration
from applinks.administration.values import (
    InvalidValueError,
    check_display_url,
    check_handle,
    check_issuer,
    check_peer_url,
    check_scopes,
    clean_description,
    clean_name,
)
from applinks.entropy import new_id
from applinks.linking.changes import build_audit_events
from applinks.linking.errors import LinkingError
from applinks.linking.events import Happened
from applinks.linking.standing import choose_handle
from applinks.linking.store import CommitResult, LinkWrite
from applinks.records.clients import Client, GrantType
from applinks.records.links import Direction, Link, LinkKind, Peer
from applinks.records.registrations import Registration
from applinks.secret import Secret
from applinks.wire.linking.terms import Level


async def add_link(new: NewLink, *, actor: Actor, side: Administration) -> AddedLink:
    """
    Make a link with an application that is no Applinks; it is in force at once.

    Raises:
        InvalidValueError: a value cannot be taken; ``field`` says which.
        LinkingError: ``self_link``, ``duplicate_link``, ``busy``, ``not_administrator``.
    """
    check_may_change(actor)
    for _ in range(ROUNDS):
        added = await _build_link(new, actor, side)
        write = LinkWrite(
            link=added.link, expected_version=None, clients=added.clients, registration=added.registration
        )
        happened = Happened(actor=actor.name, action="link.added", detail=describe_added(added))
        events = build_audit_events((happened,), link_id=added.link.id, entropy=side.entropy, now=side.clock.now())
        others = [
            LinkWrite(link=each.changed(), expected_version=each.version)
            for each in await list_demoted(added.link, side=side)
        ]
        if await side.store.commit(write, *others, events=events) is CommitResult.WRITTEN:
            return added
        # Somebody took the handle or the place of its peer at this moment: the next round says which.
    raise LinkingError("busy", peer=new.url)


async def add_incoming(
    id_or_handle: str, new: NewIncoming | NewOAuth1Client, *, name: str = "", actor: Actor, side: Administration
) -> AddedLink:
    """
    Let an application that only was called until now call us, too; ``name`` is the client's, else the link's.

    Raises:
        InvalidValueError: as `add_link`; ``direction_exists``.
        LinkingError: ``unknown_link``, ``unsupported_terms`` for one that was not made by hand.
    """
    check_may_change(actor)
    secrets: list[Secret | None] = []

    async def decide(link: Link) -> Update:
        _check_by_hand(link)
        _check_not_there(link.incoming, "incoming")
        client, secret = await _build_client(new, name or link.name, link.id, side)
        secrets[:] = [secret]
        after = replace(link, incoming=get_incoming(client))
        return Update(link=after, clients=(client,), happened=tell_directions(link, after, actor))

    update = await update_link(id_or_handle, decide, side=side)
    return AddedLink(link=update.link, client=update.clients[0], secret=secrets[0])


async def add_outgoing(
    id_or_handle: str,
    new: NewOutgoing,
    *,
    url: str = "",
    private_origins: tuple[str, ...] = (),
    actor: Actor,
    side: Administration,
) -> AddedLink:
    """
    Let us call an application that only called us until now; ``url`` where the link has none.

    Raises:
        InvalidValueError: as `add_link`; ``direction_exists``.
        LinkingError: ``unknown_link``, ``duplicate_link``; ``unsupported_terms`` for one that was not made by hand.
    """
    check_may_change(actor)

    async def decide(link: Link) -> Update:
        _check_by_hand(link)
        _check_not_there(link.outgoing, "outgoing")
        base_url = url or link.peer.url
        await _check_url(base_url, side, needed=True, except_id=link.id)
        outgoing, registration = await _build_outgoing(new, link.id, base_url, side)
        peer = replace(
            link.peer,
            url=base_url,
            issuer=_get_issuer(new),
            token_endpoint=_find_pin(new),
            private_origins=private_origins,
            description=clean_description(new.description) or link.peer.description,
        )
        after = replace(link, peer=peer, outgoing=outgoing, private_address=bool(private_origins))
        return Update(link=after, registration=registration, happened=tell_directions(link, after, actor))

    update = await update_link(id_or_handle, decide, side=side)
    return AddedLink(link=update.link, registration=update.registration)


async def change_by_hand(id_or_handle: str, change: LinkChange, *, actor: Actor, side: Administration) -> Link:
    """
    Change a link that was made by hand; of every link its name, its handle and whether it is primary.

    Raises:
        InvalidValueError: a value cannot be taken; ``field`` says which.
        LinkingError: ``unknown_link``, ``busy``; ``unsupported_terms`` where more than the names of a link shall
            change that both administrators approved.
    """
    check_may_change(actor)

    async def decide(link: Link) -> Update:
        if change != LinkChange(name=change.name, handle=change.handle, is_primary=change.is_primary):
            _check_by_hand(link)
        renamed = await _rename(link, change, side)
        registration = await side.outgoing.find_registration(link.id) if link.is_by_hand else None
        after = await _change_incoming(link, renamed, change, actor, side)
        after = _change_outgoing(after, change, side)
        changed = await _change_registration(registration, change, link, after, side)
        happened = (*tell_names(link, after, actor), *tell_directions(link, after, actor))
        if changed is not None and changed != registration:
            happened = (*happened, tell_registration(registration, changed, actor))
            after = replace(after, check="none")  # That the server refused the former values says nothing of these.
        happened = (*happened, *tell_address(link, after, actor))
        return Update(
            link=after,
            others=await list_demoted(after, side=side) if change.is_primary else (),
            registration=None if changed == registration else changed,
            happened=happened,
        )

    return (await update_link(id_or_handle, decide, side=side)).link


async def _build_link(new: NewLink, actor: Actor, side: Administration) -> AddedLink:
    name = clean_name(new.name)
    if new.incoming is None and new.outgoing is None and not new.may_be_empty:
        text = "Name what the other application may do here, or what is wanted of it."
        raise InvalidValueError("incoming", "direction_missing", text)
    await _check_url(new.url, side, needed=new.outgoing is not None, peer_id=new.peer_id)
    check_display_url(new.display_url, side.settings)
    link_id, now = new_id(side.entropy, "lnk"), side.clock.now()
    client, secret, registration, outgoing = None, None, None, Direction()
    if new.incoming is not None:
        client, secret = await _build_client(new.incoming, name, link_id, side)
    if new.outgoing is not None:
        outgoing, registration = await _build_outgoing(new.outgoing, link_id, new.url, side)
    is_first = await is_first_of_kind(new.kind, side=side) if new.is_primary is None else new.is_primary
    link = Link(
        id=link_id,
        handle=await _choose_handle(new, name, side),
        name=name,
        kind=LinkKind.BY_HAND,
        peer=Peer(
            id=new.peer_id,
            name=name,
            url=new.url,
            issuer=_get_issuer(new.outgoing) if new.outgoing else "",
            token_endpoint=_find_pin(new.outgoing) if new.outgoing else "",
            private_origins=new.private_origins,
            manifest={},
            keys=(),
            check="none",
            kind=new.kind,
            display_url=new.display_url,
            is_primary=is_first,
            description=clean_description(new.outgoing.description) if new.outgoing else "",
        ),
        incoming=get_incoming(client) if client else Direction(),
        outgoing=outgoing,
        check="none",
        private_address=bool(new.private_origins),
        created_at=now,
        created_by=actor.name,
        in_force_at=now,
    )
    return AddedLink(link=link, client=client, secret=secret, registration=registration)


async def _build_client(
    new: NewIncoming | NewOAuth1Client, name: str, link_id: str, side: Administration
) -> tuple[Client, Secret | None]:
    if isinstance(new, NewOAuth1Client):
        return await build_oauth1_client(new, name=name, link_id=link_id, side=side)
    return build_client(new, name=name, link_id=link_id, side=side)


async def _build_outgoing(
    new: NewOutgoing, link_id: str, url: str, side: Administration
) -> tuple[Direction, Registration]:
    if new.protocol == "oauth1":
        registration = await build_oauth1_registration(link_id, new, url=url, side=side)
        return build_oauth1_outgoing(impersonation=new.impersonation), registration
    outgoing = build_outgoing(new.scopes, new.application_scopes)
    return outgoing, build_registration(link_id, new, outgoing, side)


def _get_issuer(new: NewOutgoing) -> str:
    """Give whom the credentials belong to: of OAuth 1.0a the address of the link itself."""
    return "" if new.protocol == "oauth1" else new.issuer


async def _choose_handle(new: NewLink, name: str, side: Administration) -> str:
    if new.handle:
        await _check_handle(new.handle, side)
        return new.handle
    return choose_handle(name, new.url, taken=await side.store.list_handles())


async def _check_handle(handle: str, side: Administration) -> None:
    check_handle(handle)
    if handle in await side.store.list_handles():
        raise InvalidValueError("handle", "handle_taken", f"Another link has the handle {handle}.")


async def _check_url(url: str, side: Administration, *, needed: bool, except_id: str = "", peer_id: str = "") -> None:
    if not url and needed:
        raise InvalidValueError("url", "url_missing", "Name the address of the application that is to be called.")
    if url:
        check_peer_url(url, side.settings)
    live = await side.store.find_live_link(url=url, peer_id=peer_id) if url or peer_id else None
    if live is not None and live.id != except_id:
        detail = f"the link {live.handle} with {url} is live"
        raise LinkingError("duplicate_link", detail=detail, peer=url).about(link_id=live.id)


def _check_by_hand(link: Link) -> None:
    if not link.is_by_hand:
        detail = f"the link {link.handle} was agreed with the other side, and is changed with it"
        raise LinkingError("unsupported_terms", detail=detail, peer=link.peer.url)


def _check_not_there(direction: Direction, field: str) -> None:
    if direction != Direction():
        raise InvalidValueError(field, "direction_exists", "The link has this direction already: change it.")


async def _rename(link: Link, change: LinkChange, side: Administration) -> Link:
    name = link.name if change.name is None else clean_name(change.name)
    handle = link.handle if change.handle is None else change.handle
    if handle != link.handle:
        await _check_handle(handle, side)
    peer = link.peer
    if change.display_url is not None:
        check_display_url(change.display_url, side.settings)
        peer = replace(peer, display_url=change.display_url)
    if change.is_primary is not None:
        peer = replace(peer, is_primary=change.is_primary)
    if change.description is not None:
        peer = replace(peer, description=clean_description(change.description))
    return replace(link, name=name, handle=handle, peer=peer)


async def _change_incoming(before: Link, link: Link, change: LinkChange, actor: Actor, side: Administration) -> Link:
    """Change what they may do here; the one client that was made with the link goes along."""
    incoming = link.incoming
    if incoming == Direction():
        if change.incoming or change.incoming_level or change.incoming_scopes is not None:
            raise InvalidValueError("incoming", "direction_missing", "The link has no incoming side yet: add it.")
        return link
    clients = [each.client for each in await side.incoming.list_clients(link_id=link.id)] if link.is_by_hand else []
    if change.incoming_scopes is not None:
        scopes = check_scopes(change.incoming_scopes, field="incoming_scopes", ours=True)
        if not scopes:
            text = "Name at least one scope, or switch this direction off."
            raise InvalidValueError("incoming_scopes", "scope_missing", text)
        for_itself = any(GrantType.CLIENT_CREDENTIALS in client.grant_types for client in clients)
        kept = side.list_for_itself(scopes) if for_itself else ()
        incoming = replace(incoming, user_scopes=scopes, application_scopes=kept)
    if len(clients) == 1:
        # First the client, which the link's own scopes still cap: nothing is given before the link says so.
        await _follow(clients[0], before, replace(link, incoming=incoming), actor, side)
    return replace(link, incoming=_switch(incoming, change.incoming, change.incoming_level, field="incoming_level"))


async def _follow(client: Client, before: Link, after: Link, actor: Actor, side: Administration) -> None:
    scopes, for_itself = client.scopes, client.application_scopes
    if after.incoming != before.incoming:
        scopes = after.incoming.user_scopes
        for_itself = side.list_for_itself(scopes) if GrantType.CLIENT_CREDENTIALS in client.grant_types else ()
    name = after.name if client.name == before.name else client.name
    if (client.name, client.scopes, client.application_scopes) == (name, scopes, for_itself):
        return
    changed = client.changed(name=name, scopes=scopes, application_scopes=for_itself)
    detail = {"name": name, "scopes": list(scopes)}
    event = build_event(actor, "client.changed", client.id, side=side, link_id=after.id, detail=detail)
    if not await side.incoming.swap_client(changed, expected_version=client.version, event=event):
        raise LinkingError("busy", detail=f"the client {client.client_id} was changed at this moment")


def _change_outgoing(link: Link, change: LinkChange, side: Administration) -> Link:
    outgoing, speaks_oauth1 = link.outgoing, "oauth1" in link.outgoing.protocols
    if outgoing == Direction():
        if change.outgoing or change.outgoing_level or change.outgoing_scopes is not None or change.issuer is not None:
            raise InvalidValueError("outgoing", "direction_missing", "The link has no outgoing side yet: add it.")
        return link
    if not speaks_oauth1 and (change.outgoing_scopes is not None or change.application_scopes is not None):
        scopes = outgoing.user_scopes if change.outgoing_scopes is None else change.outgoing_scopes
        outgoing = replace(build_outgoing(scopes, change.application_scopes), level=outgoing.level)
    peer = link.peer
    if change.issuer is not None and not speaks_oauth1:
        check_issuer(change.issuer, side.settings)
        # What was seen of one issuer says nothing of another.
        pinned = peer.token_endpoint if change.issuer == link.issuer else ""
        peer = replace(peer, issuer=change.issuer, token_endpoint=pinned)
    if change.endpoints is not None:
        peer = replace(peer, token_endpoint="")
    elif change.token_endpoint is not None:
        peer = replace(peer, token_endpoint=change.token_endpoint)
    is_private = link.private_address
    if change.private_origins is not None:
        peer, is_private = replace(peer, private_origins=change.private_origins), bool(change.private_origins)
    outgoing = _switch(outgoing, change.outgoing, change.outgoing_level, field="outgoing_level")
    return replace(link, peer=peer, outgoing=outgoing, private_address=is_private)


def _find_pin(new: NewOutgoing) -> str:
    """Give the token endpoint that metadata named; one that was entered needs no pin."""
    return "" if new.endpoints is not None else new.token_endpoint


def _switch(direction: Direction, enabled: bool | None, level: Level | None, *, field: str) -> Direction:
    if level is None:
        if enabled is None or enabled is direction.is_enabled:
            return direction
        level = Level.OAUTH if enabled else Level.DISABLED
    if level is Level.IMPERSONATION and "oauth1" not in direction.protocols:
        text = "Only over OAuth 1.0a can the user be named as whom a call is made."
        raise InvalidValueError(field, "level_not_possible", text)
    return replace(direction, level=level)


async def _change_registration(
    before: Registration | None, change: LinkChange, link: Link, after: Link, side: Administration
) -> Registration | None:
    if before is None:
        return None
    if before.protocol == "oauth1":
        return await change_oauth1_registration(before, change, url=link.peer.url, side=side)
    # A secret belongs to the issuer that gave it, and is not told to the next one.
    kept = before if link.issuer == after.issuer else replace(before, client_secret=None)
    return change_registration(kept, change, after.outgoing, side)
