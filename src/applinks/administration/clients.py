"""
Clients that are added by hand, and their secrets.

Product §4 Defaults; house §5: a client belongs to exactly one link.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from applinks.administration.actor import Actor, check_may_change, check_may_look
from applinks.administration.by_hand import add_incoming, add_link
from applinks.administration.changing import get_lasting_link
from applinks.administration.client_changes import (
    AddedClient,
    add_to_link,
    check_not_peer,
    get_client,
    is_only_client,
    list_spoken,
    set_incoming,
    swap_client,
)
from applinks.administration.hand_values import NewIncoming, NewLink, OAuth1ClientChange
from applinks.administration.links import delete
from applinks.administration.new_clients import build_client, get_incoming, make_secret
from applinks.administration.oauth1_clients import change_oauth1_client, rotate_shared_secret
from applinks.administration.side import Administration
from applinks.administration.values import (
    InvalidValueError,
    check_redirect_uris,
    check_scopes,
    check_within,
    clean_name,
    list_unnamed,
)
from applinks.errors import RefusedError
from applinks.incoming.store import FoundClient
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

    async def build(link: Link) -> tuple[Client, Secret | None]:
        scopes = new.scopes or list_unnamed(link.incoming.user_scopes)
        check_within(scopes, link.incoming.user_scopes, link=link.handle)
        client, secret = build_client(replace(incoming, scopes=scopes), name=new.name, link_id=link.id, side=side)
        allowed = tuple(name for name in client.application_scopes if name in link.incoming.application_scopes)
        return replace(client, application_scopes=allowed), secret

    return await add_to_link(build, link, actor=actor, side=side)


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
    return await get_client(client_id, side)


async def change_client(client_id: str, change: ClientChange, *, actor: Actor, side: Administration) -> FoundClient:
    """
    Change a client; the link of which it is the only one goes along.

    Of OAuth 1.0a the one redirect URI is its callback.

    Raises:
        InvalidValueError: a value cannot be taken; ``field`` says which.
        RefusedError: ``unknown_client``.
    """
    check_may_change(actor)
    before = await get_client(client_id, side)
    if before.client.oauth1 is not None:
        changed = await change_oauth1_client(before.client.id, _translate(change), actor=actor, side=side)
        return FoundClient(client=changed.client, link=changed.link)

    async def decide(found: FoundClient) -> Client:
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

    is_only = await is_only_client(before, side)
    if change.scopes is not None and not is_only:
        check_within(change.scopes, before.link.incoming.user_scopes, link=before.link.handle)
    found = await swap_client(before.client.id, decide, "client.changed", actor=actor, side=side)
    if change.scopes is None or not is_only:
        return found
    return FoundClient(client=found.client, link=await _widen(found, actor, side))


async def rotate_secret(
    client_id: str, *, keep_seconds: int = KEPT_SECONDS, actor: Actor, side: Administration
) -> AddedClient:
    """
    Give a client a new secret; the newest that it had is good for ``keep_seconds`` more, any older one no longer.

    A client of OAuth 1.0a has one, which is replaced at once.

    Raises:
        InvalidValueError: ``no_secret``: it proves itself otherwise, or not at all.
        RefusedError: ``unknown_client``.
    """
    check_may_change(actor)
    named = (await get_client(client_id, side)).client
    if named.oauth1 is not None:
        return await rotate_shared_secret(named.id, actor=actor, side=side)
    record, secret = make_secret(side)
    now = side.clock.now()

    async def decide(found: FoundClient) -> Client:
        if not found.client.authentication.is_by_secret:
            raise InvalidValueError("client_id", "no_secret", "This client has no secret, so there is none to replace.")
        good = [each for each in found.client.secrets if each.is_valid(now)][:1] if keep_seconds > 0 else []
        return replace(found.client, secrets=(record, *(_shorten(each, now + keep_seconds) for each in good)))

    detail = {"secret": record.hint}
    found = await swap_client(named.id, decide, "client.secret_made", actor=actor, side=side, detail=detail)
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

    async def decide(found: FoundClient) -> Client:
        ended = get_secret(found.client, hint)
        return replace(found.client, secrets=tuple(each for each in found.client.secrets if each is not ended))

    detail = {"secret": hint}
    return await swap_client(client_id, decide, "client.secret_ended", actor=actor, side=side, detail=detail)


async def delete_client(client_id: str, *, actor: Actor, side: Administration) -> FoundClient:
    """
    End a client for good, with all that users gave it; a link that had nothing else ends with it.

    Raises:
        InvalidValueError: ``client_of_link``: it is the linked application itself.
        RefusedError: ``unknown_client``.
    """
    check_may_change(actor)
    found = await get_client(client_id, side)
    check_not_peer(found.client)
    is_only = await is_only_client(found, side)
    if is_only and found.link.outgoing == Direction():
        ended = await delete(found.link.id, actor=actor, side=side)
        return FoundClient(client=replace(found.client, ended_at=ended.ended_at), link=ended)

    async def decide(each: FoundClient) -> Client:
        oauth1 = replace(each.client.oauth1, shared_secret=None) if each.client.oauth1 is not None else None
        return replace(each.client, ended_at=side.clock.now(), secrets=(), oauth1=oauth1)

    gone = await swap_client(found.client.id, decide, "client.deleted", actor=actor, side=side)
    if not gone.link.is_by_hand:
        return gone
    spoken = await list_spoken(gone.link, side)
    left = Direction() if is_only else replace(gone.link.incoming, protocols=spoken)
    return FoundClient(client=gone.client, link=await set_incoming(gone.link, left, actor, side))


def _translate(change: ClientChange) -> OAuth1ClientChange:
    uris = change.redirect_uris
    if uris is not None and len(uris) > 1:
        text = "A client of OAuth 1.0a has one callback."
        raise InvalidValueError("redirect_uris", "invalid_redirect_uri", text)
    callback = None if uris is None else "".join(uris)
    return OAuth1ClientChange(name=change.name, callback=callback, scopes=change.scopes)


async def _widen(found: FoundClient, actor: Actor, side: Administration) -> Link:
    """Let the link allow what its only client has, and no more."""
    allowed = replace(get_incoming(found.client), level=found.link.incoming.level)
    return await set_incoming(found.link, allowed, actor, side)


def _shorten(secret: ClientSecret, until: int) -> ClientSecret:
    return replace(secret, expires_at=min(secret.expires_at or until, until))


def _get_client(client: Client | None) -> Client:
    assert client is not None  # noqa: S101 - it was asked for.
    return client
