"""What the peer's authorization server says of itself."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from applinks.errors import PeerError, PeerProtocolError, PeerUnreachableError
from applinks.fetching.documents import DocumentError, build_document_request, parse_document
from applinks.fetching.exchange import Exchange
from applinks.outgoing.errors import PASSING_STATUSES, WrongIssuerError, build_unavailable
from applinks.wire.http import Response
from applinks.wire.oauth2.error_codes import ErrorCode
from applinks.wire.oauth2.id_token import OPENID_SCOPE
from applinks.wire.oauth2.metadata import (
    OPENID_METADATA_PATH,
    SERVER_METADATA_PATH,
    MalformedMetadataError,
    ResourceMetadata,
    ServerMetadata,
    list_resource_metadata_urls,
    list_server_metadata_urls,
    parse_resource_metadata,
    parse_server_metadata,
)
from applinks.wire.urls import get_host

NO_METADATA = "no_metadata"
"""The code of an error: a server says nothing of itself."""

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
    metadata = _read_server_metadata(response, (issuer,), url=url, allow_http=allow_http, limit=limit)
    _check_metadata(metadata, jwks_uri=jwks_uri)
    return metadata


def find_server_metadata(
    issuers: tuple[str, ...], *, allow_http: bool, limit: int, for_openid: bool = False
) -> Exchange[ServerMetadata]:
    """
    Read the metadata of an authorization server that is no Applinks, at every place where the standards put it.

    RFC 8414 §3, §3.3; OpenID Connect Discovery §4.

    Where OpenID is of use, because the server has it or ``for_openid``, its own document makes up for what the other
    one leaves out: some servers name their userinfo endpoint there alone.

    ``issuers`` are spellings of one issuer, with and without the final slash, which lead to the same documents.
    Its endpoints may lie on any host, so they are not judged here; `list_warnings` says what a person should know.

    Raises:
        WrongIssuerError: what is there names another issuer.
        PeerProtocolError: what is there is malformed; the code is ``no_metadata`` where there is nothing.
        PeerUnreachableError: a passing fault.
    """
    problem: PeerError = PeerProtocolError(
        "The authorization server publishes no metadata.", code=NO_METADATA, detail=f"nothing at {issuers[0]}"
    )
    for url in list_server_metadata_urls(issuers[0]):
        try:
            response = yield build_document_request(url)
            found = _read_server_metadata(response, issuers, url=url, allow_http=allow_http, limit=limit)
        except PeerUnreachableError as error:
            if error.code != ErrorCode.TEMPORARILY_UNAVAILABLE:
                raise
            problem = error if problem.code == NO_METADATA else problem
        except DocumentError:
            continue
        except PeerProtocolError as error:
            problem = error
        else:
            is_wanted = for_openid or OPENID_SCOPE in found.scopes
            if OPENID_METADATA_PATH in url or found.userinfo_endpoint or not is_wanted:
                return found
            return (yield from _add_openid(found, allow_http=allow_http, limit=limit))
    raise problem


def find_resource_metadata(url: str, *, allow_http: bool, limit: int) -> Exchange[ResourceMetadata | None]:
    """
    Read which authorization servers a resource names; None: it says nothing of itself that we accept.

    RFC 9728 §3, §3.3.
    """
    for place in list_resource_metadata_urls(url):
        try:
            response = yield build_document_request(place)
            document = parse_document(response, url=place, limit=limit)
            # The two spellings are asked for at the same address.
            resource = f"{url}/" if document.get("resource") == f"{url}/" else url
            return parse_resource_metadata(document, resource=resource, allow_http=allow_http)
        except (PeerProtocolError, MalformedMetadataError):
            continue
    return None


def list_warnings(metadata: ServerMetadata) -> tuple[str, ...]:
    """
    Give the codes of what a person should know before she trusts a server.

    ``token_endpoint_elsewhere``: what proves us, and every code, goes to another host than the issuer's.
    """
    return () if get_host(metadata.token_endpoint) == get_host(metadata.issuer) else ("token_endpoint_elsewhere",)


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

    def keep(self, link_id: str, metadata: ServerMetadata, *, now: float) -> ServerMetadata | None:
        """Keep what was just read; give what the same issuer said before, if that is known."""
        former, _ = self._kept.get(link_id, (None, now))
        self._kept[link_id] = (metadata, now)
        return former if former is not None and former.issuer == metadata.issuer else None


def _add_openid(metadata: ServerMetadata, *, allow_http: bool, limit: int) -> Exchange[ServerMetadata]:
    """Add what only the OpenID configuration of the same server says; without one, give what there is."""
    for url in list_server_metadata_urls(metadata.issuer):
        if OPENID_METADATA_PATH not in url:
            continue
        try:
            response = yield build_document_request(url)
            found = _read_server_metadata(response, (metadata.issuer,), url=url, allow_http=allow_http, limit=limit)
        except PeerError:
            continue
        if found.token_endpoint == metadata.token_endpoint:
            jwks_uri = metadata.jwks_uri or found.jwks_uri
            return replace(metadata, userinfo_endpoint=found.userinfo_endpoint, jwks_uri=jwks_uri)
    return metadata


def _read_server_metadata(
    response: Response, issuers: tuple[str, ...], *, url: str, allow_http: bool, limit: int
) -> ServerMetadata:
    if response.status in PASSING_STATUSES:
        raise build_unavailable(f"{url} answered {response.status}")
    document = parse_document(response, url=url, limit=limit)
    issuer = document.get("issuer")
    if issuer not in issuers:
        raise _build_wrong(f"{url} names the issuer {str(issuer)[:200]!r}")
    return _parse(document, issuer=issuer, url=url, allow_http=allow_http)


def _parse(document: Mapping[str, Any], *, issuer: str, url: str, allow_http: bool) -> ServerMetadata:
    try:
        return parse_server_metadata(document, issuer=issuer, allow_http=allow_http)
    except MalformedMetadataError as error:
        raise PeerProtocolError(
            "What the other application says of its authorization server cannot be used.", detail=f"{url}: {error}"
        ) from error


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
