"""Our addresses that programs call, and the function that answers each."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from applinks.incoming.authentication import authenticate
from applinks.incoming.oauth2.metadata import (
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
    STATEMENT_PATH,
    build_client_document,
    build_own_jwks,
    build_own_manifest,
)
from applinks.linking.side import LinkingSide
from applinks.linking.statements import answer_statement
from applinks.linking.test_call import answer_check
from applinks.outgoing.side import CLIENT_PATH
from applinks.records.scopes import Resource
from applinks.settings import Settings
from applinks.wire.http import Request, Response
from applinks.wire.linking.manifest import WELL_KNOWN_PATH
from applinks.wire.oauth2.metadata import SERVER_METADATA_PATH

Answer = Callable[[Request, str], Awaitable[Response]]
"""Takes the request and the address that it came from."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    One address.

    Attributes:
        method: the one that it serves; HEAD comes with GET.
        place: what failures there are filed under.
    """

    method: str
    place: str
    answer: Answer

    @property
    def allowed(self) -> str:
        """The ``Allow`` header."""
        return "GET, HEAD" if self.method == "GET" else self.method


def build_endpoints(*, incoming: IncomingSide, linking: LinkingSide) -> Mapping[str, Endpoint]:
    """Give every protocol endpoint, by its path below the base URL."""
    found = {
        TOKEN_PATH: Endpoint("POST", "token", lambda request, _: answer_token_request(request, side=incoming)),
        REVOCATION_PATH: Endpoint(
            "POST", "revoke", lambda request, _: answer_revocation_request(request, side=incoming)
        ),
        JWKS_PATH: _serve_document("jwks", lambda: build_own_jwks(linking)),
        CLIENT_PATH: _serve_document("client", lambda: build_client_document(linking)),
        STATEMENT_PATH: Endpoint(
            "POST", "statement", lambda request, source: answer_statement(request, source=source, side=linking)
        ),
        CHECK_PATH: Endpoint("GET", "check", lambda request, _: _answer_check(request, incoming=incoming)),
        WELL_KNOWN_PATH: _serve_document("manifest", lambda: build_own_manifest(linking)),
    }
    server = _serve_document("metadata", lambda: _ready(build_server_document(incoming)))
    found.update(dict.fromkeys(_list_server_paths(incoming.settings), server))
    for address, document in build_resource_documents(incoming).items():
        found[address] = _serve_document("metadata", lambda document=document: _ready(document))  # type: ignore[misc]
    return found


def list_well_known_paths(settings: Settings, resources: Sequence[Resource]) -> tuple[str, ...]:
    """Give the paths of all our well-known documents below the base URL, for a host that may serve one of them."""
    places = (list_resource_document_paths(resource, settings.issuer) for resource in resources)
    paths = (WELL_KNOWN_PATH, *_list_server_paths(settings), *(path for pair in places for path in pair))
    return tuple(dict.fromkeys(paths))


def _list_server_paths(settings: Settings) -> tuple[str, str]:
    # RFC 8414 §3.1 puts the well-known part before the path of an issuer; we answer there where the request reaches us.
    return SERVER_METADATA_PATH, SERVER_METADATA_PATH + settings.path


async def _answer_check(request: Request, *, incoming: IncomingSide) -> Response:
    caller = await authenticate(request, side=incoming)
    return await answer_check(caller, request, side=incoming)


def _serve_document(place: str, build: Callable[[], Awaitable[Mapping[str, Any]]]) -> Endpoint:
    async def answer(_request: Request, _source: str) -> Response:
        headers = (
            ("Content-Type", "application/json"),
            ("Cache-Control", "max-age=300"),
            ("X-Content-Type-Options", "nosniff"),
        )
        return Response(status=200, headers=headers, body=msgspec.json.encode(await build()))

    return Endpoint("GET", place, answer)


async def _ready(document: Mapping[str, Any]) -> Mapping[str, Any]:
    return document
