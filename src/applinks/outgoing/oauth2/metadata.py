"""What the peer's authorization server says of itself."""

from applinks.errors import PeerProtocolError
from applinks.fetching.documents import build_document_request, parse_document
from applinks.fetching.exchange import Exchange
from applinks.outgoing.errors import PASSING_STATUSES, WrongIssuerError, build_unavailable
from applinks.wire.oauth2.metadata import (
    SERVER_METADATA_PATH,
    MalformedMetadataError,
    ServerMetadata,
    parse_server_metadata,
)

# As long as the link manifest may be kept; a moved endpoint is found out within that time.
_KEPT_SECONDS = 300


def read_server_metadata(
    issuer: str, *, allow_http: bool, jwks_uri: str | None, limit: int
) -> Exchange[ServerMetadata]:
    """
    Read and check the metadata of the authorization server at a base URL.

    RFC 8414 §3.

    Looser than RFC 8414 §3.1: the well-known path is appended to the base URL, because an application that is
    mounted at a prefix cannot answer at the root of its host.

    Raises:
        WrongIssuerError: it names another issuer, or keys or endpoints that are not that issuer's.
        PeerProtocolError: it is no such document.
        PeerUnreachableError: a passing fault.
    """
    url = issuer + SERVER_METADATA_PATH
    response = yield build_document_request(url)
    if response.status in PASSING_STATUSES:
        raise build_unavailable(f"{url} answered {response.status}")
    document = parse_document(response, url=url, limit=limit)
    if document.get("issuer") != issuer:
        raise _build_wrong(f"{url} names the issuer {str(document.get('issuer'))[:200]!r}")
    try:
        metadata = parse_server_metadata(document, issuer=issuer, allow_http=allow_http)
    except MalformedMetadataError as error:
        raise PeerProtocolError(
            "What the other application says of its authorization server cannot be used.", detail=f"{url}: {error}"
        ) from error
    _check_metadata(metadata, jwks_uri=jwks_uri)
    return metadata


class MetadataCache:
    """The metadata of each link's peer, for some minutes."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[ServerMetadata, float]] = {}

    def find(self, link_id: str, issuer: str, *, now: float) -> ServerMetadata | None:
        """Give what is kept of this issuer, while it is fresh."""
        found = self._kept.get(link_id)
        if found is None or found[0].issuer != issuer or now - found[1] >= _KEPT_SECONDS:
            return None
        return found[0]

    def keep(self, link_id: str, metadata: ServerMetadata, *, now: float) -> None:
        """Keep what was just read."""
        self._kept[link_id] = (metadata, now)


def _check_metadata(metadata: ServerMetadata, *, jwks_uri: str | None) -> None:
    issuer = metadata.issuer
    if jwks_uri and metadata.jwks_uri and metadata.jwks_uri != jwks_uri:
        raise _build_wrong(f"the metadata of {issuer} names the keys {metadata.jwks_uri}, not {jwks_uri}")
    endpoints = (metadata.authorization_endpoint, metadata.token_endpoint, metadata.revocation_endpoint)
    for endpoint in endpoints:
        # Below the base URL whose key signed the handshake, the endpoint cannot be a neighbour's.
        if endpoint and not endpoint.startswith(f"{issuer}/"):
            raise _build_wrong(f"the metadata of {issuer} names an endpoint elsewhere: {endpoint}")


def _build_wrong(detail: str) -> WrongIssuerError:
    return WrongIssuerError("The other application names another authorization server.", detail=detail)
