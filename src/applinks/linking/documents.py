"""
What we say of ourselves: the link manifest, our keys, our client id document.

Handshake §1, §9.
"""

from typing import Any

from applinks.incoming.oauth2.metadata import JWKS_PATH
from applinks.linking.side import LinkingSide
from applinks.outgoing.side import CALLBACK_PATH, build_document_url, build_redirect_uri
from applinks.records.clients import ClientAuthentication, GrantType
from applinks.records.links import Link
from applinks.records.registrations import Registration
from applinks.wire.linking.manifest import Manifest, ManifestScope, build_manifest

STATEMENT_PATH = "/applinks/link/statement"
CHECK_PATH = "/applinks/link/check"


async def get_own_manifest(side: LinkingSide) -> Manifest:
    """Give our manifest as a value."""
    settings, instance = side.settings, await side.keys.get_instance()
    return Manifest(
        id=instance.id,
        name=settings.name,
        kind=settings.kind,
        version="",
        url=settings.base_url,
        issuer=settings.issuer,
        resource=settings.base_url,
        jwks_uri=settings.url(JWKS_PATH),
        client_id=side.outgoing.client_id,
        redirect_uri_base=settings.url(CALLBACK_PATH),
        link_endpoint=settings.url("/applinks/link"),
        link_callback_endpoint=settings.url("/applinks/link/callback"),
        link_statement_endpoint=settings.url(STATEMENT_PATH),
        check_endpoint=settings.url(CHECK_PATH),
        protocols=settings.protocols,
        levels=("oauth",),
        directions=("incoming", "outgoing"),
        scopes=tuple(
            ManifestScope(name=scope.name, description=scope.description, application=scope.application)
            for scope in side.resources[0].scopes
        ),
        extensions=(),
    )


async def build_own_manifest(side: LinkingSide) -> dict[str, Any]:
    """Build the document at ``<base>/.well-known/application-link``."""
    return build_manifest(await get_own_manifest(side))


async def build_own_jwks(side: LinkingSide) -> dict[str, Any]:
    """
    Build our key set.

    RFC 7517 §5.
    """
    return {"keys": [dict(key) for key in await side.keys.list_public_keys()]}


async def build_client_document(side: LinkingSide) -> dict[str, Any]:
    """
    Build our client id document between two Applinks.

    RFC 7591 §2; draft-ietf-oauth-client-id-metadata-document.

    It lists no redirect URIs: they follow from ``redirect_uri_base`` and would tell whom we are linked with.
    """
    settings = side.settings
    return {
        "client_id": side.outgoing.client_id,
        "client_name": settings.name,
        "client_uri": settings.base_url,
        "jwks_uri": settings.url(JWKS_PATH),
        "token_endpoint_auth_method": "private_key_jwt",
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "response_types": ["code"],
    }


def build_hand_client_document(link: Link, registration: Registration, *, side: LinkingSide) -> dict[str, Any]:
    """
    Build our client id document for a server that is no Applinks.

    RFC 7591 §2; draft-ietf-oauth-client-id-metadata-document §4.

    Its address is random and only that server is told it, so the one redirect URI in it tells nobody else of the link.
    """
    settings, direction = side.settings, link.outgoing
    grant_types = [GrantType.AUTHORIZATION_CODE.value, GrantType.REFRESH_TOKEN.value] if direction.user_scopes else []
    if direction.application_scopes and registration.authentication is not ClientAuthentication.NONE:
        grant_types.append(GrantType.CLIENT_CREDENTIALS.value)
    scopes = dict.fromkeys((*direction.user_scopes, *direction.application_scopes))
    document = {
        "client_id": build_document_url(settings, registration.document),
        "client_name": settings.name,
        "client_uri": settings.base_url,
        "redirect_uris": [build_redirect_uri(settings, link.id)],
        "token_endpoint_auth_method": registration.authentication.value,
        "grant_types": grant_types,
        "response_types": ["code"] if direction.user_scopes else [],
        "scope": " ".join(scopes),
    }
    if registration.authentication is ClientAuthentication.PRIVATE_KEY_JWT:
        document["jwks_uri"] = settings.url(JWKS_PATH)
    return document
