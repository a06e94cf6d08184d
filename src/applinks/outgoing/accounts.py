"""Who the user is at a peer that is an OpenID server: proved by the ID token, named by the userinfo endpoint."""

import logging
from collections.abc import Mapping
from typing import Any

from applinks.errors import PeerError, PeerProtocolError
from applinks.fetching.documents import build_document_request, clean_name, parse_document
from applinks.fetching.exchange import Exchange, run_exchange
from applinks.outgoing.peers import get_client_id, get_send, get_server_metadata
from applinks.outgoing.side import OutgoingSide
from applinks.outgoing.store import RoundTrip
from applinks.records.links import Link
from applinks.wire.http import Request
from applinks.wire.jose import JoseError, list_usable_keys
from applinks.wire.oauth2.id_token import OPENID_SCOPE, IdToken, compute_nonce, verify_id_token
from applinks.wire.oauth2.messages import TokenAnswer

_log = logging.getLogger("applinks.outgoing")

# OpenID Connect Core §5.1, the likeliest to be a name that its owner knows first.
_NAMES = ("preferred_username", "name", "email", "nickname")
# Of the ID token, which is made for programs.
_NAMES_OF_TOKEN = ("preferred_username", "name")


async def prove_account(trip: RoundTrip, answer: TokenAnswer, link: Link, *, side: OutgoingSide) -> IdToken | None:
    """
    Check the ID token that came with the tokens of a journey; None: no OpenID was asked for, or it was not given.

    OpenID Connect Core §3.1.3.7.

    Raises:
        PeerProtocolError: there is none, or it is not good: then the tokens are not used.
        PeerError: the server's keys cannot be read.
    """
    granted = trip.scopes if answer.scopes is None else answer.scopes
    if OPENID_SCOPE not in trip.scopes or (OPENID_SCOPE not in granted and answer.id_token is None):
        return None
    if answer.id_token is None:
        raise _build_bad("the token endpoint answered without an ID token")
    metadata = await get_server_metadata(link, side=side)
    try:
        keys = None
        if metadata.jwks_uri:
            keys = await run_exchange(_read_keys(metadata.jwks_uri, side), get_send(link, side=side))
        return verify_id_token(
            answer.id_token,
            keys=keys,
            issuer=trip.issuer,
            client_id=await get_client_id(link, side=side),
            nonce=compute_nonce(trip.code_verifier.reveal()),
            access_token=answer.access_token,
            now=side.clock.now(),
        )
    except JoseError as error:
        raise _build_bad(f"{error.code}: {error}") from error


async def find_account_name(account: IdToken, access_token: str, link: Link, *, side: OutgoingSide) -> str:
    """
    Ask the peer what the user is called there; empty: it does not say.

    OpenID Connect Core §5.3. Where its userinfo endpoint gives no name, that of the ID token is taken: some servers
    refuse tokens there that are for one resource.
    """
    claims = await _find_userinfo(account, access_token, link, side=side)
    return _choose(claims, _NAMES) or _choose(account.claims, _NAMES_OF_TOKEN) or _choose(claims, ("sub",))


async def _find_userinfo(account: IdToken, access_token: str, link: Link, *, side: OutgoingSide) -> Mapping[str, Any]:
    """Give what the userinfo endpoint says; a failure is no reason to lose the tokens that were just given."""
    try:
        metadata = await get_server_metadata(link, side=side)
        if not metadata.userinfo_endpoint:
            return {}
        exchange = _ask_userinfo(metadata.userinfo_endpoint, access_token, limit=side.settings.sizes.document)
        # A person waits, and only for a name.
        send = get_send(link, side=side, seconds=side.settings.sizes.connect_seconds)
        claims = await run_exchange(exchange, send)
    except PeerError as error:
        _log.warning("userinfo_failed link=%s code=%s detail=%s", link.id, error.code, error.detail)
        return {}
    if claims.get("sub") != account.subject:
        # OpenID Connect Core §5.3.2: then nothing of the answer may be used.
        _log.warning("userinfo_of_another link=%s", link.id)
        return {}
    return claims


def _choose(claims: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((name for name in (clean_name(claims.get(each)) for each in names) if name), "")


def _read_keys(jwks_uri: str, side: OutgoingSide) -> Exchange[tuple[dict[str, Any], ...]]:
    response = yield build_document_request(jwks_uri)
    return list_usable_keys(parse_document(response, url=jwks_uri, limit=side.settings.sizes.document))


def _ask_userinfo(endpoint: str, access_token: str, *, limit: int) -> Exchange[Mapping[str, Any]]:
    headers = (("Accept", "application/json"), ("Authorization", f"Bearer {access_token}"))
    response = yield Request(method="GET", url=endpoint, headers=headers)
    return parse_document(response, url=endpoint, limit=limit)


def _build_bad(detail: str) -> PeerProtocolError:
    return PeerProtocolError(
        "The other application does not prove who the user is there.", code="bad_id_token", detail=detail
    )
