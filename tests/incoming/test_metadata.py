"""What we say of ourselves to clients."""

from dataclasses import dataclass
from typing import Any

import pytest

from applinks.incoming.challenges import build_challenge
from applinks.incoming.oauth2.metadata import build_resource_documents, build_server_document
from applinks.incoming.rules import Rules, build_rules
from applinks.records.scopes import Resource, Scope
from applinks.settings import Settings
from applinks.wire.oauth2.metadata import parse_resource_metadata, parse_server_metadata
from tests.incoming.world import BASE, RESOURCES


@dataclass
class Side:
    settings: Settings
    resources: tuple[Resource, ...]

    @property
    def rules(self) -> Rules:
        return build_rules(self.settings, self.resources)


def make_side(base: str = BASE, *below: str) -> Any:
    resources = tuple(Resource(base + path, (Scope("x", "See x"),)) for path in ("", *below))
    return Side(Settings(base_url=base, name="Tracker"), resources)


@pytest.mark.requirement("rfc7636-4.2-2")
@pytest.mark.requirement("rfc9207-2.3-1")
@pytest.mark.requirement("rfc9207-2.3-3")
@pytest.mark.requirement("rfc9700-2.1.1-6")
@pytest.mark.requirement("rfc9700-4.7.1-3")
@pytest.mark.requirement("rfc9700-2.4-1")
def test_the_servers_metadata_says_what_it_does() -> None:
    """RFC 8414 §2, RFC 9207 §3."""
    document = build_server_document(Side(Settings(base_url=BASE), RESOURCES))  # type: ignore[arg-type]
    found = parse_server_metadata(document, issuer=BASE, allow_http=False)
    assert found.token_endpoint == f"{BASE}/applinks/oauth2/token"
    assert found.authorization_endpoint == f"{BASE}/applinks/oauth2/authorize"
    assert found.revocation_endpoint == f"{BASE}/applinks/oauth2/revoke"
    assert found.jwks_uri == f"{BASE}/applinks/oauth2/jwks"
    assert found.code_challenge_methods == ("S256",)
    assert found.grant_types == ("authorization_code", "refresh_token", "client_credentials")
    by_proof = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
    assert list(found.client_authentication_methods) == [*by_proof, "none"]
    assert found.introspection_endpoint == f"{BASE}/applinks/oauth2/introspect"
    assert document["introspection_endpoint_auth_methods_supported"] == by_proof
    assert document["revocation_endpoint_auth_methods_supported"] == [*by_proof, "none"]
    assert found.names_issuer
    assert found.scopes == ("issues:read", "issues:write", "issues:delete", "notes:read", "offline_access")


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        (
            "https://x.example",
            {
                "/.well-known/oauth-protected-resource": "https://x.example",
                "/.well-known/oauth-protected-resource/mcp": "https://x.example/mcp",
            },
        ),
        (
            "https://x.example/app",
            {
                "/.well-known/oauth-protected-resource": "https://x.example/app",
                "/.well-known/oauth-protected-resource/app": "https://x.example/app",
                "/.well-known/oauth-protected-resource/mcp": "https://x.example/app/mcp",
                "/.well-known/oauth-protected-resource/app/mcp": "https://x.example/app/mcp",
            },
        ),
    ],
)
def test_every_resource_has_its_document(base: str, expected: dict[str, str]) -> None:
    """RFC 9728 §3.1: the root and the path form."""
    documents = build_resource_documents(make_side(base, "/mcp"))
    assert {address: document["resource"] for address, document in documents.items()} == expected
    for document in documents.values():
        found = parse_resource_metadata(document, resource=document["resource"], allow_http=False)
        assert found.authorization_servers == (base,)


@pytest.mark.requirement("RS-22")
def test_a_challenge_names_the_document_of_the_nearest_resource() -> None:
    """RFC 9728 §5.1."""
    rules = make_side("https://x.example/app", "/mcp").rules
    _, value = build_challenge("https://x.example/app/mcp/tools?x=1", rules=rules, error="invalid_token")
    address = "https://x.example/app/.well-known/oauth-protected-resource/mcp"
    assert value == f'Bearer error="invalid_token", resource_metadata="{address}"'


def test_rules_want_the_host_first_and_the_rest_below_it() -> None:
    """Ours: a resource elsewhere could not be guarded here."""
    settings = Settings(base_url=BASE)
    scopes = (Scope("x", "See x"),)
    for identifiers in ((), (f"{BASE}/a",), (BASE, "https://elsewhere.example"), (BASE, f"{BASE}/a/")):
        with pytest.raises(ValueError, match=r"resource|base URL"):
            build_rules(settings, tuple(Resource(each, scopes) for each in identifiers))


def test_the_host_has_a_name_as_a_resource_and_no_scope_of_ours() -> None:
    """RFC 9728 §2: resource_name; ours: what it declares, and nothing besides."""
    documents = build_resource_documents(make_side(BASE, "/notes"))
    named = {each["resource"]: (each.get("resource_name"), each["scopes_supported"]) for each in documents.values()}
    assert named == {BASE: ("Tracker", ["x"]), f"{BASE}/notes": (None, ["x"])}
