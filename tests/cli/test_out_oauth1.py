"""The command ``applinks out`` over OAuth 1.0a."""

import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from oauthlib.oauth1 import RequestValidator, SignatureOnlyEndpoint

from tests.cli.conftest import Run
from tests.cli.foreign_server import ForeignServer

_URLS = ("--request-token-url", "/rt", "--access-token-url", "/at", "--authorize-url", "/az")
_GIVEN = ("--consumer-key", "hardware", "--shared-secret", "s3cret")


class Validator(RequestValidator):
    """What oauthlib asks of a server that knows one client."""

    enforce_ssl = False
    dummy_client = "nobody"
    client_key_length = (3, 40)
    nonce_length = (16, 60)

    def validate_client_key(self, client_key: str, request: object) -> bool:
        return client_key == "hardware"

    def get_client_secret(self, client_key: str, request: object) -> str:
        return "s3cret"

    def validate_timestamp_and_nonce(self, *_: object, **__: object) -> bool:
        return True


@pytest.fixture
def ours(run_server: Run, foreign: ForeignServer) -> Run:
    """Run a command with a user of ours, beside a link over OAuth 1.0a."""
    assert run_server("users", "add", "alice", "--password", "wonderland").code == 0
    found = run_server("links", "add", foreign.url, "--oauth1", *_URLS, *_GIVEN, "--handle", "thing")
    assert found.code == 0, found.err
    return run_server


def test_a_call_for_nobody_is_signed_without_a_token(ours: Run, foreign: ForeignServer) -> None:
    """Wire: two-legged; verified by oauthlib as the server."""
    found = ours("out", "thing", "/api/issues?q=a%20b&q=")
    assert (found.code, found.err) == (0, "")
    [(method, path, headers, _)] = foreign.calls
    endpoint = SignatureOnlyEndpoint(Validator())
    is_valid, _ = endpoint.validate_request(foreign.url + path, http_method=method, headers=_name(headers))
    assert is_valid


def test_a_call_for_a_user_needs_her_connection(ours: Run, foreign: ForeignServer) -> None:
    """Product §5: AuthorizationNeeded as before."""
    found = ours("out", "thing", "/api/me", "--user", "alice")
    assert (found.code, found.out, foreign.calls) == (1, "", [])
    assert "Log in as alice and open: " in found.err


def test_with_impersonation_the_user_is_named(ours: Run, foreign: ForeignServer) -> None:
    """Wire: the signed query parameter xoauth_requestor_id."""
    assert ours("links", "edit", "thing", "--impersonation").code == 0
    found = ours("out", "thing", "/api/me", "--user", "alice")
    assert (found.code, found.err) == (0, "")
    [(method, path, headers, _)] = foreign.calls
    assert parse_qs(urlsplit(path).query) == {"xoauth_requestor_id": ["alice"]}
    endpoint = SignatureOnlyEndpoint(Validator())
    assert endpoint.validate_request(foreign.url + path, http_method=method, headers=_name(headers))[0]


def test_a_secret_is_nowhere_in_what_is_sent(ours: Run, foreign: ForeignServer) -> None:
    """N-05: no secret in any output; it signs alone."""
    ours("out", "thing", "/api/me")
    [(_, path, headers, _)] = foreign.calls
    assert "s3cret" not in unquote(path + headers["authorization"])
    assert re.search(r'oauth_signature_method="HMAC-SHA1"', headers["authorization"])


def _name(headers: dict[str, str]) -> dict[str, str]:
    """Spell the headers as oauthlib looks for them."""
    return {name.title(): value for name, value in headers.items()}
