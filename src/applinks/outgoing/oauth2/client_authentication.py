"""We prove ourselves to the peer's authorization server: by a signed assertion, a secret, or not at all."""

import json
from dataclasses import dataclass

from applinks.records.keys import KeyPair
from applinks.secret import Secret
from applinks.wire.base64url import format_base64url
from applinks.wire.jose import sign_jwt
from applinks.wire.oauth2.assertions import CLIENT_ASSERTION_TYP, build_client_assertion
from applinks.wire.oauth2.messages import PresentedClient
from applinks.wire.oauth2.token_requests import CLIENT_SECRET_BASIC, CLIENT_SECRET_POST


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnClient:
    """
    Who we are at a peer.

    Attributes:
        client_id: as the peer knows us.
        audience: the peer's issuer, never an endpoint, so that no other server can use the assertion.
        typ: of the assertion: servers that are no Applinks may know only ``JWT``.
    """

    client_id: str
    audience: str
    typ: str = CLIENT_ASSERTION_TYP


def build_presented_client(own: OwnClient, pair: KeyPair, *, now: int, jti: bytes) -> PresentedClient:
    """
    Prove ourselves by ``private_key_jwt``, for one request.

    RFC 7523 §2.2, OpenID Connect Core §9.

    ``jti`` are at least 128 random bits.
    """
    claims = build_client_assertion(client_id=own.client_id, audience=own.audience, jti=format_base64url(jti), now=now)
    assertion = sign_jwt(
        claims,
        typ=own.typ,
        private_key=json.loads(pair.private.reveal()),
        algorithm=pair.algorithm,
        kid=pair.kid,
    )
    return PresentedClient(unverified_client_id=own.client_id, assertion=assertion)


def present_secret(own: OwnClient, secret: Secret, *, in_header: bool) -> PresentedClient:
    """
    Prove ourselves by the secret that the server gave us.

    RFC 6749 §2.3.1.
    """
    method = CLIENT_SECRET_BASIC if in_header else CLIENT_SECRET_POST
    return PresentedClient(unverified_client_id=own.client_id, secret=secret.reveal(), method=method)


def present_public_client(own: OwnClient) -> PresentedClient:
    """
    Say who we are where nobody asks for a proof.

    RFC 6749 §3.2.1.
    """
    return PresentedClient(unverified_client_id=own.client_id)
