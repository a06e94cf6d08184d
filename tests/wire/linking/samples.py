"""Two applications that nobody runs, and what they say."""

from applinks.wire.linking.manifest import Manifest, ManifestScope, OAuth1Manifest
from applinks.wire.linking.terms import Access, Level, Terms

ONE = "https://one.example/tracker"
TWO = "https://two.example"
NOW = 1_800_000_000
LINK = "lnk_" + "a" * 22
DIGEST = "d" * 43
THUMBPRINT = "t" * 43


def make_manifest(url, **changes):
    values = {
        "id": "urn:uuid:6f1c1f0e-3b0a-4c55-9a52-0d6a1f3f7e11",
        "name": "Tracker",
        "kind": "tracker",
        "version": "1.2",
        "url": url,
        "issuer": url,
        "resource": url,
        "jwks_uri": url + "/applinks/oauth2/jwks",
        "client_id": url + "/applinks/oauth2/client.json",
        "redirect_uri_base": url + "/applinks/callback/",
        "link_endpoint": url + "/applinks/link",
        "link_callback_endpoint": url + "/applinks/link/callback",
        "link_statement_endpoint": url + "/applinks/link/statement",
        "check_endpoint": url + "/applinks/link/check",
        "protocols": ("oauth2",),
        "levels": ("oauth",),
        "scopes": (
            ManifestScope(name="issues:read", description="Read issues", application=True),
            ManifestScope(name="issues:write", description="Change issues"),
        ),
    }
    if "oauth1" in changes.get("protocols", ()):
        values |= {"levels": ("oauth", "impersonation"), "oauth1": make_oauth1(url)}
    return Manifest(**values | changes)


def make_oauth1(url, **changes):
    values = {
        "consumer_key": "applinks:6f1c1f0e3b0a4c559a520d6a1f3f7e11",
        "jwks_uri": url + "/applinks/oauth1/jwks",
        "request_token_uri": url + "/applinks/oauth1/request-token",
        "authorize_uri": url + "/applinks/oauth1/authorize",
        "access_token_uri": url + "/applinks/oauth1/access-token",
    }
    return OAuth1Manifest(**values | changes)


def make_access(**changes):
    values = {
        "from_url": ONE,
        "to_url": TWO,
        "protocols": ("oauth2",),
        "level": Level.OAUTH,
        "user_scopes": ("issues:read", "issues:write"),
        "application_scopes": ("issues:read",),
    }
    return Access(**values | changes)


TERMS = Terms(access=(make_access(), make_access(from_url=TWO, to_url=ONE, user_scopes=(), application_scopes=())))

COMMON = {
    "issuer": ONE,
    "audience": TWO,
    "issued_at": NOW,
    "expires_at": NOW + 600,
    "jti": LINK,
    "link": LINK,
}
