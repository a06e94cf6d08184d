"""
Clients that are added by hand, and their secrets.

Product §4 Defaults; house §5: a client belongs to exactly one link.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from applinks.administration.actor import Actor, check_may_change, check_may_look
from applinks.administration.by_hand import add_incoming, add_link
from applinks.administration.changing import ROUNDS, Update, build_event, get_lasting_link, update_link
from applinks.administration.hand_values import NewIncoming, NewLink
from applinks.administration.links import delete
from applinks.administration.new_clients import build_client, get_incoming, make_secret
from applinks.administration.side import Administration
from applinks.administration.values import (
    InvalidValueError,
    check_redirect_uris,
    check_scopes,
    check_within,
    clean_name,
)
from applinks.errors import RefusedError
from applinks.incoming.store import FoundClient
from applinks.linking.errors import LinkingError
from applinks.linking.events import Happened
from applinks.linking.states import describe_direction
from applinks.records.clients import Client, ClientSecret, GrantType
from applinks.records.links import Direction, Link
from applinks.secret import Secret

KEPT_SECONDS = 7 * 86400
"""How long a secret that was replaced is good: a week, so that nobody has to be up at night to change it over there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClient:
    """
    A client that is to call us.

    Attributes:
        redirect_uris, scopes, grant_types, public, resources: as of `NewIncoming`.
        link: handle or id of the link that it belongs to; empty: an incoming-only one of the client's name is made.
    """

    name: str
    redirect_uris: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    grant_types: tuple[GrantType, ...] | None = None
    public: bool = False
    link: str = ""
    resources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedClient:
    """A client with its new secret, which is seen here and never again; None: it is public."""

    client: Client
    link: Link
    secret: Secret | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientChange:
    """What changes of a client; None: it stays."""

    name: str | None = None
    redirect_uris: tuple[str, ...] | None = None
    scopes: tuple[str, ...] | None = None


async def add_client(new: NewClient, *, actor: Actor, side: Administration) -> AddedClient:
    """
    Add a client.

    Raises:
        InvalidValueError: a value cannot be taken; ``field`` says which.
        LinkingError: ``unknown_link``, ``busy``, ``not_administrator``.
    """
    check_may_change(actor)
    incoming = NewIncoming(
        redirect_uris=new.redirect_uris,
        scopes=new.scopes,
        grant_types=new.grant_types,
        public=new.public,
        resources=new.resources,
    )
    if not new.link:
        added = await add_link(NewLink(name=new.name, incoming=incoming), actor=actor, side=side)
        return AddedClient(client=_get_client(added.client), link=added.link, secret=added.secret)
    clean_name(new.name)
    link = await get_lasting_link(new.link, side)
    if link.is_by_hand and link.incoming == Direction():
        added = await add_incoming(link.id, incoming, name=new.name, actor=actor, side=side)
        return AddedClient(client=_get_client(added.client), link=added.link, secret=added.secret)
    return await _add_to_link(replace(incoming, scopes=new.scopes or link.incoming.user_scopes), new, link, actor, side)


async def list_clients(link: str | None = None, *, actor: Actor, side: Administration) -> Sequence[FoundClient]:
    """
    Give the clients, by name, with the last use of their secrets; of one link where it is named.

    Raises:
        LinkingError: ``unknown_link``.
    """
    check_may_look(actor)
    link_id = None if link is None else (await get_lasting_link(link, side)).id
    return await side.incoming.list_clients(link_id=link_id)


async def show_client(client_id: str, *, actor: Actor, side: Administration) -> FoundClient:
    """
    Give a client by its client id, or by the id of its record.

    Raises:
        RefusedError: ``unknown_client``.
    """
    check_may_look(actor)
    return await _get(client_id, side)


async def change_client(client_id: str, change: ClientChange, *, actor: Actor, side: Administration) -> FoundClient:
    """
    Change a client; the link of which it is the only one goes along.

    Raises:
        InvalidValueError: a value cannot be taken; ``field`` says which.
        RefusedError: ``unknown_client``.
    """
    check_may_change(actor)

    def decide(found: FoundClient) -> Client:
        client = found.client
        name = client.name if change.name is None else clean_name(change.name)
        uris = client.redirect_uris if change.redirect_uris is None else check_redirect_uris(change.redirect_uris)
        if not uris and GrantType.AUTHORIZATION_CODE in client.grant_types:
            text = "Name the redirect URI to which users come back."
            raise InvalidValueError("redirect_uris", "redirect_uri_missing", text)
        grant_types = client.grant_types
        if uris and grant_types == (GrantType.CLIENT_CREDENTIALS,):
            # It had nowhere to send users back to, and has it now.
            grant_types = (GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN, *grant_types)
        scopes, for_itself = client.scopes, client.application_scopes
        if change.scopes is not None:
            scopes = check_scopes(change.scopes, field="scopes", ours=True)
            for_itself = side.list_for_itself(scopes) if GrantType.CLIENT_CREDENTIALS in client.grant_types else ()
            if not scopes and client.grant_types:
                raise InvalidValueError("scopes", "scope_missing", "Name at least one scope.")
        return replace(
            client,
            name=name,
            redirect_uris=uris,
            grant_types=grant_types,
            scopes=scopes,
            application_scopes=for_itself,
        )

    before = await _get(client_id, side)
    is_only = before.link.is_by_hand and len(await side.incoming.list_clients(link_id=before.link.id)) == 1
    if change.scopes is not None and not is_only:
        check_within(change.scopes, before.link.incoming.user_scopes, link=before.link.handle)
    found = await _swap(client_id, decide, "client.changed", actor, side)
    if change.scopes is None or not is_only:
        return found
    return FoundClient(client=found.client, link=await _widen(found, actor, side))


async def rotate_secret(
    client_id: str, *, keep_seconds: int = KEPT_SECONDS, actor: Actor, side: Administration
) -> AddedClient:
    """
    Give a client a new secret; the newest that it had is good for ``keep_seconds`` more, any older one no longer.

    Raises:
        InvalidValueError: ``no_secret``: it proves itself otherwise, or not at all.
        RefusedError: ``unknown_client``.
    """
    check_may_change(actor)
    record, secret = make_secret(side)
    now = side.clock.now()

    def decide(found: FoundClient) -> Client:
        if not found.client.authentication.is_by_secret:
            raise InvalidValueError("client_id", "no_secret", "This client has no secret, so there is none to replace.")
        good = [each for each in found.client.secrets if each.is_valid(now)][:1] if keep_seconds > 0 else []
        return replace(found.client, secrets=(record, *(_shorten(each, now + keep_seconds) for each in good)))

    found = await _swap(client_id, decide, "client.secret_made", actor, side, detail={"secret": record.hint})
    return AddedClient(client=found.client, link=found.link, secret=secret)


def get_secret(client: Client, hint: str) -> ClientSecret:
    """
    Give the secret of a client that begins like this.

    Raises:
        RefusedError: ``unknown_secret``.
    """
    for secret in client.secrets:
        if secret.hint == hint:
            return secret
    raise RefusedError("The client has no such secret any more.", code="unknown_secret", status=404)


async def end_secret(client_id: str, hint: str, *, actor: Actor, side: Administration) -> FoundClient:
    """
    End one secret of a client at once, also its last: then it proves nothing until it has a new one.

    Raises:
        RefusedError: ``unknown_client``, ``unknown_secret``.
    """
    check_may_change(actor)

    def decide(found: FoundClient) -> Client:
        ended = get_secret(found.client, hint)
        return replace(found.client, secrets=tuple(each for each in found.client.secrets if each is not ended))

    return await _swap(client_id, decide, "client.secret_ended", actor, side, detail={"secret": hint})


async def delete_client(client_id: str, *, actor: Actor, side: Administration) -> FoundClient:
    """
    End a client for good, with all that users gave it; a link that had nothing else ends with it.

    Raises:
        InvalidValueError: ``client_of_link``: it is the linked application itself.
        RefusedError: ``unknown_client``.
    """
    check_may_change(actor)
    found = await _get(client_id, side)
    _check_not_peer(found.client)
    is_only = found.link.is_by_hand and len(await side.incoming.list_clients(link_id=found.link.id)) == 1
    if is_only and found.link.outgoing == Direction():
        ended = await delete(found.link.id, actor=actor, side=side)
        return FoundClient(client=replace(found.client, ended_at=ended.ended_at), link=ended)

    def decide(each: FoundClient) -> Client:
        return replace(each.client, ended_at=side.clock.now(), secrets=())

    gone = await _swap(client_id, decide, "client.deleted", actor, side)
    if not is_only:
        return gone
    return FoundClient(client=gone.client, link=await _set_incoming(gone.link, Direction(), actor, side))


async def _add_to_link(
    new: NewIncoming, given: NewClient, link: Link, actor: Actor, side: Administration
) -> AddedClient:
    check_within(new.scopes, link.incoming.user_scopes, link=link.handle)
    for _ in range(ROUNDS):
        client, secret = build_client(new, name=given.name, link_id=link.id, side=side)
        allowed = tuple(name for name in client.application_scopes if name in link.incoming.application_scopes)
        client = replace(client, application_scopes=allowed)
        event = build_event(
            actor,
            "client.added",
            client.id,
            side=side,
            link_id=link.id,
            detail={"client_id": client.client_id, "scopes": list(client.scopes)},
        )
        if await side.incoming.add_client(client, event=event):
            return AddedClient(client=client, link=link, secret=secret)
        link = await get_lasting_link(link.id, side)
    raise LinkingError("busy", detail=f"no client could be added to the link {link.handle}")


async def _get(client_id: str, side: Administration) -> FoundClient:
    # By the list, where secrets come with their last use.
    for found in await side.incoming.list_clients():
        if client_id in {found.client.client_id, found.client.id}:
            return found
    raise RefusedError(
        "There is no such client.", code="unknown_client", detail=f"there is no client {client_id[:80]!r}", status=404
    )


async def _swap(
    client_id: str,
    decide: Callable[[FoundClient], Client],
    action: str,
    actor: Actor,
    side: Administration,
    *,
    detail: dict[str, object] | None = None,
) -> FoundClient:
    for _ in range(ROUNDS):
        found = await _get(client_id, side)
        _check_not_peer(found.client)
        after = decide(found)
        if after == found.client:
            return found
        changed = after.changed()
        told = {"client_id": changed.client_id, **(detail or {"scopes": list(changed.scopes)})}
        event = build_event(actor, action, changed.id, side=side, link_id=found.link.id, detail=told)
        if await side.incoming.swap_client(changed, expected_version=found.client.version, event=event):
            return FoundClient(client=changed, link=found.link)
    raise LinkingError("busy", detail=f"the client {client_id[:80]!r} was changed by others {ROUNDS} times meanwhile")


async def _widen(found: FoundClient, actor: Actor, side: Administration) -> Link:
    """Let the link allow what its only client has, and no more."""
    return await _set_incoming(
        found.link, replace(get_incoming(found.client), level=found.link.incoming.level), actor, side
    )


async def _set_incoming(link: Link, incoming: Direction, actor: Actor, side: Administration) -> Link:
    async def decide(before: Link) -> Update:
        if before.incoming == incoming:
            return Update(link=before)
        happened = Happened(actor=actor.name, action="link.incoming_changed", detail=describe_direction(incoming))
        return Update(link=replace(before, incoming=incoming), happened=(happened,))

    return (await update_link(link.id, decide, side=side)).link


def _check_not_peer(client: Client) -> None:
    if client.is_peer:
        text = "This client is the linked application itself: change or delete the link."
        raise InvalidValueError("client_id", "client_of_link", text)


def _shorten(secret: ClientSecret, until: int) -> ClientSecret:
    return replace(secret, expires_at=min(secret.expires_at or until, until))


def _get_client(client: Client | None) -> Client:
    assert client is not None  # noqa: S101 - it was asked for.
    return client
