"""The journey of a user's browser to the peer and back, which makes her connection."""

from dataclasses import dataclass

from applinks.entropy import new_id
from applinks.errors import LinkUnusableError, RefusedError
from applinks.outgoing.journeys import oauth1, oauth2
from applinks.outgoing.oauth1.owner_authorization import is_owner_answer, read_owner_answer
from applinks.outgoing.oauth2.authorization_request import read_authorization_response
from applinks.outgoing.peers import find_user_scopes, get_usable_link, list_protocols
from applinks.outgoing.side import OutgoingSide, build_redirect_uri
from applinks.outgoing.store import RoundTrip
from applinks.records.audit import AuditEvent
from applinks.records.connections import Connection
from applinks.records.links import Link
from applinks.records.users import User
from applinks.secret import Secret, digest_secret
from applinks.wire.urls import is_local_path

_LONGEST_RETURN = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A journey that ended well: where the browser goes, over which link."""

    return_to: str
    link: Link


async def begin(
    link: str, user: User, session_digest: bytes, return_to: str, *, side: OutgoingSide, name: str = ""
) -> str:
    """
    Begin a journey and give the peer's address to which the browser goes.

    Args:
        link: its id or handle.
        user: who connects; nobody else can finish.
        session_digest: of the browser session; no other browser can finish.
        return_to: a path of this application, where the browser ends.
        side: ours.
        name: tells several accounts of one user apart.

    Raises:
        RefusedError: ``return_to`` leads elsewhere.
        PeerError: the link is not usable, or the peer says nothing usable of itself.
    """
    check_return_to(return_to)
    found = await get_usable_link(link, side=side)
    protocol = list_protocols(found, side=side)[0]
    scopes = find_user_scopes(found)
    # A server of OAuth 1.0a that was entered by hand knows no scopes.
    if not scopes and not (found.is_by_hand and protocol == "oauth1"):
        raise LinkUnusableError("The link gives users nothing to connect for.", link=found.handle)
    trip = RoundTrip(
        protocol=protocol,
        state=b"",
        session=session_digest,
        link_id=found.id,
        user_id=user.id,
        name=name,
        issuer=found.issuer,
        code_verifier=Secret(""),
        redirect_uri=build_redirect_uri(side.settings, found.id),
        scopes=scopes,
        return_to=return_to,
        expires_at=side.clock.now() + side.settings.lifetimes.round_trip_seconds,
    )
    set_out = oauth1.set_out if protocol == "oauth1" else oauth2.set_out
    trip, url = await set_out(trip, found, side=side)
    await side.store.add_round_trip(trip)
    return url


async def finish(link_id: str, query: str, session_digest: bytes, user: User, *, side: OutgoingSide) -> Finished:
    """
    Take the browser back from the peer and store the connection.

    Raises:
        RefusedError: the callback is malformed, or not of a journey that this browser and user began and that is
            still under way.
        AccessDeniedError: the peer or its user said no.
        PeerError: the peer's answer is another issuer's, there are no tokens, or they come without the proof of who
            the user is there that was asked for.
    """
    if is_owner_answer(query):
        answer = read_owner_answer(query)
        state = oauth1.digest_state(link_id, answer.token)
        claimed = await side.store.claim_round_trip(state=state, session=session_digest, link_id=link_id)
        trip = _check_trip(claimed, user, protocol="oauth1", now=side.clock.now())
        link, connection = await oauth1.come_back(trip, answer, side=side)
    else:
        response, named = read_authorization_response(query)
        state = digest_secret(named)
        claimed = await side.store.claim_round_trip(state=state, session=session_digest, link_id=link_id)
        trip = _check_trip(claimed, user, protocol="oauth2", now=side.clock.now())
        link, connection = await oauth2.come_back(trip, response, side=side)
    await _keep(connection, side=side)
    return Finished(return_to=trip.return_to, link=link)


def check_return_to(return_to: str) -> None:
    """
    Check that an address is a path of this application.

    Raises:
        RefusedError: it could lead elsewhere.
    """
    if len(return_to) > _LONGEST_RETURN or not is_local_path(return_to):
        raise RefusedError(
            "return_to has to be a path of this application.", detail=f"return_to is {return_to[:200]!r}"
        )


def _check_trip(trip: RoundTrip | None, user: User, *, protocol: str, now: int) -> RoundTrip:
    if trip is None or trip.protocol != protocol:
        raise RefusedError(
            "This step of connecting is over, or was begun in another browser.",
            code="unknown_state",
            detail="no journey with this state, link and session is under way: finished, forged, or another browser's",
        )
    if now >= trip.expires_at:
        raise RefusedError("Connecting took too long; begin again.", code="expired", detail="the round trip expired")
    if trip.user_id != user.id:
        raise RefusedError(
            "Somebody else began to connect in this browser; begin again.",
            code="wrong_user",
            detail=f"begun by user {trip.user_id}, finished by {user.id}",
        )
    return trip


async def _keep(connection: Connection, *, side: OutgoingSide) -> None:
    event = AuditEvent(
        id=new_id(side.entropy, "aud"),
        at=connection.created_at,
        actor=f"user:{connection.user_id}",
        action="connection.made",
        subject=connection.id,
        link_id=connection.link_id,
        detail={"scopes": list(connection.scopes), "protocol": connection.protocol},
    )
    await side.store.add_connection(connection, event=event)
