from base64 import b64encode
from urllib.parse import parse_qs

import pytest
from authlib.oauth2.auth import encode_client_secret_basic
from authlib.oauth2.rfc6749.parameters import prepare_token_request

from applinks.wire.forms import format_form
from applinks.wire.oauth2.messages import (
    ClientCredentials,
    CodeExchange,
    IntrospectionRequest,
    MalformedRequestError,
    PresentedClient,
    Refresh,
    RevocationRequest,
    TokenRequest,
    build_client_authorization,
    build_revocation_request,
    build_token_request,
    parse_introspection_request,
    parse_revocation_request,
    parse_token_request,
)

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CODE = {
    "grant_type": "authorization_code",
    "code": "alc_1",
    "redirect_uri": "https://one.example/cb",
    "code_verifier": VERIFIER,
    "client_id": "cli",
}
PUBLIC = PresentedClient(unverified_client_id="cli")
PROVED = PresentedClient(unverified_client_id="cli", assertion="a.b.c")
POSTED = PresentedClient(unverified_client_id="cli", secret="s", method="client_secret_post")
BASIC = PresentedClient(unverified_client_id="cli", secret="s", method="client_secret_basic")
HEADER = "Basic " + b64encode(b"cli:s").decode()

REQUESTS = [
    TokenRequest(client=PUBLIC, asked=CodeExchange(code="c", redirect_uri="https://h/cb", code_verifier=VERIFIER)),
    TokenRequest(
        client=PROVED,
        asked=CodeExchange(code="c", redirect_uri="https://h/cb", code_verifier=VERIFIER, resource="https://h"),
    ),
    TokenRequest(client=PUBLIC, asked=Refresh(refresh_token="r")),
    TokenRequest(client=PROVED, asked=Refresh(refresh_token="r", scopes=("a", "b"), resource="https://h")),
    TokenRequest(client=PROVED, asked=ClientCredentials()),
    TokenRequest(client=POSTED, asked=Refresh(refresh_token="r")),
    TokenRequest(client=BASIC, asked=Refresh(refresh_token="r")),
    TokenRequest(client=PresentedClient(assertion="a.b.c"), asked=ClientCredentials(scopes=("applinks:check",))),
]


def refuse(pairs, code="invalid_request", parse=parse_token_request, authorization=None):
    with pytest.raises(MalformedRequestError) as caught:
        parse(format_form(pairs.items() if isinstance(pairs, dict) else pairs), authorization)
    assert caught.value.code == code


@pytest.mark.parametrize("request_", REQUESTS)
def test_what_we_build_is_what_we_read(request_):
    """RFC 6749 §2.3.1, §4.1.3, §4.4.2, §6, RFC 7523 §2.2."""
    authorization = build_client_authorization(request_.client)
    assert parse_token_request(format_form(build_token_request(request_)), authorization) == request_


def test_what_authlib_builds_is_read():
    """RFC 6749 §4.1.3: authlib's client as oracle."""
    body = prepare_token_request(
        "authorization_code",
        redirect_uri=CODE["redirect_uri"],
        **{name: CODE[name] for name in ("code", "code_verifier", "client_id")},
    )
    assert parse_token_request(body) == parse_token_request(format_form(CODE.items()))


def test_the_body_holds_the_parameters_of_the_rfc():
    """RFC 7523 §2.2, RFC 6749 §4.4.2."""
    body = format_form(build_token_request(REQUESTS[-1]))
    assert parse_qs(body) == {
        "grant_type": ["client_credentials"],
        "scope": ["applinks:check"],
        "client_assertion_type": [TYPE],
        "client_assertion": ["a.b.c"],
    }


@pytest.mark.requirement("AS-07")
@pytest.mark.parametrize("name", [*CODE, "resource", "x"])
def test_a_repeated_parameter_is_an_error(name):
    """RFC 6749 §3.2 MUST NOT."""
    refuse([*CODE.items(), ("resource", "r"), ("x", "1"), (name, "again")])


@pytest.mark.parametrize("name", ["grant_type", "code", "redirect_uri", "code_verifier"])
def test_a_missing_parameter_is_an_invalid_request(name):
    """RFC 6749 §5.2, RFC 7636 §4.5."""
    refuse({key: value for key, value in CODE.items() if key != name})
    refuse(CODE | {name: ""})


@pytest.mark.requirement("AS-10")
@pytest.mark.parametrize("code_verifier", ["short", "a" * 129, "a" * 42 + "+"])
def test_a_malformed_verifier_is_refused(code_verifier):
    """RFC 7636 §4.1."""
    refuse(CODE | {"code_verifier": code_verifier})


def test_a_refresh_needs_its_token():
    """RFC 6749 §6 REQUIRED."""
    refuse({"grant_type": "refresh_token", "client_id": "cli"})


@pytest.mark.parametrize(
    "grant_type", ["password", "implicit", "Authorization_Code", "urn:ietf:params:oauth:grant-type:device_code"]
)
def test_another_grant_type_is_not_offered(grant_type):
    """RFC 6749 §5.2."""
    refuse(CODE | {"grant_type": grant_type}, "unsupported_grant_type")


def test_a_malformed_scope_is_an_invalid_scope():
    """RFC 6749 §5.2."""
    refuse({"grant_type": "client_credentials", "client_id": "c", "scope": 'a"'}, "invalid_scope")


@pytest.mark.requirement("AS-40")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": ""}, "invalid_client"),
        ({"client_id": "", "client_secret": "x"}, "invalid_client"),
        ({"client_assertion": "a.b.c", "client_assertion_type": TYPE, "client_secret": "x"}, "invalid_request"),
        ({"client_assertion_type": TYPE, "client_secret": "x"}, "invalid_request"),
        ({"client_assertion": "a.b.c", "client_assertion_type": "other"}, "invalid_client"),
        ({"client_assertion": "a.b.c"}, "invalid_request"),
        ({"client_assertion_type": TYPE}, "invalid_request"),
    ],
)
def test_a_request_presents_its_client_in_one_way(changes, code):
    """RFC 6749 §2.3 MUST NOT, RFC 7521 §4.2."""
    refuse(CODE | changes, code)


@pytest.mark.requirement("AS-40")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_secret": "s"}, "invalid_request"),
        ({"client_assertion": "a.b.c", "client_assertion_type": TYPE}, "invalid_request"),
        ({"client_assertion": "a.b.c"}, "invalid_request"),
        ({"client_assertion_type": TYPE}, "invalid_request"),
        ({"client_id": "other"}, "invalid_client"),
        ({"client_id": "CLI"}, "invalid_client"),
    ],
)
@pytest.mark.parametrize("parse", [parse_token_request, parse_revocation_request, parse_introspection_request])
def test_basic_is_the_only_method_of_its_request_and_names_its_client(changes, code, parse):
    """RFC 6749 §2.3 MUST NOT; security AS-40: Basic and body ids agree."""
    pairs = CODE | {"token": "t"}
    assert parse(format_form(pairs.items()), HEADER).client == BASIC
    del pairs["client_id"]
    assert parse(format_form(pairs.items()), HEADER).client == BASIC
    refuse(pairs | changes, code, parse=parse, authorization=HEADER)


@pytest.mark.requirement("AS-40")
@pytest.mark.parametrize("text", ["cli", "a b", "a:b", "a%b", "a+b", "é\N{SNOWMAN}", "a&b=c", "~-._", '"\\'])
def test_what_authlib_sends_by_basic_is_read(text):
    """RFC 6749 §2.3.1: authlib as oracle for the plain letters, and what we build for all others."""
    client = PresentedClient(unverified_client_id=text, secret=text[::-1], method="client_secret_basic")
    body = format_form([("grant_type", "client_credentials")])
    assert parse_token_request(body, build_client_authorization(client)).client == client
    if set(text) <= set("cli~-._"):
        _, headers, _ = encode_client_secret_basic(_AuthlibClient(text, text[::-1]), "POST", "https://h", {}, "")
        assert parse_token_request(body, headers["Authorization"]).client == client


class _AuthlibClient:
    def __init__(self, client_id, client_secret):
        self.client_id, self.client_secret = client_id, client_secret


@pytest.mark.requirement("AS-40")
@pytest.mark.parametrize("text", ["cli:", ":s", ":", "cli%00:s", "cli:%", "%ff:s"])
def test_a_part_of_basic_that_is_empty_or_no_form_text_is_refused(text):
    """RFC 6749 §2.3.1, §5.2."""
    pairs = {"grant_type": "client_credentials"}
    refuse(pairs, "invalid_client", authorization="Basic " + b64encode(text.encode()).decode())


def test_an_empty_secret_in_the_body_is_none():
    """RFC 6749 §3.1: a parameter without a value counts as left out."""
    assert parse_token_request(format_form((CODE | {"client_secret": ""}).items())).client == PUBLIC


def test_an_introspection_is_read():
    """RFC 7662 §2.1; the hint is ignored."""
    body = format_form([("token", "t"), ("client_id", "cli"), ("client_secret", "s"), ("token_type_hint", "x")])
    assert parse_introspection_request(body) == IntrospectionRequest(client=POSTED, token="t")
    assert parse_introspection_request("token=t", HEADER) == IntrospectionRequest(client=BASIC, token="t")
    refuse({"client_id": "cli"}, parse=parse_introspection_request)
    refuse({"token": "t"}, "invalid_client", parse=parse_introspection_request)


def test_a_revocation_is_built_and_read():
    """RFC 7009 §2.1; the hint is ignored."""
    request = RevocationRequest(client=PROVED, token="t")
    body = format_form(build_revocation_request(request))
    assert parse_revocation_request(body) == request
    assert parse_revocation_request(body + "&token_type_hint=anything") == request
    refuse({"client_id": "cli"}, parse=parse_revocation_request)
    refuse({"token": "t"}, "invalid_client", parse=parse_revocation_request)


@pytest.mark.parametrize("body", [b"\xff", b"a=%00", b"%", b"{}", b""])
def test_bytes_of_any_kind_are_refused_with_our_error(body):
    """Ours: 400, never 500."""
    with pytest.raises(MalformedRequestError):
        parse_token_request(body)


def test_no_secret_shows_in_a_repr():
    """N-05."""
    hush = "hush" + "x" * 43
    shown = "".join(
        map(
            repr,
            (
                CodeExchange(code=hush, redirect_uri="u", code_verifier=hush),
                Refresh(refresh_token=hush),
                PresentedClient(assertion=hush),
                PresentedClient(secret=hush),
                IntrospectionRequest(client=PUBLIC, token=hush),
                RevocationRequest(client=PUBLIC, token=hush),
            ),
        )
    )
    assert "hush" not in shown
