"""Our addresses that programs call, and the function that answers each."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from applinks.administration.side import Administration
from applinks.errors import RefusedError, StoreError
from applinks.incoming.authentication import authenticate
from applinks.incoming.challenges import RETRY_AFTER_SECONDS
from applinks.incoming.oauth1.temporary_credentials import answer_temporary_credentials_request
from applinks.incoming.oauth1.token_credentials import answer_token_credentials_request
from applinks.incoming.oauth2.introspection import answer_introspection_request
from applinks.incoming.oauth2.metadata import (
    INTROSPECTION_PATH,
    JWKS_PATH,
    REVOCATION_PATH,
    build_resource_documents,
    build_server_document,
    list_resource_document_paths,
)
from applinks.incoming.oauth2.revocation import answer_revocation_request
from applinks.incoming.oauth2.token_request import answer_token_request
from applinks.incoming.rules import TOKEN_PATH
from applinks.incoming.side import IncomingSide
from applinks.linking.documents import (
    CHECK_PATH,
    OAUTH1_ACCESS_TOKEN_PATH,
    OAUTH1_JWKS_PATH,
    OAUTH1_REQUEST_TOKEN_PATH,
    STATEMENT_PATH,
    build_client_document,
    build_hand_client_document,
    build_own_jwks,
    build_own_manifest,
    build_own_oauth1_jwks,
)
from applinks.linking.side import LinkingSide
from applinks.linking.statements import answer_statement
from applinks.linking.test_call import answer_check
from applinks.outgoing.side import CLIENT_PATH, DOCUMENT_PATH
from applinks.records.scopes import Resource
from applinks.settings import Settings
from applinks.web.protocol.atlassian import build_atlassian_endpoints
from applinks.web.protocol.routes import Endpoint, EndpointTable, build_json_answer
from applinks.wire.atlassian.addresses import ACCESS_TOKEN_PATH, REQUEST_TOKEN_PATH
from applinks.wire.http import Request, Response
from applinks.wire.linking.manifest import WELL_KNOWN_PATH
from applinks.wire.oauth2.metadata import SERVER_METADATA_PATH

HEALTH_PATH = "/applinks/health"

_DOCUMENT_NAME = re.compile(r"([0-9A-Za-z_-]{1,64})\.json\Z")
_FOR_MINUTES = "max-age=300"
_NO_MORE: Mapping[str, "Endpoint"] = MappingProxyType({})


def build_endpoints(
    *,
    incoming: IncomingSide,
    linking: LinkingSide,
    administration: Administration | None = None,
    extra: Mapping[str, Endpoint] = _NO_MORE,
) -> EndpointTable:
    """
    Give every protocol endpoint.

    Args:
        incoming: the incoming side.
        linking: what makes links.
        administration: what Data Center peers set up here in an administrator's name; None: they find nothing of ours.
        extra: what a form of this product serves beside the protocol.
    """
    documents = Endpoint("GET", "client", lambda request, _: _answer_hand_document(request, linking=linking))
    found = {
        **extra,
        **_build_oauth_endpoints(incoming),
        **_build_oauth1_endpoints(incoming, linking),
        **_build_atlassian_endpoints(incoming, linking, administration),
        JWKS_PATH: _serve_document("jwks", lambda: build_own_jwks(linking)),
        CLIENT_PATH: _serve_document("client", lambda: build_client_document(linking)),
        DOCUMENT_PATH + "{name}": documents,
        STATEMENT_PATH: Endpoint(
            "POST", "statement", lambda request, source: answer_statement(request, source=source, side=linking)
        ),
        CHECK_PATH: Endpoint("GET", "check", lambda request, source: _answer_check(request, source, incoming=incoming)),
        HEALTH_PATH: Endpoint("GET", "health", lambda _, __: _answer_health(incoming)),
        WELL_KNOWN_PATH: _serve_document("manifest", lambda: build_own_manifest(linking)),
    }
    server = _serve_document("metadata", lambda: _ready(build_server_document(incoming)))
    found.update(dict.fromkeys(_list_server_paths(incoming.settings), server))
    for address, document in build_resource_documents(incoming).items():
        found[address] = _serve_document("metadata", lambda document=document: _ready(document))  # type: ignore[misc]
    return EndpointTable(found)


def _build_atlassian_endpoints(
    incoming: IncomingSide, linking: LinkingSide, administration: Administration | None
) -> Mapping[str, Endpoint]:
    if administration is None:
        return {}
    return build_atlassian_endpoints(incoming=incoming, linking=linking, administration=administration)


def list_well_known_paths(settings: Settings, resources: Sequence[Resource]) -> tuple[str, ...]:
    """Give the paths of all our well-known documents below the base URL, for a host that may serve one of them."""
    places = (list_resource_document_paths(resource, settings.issuer) for resource in resources)
    paths = (WELL_KNOWN_PATH, *_list_server_paths(settings), *(path for pair in places for path in pair))
    return tuple(dict.fromkeys(paths))


def _build_oauth_endpoints(side: IncomingSide) -> dict[str, Endpoint]:
    return {
        TOKEN_PATH: Endpoint(
            "POST", "token", lambda request, source: answer_token_request(request, source=source, side=side)
        ),
        REVOCATION_PATH: Endpoint(
            "POST", "revoke", lambda request, source: answer_revocation_request(request, source=source, side=side)
        ),
        INTROSPECTION_PATH: Endpoint(
            "POST",
            "introspect",
            lambda request, source: answer_introspection_request(request, source=source, side=side),
        ),
    }


def _build_oauth1_endpoints(side: IncomingSide, linking: LinkingSide) -> dict[str, Endpoint]:
    """Give our canonical addresses of OAuth 1.0a, and those at which clients of Data Center applications look."""
    if "oauth1" not in side.settings.protocols:
        return {}
    temporary = Endpoint(
        "POST",
        "request-token",
        lambda request, source: answer_temporary_credentials_request(request, source=source, side=side),
    )
    token = Endpoint(
        "POST",
        "access-token",
        lambda request, source: answer_token_credentials_request(request, source=source, side=side),
    )
    return {
        OAUTH1_JWKS_PATH: _serve_document("jwks", lambda: build_own_oauth1_jwks(linking)),
        OAUTH1_REQUEST_TOKEN_PATH: temporary,
        OAUTH1_ACCESS_TOKEN_PATH: token,
        REQUEST_TOKEN_PATH: temporary,
        ACCESS_TOKEN_PATH: token,
    }


def _list_server_paths(settings: Settings) -> tuple[str, str]:
    # RFC 8414 §3.1 puts the well-known part before the path of an issuer; we answer there where the request reaches us.
    return SERVER_METADATA_PATH, SERVER_METADATA_PATH + settings.path


async def _answer_check(request: Request, source: str, *, incoming: IncomingSide) -> Response:
    caller = await authenticate(request, side=incoming, source=source)
    return await answer_check(caller, request, side=incoming)


async def _answer_health(side: IncomingSide) -> Response:
    """Whoever asks, and often: the database answers or not, and nothing more is said."""
    try:
        await side.store.find_client("health")
    except StoreError:
        later = (("Retry-After", str(RETRY_AFTER_SECONDS)),)
        return build_json_answer({"status": "unavailable"}, cache="no-store", status=503, headers=later)
    return build_json_answer({"status": "ok"}, cache="no-store")


async def _answer_hand_document(request: Request, *, linking: LinkingSide) -> Response:
    name = request.url.partition("?")[0].removeprefix(linking.settings.url(DOCUMENT_PATH))
    named = _DOCUMENT_NAME.match(name)
    found = await linking.outgoing.store.find_document(named[1]) if named is not None else None
    if found is None:
        raise RefusedError("There is no such document.", code="not_found", status=404)
    link, registration = found
    return build_json_answer(build_hand_client_document(link, registration, side=linking), cache=_FOR_MINUTES)


def _serve_document(place: str, build: Callable[[], Awaitable[Mapping[str, Any]]]) -> Endpoint:
    async def answer(_request: Request, _source: str) -> Response:
        return build_json_answer(await build(), cache=_FOR_MINUTES)

    return Endpoint("GET", place, answer)


async def _ready(document: Mapping[str, Any]) -> Mapping[str, Any]:
    return document
