import json
from collections.abc import Generator
from urllib.parse import quote_plus

import pytest

from applinks.errors import PeerProtocolError, PeerRefusedError, PeerUnreachableError
from applinks.outgoing.errors import GrantEndedError, WrongIssuerError
from applinks.outgoing.oauth2.client_authentication import OwnClient, build_presented_client
from applinks.outgoing.oauth2.grant_types.authorization_code import exchange_code
from applinks.outgoing.oauth2.grant_types.client_credentials import request_application_token
from applinks.outgoing.oauth2.grant_types.refresh_token import refresh
from applinks.outgoing.oauth2.metadata import read_server_metadata
from applinks.outgoing.oauth2.revocation import revoke_token
from applinks.secret import Secret
from applinks.wire.forms import parse_form
from applinks.wire.http import Request, Response
from applinks.wire.jose import parse_jwt, verify_jwt
from applinks.wire.oauth2.messages import CodeExchange, PresentedClient
from tests.outgoing.fakes import make_key_pair

PEER = "https://tracker.example/app"
TOKEN = f"{PEER}/applinks/oauth2/token"
CLIENT = PresentedClient(unverified_client_id="https://start.example/applinks/oauth2/client.json", assertion="a.b.c")
JSON = ("Content-Type", "application/json")


def run(exchange: Generator[Request, Response, object], *answers: Response):
    """Give the requests of an exchange and what it returned."""
    requests = [next(exchange)]
    for answer in answers:
        try:
            requests.append(exchange.send(answer))
        except StopIteration as finished:
            return requests, finished.value
    raise AssertionError("the exchange asks for more")


def tokens(**members: object) -> Response:
    body = {"access_token": "at", "token_type": "bearer"} | members
    return Response(status=200, headers=(JSON,), body=json.dumps(body).encode())


def fault(status: int, code: str) -> Response:
    return Response(status=status, headers=(JSON,), body=json.dumps({"error": code}).encode())


def read_form(request: Request) -> dict[str, str]:
    assert request.method == "POST"
    assert request.header("content-type") == "application/x-www-form-urlencoded"
    assert request.header("authorization") is None
    return dict(parse_form(request.body))


PROVED = {
    "client_id": "https://start.example/applinks/oauth2/client.json",
    "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    "client_assertion": "a.b.c",
}


@pytest.mark.requirement("rfc7636-4.5-1")
def test_a_code_is_exchanged_in_one_request():
    """RFC 6749 §4.1.3, RFC 7636 §4.5, RFC 8707 §2.2."""
    asked = CodeExchange(code="c", redirect_uri="https://start.example/cb", code_verifier="v" * 43, resource=PEER)
    [request], answer = run(exchange_code(TOKEN, asked, client=CLIENT), tokens(refresh_token="rt", scope="a b"))
    assert request.url == TOKEN
    assert read_form(request) == PROVED | {
        "grant_type": "authorization_code",
        "code": "c",
        "redirect_uri": "https://start.example/cb",
        "code_verifier": "v" * 43,
        "resource": PEER,
    }
    assert (answer.access_token, answer.refresh_token, answer.scopes) == ("at", "rt", ("a", "b"))


def test_a_refresh_names_no_scope():
    """RFC 6749 §6: omitted means the scope as granted."""
    exchange = refresh(TOKEN, refresh_token=Secret("rt"), resource=PEER, client=CLIENT)
    [request], _ = run(exchange, tokens())
    assert read_form(request) == PROVED | {"grant_type": "refresh_token", "refresh_token": "rt", "resource": PEER}


def test_an_application_asks_in_its_own_name():
    """RFC 6749 §4.4.2."""
    exchange = request_application_token(TOKEN, scopes=("a", "b"), resource=PEER, client=CLIENT)
    [request], _ = run(exchange, tokens())
    assert read_form(request) == PROVED | {"grant_type": "client_credentials", "scope": "a b", "resource": PEER}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (fault(400, "invalid_grant"), GrantEndedError),
        (fault(401, "invalid_client"), PeerRefusedError),
        (fault(503, "temporarily_unavailable"), PeerUnreachableError),
        (fault(400, "temporarily_unavailable"), PeerUnreachableError),
        (Response(status=502, body=b"<html>"), PeerUnreachableError),
        (Response(status=400, body=b"<html>"), PeerProtocolError),
        (Response(status=307, headers=(("Location", "https://evil.example/"),)), PeerProtocolError),
        (Response(status=200, headers=(("Content-Type", "text/html"),), body=b"<html>"), PeerProtocolError),
        (Response(status=200, headers=(("Content-Type", "text/plain"),), body=tokens().body), PeerProtocolError),
        (Response(status=200, headers=(JSON,), body=b"{}"), PeerProtocolError),
        (Response(status=201, headers=(JSON,), body=tokens().body), PeerProtocolError),
    ],
)
def test_each_answer_is_told_apart(answer, error):
    """RFC 6749 §5.2."""
    with pytest.raises(error) as raised:
        run(refresh(TOKEN, refresh_token=Secret("rt"), resource=PEER, client=CLIENT), answer)
    assert TOKEN in raised.value.detail


@pytest.mark.requirement("N-05")
@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_what_a_server_repeats_of_our_secrets_is_in_no_error(method):
    """Ours: many servers say which token they refuse, and a hostile one says what it was sent; errors are logged."""
    secret, token, padding = "a secret/with+signs", "refresh-token-1", "x" * 470
    client = PresentedClient(unverified_client_id="us", secret=secret, method=method)
    exchange = refresh(TOKEN, refresh_token=Secret(token), resource=PEER, client=client)
    sent = next(exchange)
    header = (sent.header("authorization") or "Basic none").partition(" ")[2]
    repeated = f"us: {token} {header} {quote_plus(secret)} {padding} {secret} {sent.body.decode()}"
    body = json.dumps({"error": "invalid_client", "error_description": repeated, "reference": token})
    with pytest.raises(PeerRefusedError) as raised:
        exchange.send(Response(status=401, headers=(JSON,), body=body.encode()))
    assert raised.value.code == "invalid_client"
    assert "us: *** " in raised.value.detail
    for part in (token, header, secret, secret[:9], quote_plus(secret)):
        assert part == "none" or part not in raised.value.detail
    exchange = revoke_token(TOKEN, token=Secret(token), client=client)
    next(exchange)
    with pytest.raises(PeerRefusedError) as raised:
        exchange.send(Response(status=400, headers=(JSON,), body=json.dumps({"error": f"no {token}"}).encode()))
    assert token not in raised.value.detail


def test_a_revocation_is_confirmed_by_200_alone():
    """RFC 7009 §2.2."""
    [request], _ = run(revoke_token(TOKEN, token=Secret("rt"), client=CLIENT), Response(status=200))
    assert read_form(request) == PROVED | {"token": "rt"}
    with pytest.raises(PeerUnreachableError):
        run(revoke_token(TOKEN, token=Secret("rt"), client=CLIENT), Response(status=503))


def metadata(**members: object) -> Response:
    document = {"issuer": PEER, "authorization_endpoint": f"{PEER}/authorize", "token_endpoint": TOKEN} | members
    return Response(status=200, headers=(JSON,), body=json.dumps(document).encode())


def read(answer: Response):
    return run(read_server_metadata(PEER, allow_http=False, jwks_uri=f"{PEER}/jwks", limit=10_000), answer)


def test_the_metadata_is_asked_below_the_base_url():
    """Product §3: well-known documents answer at the base URL."""
    [request], found = read(metadata())
    assert request.url == f"{PEER}/.well-known/oauth-authorization-server"
    assert found.token_endpoint == TOKEN


@pytest.mark.requirement("rfc9207-2.4-6")
@pytest.mark.requirement("CL-21")
@pytest.mark.parametrize(
    "members",
    [
        {"issuer": "https://tracker.example"},
        {"token_endpoint": "https://elsewhere.example/token"},
        {"jwks_uri": f"{PEER}/other"},
    ],
)
def test_metadata_of_another_server_is_refused(members):
    """RFC 8414 §3.3: the issuer MUST be identical."""
    with pytest.raises(WrongIssuerError):
        read(metadata(**members))


def test_a_server_that_is_being_restarted_is_a_passing_fault():
    """Security CL-30: passing faults are retried."""
    with pytest.raises(PeerUnreachableError):
        read(Response(status=503, body=b"<html>"))


def test_we_prove_ourselves_for_this_server_alone():
    """RFC 7523 §3; AS-41: typ client-authentication+jwt, aud the issuer, at most five minutes."""
    pair = make_key_pair()
    own = OwnClient(client_id="https://start.example/c", audience=PEER)
    one = build_presented_client(own, pair, now=1000, jti=b"1" * 16)
    jwt = parse_jwt(one.assertion, limit=5000, typ=frozenset({"client-authentication+jwt"}))
    claims = verify_jwt(jwt, [pair.public])
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("https://start.example/c", "https://start.example/c", PEER)
    assert 0 < claims["exp"] - 1000 <= 300
    assert (
        claims["jti"]
        != verify_jwt(
            parse_jwt(
                build_presented_client(own, pair, now=1000, jti=b"2" * 16).assertion,
                limit=5000,
                typ=frozenset({"client-authentication+jwt"}),
            ),
            [pair.public],
        )["jti"]
    )


@pytest.mark.requirement("N-05")
@pytest.mark.parametrize("changes", [{"token_type": "mac"}, {"expires_in": "soon"}, {"scope": 7}])
def test_a_token_that_came_in_a_broken_answer_is_in_no_error(changes):
    """Security N-05: what the peer said is not repeated, it may be half of a secret."""
    document = {"access_token": "hush-access", "refresh_token": "hush-refresh", "token_type": "Bearer"} | changes
    answer = Response(status=200, headers=(JSON,), body=json.dumps(document).encode())
    with pytest.raises(PeerProtocolError) as raised:
        run(refresh(TOKEN, refresh_token=Secret("hush-old"), resource=PEER, client=CLIENT), answer)
    assert "hush" not in f"{raised.value} {raised.value.detail} {raised.value!r}"
