"""What a Data Center peer sets up here, in the name of one of our administrators: a link, and its two sides."""

from collections.abc import Sequence

from applinks.administration.actor import Actor, check_may_change, check_may_look
from applinks.administration.atlassian.status import allow, check_by_hand
from applinks.administration.by_hand import add_link, add_outgoing, change_by_hand
from applinks.administration.client_changes import AddedClient
from applinks.administration.hand_values import (
    LinkChange,
    NewLink,
    NewOAuth1Client,
    NewOutgoing,
    OAuth1ClientChange,
)
from applinks.administration.oauth1_clients import add_oauth1_client, change_oauth1_client
from applinks.administration.side import Administration
from applinks.administration.values import LONGEST_NAME
from applinks.errors import RefusedError
from applinks.linking.discovery.atlassian import get_atlassian_endpoints
from applinks.records.links import Direction, Link
from applinks.records.registrations import ServerEndpoints
from applinks.secret import Secret
from applinks.wire.atlassian.authentication_types import AuthenticationType
from applinks.wire.atlassian.consumer_info import ConsumerInfo
from applinks.wire.atlassian.status import ApplicationLinkEntity, ConsumerConfiguration, ProviderConfiguration
from applinks.wire.linking.terms import Level
from applinks.wire.oauth1.keys import format_public_key
from applinks.wire.oauth1.signature import SignatureMethod
from applinks.wire.urls import MalformedUrlError, get_origin

_PROVIDERS = frozenset({AuthenticationType.OAUTH, AuthenticationType.TWO_LEGGED, AuthenticationType.IMPERSONATION})

_LONGEST_KIND = 40


async def add_application(entity: ApplicationLinkEntity, *, actor: Actor, side: Administration) -> Link:
    """
    Make a link that has neither side yet. Nothing is asked of the address that is named: whoever calls chose it.

    Raises:
        InvalidValueError, LinkingError: as `add_link`.
    """
    new = NewLink(
        name=entity.name,
        url=entity.rpc_url,
        display_url="" if entity.display_url == entity.rpc_url else entity.display_url,
        kind=_check_kind(entity.type_id),
        may_be_empty=True,
    )
    return (await add_link(new, actor=actor, side=side)).link


async def list_applications(*, actor: Actor, side: Administration) -> Sequence[Link]:
    """Give the links to applications that we can call, by name."""
    check_may_look(actor)
    return [link for link in await side.store.list_links() if link.is_live and link.peer.url]


async def set_provider(link: Link, provider: ProviderConfiguration, *, actor: Actor, side: Administration) -> Link:
    """
    Let us call the peer as it wants to be called: always with our RSA key, and only where the link leads.

    Raises:
        RefusedError: ``unsupported_provider``; ``invalid_endpoint``: an address of another origin than the link's;
            ``unsupported_terms``: it was agreed with another Applinks, or is called over OAuth 2.
        InvalidValueError: a value cannot be taken.
    """
    check_may_change(actor)
    check_by_hand(link)
    if provider.provider not in _PROVIDERS:
        raise RefusedError("Only OAuth is set up in this way.", code="unsupported_provider")
    endpoints = ServerEndpoints(
        temporary=_check_origin(provider.request_token_url, link),
        authorization=_check_origin(provider.authorize_url, link),
        token=_check_origin(provider.access_token_url, link),
    )
    level = Level.IMPERSONATION if provider.provider is AuthenticationType.IMPERSONATION else None
    key = provider.consumer_key or (await side.keys.get_instance()).consumer_key
    if link.outgoing == Direction():
        new = NewOutgoing(
            protocol="oauth1", client_id=key, endpoints=endpoints, impersonation=level is Level.IMPERSONATION
        )
        return await _add_outgoing(link, new, actor, side)
    _check_speaks_oauth1(link)
    change = LinkChange(client_id=key, endpoints=endpoints, outgoing=True, outgoing_level=level)
    return await change_by_hand(link.id, change, actor=actor, side=side)


async def set_consumer(
    link: Link,
    consumer: ConsumerConfiguration,
    *,
    found: ConsumerInfo | None = None,
    actor: Actor,
    side: Administration,
) -> Link:
    """
    Take up the consumer that calls us, or the one that we are there (``outgoing``).

    ``found``: what the peer says of itself where the link leads, which goes before what was sent.

    Raises:
        RefusedError: ``key_taken``; ``unsupported_terms`` as `set_provider`.
        InvalidValueError: a value cannot be taken.
    """
    check_may_change(actor)
    check_by_hand(link)
    method = _read_method(consumer.signature_method)
    secret = Secret(consumer.shared_secret) if consumer.shared_secret else None
    if consumer.outgoing:
        if link.outgoing == Direction():
            new = NewOutgoing(
                protocol="oauth1",
                client_id=consumer.key,
                client_secret=secret,
                endpoints=get_atlassian_endpoints(link.peer.url),
                signature_method=method,
            )
            return await _add_outgoing(link, new, actor, side)
        _check_speaks_oauth1(link)
        change = LinkChange(client_id=consumer.key, client_secret=secret, signature_method=method, outgoing=True)
        return await change_by_hand(link.id, change, actor=actor, side=side)
    return (await _set_client(link, consumer, found, secret, method, actor=actor, side=side)).link


async def _set_client(
    link: Link,
    consumer: ConsumerConfiguration,
    found: ConsumerInfo | None,
    secret: Secret | None,
    method: SignatureMethod | None,
    *,
    actor: Actor,
    side: Administration,
) -> AddedClient:
    """Add the client, or change it; what it may do is said afterwards, since peers name no user as whom it calls."""
    key = found.key if found is not None else consumer.key
    known = await side.oauth1.find_client(key)
    if known is not None and known.link.id != link.id:
        raise RefusedError("Another link has a consumer with this key.", code="key_taken", status=409)
    name = (found.name if found is not None else consumer.name)[:LONGEST_NAME]
    pem = format_public_key(found.public_key) if found is not None else consumer.public_key
    methods = (method,) if method is not None else None
    if known is None:
        new = NewOAuth1Client(
            key=key,
            name=name,
            public_key=pem,
            shared_secret=secret,
            callback=consumer.callback,
            methods=methods,
            execute_as=consumer.execute_as,
        )
        added = await add_oauth1_client(new, link=link.id, actor=actor, side=side)
    else:
        change = OAuth1ClientChange(
            name=name or None,
            public_key=pem or None,
            shared_secret=secret,
            callback=consumer.callback or None,
            methods=methods,
            execute_as=consumer.execute_as or None,
        )
        added = await change_oauth1_client(known.client.id, change, actor=actor, side=side)
    await allow(
        added.client,
        two_legged=consumer.two_legged,
        impersonation=consumer.impersonation,
        actor=actor,
        side=side,
    )
    level = Level.IMPERSONATION if consumer.impersonation else None
    after = await change_by_hand(added.link.id, LinkChange(incoming=True, incoming_level=level), actor=actor, side=side)
    return AddedClient(client=added.client, link=after, secret=None)


async def _add_outgoing(link: Link, new: NewOutgoing, actor: Actor, side: Administration) -> Link:
    if not link.peer.url:
        text = "It is not known where the other application answers."
        raise RefusedError(text, code="url_missing", status=409)
    added = await add_outgoing(link.id, new, private_origins=link.peer.private_origins, actor=actor, side=side)
    return added.link


def _check_speaks_oauth1(link: Link) -> None:
    if "oauth1" not in link.outgoing.protocols:
        text = "This application is called over OAuth 2, as its administrator wanted."
        raise RefusedError(text, code="unsupported_terms", status=409)


def _check_origin(url: str, link: Link) -> str:
    """Give an address if it is of the link's origin; a relative one lies below the link's address."""
    if "://" not in url.partition("?")[0] and url.startswith("/") and not url.startswith("//"):
        return url
    try:
        if get_origin(url) == get_origin(link.peer.url):
            return url
    except MalformedUrlError:
        pass
    text = "The address of a step of OAuth has to be of the same origin as the link."
    raise RefusedError(text, code="invalid_endpoint", detail=f"{url[:200]!r} for {link.peer.url}")


def _read_method(text: str) -> SignatureMethod | None:
    """Read a signature method, as OAuth spells it or as a name of Java's."""
    if not text:
        return None
    try:
        return SignatureMethod(text.upper().replace("_", "-"))
    except ValueError as error:
        raise RefusedError("This signature method is not known.", code="invalid_method") from error


def _check_kind(kind: str) -> str:
    if not 1 <= len(kind) <= _LONGEST_KIND or not kind.isprintable():
        raise RefusedError(f"typeId: 1 to {_LONGEST_KIND} characters, which can all be shown.")
    return kind
