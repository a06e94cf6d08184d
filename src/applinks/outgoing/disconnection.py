"""Ending connections."""

import asyncio
import logging

from applinks.entropy import new_id
from applinks.errors import PeerError
from applinks.fetching.exchange import run_exchange
from applinks.outgoing.oauth2.revocation import revoke_token
from applinks.outgoing.peers import get_send, get_server_metadata, prove_client
from applinks.outgoing.side import OutgoingSide
from applinks.records.audit import AuditEvent
from applinks.records.connections import Connection, ConnectionState
from applinks.records.links import Link

_log = logging.getLogger("applinks.outgoing")


async def disconnect(connection: Connection, *, actor: str, side: OutgoingSide) -> bool:
    """
    End a connection at the peer and delete it here; give whether the peer confirmed it.

    It is deleted here whatever the peer says, and whoever asked goes away meanwhile. ``actor`` is as in the audit.
    """
    return await asyncio.shield(_disconnect(connection, actor=actor, side=side))


async def _disconnect(connection: Connection, *, actor: str, side: OutgoingSide) -> bool:
    # As stored now: what the caller read may have been renewed since.
    stored = await side.store.find_connection(
        link_id=connection.link_id, user_id=connection.user_id, name=connection.name
    )
    if stored is not None and stored.id == connection.id:
        connection = stored
    link = await side.store.find_link(connection.link_id)
    confirmed = link is not None and await _revoke(connection, link, side=side)
    event = AuditEvent(
        id=new_id(side.entropy, "aud"),
        at=side.clock.now(),
        actor=actor,
        action="connection.deleted",
        subject=connection.id,
        link_id=connection.link_id,
        detail={"user": connection.user_id, "revoked_at_peer": confirmed},
    )
    await side.store.delete_connection(connection.id, event=event)
    return confirmed


async def _revoke(connection: Connection, link: Link, *, side: OutgoingSide) -> bool:
    """Tell the peer; what it ended itself needs no telling, and another's credentials are not shown to it."""
    if connection.state is ConnectionState.ENDED_BY_PEER:
        return True
    # OAuth 1.0a has no request that ends what it gave.
    if connection.issuer != link.issuer or connection.protocol != "oauth2":
        return False
    token = connection.refresh_token or connection.access_token
    try:
        metadata = await get_server_metadata(link, side=side)
        if not metadata.revocation_endpoint:
            return False
        client = await prove_client(link, side=side)
        exchange = revoke_token(metadata.revocation_endpoint, token=token, client=client)
        await run_exchange(exchange, get_send(link, side=side))
    except PeerError as error:
        _log.warning("revocation_failed link=%s code=%s detail=%s", link.id, error.code, error.detail)
        return False
    return True
