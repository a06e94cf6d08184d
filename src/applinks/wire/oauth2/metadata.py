"""What an authorization server and a resource say of themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from applinks.wire.oauth2.scope import is_scope_token
from applinks.wire.urls import MalformedUrlError, check_endpoint_url

SERVER_METADATA_PATH = "/.well-known/oauth-authorization-server"
OPENID_METADATA_PATH = "/.well-known/openid-configuration"
RESOURCE_METADATA_PATH = "/.well-known/oauth-protected-resource"

# A document of 256 KiB could hold a hundred thousand one-letter scopes.
_MOST_VALUES = 1000


class MalformedMetadataError(ValueError):
    """The document is no metadata that we accept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerMetadata:
    """
    RFC 8414 §2, as far as we use it; None or empty: the server does not say.

    Attributes:
        client_authentication_methods: ``token_endpoint_auth_methods_supported``.
        client_assertion_algorithms: ``token_endpoint_auth_signing_alg_values_supported``.
        names_issuer: RFC 9207: whether every authorization response holds ``iss``.
        takes_documents: draft-ietf-oauth-client-id-metadata-document §5: whether a client id may be the address of
            a document.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str | None = None
    introspection_endpoint: str | None = None
    userinfo_endpoint: str | None = None
    jwks_uri: str | None = None
    scopes: tuple[str, ...] = ()
    response_types: tuple[str, ...] = ("code",)
    grant_types: tuple[str, ...] = ("authorization_code",)
    code_challenge_methods: tuple[str, ...] = ("S256",)
    client_authentication_methods: tuple[str, ...] = ()
    client_assertion_algorithms: tuple[str, ...] = ()
    names_issuer: bool = True
    takes_documents: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceMetadata:
    """RFC 9728 §2, as far as we use it."""

    resource: str
    authorization_servers: tuple[str, ...]
    jwks_uri: str | None = None
    scopes: tuple[str, ...] = ()
    name: str = ""


def build_server_metadata(metadata: ServerMetadata) -> dict[str, Any]:
    """
    Give the metadata document of an authorization server.

    RFC 8414 §2, RFC 9207 §3.
    """
    methods = list(metadata.client_authentication_methods)
    algorithms = list(metadata.client_assertion_algorithms)
    document = {
        "issuer": metadata.issuer,
        "authorization_endpoint": metadata.authorization_endpoint,
        "token_endpoint": metadata.token_endpoint,
        "revocation_endpoint": metadata.revocation_endpoint,
        "introspection_endpoint": metadata.introspection_endpoint,
        "userinfo_endpoint": metadata.userinfo_endpoint,
        "jwks_uri": metadata.jwks_uri,
        "scopes_supported": list(metadata.scopes),
        "response_types_supported": list(metadata.response_types),
        "response_modes_supported": ["query"],
        "grant_types_supported": list(metadata.grant_types),
        "code_challenge_methods_supported": list(metadata.code_challenge_methods),
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_methods_supported": methods if metadata.revocation_endpoint else [],
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms if metadata.revocation_endpoint else [],
        **(_describe_introspection(methods, algorithms) if metadata.introspection_endpoint else {}),
        "authorization_response_iss_parameter_supported": metadata.names_issuer,
        "client_id_metadata_document_supported": metadata.takes_documents or None,
    }
    # RFC 8414 §3.2: claims with no value are left out.
    return {name: value for name, value in document.items() if value is not None and value != []}


def parse_server_metadata(document: Mapping[str, Any], *, issuer: str, allow_http: bool) -> ServerMetadata:
    """
    Read the metadata of the authorization server that we asked for.

    RFC 8414 §2, §3.3.

    Looser than RFC 8414 §2: with ``allow_http``, addresses on the three loopback hosts may be http, because two
    applications that are developed on one machine have no certificates.

    Raises:
        MalformedMetadataError: the issuer is another, an endpoint is missing or no https, or a value is mistyped.
    """
    if _get_text(document, "issuer") != issuer:
        raise MalformedMetadataError("issuer: not the one that was asked")
    names_issuer = document.get("authorization_response_iss_parameter_supported", False)
    if not isinstance(names_issuer, bool):
        raise MalformedMetadataError("authorization_response_iss_parameter_supported: neither true nor false")
    return ServerMetadata(
        issuer=issuer,
        authorization_endpoint=_get_url(document, "authorization_endpoint", allow_http=allow_http),
        token_endpoint=_get_url(document, "token_endpoint", allow_http=allow_http),
        revocation_endpoint=_find_url(document, "revocation_endpoint", allow_http=allow_http),
        introspection_endpoint=_find_url(document, "introspection_endpoint", allow_http=allow_http),
        userinfo_endpoint=_find_url(document, "userinfo_endpoint", allow_http=allow_http),
        jwks_uri=_find_url(document, "jwks_uri", allow_http=allow_http),
        scopes=_get_scopes(document),
        response_types=_get_texts(document, "response_types_supported"),
        # RFC 8414 §2 names these two as what silence means.
        grant_types=_get_texts(document, "grant_types_supported", default=("authorization_code", "implicit")),
        code_challenge_methods=_get_texts(document, "code_challenge_methods_supported"),
        client_authentication_methods=_get_texts(
            document, "token_endpoint_auth_methods_supported", default=("client_secret_basic",)
        ),
        client_assertion_algorithms=_get_texts(document, "token_endpoint_auth_signing_alg_values_supported"),
        names_issuer=names_issuer,
        takes_documents=document.get("client_id_metadata_document_supported") is True,
    )


def list_server_metadata_urls(issuer: str) -> tuple[str, ...]:
    """
    Give the addresses at which the metadata of an authorization server may be, the likeliest first.

    RFC 8414 §3.1, §5; OpenID Connect Discovery §4.1.

    Looser than RFC 8414 §3.1: also below the issuer's path, because a server that is mounted at a prefix cannot answer
    at the root of its host.
    """
    places = (
        _insert_path(issuer, SERVER_METADATA_PATH),
        issuer.removesuffix("/") + SERVER_METADATA_PATH,
        issuer.removesuffix("/") + OPENID_METADATA_PATH,
        _insert_path(issuer, OPENID_METADATA_PATH),
    )
    return tuple(dict.fromkeys(places))


def list_resource_metadata_urls(resource: str) -> tuple[str, ...]:
    """
    Give the addresses at which the metadata of a protected resource may be.

    RFC 9728 §3.1.

    Looser than RFC 9728 §3.1: also below the resource's path, because a resource that is mounted at a prefix cannot
    answer at the root of its host.
    """
    below = resource.removesuffix("/") + RESOURCE_METADATA_PATH
    return tuple(dict.fromkeys((_insert_path(resource, RESOURCE_METADATA_PATH), below)))


def build_resource_metadata(metadata: ResourceMetadata) -> dict[str, Any]:
    """
    Give the metadata document of a protected resource.

    RFC 9728 §2.
    """
    document = {
        "resource": metadata.resource,
        "authorization_servers": list(metadata.authorization_servers),
        "jwks_uri": metadata.jwks_uri,
        "scopes_supported": list(metadata.scopes),
        "bearer_methods_supported": ["header"],
        "resource_name": metadata.name or None,
    }
    # RFC 9728 §3.2: parameters with no value are left out.
    return {name: value for name, value in document.items() if value is not None and value != []}


def parse_resource_metadata(document: Mapping[str, Any], *, resource: str, allow_http: bool) -> ResourceMetadata:
    """
    Read the metadata of the resource that we asked for.

    RFC 9728 §2, §3.3.

    Raises:
        MalformedMetadataError: the resource is another, an address is not https, or a value has the wrong type.
    """
    if _get_text(document, "resource") != resource:
        raise MalformedMetadataError("resource: not the one that was asked")
    servers = _get_texts(document, "authorization_servers")
    for server in servers:
        _check_url("authorization_servers", server, allow_http=allow_http)
    name = document.get("resource_name")
    return ResourceMetadata(
        resource=resource,
        authorization_servers=servers,
        jwks_uri=_find_url(document, "jwks_uri", allow_http=allow_http),
        scopes=_get_scopes(document),
        name=name if isinstance(name, str) else "",
    )


def _describe_introspection(methods: list[str], algorithms: list[str]) -> dict[str, list[str]]:
    """RFC 7662 §2.1: whoever only names himself is told nothing."""
    return {
        "introspection_endpoint_auth_methods_supported": [method for method in methods if method != "none"],
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
    }


def _insert_path(identifier: str, well_known_path: str) -> str:
    """RFC 8414 §3.1: between host and path, without the final slash."""
    parts = urlsplit(identifier)
    return f"{parts.scheme}://{parts.netloc}{well_known_path}{parts.path.removesuffix('/')}"


def _get_text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedMetadataError(f"{name}: missing, or no text")
    return value


def _get_url(document: Mapping[str, Any], name: str, *, allow_http: bool) -> str:
    value = _get_text(document, name)
    _check_url(name, value, allow_http=allow_http)
    return value


def _find_url(document: Mapping[str, Any], name: str, *, allow_http: bool) -> str | None:
    return None if document.get(name) is None else _get_url(document, name, allow_http=allow_http)


def _check_url(name: str, value: str, *, allow_http: bool) -> None:
    try:
        check_endpoint_url(value, allow_http=allow_http)
    except MalformedUrlError as error:
        raise MalformedMetadataError(f"{name}: {error}") from None


def _get_scopes(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Give what can be asked for; a text that is no scope cannot, and shall reach no page."""
    return tuple(text for text in _get_texts(document, "scopes_supported") if is_scope_token(text))


def _get_texts(document: Mapping[str, Any], name: str, *, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    value = document.get(name)
    if value is None:
        return default
    if not isinstance(value, list) or len(value) > _MOST_VALUES or not all(isinstance(each, str) for each in value):
        raise MalformedMetadataError(f"{name}: no array of texts")
    return tuple(value)
