"""
The journey over OAuth 1.0a: temporary credentials, the user's yes, token credentials.

RFC 5849 §2.
"""

from dataclasses import replace

from applinks.fetching.exchange import run_exchange
from applinks.outgoing.journeys.ends import build_connection, build_denial, get_link_of_trip
from applinks.outgoing.oauth1.owner_authorization import OwnerAnswer, build_authorization_url
from applinks.outgoing.oauth1.signed_request import HeldCredentials
from applinks.outgoing.oauth1.temporary_credentials import request_temporary_credentials
from applinks.outgoing.oauth1.token_credentials import exchange_temporary_credentials
from applinks.outgoing.peers import get_send
from applinks.outgoing.renewal import compute_expiry
from applinks.outgoing.servers import build_freshness, get_oauth1_server
from applinks.outgoing.side import OutgoingSide
from applinks.outgoing.store import RoundTrip
from applinks.records.connections import Connection
from applinks.records.links import Link
from applinks.secret import Secret, digest_secret


def digest_state(link_id: str, token: Secret) -> bytes:
    """
    Give the name of a journey: here the server chooses it, so that it counts for its own link alone.

    Bound to the browser's session, it does what ``state`` does in OAuth 2.
    """
    return digest_secret(f"{link_id} {token.reveal()}")


async def set_out(trip: RoundTrip, link: Link, *, side: OutgoingSide) -> tuple[RoundTrip, str]:
    """Ask for temporary credentials, and give the address at which the user is asked."""
    server = await get_oauth1_server(link, side=side)
    exchange = request_temporary_credentials(
        server.endpoints.temporary, callback=trip.redirect_uri, own=server.own, freshness=build_freshness(side)
    )
    held = await run_exchange(exchange, get_send(link, side=side))
    trip = replace(trip, state=digest_state(link.id, held.token), code_verifier=held.secret)
    return trip, build_authorization_url(server.endpoints.authorization, token=held.token)


async def come_back(trip: RoundTrip, answer: OwnerAnswer, *, side: OutgoingSide) -> tuple[Link, Connection]:
    """
    Exchange the temporary credentials of a journey that came back.

    Raises:
        AccessDeniedError: the user said no.
        PeerError: there are no token credentials.
    """
    if answer.oauth_verifier is None:
        raise build_denial(trip, "the server's page said no")
    link = await get_link_of_trip(trip, side=side)
    server = await get_oauth1_server(link, side=side)
    exchange = exchange_temporary_credentials(
        server.endpoints.token,
        held=HeldCredentials(token=answer.token, secret=trip.code_verifier),
        oauth_verifier=answer.oauth_verifier,
        own=server.own,
        freshness=build_freshness(side),
    )
    given = await run_exchange(exchange, get_send(link, side=side))
    now = side.clock.now()
    connection = build_connection(
        trip,
        Secret(given.token),
        side=side,
        token_secret=given.secret,
        refresh_token=Secret(given.session_handle) if given.session_handle else None,
        # The server does not say: what was agreed is what users give.
        scopes=trip.scopes,
        expires_at=compute_expiry(given.expires_in, now),
        session_expires_at=compute_expiry(given.session_expires_in, now),
    )
    return link, connection
