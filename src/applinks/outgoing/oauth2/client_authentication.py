"""We prove ourselves to the peer's authorization server by a signed assertion."""

import json
from dataclasses import dataclass

from applinks.records.keys import KeyPair
from applinks.wire.base64url import format_base64url
from applinks.wire.jose import sign_jwt
from applinks.wire.oauth2.assertions import CLIENT_ASSERTION_TYP, build_client_assertion
from applinks.wire.oauth2.messages import PresentedClient


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnClient:
    """
    Who we are at a peer: what an assertion is made of.

    Attributes:
        client_id: as the peer knows us.
        audience: the peer's issuer, never an endpoint, so that no other server can use the assertion.
        key_pair: of ours.
    """

    client_id: str
    audience: str
    key_pair: KeyPair


def build_presented_client(own: OwnClient, *, now: int, jti: bytes) -> PresentedClient:
    """
    Prove ourselves by ``private_key_jwt``, for one request.

    RFC 7523 §2.2, OpenID Connect Core §9.

    ``jti`` are at least 128 random bits.
    """
    claims = build_client_assertion(client_id=own.client_id, audience=own.audience, jti=format_base64url(jti), now=now)
    pair = own.key_pair
    assertion = sign_jwt(
        claims,
        typ=CLIENT_ASSERTION_TYP,
        private_key=json.loads(pair.private.reveal()),
        algorithm=pair.algorithm,
        kid=pair.kid,
    )
    return PresentedClient(unverified_client_id=own.client_id, assertion=assertion)
