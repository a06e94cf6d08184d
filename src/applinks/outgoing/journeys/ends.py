"""What the end of every journey has in common: over which link it went, and what is kept of it."""

from typing import Any

from applinks.entropy import new_id
from applinks.errors import LinkUnusableError
from applinks.outgoing.errors import AccessDeniedError, WrongIssuerError
from applinks.outgoing.peers import get_usable_link, list_protocols
from applinks.outgoing.side import OutgoingSide
from applinks.outgoing.store import RoundTrip
from applinks.records.connections import Connection
from applinks.records.links import Link
from applinks.secret import Secret


async def get_link_of_trip(trip: RoundTrip, *, side: OutgoingSide) -> Link:
    """
    Give the link of a journey that came back, still as it was when it began.

    Raises:
        LinkUnusableError: no call passes over it now, or none with the protocol of the journey.
        WrongIssuerError: it leads to another server.
    """
    link = await get_usable_link(trip.link_id, side=side)
    if link.issuer != trip.issuer:
        raise WrongIssuerError("The link leads to another application now.", detail=f"begun with {trip.issuer}")
    if trip.protocol not in list_protocols(link, side=side):
        raise LinkUnusableError(
            "The link has changed; begin again.", link=link.handle, detail=f"begun over {trip.protocol}"
        )
    return link


def build_connection(trip: RoundTrip, access_token: Secret, *, side: OutgoingSide, **more: Any) -> Connection:
    """Make the record of what a journey brought."""
    now = side.clock.now()
    return Connection(
        id=new_id(side.entropy, "con"),
        link_id=trip.link_id,
        user_id=trip.user_id,
        name=trip.name,
        protocol=trip.protocol,
        issuer=trip.issuer,
        access_token=access_token,
        created_at=now,
        last_used_at=now,
        **more,
    )


def build_denial(trip: RoundTrip, detail: str) -> AccessDeniedError:
    """Make the error of a user, or a peer, who said no."""
    denial = AccessDeniedError("Access was not given.", detail=detail)
    denial.return_to = trip.return_to
    return denial
