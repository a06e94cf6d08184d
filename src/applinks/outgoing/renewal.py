"""Keeps credentials usable: renewed once however many callers wait, and never lost."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeGuard, TypeVar

from applinks.entropy import new_id
from applinks.errors import (
    AddressNotAllowedError,
    AuthorizationNeeded,
    PeerError,
    PeerRefusedError,
    PeerUnreachableError,
)
from applinks.fetching.exchange import run_exchange
from applinks.outgoing.errors import GrantEndedError
from applinks.outgoing.oauth1.signed_request import HeldCredentials
from applinks.outgoing.oauth1.token_credentials import renew_token_credentials
from applinks.outgoing.oauth2.grant_types.client_credentials import request_application_token
from applinks.outgoing.oauth2.grant_types.refresh_token import refresh
from applinks.outgoing.peers import (
    build_authorization_needed,
    find_application_scopes,
    find_resource,
    get_send,
    get_server_metadata,
    list_protocols,
    prove_client,
)
from applinks.outgoing.registrations import get_registration
from applinks.outgoing.servers import build_freshness, get_oauth1_server
from applinks.outgoing.side import OutgoingSide
from applinks.records.connections import Connection, ConnectionState
from applinks.records.links import Link
from applinks.secret import Secret
from applinks.wire.oauth2.messages import TokenAnswer

_log = logging.getLogger("applinks.outgoing")

T = TypeVar("T")

# A token that ends while the request is under way would be refused for nothing; our clocks may differ a little, too.
_SKEW_SECONDS = 30


async def get_credentials(link: Link, user_id: str | None, name: str, *, side: OutgoingSide) -> Connection:
    """
    Give credentials that can be used now, renewed where they are about to end.

    The application's own are asked for when they are first needed.

    Raises:
        AuthorizationNeeded: the user is not connected, or the peer ended what she was.
        PeerError: they cannot be had now.
    """
    found = await side.store.find_connection(link_id=link.id, user_id=user_id, name=name)
    if not _is_alive(found, link, side):
        if user_id is None:
            return await _obtain(link, name, None, side=side)
        if link.is_by_hand:
            # Before she is sent to a page that could only say so.
            await get_registration(link, side=side)
        raise build_authorization_needed(link, side=side, detail=_explain(found, link, side))
    if not found.expires_at or side.clock.now() < found.expires_at - _SKEW_SECONDS:
        return found
    try:
        return await renew(found, link, side=side)
    except AuthorizationNeeded:
        raise
    except PeerError as error:
        # Renewal began early: what is still good serves until the peer is well again.
        if side.clock.now() >= found.expires_at:
            raise
        _log.warning("renewal_failed link=%s code=%s detail=%s", link.id, error.code, error.detail)
        return found


async def renew(connection: Connection, link: Link, *, side: OutgoingSide) -> Connection:
    """
    Replace credentials by newer ones, unless another caller or process did so meanwhile.

    Raises:
        AuthorizationNeeded: the peer ended them, or there is nothing to renew them with.
        PeerError: they cannot be renewed now; what is stored is as it was.
    """
    if connection.user_id is None:
        return await _obtain(link, connection.name, connection, side=side)
    key = (link.id, connection.user_id, connection.name)
    return await side.flights.join(key, lambda: _renew(connection, link, side=side))


async def request_token_for_application(link: Link, scopes: tuple[str, ...], *, side: OutgoingSide) -> TokenAnswer:
    """
    Ask the peer for a token in our own name, and do not store it: the test call of a link needs one.

    Raises:
        PeerError: there is none.
    """
    metadata = await get_server_metadata(link, side=side)

    async def ask() -> TokenAnswer:
        exchange = request_application_token(
            metadata.token_endpoint,
            scopes=scopes,
            resource=await find_resource(link, side=side),
            client=await prove_client(link, side=side),
        )
        return await run_exchange(exchange, get_send(link, side=side))

    try:
        return await _try_within_budget(ask, side=side)
    except GrantEndedError as error:
        raise PeerRefusedError(error.description, code=error.code, detail=error.detail) from error


async def _obtain(link: Link, name: str, stale: Connection | None, *, side: OutgoingSide) -> Connection:
    return await side.flights.join((link.id, None, name), lambda: _obtain_service(link, name, stale, side=side))


async def _obtain_service(link: Link, name: str, stale: Connection | None, *, side: OutgoingSide) -> Connection:
    found = await side.store.find_connection(link_id=link.id, user_id=None, name=name)
    if _is_alive(found, link, side) and (stale is None or found.version != stale.version):
        return found
    scopes = find_application_scopes(link)
    if not scopes:
        raise PeerRefusedError(
            "The link gives this application nothing in its own name.",
            detail="no application scope is agreed and served; ask as a user, or change the link",
        )
    answer = await request_token_for_application(link, scopes, side=side)
    now = side.clock.now()
    connection = Connection(
        id=found.id if found else new_id(side.entropy, "con"),
        link_id=link.id,
        user_id=None,
        name=name,
        version=found.version + 1 if found else 1,
        issuer=link.issuer,
        access_token=Secret(answer.access_token),
        scopes=scopes if answer.scopes is None else answer.scopes,
        expires_at=compute_expiry(answer.expires_in, now),
        created_at=found.created_at if found else now,
        last_used_at=now,
    )
    await side.store.add_connection(connection, event=None)
    return connection


async def _renew(stale: Connection, link: Link, *, side: OutgoingSide) -> Connection:
    current = await side.store.find_connection(link_id=link.id, user_id=stale.user_id, name=stale.name)
    if not _is_alive(current, link, side):
        raise build_authorization_needed(link, side=side, detail=_explain(current, link, side))
    if (current.id, current.version) != (stale.id, stale.version):
        return current
    renews = current.refresh_token
    if renews is None:
        return await _end(current, link, side=side, detail="the token ended and there is nothing to renew it with")
    ask = _ask_for_token_credentials if current.protocol == "oauth1" else _ask_for_tokens
    try:
        renewed = await _try_within_budget(lambda: ask(current, renews, link, side), side=side)
    except GrantEndedError as error:
        return await _end(current, link, side=side, detail=error.detail)
    return await _swap(renewed, link, expected_version=current.version, side=side)


async def _ask_for_tokens(current: Connection, refresh_token: Secret, link: Link, side: OutgoingSide) -> Connection:
    metadata = await get_server_metadata(link, side=side)
    exchange = refresh(
        metadata.token_endpoint,
        refresh_token=refresh_token,
        resource=await find_resource(link, side=side),
        client=await prove_client(link, side=side),
    )
    answer = await run_exchange(exchange, get_send(link, side=side))
    now = side.clock.now()
    return current.changed(
        access_token=Secret(answer.access_token),
        # RFC 6749 §6: the peer may issue a new one, and the old one is then not to be used again.
        refresh_token=Secret(answer.refresh_token) if answer.refresh_token else refresh_token,
        scopes=current.scopes if answer.scopes is None else answer.scopes,
        expires_at=compute_expiry(answer.expires_in, now),
        last_used_at=now,
    )


async def _ask_for_token_credentials(
    current: Connection, session_handle: Secret, link: Link, side: OutgoingSide
) -> Connection:
    server = await get_oauth1_server(link, side=side)
    exchange = renew_token_credentials(
        server.endpoints.token,
        held=HeldCredentials(token=current.access_token, secret=current.token_secret or Secret("")),
        session_handle=session_handle,
        own=server.own,
        freshness=build_freshness(side),
    )
    answer = await run_exchange(exchange, get_send(link, side=side))
    now = side.clock.now()
    return current.changed(
        access_token=Secret(answer.token),
        token_secret=answer.secret,
        refresh_token=Secret(answer.session_handle) if answer.session_handle else session_handle,
        expires_at=compute_expiry(answer.expires_in, now),
        session_expires_at=compute_expiry(answer.session_expires_in, now) or current.session_expires_at,
        last_used_at=now,
    )


async def _end(connection: Connection, link: Link, *, side: OutgoingSide, detail: str) -> Connection:
    ended = connection.changed(state=ConnectionState.ENDED_BY_PEER)
    return await _swap(ended, link, expected_version=connection.version, side=side, detail=detail)


async def _swap(
    wanted: Connection, link: Link, *, expected_version: int, side: OutgoingSide, detail: str = ""
) -> Connection:
    """Store what we have, or, where another process was faster, use what it stored."""
    stored: Connection | None = wanted
    if not await side.store.swap_connection(wanted, expected_version=expected_version):
        stored = await side.store.find_connection(link_id=link.id, user_id=wanted.user_id, name=wanted.name)
        if wanted.state is ConnectionState.ACTIVE and _is_ended_meanwhile(stored, wanted):
            return await _swap(wanted.changed(), link, expected_version=wanted.version, side=side)
    if not _is_alive(stored, link, side):
        raise build_authorization_needed(link, side=side, detail=detail or _explain(stored, link, side))
    return stored


def _is_ended_meanwhile(stored: Connection | None, renewed: Connection) -> bool:
    """Whether another process was refused because we were faster at the peer, and noted that as the end."""
    if stored is None or stored.state is not ConnectionState.ENDED_BY_PEER:
        return False
    return (stored.id, stored.version) == (renewed.id, renewed.version)


async def _try_within_budget(ask: Callable[[], Awaitable[T]], *, side: OutgoingSide) -> T:
    """Ask again, a few times, where the fault may pass; a renewal asked twice gets the same answer from the peer."""
    started = side.clock.monotonic()
    for pause in side.retry_pauses:
        try:
            return await ask()
        except AddressNotAllowedError:
            raise
        except PeerUnreachableError:
            if side.clock.monotonic() - started > side.settings.sizes.connect_seconds:
                raise
        await asyncio.sleep(pause)
    return await ask()


def compute_expiry(expires_in: int | None, now: int) -> int:
    """Give when something ends by our clock; 0: the peer did not say."""
    return now + expires_in if expires_in else 0


def _is_alive(connection: Connection | None, link: Link, side: OutgoingSide) -> TypeGuard[Connection]:
    if connection is None or connection.state is not ConnectionState.ACTIVE:
        return False
    # Credentials belong to an issuer: where the link leads elsewhere now, they are as good as none.
    return connection.issuer == link.issuer and connection.protocol in list_protocols(link, side=side)


def _explain(connection: Connection | None, link: Link, side: OutgoingSide) -> str:
    if connection is None:
        return "there is no connection"
    if connection.protocol not in list_protocols(link, side=side):
        return f"the connection was made over {connection.protocol}, which the link does not use any more"
    if connection.issuer != link.issuer:
        return f"the connection belongs to {connection.issuer}, the link now leads to {link.issuer}"
    return "the other application ended the connection"
