"""What we say of ourselves."""

import json
from dataclasses import replace

import pytest

from applinks.fetching.transport import Fetcher
from applinks.linking.answerer import open_proposal
from applinks.linking.documents import (
    build_client_document,
    build_hand_client_document,
    build_own_atlassian_manifest,
    build_own_consumer_info,
    build_own_jwks,
    build_own_manifest,
    build_own_oauth1_jwks,
    get_consumer_key,
)
from applinks.linking.errors import LinkingError
from applinks.linking.standing import choose_handle
from applinks.outgoing.renewal import request_token_for_application
from applinks.records.clients import ClientAuthentication
from applinks.records.registrations import Registration
from applinks.records.scopes import CHECK_SCOPE
from applinks.wire.atlassian.authentication_types import AuthenticationType
from applinks.wire.atlassian.manifest import format_manifest_xml, parse_atlassian_manifest
from applinks.wire.http import Request
from applinks.wire.jose import check_public_jwks
from applinks.wire.linking.manifest import OAuth1Manifest, parse_manifest
from applinks.wire.oauth1.keys import parse_private_key
from tests.linking.world import ADMINISTRATOR, B_URL, World
from tests.outgoing.foreign import make_hand_link

pytestmark = pytest.mark.anyio


async def test_our_manifest_is_one_that_we_would_accept(world: World) -> None:
    """Handshake §1."""
    document = json.loads(json.dumps(await build_own_manifest(world.b.linking)))
    manifest = parse_manifest(document, fetched_under=B_URL, allow_http=False)
    assert (manifest.name, manifest.protocols, manifest.levels) == ("Tracker", ("oauth2",), ("oauth",))
    assert manifest.scope_names == {"issues:read", "issues:write"}
    assert manifest.application_scope_names == {"issues:read"}
    assert manifest.link_statement_endpoint == f"{B_URL}/applinks/link/statement"


async def test_our_manifest_says_where_we_speak_oauth_1(both: World) -> None:
    """Handshake §1: another key, and every address below ours; impersonation is OAuth 1.0a's."""
    document = json.loads(json.dumps(await build_own_manifest(both.b.linking)))
    manifest = parse_manifest(document, fetched_under=B_URL, allow_http=False)
    instance = await both.b.keys.get_instance()
    assert (manifest.protocols, manifest.levels) == (("oauth2", "oauth1"), ("oauth", "impersonation"))
    assert manifest.oauth1 == OAuth1Manifest(
        consumer_key="applinks" + instance.id.removeprefix("urn:uuid:").replace("-", "")[:22],
        jwks_uri=f"{B_URL}/applinks/oauth1/jwks",
        request_token_uri=f"{B_URL}/applinks/oauth1/request-token",
        authorize_uri=f"{B_URL}/applinks/oauth1/authorize",
        access_token_uri=f"{B_URL}/applinks/oauth1/access-token",
    )
    assert manifest.oauth1.consumer_key == await get_consumer_key(both.b.linking)


async def test_our_rsa_keys_are_public_and_sign_for_nothing_else(both: World) -> None:
    """RFC 7517 §5, RFC 7638; handshake §1: a key never signs for two protocols."""
    keys = check_public_jwks(await build_own_oauth1_jwks(both.b.linking))
    assert {key["kty"] for key in keys} == {"RSA"}
    assert not {"d", "p", "q"} & set().union(*keys)
    assert tuple(key["kid"] for key in keys) == await both.b.linking.list_oauth1_kids()
    assert not {key["kid"] for key in keys} & set(await both.b.linking.list_signing_kids())


async def test_data_center_peers_read_who_we_are(both: World) -> None:
    """Atlassian-wire, Discovery: the type is a setting, the id opaque, the version one that is current."""
    side, instance = both.b.linking, await both.b.keys.get_instance()
    side = replace(side, settings=replace(side.settings, atlassian_type="jira"))
    said = await build_own_atlassian_manifest(side)
    assert parse_atlassian_manifest(format_manifest_xml(said), "application/xml;charset=UTF-8") == said
    assert (said.id, said.name, said.type_id, said.url) == (instance.id[9:], "Tracker", "jira", B_URL)
    assert int(said.applinks_version.split(".")[0]) >= 5
    assert set(said.incoming) == {
        AuthenticationType.OAUTH,
        AuthenticationType.TWO_LEGGED,
        AuthenticationType.IMPERSONATION,
    }
    assert said.icon_url == ""


async def test_data_center_peers_read_our_rsa_key(both: World) -> None:
    """Atlassian-wire, Discovery: consumer-info holds the key with which we sign."""
    consumer = await build_own_consumer_info(both.b.linking)
    assert consumer.key == await get_consumer_key(both.b.linking)
    pair = await both.b.keys.get_oauth1_key()
    assert consumer.public_key == parse_private_key(pair.private.reveal()).public_key()


async def test_our_keys_are_public_and_named_by_their_thumbprints(world: World) -> None:
    """RFC 7517 §5, RFC 7638."""
    keys = check_public_jwks(await build_own_jwks(world.b.linking))
    assert {key["kid"] for key in keys} == await world.b.linking.list_own_kids()
    assert "d" not in keys[0]


async def test_the_client_document_names_no_redirect_and_no_peer(world: World) -> None:
    """Handshake §9: it lists no redirect URIs."""
    await world.link()
    document = await build_client_document(world.b.linking)
    assert "redirect_uris" not in document
    assert document["client_id"] == f"{B_URL}/applinks/oauth2/client.json"
    assert document["token_endpoint_auth_method"] == "private_key_jwt"
    assert "start.example" not in json.dumps(document)


@pytest.mark.requirement("LK-03")
async def test_a_proposal_from_a_private_address_is_asked_about_before_the_first_fetch(world: World) -> None:
    """Handshake §3 step 2; security N-02."""
    request = await world.a.propose(B_URL)

    async def resolve(host: str, port: int) -> list[str]:
        return ["192.168.1.5"]

    fetcher = Fetcher(world.b.linking.settings, resolve=resolve)
    side = replace(world.b.linking, fetcher=fetcher)
    world.network.seen.clear()
    with pytest.raises(LinkingError) as refused:
        await open_proposal(request, user=ADMINISTRATOR, side=side)
    assert refused.value.asks_private
    assert world.network.seen == []
    await fetcher.aclose()


@pytest.mark.parametrize(
    ("name", "taken", "handle"),
    [
        ("Tracker", set(), "tracker"),
        ("Tracker", {"tracker", "tracker-2"}, "tracker-3"),
        ("Größe & Länge", set(), "groe-lange"),
        ("課題", set(), "start-example"),
        ("new", set(), "new-2"),
        ("x" * 60, set(), "x" * 48),
    ],
)
def test_a_handle_is_made_of_the_name_and_is_unique(name: str, taken: set[str], handle: str) -> None:
    """House §8 Ids: a-z, 0-9, -; from the name, unique here, never new."""
    assert choose_handle(name, "https://start.example", taken=taken) == handle


@pytest.mark.requirement("N-07")
async def test_the_answer_to_a_test_call_is_kept_by_nobody(world: World) -> None:
    """Security N-07: no-store on every protocol answer."""
    link = await world.a.find(await world.link())
    token = await request_token_for_application(link, (CHECK_SCOPE,), side=world.a.linking.outgoing)
    headers = (("Authorization", f"Bearer {token.access_token}"),)
    path = "/applinks/link/check"
    answer = await world.b.serve(path, Request(method="GET", url=B_URL + path, headers=headers))
    assert (answer.status, answer.header("cache-control")) == (200, "no-store")


@pytest.mark.parametrize(
    ("authentication", "grant_types"),
    [
        (ClientAuthentication.PRIVATE_KEY_JWT, ["authorization_code", "refresh_token", "client_credentials"]),
        (ClientAuthentication.NONE, ["authorization_code", "refresh_token"]),
    ],
)
async def test_the_document_of_one_link_names_its_one_redirect(
    world: World, authentication: ClientAuthentication, grant_types: list[str]
) -> None:
    """draft-ietf-oauth-client-id-metadata-document §4: `client_id` is its address, no secret method."""
    link = make_hand_link()
    registration = Registration(link_id=link.id, document="Ab1", authentication=authentication)
    document = build_hand_client_document(link, registration, side=world.b.linking)
    jwks_uri = document.pop("jwks_uri", None)
    assert jwks_uri == (f"{B_URL}/applinks/oauth2/jwks" if len(grant_types) == 3 else None)
    assert document == {
        "client_id": f"{B_URL}/applinks/oauth2/clients/Ab1.json",
        "client_name": "Tracker",
        "client_uri": B_URL,
        "redirect_uris": [f"{B_URL}/applinks/callback/{link.id}"],
        "token_endpoint_auth_method": authentication.value,
        "grant_types": grant_types,
        "response_types": ["code"],
        "scope": "openid things",
    }
