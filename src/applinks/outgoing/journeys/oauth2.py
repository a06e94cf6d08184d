"""
The journey over OAuth 2: the authorization code, its exchange, and who the user is there.

RFC 6749 §4.1.
"""

from dataclasses import replace

from applinks.errors import LinkUnusableError
from applinks.fetching.exchange import run_exchange
from applinks.outgoing.accounts import find_account_name, prove_account
from applinks.outgoing.errors import AccessDeniedError, WrongIssuerError
from applinks.outgoing.journeys.ends import build_connection, build_denial, get_link_of_trip
from applinks.outgoing.oauth2.authorization_request import build_authorization_url, build_error
from applinks.outgoing.oauth2.grant_types.authorization_code import exchange_code
from applinks.outgoing.peers import (
    find_resource,
    get_client_id,
    get_link,
    get_send,
    get_server_metadata,
    prove_client,
)
from applinks.outgoing.renewal import compute_expiry
from applinks.outgoing.side import OutgoingSide
from applinks.outgoing.store import RoundTrip
from applinks.records.connections import Connection
from applinks.records.links import Link
from applinks.secret import Secret, digest_secret
from applinks.wire.base64url import format_base64url
from applinks.wire.oauth2.messages import AuthorizationErrorResponse, AuthorizationResponse, CodeExchange, TokenAnswer


async def set_out(trip: RoundTrip, link: Link, *, side: OutgoingSide) -> tuple[RoundTrip, str]:
    """Give the journey its state and its verifier, and the address at which the user is asked."""
    metadata = await get_server_metadata(link, side=side)
    if not metadata.authorization_endpoint:
        raise LinkUnusableError("The other application has no page that asks users.", link=link.handle)
    state = format_base64url(side.entropy.random_bytes(32))
    code_verifier = Secret(format_base64url(side.entropy.random_bytes(32)))
    url = build_authorization_url(
        metadata.authorization_endpoint,
        client_id=await get_client_id(link, side=side),
        redirect_uri=trip.redirect_uri,
        code_verifier=code_verifier,
        state=state,
        scopes=trip.scopes,
        resource=await find_resource(link, side=side),
    )
    return replace(trip, state=digest_secret(state), code_verifier=code_verifier), url


async def come_back(trip: RoundTrip, response: AuthorizationResponse, *, side: OutgoingSide) -> tuple[Link, Connection]:
    """
    Exchange the code of a journey that came back.

    Raises:
        AccessDeniedError: the peer or its user said no.
        PeerError: the answer is another issuer's, there are no tokens, or they come without the proof of who the user
            is there that was asked for.
    """
    await _check_issuer(response.issuer, trip, side=side)
    if isinstance(response, AuthorizationErrorResponse):
        refusal = build_error(response)
        raise build_denial(trip, refusal.detail) if isinstance(refusal, AccessDeniedError) else refusal
    link = await get_link_of_trip(trip, side=side)
    answer = await _exchange(trip, response.code, link, side=side)
    proved = await prove_account(trip, answer, link, side=side)
    connection = build_connection(
        trip,
        Secret(answer.access_token),
        side=side,
        refresh_token=Secret(answer.refresh_token) if answer.refresh_token else None,
        # RFC 6749 §5.1: left out where it is what was asked for.
        scopes=trip.scopes if answer.scopes is None else answer.scopes,
        expires_at=compute_expiry(answer.expires_in, side.clock.now()),
        account=await find_account_name(proved, answer.access_token, link, side=side) if proved else "",
    )
    return link, connection


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
    metadata = await get_server_metadata(link, side=side)
    asked = CodeExchange(
        code=code,
        redirect_uri=trip.redirect_uri,
        code_verifier=trip.code_verifier.reveal(),
        resource=await find_resource(link, side=side),
    )
    exchange = exchange_code(metadata.token_endpoint, asked, client=await prove_client(link, side=side))
    return await run_exchange(exchange, get_send(link, side=side))
