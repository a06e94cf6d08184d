"""Who we are at a server of OAuth 1.0a, and where it answers."""

from dataclasses import dataclass
from typing import Any

from applinks.errors import LinkUnusableError
from applinks.outgoing.oauth1.signed_request import Freshness, OwnClient
from applinks.outgoing.registrations import get_registration
from applinks.outgoing.side import OutgoingSide
from applinks.records.links import Link
from applinks.records.registrations import Registration, ServerEndpoints
from applinks.wire.oauth1.signature import SignatureMethod

# The one of RFC 5849, which every server knows that has our key.
_HANDSHAKE_METHOD = SignatureMethod.RSA_SHA1

# 30 letters and digits: the most that oauthlib's servers take unless they are told otherwise.
_NONCE_BYTES = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth1Server:
    """
    The server at the other end of a link.

    Attributes:
        own: who we are there.
        endpoints: where it answers.
        wants_token: whether ``oauth_token`` stands in a request of two legs too, without a value.
    """

    own: OwnClient
    endpoints: ServerEndpoints
    wants_token: bool


async def get_oauth1_server(link: Link, *, side: OutgoingSide) -> OAuth1Server:
    """
    Give the server at the other end of a link, and who we are there.

    Raises:
        LinkUnusableError: something is still to be entered, or the peer does not say where its server is.
    """
    if link.is_by_hand:
        return await _get_entered(link, side)
    named = link.peer.manifest.get("oauth1")
    if not isinstance(named, dict):
        raise LinkUnusableError(
            "The other application does not say where it answers OAuth 1.0a.",
            link=link.handle,
            detail=f"the manifest of {link.peer.url} has no oauth1",
        )
    return OAuth1Server(
        own=await _build_own(await side.get_consumer_key(), _HANDSHAKE_METHOD, side),
        endpoints=_read_endpoints(named),
        wants_token=True,
    )


def build_freshness(side: OutgoingSide) -> Freshness:
    """Make what a signature needs to be good for one request."""
    return Freshness(timestamp=side.clock.now(), nonce=side.entropy.random_bytes(_NONCE_BYTES).hex())


async def _get_entered(link: Link, side: OutgoingSide) -> OAuth1Server:
    registration = side.registrations.find(link)
    if registration is None:
        registration = await get_registration(link, side=side)
        side.registrations.keep(link, registration)
    endpoints, method = registration.endpoints, registration.signature_method
    # get_registration looked.
    assert endpoints is not None  # noqa: S101
    assert method is not None  # noqa: S101
    _check_hidden(link, registration, endpoints)
    return OAuth1Server(
        own=await _build_own(registration.client_id, method, side, registration),
        endpoints=endpoints,
        # Servers in the field that know our key are Data Center's, which want it; elsewhere it is left out.
        wants_token=method.is_rsa,
    )


async def _build_own(
    key: str, method: SignatureMethod, side: OutgoingSide, registration: Registration | None = None
) -> OwnClient:
    if method.is_rsa:
        return OwnClient(key=key, method=method, private_key=side.oauth1_keys.get(await side.get_oauth1_key()))
    return OwnClient(key=key, method=method, secret=registration.client_secret if registration else None)


def _check_hidden(link: Link, registration: Registration, endpoints: ServerEndpoints) -> None:
    """PLAINTEXT shows both secrets, which only TLS hides: RFC 5849 §3.4.4."""
    places = (link.peer.url, endpoints.temporary, endpoints.token)
    if registration.signature_method is SignatureMethod.PLAINTEXT and not all(
        place.startswith("https://") for place in places
    ):
        raise LinkUnusableError(
            "The link signs by PLAINTEXT, which needs https.",
            link=link.handle,
            detail=f"one of {', '.join(places)} is not https",
        )


def _read_endpoints(named: dict[str, Any]) -> ServerEndpoints:
    return ServerEndpoints(
        authorization=named["authorize_uri"],
        token=named["access_token_uri"],
        temporary=named["request_token_uri"],
    )
