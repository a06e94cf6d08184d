"""Which client is it: proved by a secret or a signed assertion, or public and merely named."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from applinks.errors import RefusedError
from applinks.incoming.challenges import build_unavailable
from applinks.incoming.side import IncomingSide
from applinks.incoming.store import FoundClient
from applinks.incoming.wrong_proofs import count_wrong_proof
from applinks.records.clients import Client, ClientAuthentication, ClientSecret
from applinks.secret import digest_secret, is_same_digest
from applinks.wire.headers import format_challenge
from applinks.wire.http import Headers
from applinks.wire.jose import JoseError, UnverifiedJwt, verify_jwt
from applinks.wire.oauth2.assertions import (
    ClientAssertion,
    get_unverified_client_id,
    parse_client_assertion,
    verify_client_assertion,
)
from applinks.wire.oauth2.error_codes import ErrorCode
from applinks.wire.oauth2.messages import PresentedClient
from applinks.wire.token_format import TokenKind, parse_token

# A key whose private half nobody has: what is verified with it costs as much as a real check, and never succeeds.
_STAND_IN_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "sV4KFN-QMLaDk4gxYmxTv16aTQzrAnQfn3wgQLtFWNE",
    "y": "TaF7M7xiBr4gttPqLxLbTRVwsvknU0P-DiP3001i1uE",
    "alg": "ES256",
}
# Every guess is compared with as many digests, whoever it names; a client has two secrets while one replaces the other.
_COMPARISONS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Presented:
    """What the request says of its client, read and not proved."""

    client_id: str
    jwt: UnverifiedJwt | None = field(repr=False)


async def authenticate_client(presented: PresentedClient, *, source: str, side: IncomingSide) -> FoundClient:
    """
    Prove the client of a request to the token, revocation or introspection endpoint.

    RFC 6749 §2.3, §3.2.1; RFC 7523 §3; RFC 9700 §2.5.

    The assertion is spent from here on, whatever follows. An unknown client and a wrong proof look alike, and cost
    about the same. ``source`` is the address that the request came from: wrong proofs are counted by it.

    Raises:
        RefusedError: ``invalid_client``; ``too_many_requests`` after too many wrong secrets or assertions.
    """
    if presented.secret is not None:
        return await _verify_secret(presented, presented.secret, source=source, side=side)
    claimed = _parse_presented(presented)
    if claimed.jwt is None:
        return _check_public(claimed.client_id, await side.store.find_client(claimed.client_id))
    try:
        return await _claim_assertion(claimed, claimed.jwt, side)
    except RefusedError as error:
        if error.code == ErrorCode.INVALID_CLIENT:
            await count_wrong_proof(claimed.client_id, source, side)
        raise


async def _claim_assertion(claimed: _Presented, jwt: UnverifiedJwt, side: IncomingSide) -> FoundClient:
    found = await _find_peer_key(jwt, await side.store.find_client(claimed.client_id), side)
    assertion = _verify_assertion(claimed, jwt, found, side)
    if found is None:
        raise _refuse(f"unknown client_id {claimed.client_id[:200]!r}")
    is_ours = await side.store.claim_assertion(
        issuer=assertion.client_id, jti=assertion.jti, expires_at=assertion.claimed_until
    )
    if not is_ours:
        raise _refuse("the assertion was used before: its jti is known", found)
    return found


def list_challenges(authorization: str | None) -> Headers:
    """
    Give the challenge for a client that tried to prove itself in the ``Authorization`` header.

    RFC 6749 §5.2: of the scheme that it tried, offered or not.
    """
    if authorization is None:
        return ()
    scheme = "Bearer" if authorization.strip().lower().startswith("bearer") else "Basic"
    return (("WWW-Authenticate", format_challenge(scheme, {"realm": "clients"})),)


async def _verify_secret(presented: PresentedClient, text: str, *, source: str, side: IncomingSide) -> FoundClient:
    client_id, now = presented.unverified_client_id or "", side.clock.now()
    found = await side.store.find_client(client_id)
    secret = _find_secret(text, found.client.secrets if found is not None else ())
    if found is None or secret is None or not secret.is_valid(now) or not _is_registered(presented, found.client):
        await count_wrong_proof(client_id, source, side)
        challenges = list_challenges("Basic" if presented.method == ClientAuthentication.CLIENT_SECRET_BASIC else None)
        raise _refuse(_describe_wrong_secret(presented, found, secret), found, headers=challenges)
    side.usage.mark_secret(secret.row, now)
    return found


def _find_secret(text: str, secrets: Sequence[ClientSecret]) -> ClientSecret | None:
    """Give the secret that a text is, expired or not, by the same work whether there is one, two or none."""
    parsed = parse_token(text)
    is_secret = parsed is not None and parsed.kind is TokenKind.CLIENT_SECRET
    row, digest = (parsed.row, parsed.digest) if parsed is not None else (-1, digest_secret(text))
    places = (*secrets, *(None for _ in range(_COMPARISONS - len(secrets))))
    same = [is_same_digest(None if each is None else each.digest, digest) for each in places]
    found = next((each for each, is_same in zip(places, same, strict=True) if is_same), None)
    return found if found is not None and is_secret and found.row == row else None


def _is_registered(presented: PresentedClient, client: Client) -> bool:
    return client.authentication in {ClientAuthentication.CLIENT_SECRET, presented.method}


def _describe_wrong_secret(presented: PresentedClient, found: FoundClient | None, secret: ClientSecret | None) -> str:
    if found is None:
        return f"unknown client_id {(presented.unverified_client_id or '')[:200]!r}, which came with a secret"
    client = found.client
    if not _is_registered(presented, client):
        registered = client.authentication.value
        return f"the client {client.client_id} is registered for {registered}, and came with {presented.method}"
    if secret is None:
        return f"no secret of the client {client.client_id} has this value"
    return f"the secret {secret.hint} of the client {client.client_id} expired"


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


def _refuse(detail: str, found: FoundClient | None = None, *, headers: Headers = ()) -> RefusedError:
    error = RefusedError(
        "The client is not known, or did not prove itself.",
        code=ErrorCode.INVALID_CLIENT,
        status=401,
        detail=detail,
        headers=headers,
    )
    return error.about(link_id=found.link.id, client=found.client.id) if found is not None else error
