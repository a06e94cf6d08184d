"""What was written is read again, whatever it is."""

import json

from hypothesis import given
from hypothesis import strategies as st

from applinks.wire.base64url import format_base64url, parse_base64url
from applinks.wire.forms import Form, collect_form, format_form, parse_form
from applinks.wire.linking.answer import build_answer, parse_answer
from applinks.wire.linking.manifest import build_manifest, parse_manifest
from applinks.wire.linking.proposal import build_proposal, parse_proposal
from applinks.wire.linking.statement import build_statement, parse_statement
from applinks.wire.linking.terms import (
    Terms,
    format_allows,
    format_terms,
    is_within,
    parse_allows,
    parse_terms,
)
from applinks.wire.oauth2.messages import (
    AuthorizationCodeResponse,
    AuthorizationErrorResponse,
    AuthorizationRequest,
    ClientCredentials,
    CodeExchange,
    PresentedClient,
    Refresh,
    TokenAnswer,
    TokenRequest,
    build_authorization_request,
    build_authorization_response,
    build_client_authorization,
    build_token_answer,
    build_token_request,
    parse_authorization_request,
    parse_authorization_response,
    parse_token_answer,
    parse_token_request,
)
from applinks.wire.oauth2.pkce import compute_code_challenge, is_code_challenge, is_code_challenge_of
from applinks.wire.oauth2.scope import format_scope, parse_scope
from applinks.wire.strict_json import parse_json
from applinks.wire.token_format import TokenKind, format_token, parse_token
from applinks.wire.urls import (
    check_base_url,
    check_redirect_uri,
    get_origin,
    is_redirect_uri_match,
    is_under,
    list_base_url_candidates,
)
from tests.properties import strategies as wire

values = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30)
tokens = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=60)
verifiers = st.from_regex(r"[A-Za-z0-9._~-]{43,128}", fullmatch=True)
scopes = st.none() | st.lists(wire.scope_names, min_size=1, max_size=4, unique=True).map(tuple)
optional = st.none() | values


@given(wire.json_values)
def test_json_that_was_written_is_read(value):
    """Ours: the standard library writes."""
    assert parse_json(json.dumps(value), limit=100_000) == value
    assert parse_json(json.dumps(value, ensure_ascii=False).encode(), limit=100_000) == value


@given(st.binary(max_size=80))
def test_base64url_that_was_written_is_read(raw):
    """RFC 7515 §2."""
    assert parse_base64url(format_base64url(raw)) == raw


@given(st.dictionaries(values, st.text(st.characters(codec="utf-8", exclude_characters="\0")), max_size=6))
def test_a_form_that_was_written_is_read(pairs):
    """RFC 6749 Appendix B."""
    assert parse_form(format_form(pairs.items())) == Form(tuple(pairs.items()))


@given(wire.scope_lists)
def test_a_scope_that_was_written_is_read(found):
    """RFC 6749 §3.3."""
    assert parse_scope(format_scope(found)) == found


@given(st.sampled_from(TokenKind), st.integers(0, (1 << 63) - 1), st.binary(min_size=32, max_size=32))
def test_a_token_that_was_written_is_read(kind, row, secret):
    """house.md §8, Tokens."""
    token = format_token(kind, row, secret)
    parsed = parse_token(token)
    assert (parsed.kind, parsed.row) == (kind, row)


@given(verifiers)
def test_a_verifier_opens_its_own_challenge(verifier):
    """RFC 7636 §4.6."""
    challenge = compute_code_challenge(verifier)
    assert is_code_challenge(challenge)
    assert is_code_challenge_of(challenge, verifier)


@given(wire.manifests())
def test_a_manifest_that_was_written_is_read(manifest):
    """handshake.md §1."""
    document = json.loads(json.dumps(build_manifest(manifest)))
    assert parse_manifest(document, fetched_under=manifest.url, allow_http=False) == manifest


@given(wire.terms)
def test_terms_that_were_written_are_read_and_within_themselves(terms):
    """handshake.md §2."""
    assert parse_terms(format_terms(terms)) == terms
    assert is_within(terms, terms)
    assert is_within(Terms(access=terms.access[:1]), terms)


@given(wire.allowances)
def test_allowances_that_were_written_are_read(allows):
    """handshake.md §2."""
    assert parse_allows(format_allows(allows)) == allows


@given(wire.proposals())
def test_a_proposal_that_was_written_is_read(proposal):
    """handshake.md §2."""
    assert parse_proposal(json.loads(json.dumps(build_proposal(proposal)))) == proposal


@given(wire.answers())
def test_an_answer_that_was_written_is_read(answer):
    """handshake.md §2."""
    assert parse_answer(json.loads(json.dumps(build_answer(answer)))) == answer


@given(wire.statements())
def test_a_statement_that_was_written_is_read(statement):
    """handshake.md §2."""
    assert parse_statement(json.loads(json.dumps(build_statement(statement)))) == statement


@given(
    st.builds(
        AuthorizationRequest,
        client_id=values,
        redirect_uri=values,
        code_challenge=verifiers.map(compute_code_challenge),
        scopes=scopes,
        state=optional,
        resource=optional,
    )
)
def test_an_authorization_request_that_was_written_is_read(request):
    """RFC 6749 §4.1.1."""
    url = build_authorization_request("https://h/authorize", request)
    assert parse_authorization_request(collect_form(url.partition("?")[2])) == request


@given(
    st.builds(AuthorizationCodeResponse, code=values, state=optional, issuer=optional)
    | st.builds(
        AuthorizationErrorResponse,
        error=wire.scope_names,
        description=st.text("abc .:'", max_size=20),
        state=optional,
        issuer=optional,
    )
)
def test_an_authorization_response_that_was_written_is_read(response):
    """RFC 6749 §4.1.2."""
    url = build_authorization_response("https://h/cb", response)
    assert parse_authorization_response(url.partition("?")[2]) == response


clients = (
    st.builds(PresentedClient, unverified_client_id=values, assertion=optional)
    | st.builds(PresentedClient, assertion=values)
    | st.builds(
        PresentedClient,
        unverified_client_id=values,
        secret=values,
        method=st.sampled_from(["client_secret_basic", "client_secret_post"]),
    )
)
asked = (
    st.builds(CodeExchange, code=values, redirect_uri=values, code_verifier=verifiers, resource=optional)
    | st.builds(Refresh, refresh_token=values, scopes=scopes, resource=optional)
    | st.builds(ClientCredentials, scopes=scopes, resource=optional)
)


@given(st.builds(TokenRequest, client=clients, asked=asked))
def test_a_token_request_that_was_written_is_read(request):
    """RFC 6749 §2.3.1, §4.1.3, §4.4.2, §6."""
    authorization = build_client_authorization(request.client)
    assert parse_token_request(format_form(build_token_request(request)), authorization) == request


@given(
    st.builds(
        TokenAnswer,
        access_token=tokens,
        expires_in=st.none() | st.integers(0, (1 << 31) - 1),
        refresh_token=st.none() | tokens,
        scopes=st.none() | wire.scope_lists,
    )
)
def test_a_token_answer_that_was_written_is_read(answer):
    """RFC 6749 §5.1."""
    assert parse_token_answer(json.dumps(build_token_answer(answer))) == answer


@given(wire.base_urls(), wire.segments)
def test_a_base_url_is_its_own_first_candidate_and_above_its_children(url, segment):
    """handshake.md §1."""
    check_base_url(url, allow_http=False)
    assert list_base_url_candidates(url, allow_http=False)[0] == url
    assert is_under(f"{url}/{segment}", url)
    assert not is_under(url, f"{url}/{segment}")
    assert url.startswith(get_origin(url))


@given(wire.base_urls(), st.text(max_size=3), st.text(max_size=3))
def test_only_the_very_same_redirect_uri_matches(url, before, after):
    """AS-01: whatever stands before or after it."""
    check_redirect_uri(url.replace("*", ""))
    assert is_redirect_uri_match(before + url + after, [url]) == (not before and not after)


@given(st.sampled_from(["127.0.0.1", "[::1]", "localhost"]), st.integers(1, 65535), st.text(max_size=3))
def test_only_the_port_of_a_loopback_redirect_uri_may_vary(host, port, after):
    """AS-02."""
    assert is_redirect_uri_match(f"http://{host}:{port}/cb{after}", [f"http://{host}/cb"]) == (not after)
    assert not is_redirect_uri_match(f"http://{host}:{port}@evil/cb", [f"http://{host}/cb"])
