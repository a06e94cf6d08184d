from urllib.parse import parse_qs

import pytest
from authlib.oauth2.rfc6749.parameters import prepare_token_request

from applinks.wire.forms import format_form
from applinks.wire.oauth2.messages import (
    ClientCredentials,
    CodeExchange,
    MalformedRequestError,
    PresentedClient,
    Refresh,
    RevocationRequest,
    TokenRequest,
    build_revocation_request,
    build_token_request,
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

REQUESTS = [
    TokenRequest(client=PUBLIC, asked=CodeExchange(code="c", redirect_uri="https://h/cb", code_verifier=VERIFIER)),
    TokenRequest(
        client=PROVED,
        asked=CodeExchange(code="c", redirect_uri="https://h/cb", code_verifier=VERIFIER, resource="https://h"),
    ),
    TokenRequest(client=PUBLIC, asked=Refresh(refresh_token="r")),
    TokenRequest(client=PROVED, asked=Refresh(refresh_token="r", scopes=("a", "b"), resource="https://h")),
    TokenRequest(client=PROVED, asked=ClientCredentials()),
    TokenRequest(client=PresentedClient(assertion="a.b.c"), asked=ClientCredentials(scopes=("applinks:check",))),
]


def refuse(pairs, code="invalid_request", parse=parse_token_request):
    with pytest.raises(MalformedRequestError) as caught:
        parse(format_form(pairs.items() if isinstance(pairs, dict) else pairs))
    assert caught.value.code == code


@pytest.mark.parametrize("request_", REQUESTS)
def test_what_we_build_is_what_we_read(request_):
    """RFC 6749 §4.1.3, §4.4.2, §6, RFC 7523 §2.2."""
    assert parse_token_request(format_form(build_token_request(request_))) == request_


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
        ({"client_secret": "x"}, "invalid_client"),
        ({"client_assertion": "a.b.c", "client_assertion_type": TYPE, "client_secret": "x"}, "invalid_client"),
        ({"client_assertion": "a.b.c", "client_assertion_type": "other"}, "invalid_client"),
        ({"client_assertion": "a.b.c"}, "invalid_request"),
        ({"client_assertion_type": TYPE}, "invalid_request"),
    ],
)
def test_a_request_presents_its_client_in_one_way(changes, code):
    """RFC 6749 §2.3 MUST NOT, RFC 7521 §4.2."""
    refuse(CODE | changes, code)


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
                RevocationRequest(client=PUBLIC, token=hush),
            ),
        )
    )
    assert "hush" not in shown
