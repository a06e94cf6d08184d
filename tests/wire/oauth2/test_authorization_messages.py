from dataclasses import replace
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from authlib.oauth2.rfc6749.parameters import parse_authorization_code_response, prepare_grant_uri

from applinks.wire.forms import collect_form, format_form
from applinks.wire.oauth2.messages import (
    AuthorizationCodeResponse,
    AuthorizationErrorResponse,
    AuthorizationRequest,
    MalformedAnswerError,
    MalformedRequestError,
    build_authorization_request,
    build_authorization_response,
    parse_authorization_request,
    parse_authorization_response,
    parse_authorization_target,
)

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
GOOD = {
    "response_type": "code",
    "client_id": "https://one.example/client.json",
    "redirect_uri": "https://one.example/cb?x=1",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
    "scope": "issues:read profile",
    "state": "s ä&=",
    "resource": "https://two.example",
}
REQUEST = AuthorizationRequest(
    client_id="https://one.example/client.json",
    redirect_uri="https://one.example/cb?x=1",
    code_challenge=CHALLENGE,
    scopes=("issues:read", "profile"),
    state="s ä&=",
    resource="https://two.example",
)


def read(query):
    return parse_authorization_request(collect_form(query))


def changed(**changes):
    return format_form((GOOD | changes).items())


def without(*names):
    return format_form((name, value) for name, value in GOOD.items() if name not in names)


def refuse(query, code="invalid_request"):
    with pytest.raises(MalformedRequestError) as caught:
        read(query)
    assert caught.value.code == code


def test_an_authorization_request_is_read():
    """RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2.1."""
    assert read(format_form(GOOD.items())) == REQUEST


def test_what_authlib_builds_is_read():
    """RFC 6749 §4.1.1: authlib's client as oracle."""
    url = prepare_grant_uri(
        "https://two.example/authorize",
        response_type="code",
        client_id=GOOD["client_id"],
        redirect_uri=GOOD["redirect_uri"],
        scope=["issues:read", "profile"],
        state=GOOD["state"],
        code_challenge=CHALLENGE,
        code_challenge_method="S256",
        resource=GOOD["resource"],
    )
    assert read(urlsplit(url).query) == REQUEST


def test_what_we_build_is_what_we_read():
    """Ours: both halves together; the endpoint keeps its own query (RFC 6749 §3.1 MUST)."""
    url = build_authorization_request("https://two.example/authorize?tenant=1", REQUEST)
    query = parse_qs(urlsplit(url).query)
    assert query.pop("tenant") == ["1"]
    assert {name: values[0] for name, values in query.items()} == GOOD
    assert read(urlsplit(url).query) == REQUEST


def test_scope_state_and_resource_may_be_left_out():
    """RFC 6749 §4.1.1."""
    found = read(without("scope", "state", "resource"))
    assert (found.scopes, found.state, found.resource) == (None, None, None)
    assert read(changed(scope="", state="")).scopes is None


def test_what_openid_servers_want_is_written():
    """OpenID Connect Core §3.1.2.1."""
    url = build_authorization_request("https://h/a?x=1", replace(REQUEST, nonce="n", prompt="consent"))
    assert url.startswith("https://h/a?x=1&response_type=code&")
    assert url.endswith("&nonce=n&prompt=consent")


def test_a_parameter_that_is_not_known_is_ignored():
    """RFC 6749 §3.1 MUST."""
    assert read(changed(prompt="consent", nonce="n", response_mode="query")) == REQUEST


@pytest.mark.requirement("AS-07")
@pytest.mark.parametrize("name", [*GOOD, "unknown"])
def test_a_repeated_parameter_is_an_error_even_an_unknown_one(name):
    """RFC 6749 §3.1 MUST NOT, RFC 8707 as we narrow it: one resource."""
    refuse(format_form([*GOOD.items(), ("unknown", "1"), (name, "again")]))


@pytest.mark.requirement("AS-07")
@pytest.mark.parametrize("fault", ["state=%00", "scope=%ff", "x=%zz", "%00=1"])
def test_what_cannot_be_read_is_an_error(fault):
    """Ours: 400, never 500."""
    refuse(without("state", "scope") + "&" + fault)


@pytest.mark.requirement("AS-10")
@pytest.mark.parametrize(
    "query",
    [
        changed(code_challenge_method="plain"),
        changed(code_challenge_method="s256"),
        changed(code_challenge_method=""),
        changed(code_challenge_method="S512"),
        changed(code_challenge="short"),
        changed(code_challenge=CHALLENGE + "="),
        without("code_challenge"),
        without("code_challenge_method"),
        without("code_challenge", "code_challenge_method"),
    ],
)
def test_a_request_without_a_s256_challenge_is_refused(query):
    """RFC 7636 §4.4.1 MUST, RFC 9700 §2.1.1."""
    refuse(query)


@pytest.mark.parametrize("response_type", ["token", "id_token", "code token", "Code", "none"])
def test_only_the_response_type_code_is_known(response_type):
    """RFC 6749 §4.1.2.1, RFC 9700 §2.1.2."""
    refuse(changed(response_type=response_type), "unsupported_response_type")


def test_other_mistakes_have_their_own_code():
    """RFC 6749 §4.1.2.1."""
    refuse(without("response_type"))
    refuse(changed(scope='a"b'), "invalid_scope")
    refuse(changed(response_mode="fragment"))


@pytest.mark.requirement("AS-03")
def test_client_and_redirect_uri_are_read_whatever_else_is_wrong():
    """product.md §5: the error goes back by redirect."""
    for query in (
        changed(response_type="token"),
        without("code_challenge"),
        without("scope") + "&scope=%ff&%00=1&resource=2",
        changed(scope='"'),
    ):
        target = parse_authorization_target(collect_form(query))
        assert target.unverified_client_id == GOOD["client_id"]
        assert target.unverified_redirect_uri == GOOD["redirect_uri"]
        assert target.state == GOOD["state"]
    assert parse_authorization_target(collect_form(changed() + "&state=2")).state is None


@pytest.mark.requirement("AS-03")
@pytest.mark.parametrize(
    "query",
    [
        *(without("client_id"), without("redirect_uri"), changed(client_id=""), changed(redirect_uri="")),
        *(changed() + "&client_id=2", changed() + "&redirect_uri=https%3A%2F%2Fevil", changed() + "&client_id=", ""),
        *(without("client_id") + "&client_id=%ff", without("redirect_uri") + "&redirect_uri=%00"),
    ],
)
def test_without_one_client_and_one_redirect_uri_there_is_no_target(query):
    """RFC 6749 §4.1.2.1 MUST NOT redirect."""
    with pytest.raises(MalformedRequestError):
        parse_authorization_target(collect_form(query))


@pytest.mark.requirement("AS-06")
def test_a_code_goes_back_with_state_and_issuer():
    """RFC 6749 §4.1.2, RFC 9207 §2; authlib's client as oracle."""
    response = AuthorizationCodeResponse(code="a code", state="s&=", issuer="https://two.example")
    url = build_authorization_response("https://one.example/cb?x=1", response)
    assert parse_qsl(urlsplit(url).query) == [
        ("x", "1"),
        ("code", "a code"),
        ("state", "s&="),
        ("iss", "https://two.example"),
    ]
    assert parse_authorization_code_response(url, state="s&=")["code"] == "a code"
    assert parse_authorization_response(urlsplit(url).query) == response


@pytest.mark.requirement("AS-06")
def test_an_error_goes_back_with_state_and_issuer():
    """RFC 6749 §4.1.2.1, RFC 9207 §2."""
    response = AuthorizationErrorResponse(
        error="access_denied", description="No.", state="s", issuer="https://two.example"
    )
    url = build_authorization_response("https://one.example/cb", response)
    assert parse_authorization_response(urlsplit(url).query) == response


@pytest.mark.parametrize(
    "query",
    [
        *(
            "",
            "state=s",
            "code=1&error=x",
            "code=1&code=2",
            "error=x&error=x",
            "code=1&state=1&state=1",
            "code=1&iss=a&iss=a",
        ),
        *("code=%00", "code=1&state=%ff", "code=", "error=%22", "code=%", "error=a\\b"),
    ],
)
def test_an_answer_that_says_two_things_or_nothing_is_refused(query):
    """RFC 6749 §4.1.2, RFC 9207 §2.4."""
    with pytest.raises(MalformedAnswerError):
        parse_authorization_response(query)


def test_what_an_answer_brings_besides_is_ignored():
    """RFC 6749 §4.1.2 MUST ignore."""
    assert parse_authorization_response("code=1&session_state=a&session_state=b&x=%ff").code == "1"


def test_no_code_or_state_shows_in_a_repr():
    """N-05."""
    shown = repr(AuthorizationCodeResponse(code="hush", state="hush")) + repr(
        AuthorizationErrorResponse(error="e", state="hush")
    )
    assert "hush" not in shown


def test_a_request_without_pkce_is_told_what_is_missing():
    """RFC 7636 §4.4.1: the server says what it needs."""
    query = "response_type=code&client_id=c&redirect_uri=https%3A%2F%2Fa.example%2Fcb"
    with pytest.raises(MalformedRequestError, match="code_challenge: missing"):
        parse_authorization_request(collect_form(query))
