"""How a peer is reached, and whether it may be."""

import logging

from applinks.errors import AuthorizationNeeded, LinkUnusableError, PeerProtocolError, PeerRefusedError
from applinks.fetching.exchange import Exchange, Send, run_exchange
from applinks.outgoing.oauth2.client_authentication import (
    OwnClient,
    build_presented_client,
    present_public_client,
    present_secret,
)
from applinks.outgoing.oauth2.metadata import find_server_metadata, read_server_metadata
from applinks.outgoing.registrations import build_entered_metadata, get_registration, may_be_private
from applinks.outgoing.side import OutgoingSide, build_connect_url
from applinks.records.clients import ClientAuthentication
from applinks.records.links import Direction, Link
from applinks.wire.http import Request, Response
from applinks.wire.linking.terms import Level
from applinks.wire.oauth2.id_token import OPENID_SCOPE
from applinks.wire.oauth2.messages import PresentedClient
from applinks.wire.oauth2.metadata import ServerMetadata
from applinks.wire.urls import get_host

_log = logging.getLogger("applinks.outgoing")

# The detail of a failure is read by a person who looks for a slip.
_MOST_NAMED = 20


async def get_usable_link(id_or_handle: str, *, side: OutgoingSide) -> Link:
    """
    Give a link over which we may call now.

    Raises:
        LinkUnusableError: there is none, or it does not let calls pass; the description says why.
    """
    link = await get_link(id_or_handle, side=side)
    check_usable(link, side=side)
    return link


async def get_link(id_or_handle: str, *, side: OutgoingSide) -> Link:
    """
    Give a link, whether or not calls pass over it.

    Raises:
        LinkUnusableError: there is none of that name; the detail says which there are.
    """
    link = await side.store.find_link(id_or_handle)
    if link is not None:
        return link
    handles = sorted(await side.store.list_handles())
    there_are = ", ".join(handles[:_MOST_NAMED]) + (", …" if len(handles) > _MOST_NAMED else "")
    raise LinkUnusableError(
        "There is no such link.",
        code="unknown_link",
        link=id_or_handle,
        detail=f'No link is called "{id_or_handle[:80]}". Links here: {there_are or "none"}.',
    )


def list_protocols(link: Link, *, side: OutgoingSide) -> tuple[str, ...]:
    """Give the protocols that calls over a link can speak, the one that we prefer first."""
    return tuple(protocol for protocol in side.settings.protocols if protocol in link.outgoing.protocols)


def check_usable(link: Link, *, side: OutgoingSide) -> None:
    """
    Check that we may call over this link now.

    Raises:
        LinkUnusableError: the description says why not.
    """
    if reason := _find_obstacle(link, side):
        rests = f" ({', '.join(sorted(link.rest))})" if link.rest else ""
        raise LinkUnusableError(reason, link=link.handle, detail=f"link {link.handle}: {reason}{rests}")


def _find_obstacle(link: Link, side: OutgoingSide) -> str:
    if link.is_usable:
        if link.is_by_hand and link.outgoing == Direction():
            return "The other application only calls us: nothing calls it over this link."
        if not link.outgoing.is_enabled:
            return "Calls over this link are switched off."
        if _is_switched_off_there(link):
            return "The other application has switched off calls over this link."
        return "" if list_protocols(link, side=side) else "The link has no protocol that we can call with."
    if link.is_paused:
        return "The link is paused."
    return "The link needs an administrator's attention." if link.rest else "The link is not in force."


def _is_switched_off_there(link: Link) -> bool:
    """Whether the peer says that it serves us nothing now; what it did not say yet is found out by calling."""
    allows = link.peer.allows
    return allows is not None and not allows.user_scopes and not allows.application_scopes


def find_user_scopes(link: Link) -> tuple[str, ...]:
    """Give what users may be asked for: our part of the terms, within what the peer says it serves now."""
    return _narrow(link.outgoing.in_use.user_scopes, link.peer.allows.user_scopes if link.peer.allows else None)


def find_application_scopes(link: Link) -> tuple[str, ...]:
    """Give what the application may ask for itself, within what the peer says it serves now."""
    served = link.peer.allows.application_scopes if link.peer.allows else None
    return _narrow(link.outgoing.in_use.application_scopes, served)


def check_two_legs(link: Link) -> None:
    """
    Check that the application may call over OAuth 1.0a in its own name.

    Raises:
        PeerRefusedError: the link gives it nothing of its own; what a server by hand gives, only the call tells.
    """
    if not link.is_by_hand and not find_application_scopes(link):
        raise PeerRefusedError(
            "The link gives this application nothing in its own name.",
            detail="no application scope is agreed and served; ask as a user, or change the link",
        )


def may_name_users(link: Link, *, side: OutgoingSide) -> bool:
    """Whether calls may name the user as whom they are made, instead of showing what she granted."""
    is_agreed = link.outgoing.level is Level.IMPERSONATION and "oauth1" in list_protocols(link, side=side)
    return is_agreed and (link.is_by_hand or bool(find_user_scopes(link)))


async def get_requestor(link: Link, user_id: str, *, side: OutgoingSide) -> str:
    """
    Give the name of the user as whom a call is made.

    Raises:
        LinkUnusableError: she is gone, or not active.
    """
    name = await side.find_user_name(user_id)
    if name:
        return name
    raise LinkUnusableError(
        "The user for whom the call is made is not there, or not active.",
        code="unknown_user",
        link=link.handle,
        detail=f"the host names no active user {user_id}",
    )


def build_authorization_needed(link: Link, *, side: OutgoingSide, detail: str) -> AuthorizationNeeded:
    """Make the error that carries the address at which the user connects."""
    return AuthorizationNeeded(build_connect_url(side.settings, link.id), link=link.handle, detail=detail)


def get_send(link: Link, *, side: OutgoingSide, seconds: float | None = None) -> Send:
    """
    Give what sends the requests of an exchange with this peer, within the limits of protocol answers.

    ``seconds`` is the deadline over each; by default that of calls.
    """
    sizes = side.settings.sizes

    async def send(request: Request) -> Response:
        return await side.fetcher.fetch(
            request,
            private=await may_be_private(link, request.url, side=side),
            key=link.id,
            limit=sizes.document,
            seconds=sizes.call_seconds if seconds is None else seconds,
        )

    return send


async def get_server_metadata(link: Link, *, side: OutgoingSide) -> ServerMetadata:
    """
    Give what the peer's authorization server says of itself, read at most every few minutes.

    Raises:
        LinkUnusableError: we are not registered there yet.
        PeerError: it cannot be read, or names another issuer; of an Applinks also, or endpoints elsewhere; of another
            server, where its token endpoint moved to another host than the one that an administrator saw.
    """
    if link.is_by_hand:
        registration = await get_registration(link, side=side)
        if registration.endpoints is not None:
            return build_entered_metadata(link, registration.endpoints)
    kept = side.metadata.find(link.id, link.issuer, now=side.clock.monotonic())
    if kept is not None and not _is_moved(link, kept):
        return kept
    found = await run_exchange(_read_metadata(link, side), get_send(link, side=side))
    if _is_moved(link, found):
        raise PeerProtocolError(
            "The other application gives its tokens at another host than when it was linked.",
            code="token_endpoint_moved",
            detail=f"{found.issuer} names {found.token_endpoint}, pinned is {link.peer.token_endpoint}",
        )
    former = side.metadata.keep(link.id, found, now=side.clock.monotonic())
    if former is not None and get_host(former.token_endpoint) != get_host(found.token_endpoint):
        _log.warning("token_endpoint_moved link=%s from=%s to=%s", link.id, former.token_endpoint, found.token_endpoint)
    return found


async def prove_client(link: Link, *, side: OutgoingSide) -> PresentedClient:
    """
    Make what proves us to the peer's authorization server, fresh for each request.

    Raises:
        LinkUnusableError: we are not registered there yet.
    """
    if link.is_by_hand:
        registration = await get_registration(link, side=side)
        own = OwnClient(client_id=registration.client_id, audience=link.issuer, typ="JWT")
        match registration.authentication:
            case ClientAuthentication.NONE:
                return present_public_client(own)
            case ClientAuthentication.PRIVATE_KEY_JWT:
                pass
            case _:
                assert registration.client_secret is not None  # noqa: S101 - get_registration looked.
                in_header = registration.authentication is not ClientAuthentication.CLIENT_SECRET_POST
                return present_secret(own, registration.client_secret, in_header=in_header)
    else:
        own = OwnClient(client_id=side.client_id, audience=link.issuer)
    key_pair = await side.get_signing_key()
    return build_presented_client(own, key_pair, now=side.clock.now(), jti=side.entropy.random_bytes(24))


async def get_client_id(link: Link, *, side: OutgoingSide) -> str:
    """Give who we are to the peer's authorization server."""
    return (await get_registration(link, side=side)).client_id if link.is_by_hand else side.client_id


async def find_resource(link: Link, *, side: OutgoingSide) -> str | None:
    """
    Give the ``resource`` to ask tokens for; None: the parameter is left out, since many servers refuse it.

    RFC 8707 §2.
    """
    return (await get_registration(link, side=side)).resource or None if link.is_by_hand else link.peer.url


def _read_metadata(link: Link, side: OutgoingSide) -> Exchange[ServerMetadata]:
    allow_http, limit = bool(side.settings.allow_http_for_loopback), side.settings.sizes.document
    if link.is_by_hand:
        for_openid = OPENID_SCOPE in link.outgoing.user_scopes
        return find_server_metadata((link.issuer,), allow_http=allow_http, limit=limit, for_openid=for_openid)
    jwks_uri = link.peer.manifest.get("jwks_uri")
    return read_server_metadata(link.issuer, allow_http=allow_http, jwks_uri=jwks_uri, limit=limit)


def _is_moved(link: Link, metadata: ServerMetadata) -> bool:
    """Whether what proves us would go to another host than the one that an administrator saw."""
    pinned = link.peer.token_endpoint
    return bool(pinned) and get_host(metadata.token_endpoint) != get_host(pinned)


def _narrow(scopes: tuple[str, ...], served: tuple[str, ...] | None) -> tuple[str, ...]:
    return scopes if served is None else tuple(scope for scope in scopes if scope in served)
