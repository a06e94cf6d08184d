"""What we say of ourselves to clients: as authorization server, and for each resource."""

from collections.abc import Mapping
from typing import Any

from applinks.incoming.rules import TOKEN_PATH
from applinks.incoming.side import IncomingSide
from applinks.records.clients import ClientAuthentication, GrantType
from applinks.records.scopes import OFFLINE_SCOPE, Resource
from applinks.wire.oauth2.metadata import (
    RESOURCE_METADATA_PATH,
    ResourceMetadata,
    ServerMetadata,
    build_resource_metadata,
    build_server_metadata,
)
from applinks.wire.urls import get_origin

AUTHORIZE_PATH = "/applinks/oauth2/authorize"
REVOCATION_PATH = "/applinks/oauth2/revoke"
INTROSPECTION_PATH = "/applinks/oauth2/introspect"
JWKS_PATH = "/applinks/oauth2/jwks"

_CLIENT_METHODS = (
    ClientAuthentication.CLIENT_SECRET_BASIC,
    ClientAuthentication.CLIENT_SECRET_POST,
    ClientAuthentication.PRIVATE_KEY_JWT,
    ClientAuthentication.NONE,
)
# Those that a client's key may be of: what the JOSE module verifies.
_ASSERTION_ALGORITHMS = ("ES256", "EdDSA", "PS256", "RS256")


def build_server_document(side: IncomingSide) -> dict[str, Any]:
    """
    Build the metadata of the authorization server.

    RFC 8414 §2, RFC 9207 §3.
    """
    settings = side.settings
    names = dict.fromkeys(scope.name for resource in side.resources for scope in resource.scopes)
    return build_server_metadata(
        ServerMetadata(
            issuer=settings.issuer,
            authorization_endpoint=settings.url(AUTHORIZE_PATH),
            token_endpoint=settings.url(TOKEN_PATH),
            revocation_endpoint=settings.url(REVOCATION_PATH),
            introspection_endpoint=settings.url(INTROSPECTION_PATH),
            jwks_uri=settings.url(JWKS_PATH),
            scopes=(*names, OFFLINE_SCOPE),
            grant_types=tuple(each.value for each in GrantType),
            client_authentication_methods=tuple(each.value for each in _CLIENT_METHODS),
            client_assertion_algorithms=_ASSERTION_ALGORITHMS,
        )
    )


def build_resource_documents(side: IncomingSide) -> Mapping[str, dict[str, Any]]:
    """
    Build the metadata of every resource, by its path below the base URL.

    RFC 9728 §2, §3.1.

    The host's own stands also where RFC 9728 puts it for a base URL with a path; whoever serves it there has to be
    reached there.
    """
    documents = {}
    for resource in side.resources:
        paths = list_resource_document_paths(resource, side.rules.issuer)
        documents.update(dict.fromkeys(paths, _build_resource_document(resource, side)))
    return documents


def list_resource_document_paths(resource: Resource, issuer: str) -> tuple[str, str]:
    """Give the paths of a resource's metadata: below the base URL, and where RFC 9728 §3.1 puts it."""
    below, whole = (resource.identifier.removeprefix(start) for start in (issuer, get_origin(issuer)))
    return RESOURCE_METADATA_PATH + below, RESOURCE_METADATA_PATH + whole


def _build_resource_document(resource: Resource, side: IncomingSide) -> dict[str, Any]:
    return build_resource_metadata(
        ResourceMetadata(
            resource=resource.identifier,
            authorization_servers=(side.rules.issuer,),
            scopes=tuple(scope.name for scope in resource.scopes),
            name=side.settings.name if resource.identifier == side.rules.issuer else "",
        )
    )
