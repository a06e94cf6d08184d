from dataclasses import replace

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url

from applinks.wire.oauth2.metadata import (
    OPENID_METADATA_PATH,
    MalformedMetadataError,
    ResourceMetadata,
    ServerMetadata,
    build_resource_metadata,
    build_server_metadata,
    list_resource_metadata_urls,
    list_server_metadata_urls,
    parse_resource_metadata,
    parse_server_metadata,
)

ISSUER = "https://example.org/tracker"
SERVER = ServerMetadata(
    issuer=ISSUER,
    authorization_endpoint=ISSUER + "/applinks/oauth2/authorize",
    token_endpoint=ISSUER + "/applinks/oauth2/token",
    revocation_endpoint=ISSUER + "/applinks/oauth2/revoke",
    introspection_endpoint=ISSUER + "/applinks/oauth2/introspect",
    userinfo_endpoint=ISSUER + "/applinks/oauth2/userinfo",
    jwks_uri=ISSUER + "/applinks/oauth2/jwks",
    scopes=("issues:read",),
    grant_types=("authorization_code", "refresh_token", "client_credentials"),
    client_authentication_methods=("none", "private_key_jwt"),
    client_assertion_algorithms=("ES256",),
    takes_documents=True,
)
RESOURCE = ResourceMetadata(
    resource=ISSUER, authorization_servers=(ISSUER,), jwks_uri=SERVER.jwks_uri, scopes=("issues:read",), name="Tracker"
)


def read(document, **changes):
    return parse_server_metadata(document, **{"issuer": ISSUER, "allow_http": False} | changes)


def test_the_document_is_what_authlib_takes_for_valid():
    """RFC 8414 §2: authlib as oracle."""
    AuthorizationServerMetadata(build_server_metadata(SERVER)).validate()


def test_the_document_says_what_we_do():
    """RFC 8414 §2, RFC 9207 §3, RFC 7636."""
    document = build_server_metadata(SERVER)
    assert document["issuer"] == ISSUER
    assert document["response_types_supported"] == ["code"]
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["authorization_response_iss_parameter_supported"] is True
    assert document["revocation_endpoint_auth_methods_supported"] == ["none", "private_key_jwt"]
    assert document["token_endpoint_auth_signing_alg_values_supported"] == ["ES256"]
    assert document["introspection_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    without = build_server_metadata(replace(SERVER, introspection_endpoint=None))
    assert not any(name.startswith("introspection") for name in without)


def test_what_we_build_is_what_we_read():
    """Ours: both halves together."""
    assert read(build_server_metadata(SERVER)) == SERVER
    assert parse_resource_metadata(build_resource_metadata(RESOURCE), resource=ISSUER, allow_http=False) == RESOURCE


@pytest.mark.parametrize(
    "issuer", ["https://example.org", "https://example.org/", ISSUER, f"{ISSUER}/", "https://example.org:443/a/b"]
)
def test_metadata_is_looked_for_where_authlib_would_look_and_below_the_path(issuer):
    """RFC 8414 §3.1, OpenID Connect Discovery §4.1; authlib as oracle."""
    found = list_server_metadata_urls(issuer)
    assert found[0] == get_well_known_url(issuer.removesuffix("/"), external=True)
    assert get_well_known_url(issuer.removesuffix("/"), external=True, suffix="openid-configuration") in found
    assert issuer.removesuffix("/") + OPENID_METADATA_PATH in found
    assert len(set(found)) == len(found)


def test_a_resource_is_looked_for_at_the_root_and_below_its_path():
    """RFC 9728 §3.1."""
    well_known = "/.well-known/oauth-protected-resource"
    assert list_resource_metadata_urls("https://example.org/a") == (
        f"https://example.org{well_known}/a",
        f"https://example.org/a{well_known}",
    )
    assert list_resource_metadata_urls("https://example.org") == (f"https://example.org{well_known}",)


@pytest.mark.parametrize("said", [None, False, "true", 1])
def test_only_a_plain_yes_says_that_a_client_id_may_be_an_address(said):
    """draft-ietf-oauth-client-id-metadata-document §5."""
    assert not read(build_server_metadata(SERVER) | {"client_id_metadata_document_supported": said}).takes_documents


def test_members_without_a_value_are_left_out():
    """RFC 8414 §3.2 MUST, RFC 9728 §3.2 MUST."""
    bare = ServerMetadata(issuer=ISSUER, authorization_endpoint=ISSUER + "/a", token_endpoint=ISSUER + "/t")
    document = build_server_metadata(bare) | build_resource_metadata(
        ResourceMetadata(resource=ISSUER, authorization_servers=())
    )
    assert not [name for name, value in document.items() if value in (None, [], "")]


@pytest.mark.requirement("CL-21")
@pytest.mark.parametrize(
    "issuer", [ISSUER + "/", "https://example.org", "https://example.org/Tracker", "", None, 1, [ISSUER]]
)
def test_metadata_of_another_issuer_is_refused(issuer):
    """RFC 8414 §3.3 MUST."""
    with pytest.raises(MalformedMetadataError):
        read(build_server_metadata(SERVER) | {"issuer": issuer})


@pytest.mark.requirement("rfc7009-2-3")
@pytest.mark.requirement("CL-21")
@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "revocation_endpoint", "jwks_uri"])
@pytest.mark.parametrize(
    "value",
    [
        "http://example.org/x",
        "http://127.0.0.1/x",
        "/x",
        "",
        1,
        "javascript:1",
        "https://u@example.org",
        "https://example.org/#",
    ],
)
def test_an_endpoint_that_is_not_https_is_refused(name, value):
    """RFC 8414 §2, RFC 6749 §3.1."""
    with pytest.raises(MalformedMetadataError):
        read(build_server_metadata(SERVER) | {name: value})


@pytest.mark.requirement("CL-21")
def test_http_is_for_loopback_where_it_is_allowed():
    """security.md CL-21: loopback apart."""
    local = dict.fromkeys(
        ("authorization_endpoint", "token_endpoint", "revocation_endpoint", "jwks_uri"), "http://127.0.0.1:8001/x"
    )
    assert read(build_server_metadata(SERVER) | local, allow_http=True).token_endpoint == "http://127.0.0.1:8001/x"


@pytest.mark.parametrize(
    "changes",
    [
        {"scopes_supported": "a"},
        {"grant_types_supported": [1]},
        {"code_challenge_methods_supported": {}},
        {"authorization_response_iss_parameter_supported": "yes"},
        {"scopes_supported": ["a"] * 1001},
    ],
)
def test_a_member_of_the_wrong_kind_is_refused(changes):
    """RFC 8414 §2."""
    with pytest.raises(MalformedMetadataError):
        read(build_server_metadata(SERVER) | changes)


def test_silence_means_what_the_rfc_says():
    """RFC 8414 §2, RFC 9207 §3: the defaults."""
    found = read({"issuer": ISSUER, "authorization_endpoint": ISSUER + "/a", "token_endpoint": ISSUER + "/t"})
    assert found.grant_types == ("authorization_code", "implicit")
    assert found.client_authentication_methods == ("client_secret_basic",)
    assert found.names_issuer is False


@pytest.mark.parametrize("name", ["issuer", "authorization_endpoint", "token_endpoint"])
def test_what_is_required_is_required(name):
    """RFC 8414 §2 REQUIRED."""
    document = build_server_metadata(SERVER)
    del document[name]
    with pytest.raises(MalformedMetadataError):
        read(document)


@pytest.mark.parametrize(
    "changes",
    [
        {"resource": "https://example.org"},
        {"authorization_servers": ["http://x"]},
        {"authorization_servers": "x"},
        {"jwks_uri": "http://h"},
    ],
)
def test_metadata_of_another_resource_is_refused(changes):
    """RFC 9728 §3.3 MUST."""
    with pytest.raises(MalformedMetadataError):
        parse_resource_metadata(build_resource_metadata(RESOURCE) | changes, resource=ISSUER, allow_http=False)


def test_a_resource_takes_tokens_in_the_header_alone():
    """RFC 9728 §2, security.md RS-21."""
    assert build_resource_metadata(RESOURCE)["bearer_methods_supported"] == ["header"]


def test_what_is_no_scope_is_not_among_those_that_can_be_asked_for():
    """RFC 6749 §3.3: spaces, quotes and control characters stand in none; ours: they reach no page."""
    document = build_server_metadata(SERVER) | {"scopes_supported": ["a", "b c", "\x1b[31m", "", 'd"', "e:f"]}
    assert read(document).scopes == ("a", "e:f")
