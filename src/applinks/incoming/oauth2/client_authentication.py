"""Which client is it: proved by a signed assertion, or public and merely named."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from applinks.errors import RefusedError
from applinks.incoming.challenges import build_unavailable
from applinks.incoming.side import IncomingSide
from applinks.incoming.store import FoundClient
from applinks.records.clients import ClientAuthentication
from applinks.wire.http import Request
from applinks.wire.jose import JoseError, UnverifiedJwt, verify_jwt
from applinks.wire.oauth2.assertions import (
    ClientAssertion,
    get_unverified_client_id,
    parse_client_assertion,
    verify_client_assertion,
)
from applinks.wire.oauth2.error_codes import ErrorCode
from applinks.wire.oauth2.messages import PresentedClient

# A key whose private half nobody has: what is verified with it costs as much as a real check, and never succeeds.
_STAND_IN_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "sV4KFN-QMLaDk4gxYmxTv16aTQzrAnQfn3wgQLtFWNE",
    "y": "TaF7M7xiBr4gttPqLxLbTRVwsvknU0P-DiP3001i1uE",
    "alg": "ES256",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Presented:
    """What the request says of its client, read and not proved."""

    client_id: str
    jwt: UnverifiedJwt | None = field(repr=False)


async def authenticate_client(presented: PresentedClient, request: Request, *, side: IncomingSide) -> FoundClient:
    """
    Prove the client of a token or revocation request.

    RFC 6749 §2.3, §3.2.1; RFC 7523 §3; RFC 9700 §2.5.

    The assertion is spent from here on, whatever follows. An unknown client and a wrong proof look alike, and cost
    about the same.

    Raises:
        RefusedError: ``invalid_client``; ``invalid_request`` for more than one method.
    """
    _check_authorization_header(request)
    claimed = _parse_presented(presented)
    found = await side.store.find_client(claimed.client_id)
    if claimed.jwt is None:
        return _check_public(claimed.client_id, found)
    found = await _find_peer_key(claimed.jwt, found, side)
    assertion = _verify_assertion(claimed, claimed.jwt, found, side)
    if found is None:
        raise _refuse(f"unknown client_id {claimed.client_id[:200]!r}")
    is_ours = await side.store.claim_assertion(
        issuer=assertion.client_id, jti=assertion.jti, expires_at=assertion.claimed_until
    )
    if not is_ours:
        raise _refuse("the assertion was used before: its jti is known", found)
    return found


def _check_authorization_header(request: Request) -> None:
    header = request.header("authorization")
    if header is None:
        return
    # RFC 6749 §5.2 asks for a challenge of the scheme that the client tried, offered or not.
    scheme = "Bearer" if header.strip().lower().startswith("bearer") else "Basic"
    challenge = ("WWW-Authenticate", f'{scheme} realm="token endpoint"')
    raise RefusedError(
        "The client does not prove itself in the Authorization header here.",
        code=ErrorCode.INVALID_CLIENT,
        status=401,
        headers=(challenge,),
        detail=f"the request has an Authorization header ({scheme})",
    )


def _parse_presented(presented: PresentedClient) -> _Presented:
    named = presented.unverified_client_id
    if presented.assertion is None:
        # Without an assertion a request always names its client: the parser saw to that.
        return _Presented(client_id=named or "", jwt=None)
    try:
        jwt = parse_client_assertion(presented.assertion)
        client_id = get_unverified_client_id(jwt)
    except JoseError as error:
        raise _refuse(f"the assertion cannot be read: {error}") from error
    if named is not None and named != client_id:
        raise _refuse(f"client_id {named[:200]!r} is not the client of the assertion, {client_id[:200]!r}")
    return _Presented(client_id=client_id, jwt=jwt)


def _check_public(client_id: str, found: FoundClient | None) -> FoundClient:
    if found is None:
        raise _refuse(f"unknown client_id {client_id[:200]!r}")
    if not found.client.is_public:
        raise _refuse(f"the client {found.client.client_id} has to prove itself with {_get_method(found)}", found)
    return found


async def _find_peer_key(jwt: UnverifiedJwt, found: FoundClient | None, side: IncomingSide) -> FoundClient | None:
    """Let the link take up a key that its peer announced, where the assertion names one that is not pinned yet."""
    if found is None or not found.client.is_peer or jwt.kid is None or side.find_peer_key is None:
        return found
    if any(key.get("kid") == jwt.kid for key in found.link.peer.keys):
        return found
    link = await side.find_peer_key(found.link, jwt)
    return found if link is None else replace(found, link=link)


def _verify_assertion(
    claimed: _Presented, jwt: UnverifiedJwt, found: FoundClient | None, side: IncomingSide
) -> ClientAssertion:
    is_peer = found is None or found.client.is_peer
    keys = _find_keys(jwt, found)
    if found is not None and not keys:
        _check_rest(jwt, found)
    try:
        return verify_client_assertion(
            jwt,
            keys=keys or (_STAND_IN_KEY | {"kid": jwt.kid},),
            client_id=claimed.client_id,
            issuer=side.rules.issuer,
            now=side.clock.now(),
            token_endpoint=None if is_peer else side.rules.token_endpoint,
        )
    except JoseError as error:
        reason = f"{error.code}: {error}" if keys else f"no key of ours for it is named {jwt.kid!r}"
        raise _refuse(f"the assertion of {claimed.client_id[:200]!r} is not good: {reason}", found) from error


def _check_rest(jwt: UnverifiedJwt, found: FoundClient) -> None:
    """Tell a peer whose new key an administrator has yet to approve that its link rests, not that it is a stranger."""
    if not found.client.is_peer or not found.link.rest:
        return
    with suppress(JoseError):
        verify_jwt(jwt, found.link.peer.unannounced)
        detail = f"the link {found.link.handle} rests, and the assertion is by a key that nobody announced"
        raise build_unavailable(detail).about(link_id=found.link.id, client=found.client.id)


def _find_keys(jwt: UnverifiedJwt, found: FoundClient | None) -> Sequence[Mapping[str, Any]]:
    """Give the keys that count for the client, if the one that the assertion names is among them."""
    if found is None or found.client.authentication is not ClientAuthentication.PRIVATE_KEY_JWT:
        return ()
    keys = found.link.peer.keys if found.client.is_peer else found.client.keys
    return tuple(key for key in keys if jwt.kid is None or key.get("kid") == jwt.kid)


def _get_method(found: FoundClient) -> str:
    return found.client.authentication.value


def _refuse(detail: str, found: FoundClient | None = None) -> RefusedError:
    error = RefusedError(
        "The client is not known, or did not prove itself.", code=ErrorCode.INVALID_CLIENT, status=401, detail=detail
    )
    return error.about(link_id=found.link.id, client=found.client.id) if found is not None else error
