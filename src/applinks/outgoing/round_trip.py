"""The journey of a user's browser to the peer and back, which makes her connection."""

from dataclasses import dataclass

from applinks.entropy import new_id
from applinks.errors import LinkUnusableError, RefusedError
from applinks.fetching.exchange import run_exchange
from applinks.outgoing.accounts import find_account_name, prove_account
from applinks.outgoing.errors import AccessDeniedError, WrongIssuerError
from applinks.outgoing.oauth2.authorization_request import (
    build_authorization_url,
    build_error,
    read_authorization_response,
)
from applinks.outgoing.oauth2.grant_types.authorization_code import exchange_code
from applinks.outgoing.peers import (
    find_resource,
    find_user_scopes,
    get_client_id,
    get_link,
    get_send,
    get_server_metadata,
    get_usable_link,
    prove_client,
)
from applinks.outgoing.renewal import compute_expiry
from applinks.outgoing.side import OutgoingSide, build_redirect_uri
from applinks.outgoing.store import RoundTrip
from applinks.records.audit import AuditEvent
from applinks.records.connections import Connection
from applinks.records.links import Link
from applinks.records.users import User
from applinks.secret import Secret, digest_secret
from applinks.wire.base64url import format_base64url
from applinks.wire.oauth2.messages import AuthorizationErrorResponse, CodeExchange, TokenAnswer
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
    scopes = find_user_scopes(found)
    if not scopes:
        raise LinkUnusableError("The link gives users nothing to connect for.", link=found.handle)
    metadata = await get_server_metadata(found, side=side)
    if not metadata.authorization_endpoint:
        raise LinkUnusableError("The other application has no page that asks users.", link=found.handle)
    state = format_base64url(side.entropy.random_bytes(32))
    trip = RoundTrip(
        state=digest_secret(state),
        session=session_digest,
        link_id=found.id,
        user_id=user.id,
        name=name,
        issuer=found.issuer,
        code_verifier=Secret(format_base64url(side.entropy.random_bytes(32))),
        redirect_uri=build_redirect_uri(side.settings, found.id),
        scopes=scopes,
        return_to=return_to,
        expires_at=side.clock.now() + side.settings.lifetimes.round_trip_seconds,
    )
    await side.store.add_round_trip(trip)
    return build_authorization_url(
        metadata.authorization_endpoint,
        client_id=await get_client_id(found, side=side),
        redirect_uri=trip.redirect_uri,
        code_verifier=trip.code_verifier,
        state=state,
        scopes=scopes,
        resource=await find_resource(found, side=side),
    )


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
    response, state = read_authorization_response(query)
    claimed = await side.store.claim_round_trip(state=digest_secret(state), session=session_digest, link_id=link_id)
    trip = _check_trip(claimed, user, now=side.clock.now())
    await _check_issuer(response.issuer, trip, side=side)
    if isinstance(response, AuthorizationErrorResponse):
        refusal = build_error(response)
        if isinstance(refusal, AccessDeniedError):
            refusal.return_to = trip.return_to
        raise refusal
    link = await get_usable_link(link_id, side=side)
    answer = await _exchange(trip, response.code, link, side=side)
    proved = await prove_account(trip, answer, link, side=side)
    name = await find_account_name(proved, answer.access_token, link, side=side) if proved else ""
    await _store(trip, answer, link, account=name, side=side)
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


def _check_trip(trip: RoundTrip | None, user: User, *, now: int) -> RoundTrip:
    if trip is None:
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


async def _check_issuer(issuer: str | None, trip: RoundTrip, *, side: OutgoingSide) -> None:
    """RFC 9207 §2.4: who says nothing must have promised nothing; an Applinks always says it."""
    if issuer == trip.issuer:
        return
    if issuer is None:
        link = await get_link(trip.link_id, side=side)
        if link.is_by_hand and not (await get_server_metadata(link, side=side)).names_issuer:
            return
    raise WrongIssuerError(
        "The answer did not come from the application that was asked.",
        detail=f"iss is {issuer or 'missing'}, asked was {trip.issuer}",
    )


async def _exchange(trip: RoundTrip, code: str, link: Link, *, side: OutgoingSide) -> TokenAnswer:
    if link.issuer != trip.issuer:
        raise WrongIssuerError("The link leads to another application now.", detail=f"begun with {trip.issuer}")
    metadata = await get_server_metadata(link, side=side)
    asked = CodeExchange(
        code=code,
        redirect_uri=trip.redirect_uri,
        code_verifier=trip.code_verifier.reveal(),
        resource=await find_resource(link, side=side),
    )
    exchange = exchange_code(metadata.token_endpoint, asked, client=await prove_client(link, side=side))
    return await run_exchange(exchange, get_send(link, side=side))


async def _store(trip: RoundTrip, answer: TokenAnswer, link: Link, *, account: str, side: OutgoingSide) -> None:
    now = side.clock.now()
    connection = Connection(
        id=new_id(side.entropy, "con"),
        link_id=link.id,
        user_id=trip.user_id,
        name=trip.name,
        issuer=trip.issuer,
        access_token=Secret(answer.access_token),
        refresh_token=Secret(answer.refresh_token) if answer.refresh_token else None,
        # RFC 6749 §5.1: left out where it is what was asked for.
        scopes=trip.scopes if answer.scopes is None else answer.scopes,
        expires_at=compute_expiry(answer, now),
        account=account,
        created_at=now,
        last_used_at=now,
    )
    event = AuditEvent(
        id=new_id(side.entropy, "aud"),
        at=now,
        actor=f"user:{trip.user_id}",
        action="connection.made",
        subject=connection.id,
        link_id=link.id,
        detail={"scopes": list(connection.scopes)},
    )
    await side.store.add_connection(connection, event=event)
