"""How a peer is reached, and whether it may be."""

from applinks.errors import AuthorizationNeeded, LinkUnusableError
from applinks.fetching.exchange import Send, run_exchange
from applinks.outgoing.oauth2.client_authentication import OwnClient, build_presented_client
from applinks.outgoing.oauth2.metadata import read_server_metadata
from applinks.outgoing.side import OutgoingSide
from applinks.records.links import Link
from applinks.wire.http import Request, Response
from applinks.wire.oauth2.messages import PresentedClient
from applinks.wire.oauth2.metadata import ServerMetadata

# The detail of a failure is read by a person who looks for a slip.
_MOST_NAMED = 20


async def get_usable_link(id_or_handle: str, *, side: OutgoingSide) -> Link:
    """
    Give a link over which we may call now.

    Raises:
        LinkUnusableError: there is none, or it does not let calls pass; the description says why.
    """
    link = await get_link(id_or_handle, side=side)
    check_usable(link)
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


def check_usable(link: Link) -> None:
    """
    Check that we may call over this link now.

    Raises:
        LinkUnusableError: the description says why not.
    """
    if reason := _find_obstacle(link):
        raise LinkUnusableError(reason, link=link.handle, detail=f"{reason} ({link.state}, rest: {sorted(link.rest)})")


def _find_obstacle(link: Link) -> str:
    if link.is_usable:
        if not link.outgoing.is_enabled:
            return "Calls over this link are switched off."
        if _is_switched_off_there(link):
            return "The other application has switched off calls over this link."
        return "" if "oauth2" in link.outgoing.protocols else "The link has no protocol that we can call with."
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


def build_authorization_needed(link: Link, *, side: OutgoingSide, detail: str) -> AuthorizationNeeded:
    """Make the error that carries the address at which the user connects."""
    return AuthorizationNeeded(side.settings.url(f"/applinks/connect/{link.id}"), link=link.handle, detail=detail)


def get_send(link: Link, *, side: OutgoingSide) -> Send:
    """Give what sends the requests of an exchange with this peer, within the limits of protocol answers."""
    sizes = side.settings.sizes

    async def send(request: Request) -> Response:
        return await side.fetcher.fetch(
            request,
            private=link.private_address,
            key=link.id,
            limit=sizes.document,
            seconds=sizes.call_seconds,
        )

    return send


async def get_server_metadata(link: Link, *, side: OutgoingSide) -> ServerMetadata:
    """
    Give what the peer's authorization server says of itself, read at most every few minutes.

    Raises:
        PeerError: it cannot be read, or names another issuer or endpoints elsewhere.
    """
    kept = side.metadata.find(link.id, link.peer.url, now=side.clock.monotonic())
    if kept is not None:
        return kept
    exchange = read_server_metadata(
        link.peer.url,
        allow_http=bool(side.settings.allow_http_for_loopback),
        jwks_uri=link.peer.manifest.get("jwks_uri"),
        limit=side.settings.sizes.document,
    )
    found = await run_exchange(exchange, get_send(link, side=side))
    side.metadata.keep(link.id, found, now=side.clock.monotonic())
    return found


async def prove_client(link: Link, *, side: OutgoingSide) -> PresentedClient:
    """Make what proves us to the peer's authorization server, fresh for each request."""
    own = OwnClient(client_id=side.client_id, audience=link.peer.url, key_pair=await side.get_signing_key())
    return build_presented_client(own, now=side.clock.now(), jti=side.entropy.random_bytes(24))


def _narrow(scopes: tuple[str, ...], served: tuple[str, ...] | None) -> tuple[str, ...]:
    return scopes if served is None else tuple(scope for scope in scopes if scope in served)
