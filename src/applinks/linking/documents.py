"""
What we say of ourselves: the link manifest, our keys, our client id document; the same in the words of Atlassian.

Handshake §1, §9.
"""

from typing import Any

from applinks.incoming.oauth2.metadata import JWKS_PATH
from applinks.linking.side import LinkingSide
from applinks.outgoing.side import CALLBACK_PATH, build_document_url, build_redirect_uri
from applinks.records.clients import ClientAuthentication, GrantType
from applinks.records.keys import Instance
from applinks.records.links import Link
from applinks.records.registrations import Registration
from applinks.wire.atlassian.authentication_types import AuthenticationType
from applinks.wire.atlassian.consumer_info import ConsumerInfo
from applinks.wire.atlassian.manifest import AtlassianManifest
from applinks.wire.linking.manifest import Manifest, ManifestScope, OAuth1Manifest, build_manifest
from applinks.wire.oauth1.keys import parse_public_jwk

STATEMENT_PATH = "/applinks/link/statement"
CHECK_PATH = "/applinks/link/check"
OAUTH1_JWKS_PATH = "/applinks/oauth1/jwks"
OAUTH1_REQUEST_TOKEN_PATH = "/applinks/oauth1/request-token"  # noqa: S105 - an address
OAUTH1_ACCESS_TOKEN_PATH = "/applinks/oauth1/access-token"  # noqa: S105 - an address
OAUTH1_AUTHORIZE_PATH = "/applinks/oauth1/authorize"

_ATLASSIAN_TYPES = (AuthenticationType.OAUTH, AuthenticationType.TWO_LEGGED, AuthenticationType.IMPERSONATION)


async def get_consumer_key(side: LinkingSide) -> str:
    """Give who we are over OAuth 1.0a to another Applinks and to Data Center peers."""
    return (await side.keys.get_instance()).consumer_key


async def get_own_manifest(side: LinkingSide) -> Manifest:
    """Give our manifest as a value."""
    settings, instance = side.settings, await side.keys.get_instance()
    speaks_oauth1 = "oauth1" in settings.protocols
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
        # Only OAuth 1.0a can name the user as whom it calls.
        levels=("oauth", "impersonation") if speaks_oauth1 else ("oauth",),
        directions=("incoming", "outgoing"),
        scopes=tuple(
            ManifestScope(name=scope.name, description=scope.description, application=scope.application)
            for scope in side.resources[0].scopes
        ),
        extensions=(),
        oauth1=await _get_own_oauth1(side) if speaks_oauth1 else None,
    )


async def build_own_manifest(side: LinkingSide) -> dict[str, Any]:
    """Build the document at ``<base>/.well-known/application-link``."""
    return build_manifest(await get_own_manifest(side))


async def _get_own_oauth1(side: LinkingSide) -> OAuth1Manifest:
    settings = side.settings
    return OAuth1Manifest(
        consumer_key=await get_consumer_key(side),
        jwks_uri=settings.url(OAUTH1_JWKS_PATH),
        request_token_uri=settings.url(OAUTH1_REQUEST_TOKEN_PATH),
        authorize_uri=settings.url(OAUTH1_AUTHORIZE_PATH),
        access_token_uri=settings.url(OAUTH1_ACCESS_TOKEN_PATH),
    )


async def build_own_jwks(side: LinkingSide) -> dict[str, Any]:
    """
    Build our key set.

    RFC 7517 §5.
    """
    return {"keys": [dict(key) for key in await side.keys.list_public_keys()]}


async def build_own_oauth1_jwks(side: LinkingSide) -> dict[str, Any]:
    """Build the set of our RSA keys of OAuth 1.0a, which sign for no other protocol; as `build_own_jwks`."""
    return {"keys": [dict(key) for key in await side.keys.list_oauth1_public_keys()]}


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


async def build_own_atlassian_manifest(side: LinkingSide) -> AtlassianManifest:
    """Build what a Data Center peer reads of us when an administrator there pastes our address."""
    instance = await side.keys.get_instance()
    return AtlassianManifest(
        id=get_atlassian_id(instance),
        name=side.settings.name,
        type_id=side.settings.atlassian_type,
        url=side.settings.base_url,
        incoming=_ATLASSIAN_TYPES,
        outgoing=_ATLASSIAN_TYPES,
    )


async def build_own_consumer_info(side: LinkingSide) -> ConsumerInfo:
    """Build who we are as a client at a Data Center peer: our consumer key and our newest RSA key."""
    newest = (await side.keys.list_oauth1_public_keys())[0]
    return ConsumerInfo(
        key=await get_consumer_key(side),
        name=side.settings.name,
        public_key=parse_public_jwk(newest),
    )


def get_atlassian_id(instance: Instance) -> str:
    """Give the id of this installation as Data Center peers write ids."""
    return instance.id.removeprefix("urn:uuid:")
